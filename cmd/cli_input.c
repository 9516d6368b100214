#include "cmd/cli_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_compressed.h"

enum { READ_SIZE = 1 << 18 };

enum tok_status cli_input_open(struct cli_input *in, const char *path, enum cli_input_form form,
			       struct tok_error *err)
{
	struct stat st;
	in->name = path;
	in->fd = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		in->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	tok_buffer_clear(&in->buffer);
	tok_buffer_clear(&in->packed);
	in->begin = in->packed_begin = 0;
	in->bytes_read = 0;
	in->ended = in->woken = false;
	in->undecided = form == CLI_INPUT_EXPANDED;
	in->waits = fstat(in->fd, &st) != 0 || !S_ISREG(st.st_mode);
	if (!in->waits)
		posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return TOK_OK;
}

void cli_input_close(struct cli_input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	cli_compressed_free(in->compressed);
	in->compressed = NULL;
}

void cli_input_release(struct cli_input *in)
{
	tok_buffer_release(&in->buffer);
	tok_buffer_release(&in->packed);
}

/* Move what is left to the front, once that is little beside what was used up:
 * each byte is moved at most once on average. */
static void compact(struct cli_input *in)
{
	const size_t left = in->buffer.count - in->begin;
	if (in->begin == 0 || left > in->begin)
		return;
	memcpy(in->buffer.bytes, in->buffer.bytes + in->begin, left);
	in->buffer.count = left;
	in->begin = 0;
}

/* False: there is nothing to read and nothing to wait for any more. */
static bool wait_for_bytes(struct cli_input *in)
{
	struct pollfd fds[] = { { .fd = in->fd, .events = POLLIN },
				{ .fd = in->wake, .events = POLLIN } };
	if (!in->waits || in->wake <= 0)
		return true;
	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return true;
	return fds[1].revents == 0;
}

/* At most `more` bytes of the file itself to the end of `to`. */
static enum tok_status read_file(struct cli_input *in, struct tok_buffer *to, size_t more,
				 size_t *got, struct tok_error *err)
{
	*got = 0;
	if (!tok_buffer_reserve(to, more))
		return tok_fail_memory(err);
	in->woken = !wait_for_bytes(in);
	while (!in->woken) {
		const ssize_t n = read(in->fd, to->bytes + to->count, more);
		if (n >= 0) {
			to->count += (size_t)n;
			in->bytes_read += (uint64_t)n;
			*got = (size_t)n;
			return TOK_OK;
		}
		if (errno != EINTR)
			return tok_fail(err, TOK_EIO, "cannot read '%s': %s", in->name,
					strerror(errno));
	}
	return TOK_OK;
}

/* ---- compressed files ----------------------------------------------------- */

static enum tok_status expand(struct cli_input *in, size_t more, struct tok_error *err)
{
	size_t got;
	if (!tok_buffer_reserve(&in->buffer, more))
		return tok_fail_memory(err);
	for (;;) {
		const struct tok_span packed = tok_span_slice(tok_buffer_span(&in->packed),
							      in->packed_begin, in->packed.count);
		size_t used, made;
		enum tok_status status =
		    cli_compressed_run(in->compressed, packed, &used,
				       in->buffer.bytes + in->buffer.count, more, &made, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "'%s'", in->name);
		in->packed_begin += used;
		in->buffer.count += made;
		if (made)
			return TOK_OK;
		if (in->packed_begin < in->packed.count)
			continue;
		tok_buffer_clear(&in->packed);
		in->packed_begin = 0;
		status = read_file(in, &in->packed, READ_SIZE, &got, err);
		if (status != TOK_OK || in->woken)
			return status;
		if (got == 0)
			break;
	}
	in->ended = true;
	const enum tok_status status = cli_compressed_end(in->compressed, err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "'%s'", in->name);
}

/* The window holds the beginning of the file. */
static enum tok_status decide(struct cli_input *in, struct tok_error *err)
{
	const enum cli_compression kind = cli_compressed_kind(cli_input_rest(in));
	in->undecided = kind == CLI_COMPRESSION_UNKNOWN && !in->ended;
	if (kind == CLI_PLAIN || kind == CLI_COMPRESSION_UNKNOWN)
		return TOK_OK;
	const enum tok_status status = cli_compressed_new(kind, &in->compressed, err);
	if (status != TOK_OK)
		return status;
	const struct tok_buffer packed = in->buffer;
	in->buffer = in->packed;
	in->packed = packed;
	return expand(in, READ_SIZE, err);
}

enum tok_status cli_input_fill(struct cli_input *in, size_t want, struct tok_error *err)
{
	compact(in);
	const size_t held = in->buffer.count - in->begin;
	const size_t more = want > held && want - held > READ_SIZE ? want - held : READ_SIZE;
	if (in->compressed)
		return expand(in, more, err);
	do {
		size_t got;
		const enum tok_status status = read_file(in, &in->buffer, more, &got, err);
		if (status != TOK_OK || in->woken)
			return status;
		in->ended = got == 0;
		if (in->undecided) {
			const enum tok_status decided = decide(in, err);
			if (decided != TOK_OK)
				return decided;
		}
	} while (in->undecided);
	return TOK_OK;
}

bool cli_input_hand_over(struct cli_input *in, size_t count, struct tok_buffer *to, size_t *at)
{
	const struct tok_span rest = cli_input_rest(in);
	const size_t from = in->begin - count;
	if (to->count > 0 || rest.count > count) {
		*at = to->count;
		return tok_buffer_add(to, in->buffer.bytes + from, count);
	}
	if (!tok_buffer_add(to, rest.bytes, rest.count))
		return false;
	const struct tok_buffer full = in->buffer;
	in->buffer = *to;
	in->begin = 0;
	*to = full;
	to->count = from + count;
	*at = from;
	return true;
}
