#include "cmd/cli_input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 20 };

enum tok_status cli_input_open(struct cli_input *out, const char *path, struct tok_error *err)
{
	*out = (struct cli_input){ .name = path, .fd = STDIN_FILENO };
	if (strcmp(path, "-") == 0)
		return TOK_OK;
	out->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (out->fd < 0)
		return tok_fail(err, TOK_EIO, "cannot open '%s': %s", path, strerror(errno));
	return TOK_OK;
}

void cli_input_close(struct cli_input *input)
{
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	tok_buffer_release(&input->buffer);
}

/* Move what is left to the front, once that is little beside what was used up:
 * each byte is moved at most once on average. */
static void compact(struct cli_input *input)
{
	const size_t left = input->buffer.count - input->begin;
	if (input->begin == 0 || left > input->begin)
		return;
	memcpy(input->buffer.bytes, input->buffer.bytes + input->begin, left);
	input->buffer.count = left;
	input->begin = 0;
}

enum tok_status cli_input_fill(struct cli_input *input, size_t want, struct tok_error *err)
{
	compact(input);
	const size_t held = input->buffer.count - input->begin;
	const size_t more = want > held && want - held > READ_SIZE ? want - held : READ_SIZE;
	if (!tok_buffer_reserve(&input->buffer, more))
		return tok_fail_memory(err);
	for (;;) {
		const ssize_t n = read(input->fd, input->buffer.bytes + input->buffer.count, more);
		if (n >= 0) {
			input->buffer.count += (size_t)n;
			input->ended = n == 0;
			return TOK_OK;
		}
		if (errno != EINTR)
			return tok_fail(err, TOK_EIO, "cannot read '%s': %s", input->name,
					strerror(errno));
	}
}

uint64_t cli_input_size(const char *path)
{
	struct stat st;
	if (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &st) != 0 : stat(path, &st) != 0)
		return 0;
	return S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}
