/* charbench_ask_file.c - the file that answers are added to. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/charbench_internal.h"
#include "tok/text/json.h"

/* Answers of so many seconds may be lost with the machine; none is with the process. */
enum { STORE_SECONDS = 1 };

static enum tok_status fail(const struct charbench_ask_file *file, const char *what,
			    struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot %s '%s': %s", what,
			file->name ? file->name : "standard output", strerror(errno));
}

/* ---- what is there ------------------------------------------------------------------ */

static enum tok_status read_all(const struct charbench_ask_file *file, size_t size,
				struct tok_buffer *out, struct tok_error *err)
{
	if (!tok_buffer_reserve(out, size))
		return tok_fail_memory(err);
	while (out->count < size) {
		const ssize_t n =
		    pread(file->fd, out->bytes + out->count, size - out->count, (off_t)out->count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(file, "read", err);
		if (n == 0)
			break;
		out->count += (size_t)n;
	}
	return TOK_OK;
}

static bool is_json(struct tok_span line)
{
	struct tok_json_document doc = { 0 };
	const bool whole = tok_json_read(&doc, line, NULL) == TOK_OK;
	tok_json_release(&doc);
	return whole;
}

/* Is one the beginning of the other? */
static bool agree(struct tok_span text, const char *with)
{
	const size_t count = strlen(with);
	return memcmp(text.bytes, with, text.count < count ? text.count : count) == 0;
}

/* Does a record of ours begin so, or what a killed run left of one?  A file that has nothing else
 * has to show more of it. */
static bool is_torn_record(struct tok_span text, bool only)
{
	static const char head[] = "{\"id\":";
	if (text.count < sizeof head)
		return !only && agree(text, head);
	if (!agree(text, head))
		return false;
	size_t at = sizeof head - 1;
	while (at < text.count && text.bytes[at] >= '0' && text.bytes[at] <= '9')
		at++;
	const struct tok_span rest = tok_span_slice(text, at, text.count);
	return at >= sizeof head && (rest.count == 0 || agree(rest, ",\"model\":") ||
				     agree(rest, ",\"output\":") || agree(rest, ",\"error\":"));
}

/* Only the newline may be missing.  Else what is cut off is ours for certain: others' files are
 * named here by mistake. */
static enum tok_status mend_end(struct charbench_ask_file *file, struct tok_span rest, bool whole,
				bool only, struct tok_error *err)
{
	if (rest.count == 0)
		return TOK_OK;
	if (whole) {
		file->end += rest.count;
		return charbench_ask_file_add(file, tok_span_of("\n"), err);
	}
	if (!is_torn_record(rest, only))
		return tok_fail(err, TOK_EFORMAT,
				"%s: the last line is neither an answer nor the beginning of one",
				file->name);
	cli_tell("'%s': the last line is not whole, and is dropped: %zu bytes", file->name,
		 rest.count);
	return ftruncate(file->fd, (off_t)file->end) == 0 ? TOK_OK : fail(file, "cut", err);
}

static enum tok_status take_lines(struct charbench_ask_file *file, struct tok_span text,
				  enum tok_status (*take)(void *context, struct tok_span line,
							  struct tok_error *err),
				  void *context, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	size_t number = 0, records = 0;
	bool whole = false;
	while (status == TOK_OK && file->end < text.count) {
		const struct tok_span rest = tok_span_slice(text, file->end, text.count);
		const uint8_t *newline = memchr(rest.bytes, '\n', rest.count);
		const size_t count = newline ? (size_t)(newline - rest.bytes) : rest.count;
		struct tok_span line = tok_span_slice(rest, 0, count);
		whole = newline || is_json(line);
		if (line.count > 0 && line.bytes[line.count - 1] == '\r')
			line.count--;
		number++;
		records += whole && line.count > 0;
		if (whole && line.count > 0 && take(context, line, err) != TOK_OK)
			status = tok_fail_in(err, err->status, "%s: line %zu", file->name, number);
		if (!newline)
			break;
		file->end += count + 1;
	}
	return status == TOK_OK ? mend_end(file, tok_span_slice(text, file->end, text.count), whole,
					   records == 0, err)
				: status;
}

/* ---- the file ----------------------------------------------------------------------- */

static enum tok_status lock(const struct charbench_ask_file *file, struct tok_error *err)
{
	if (flock(file->fd, LOCK_EX | LOCK_NB) == 0)
		return TOK_OK;
	if (errno == EWOULDBLOCK)
		return tok_fail(err, TOK_EIO, "another process adds answers to '%s'", file->name);
	return fail(file, "lock", err);
}

enum tok_status charbench_ask_file_open(const char *path,
					enum tok_status (*take)(void *context, struct tok_span line,
								struct tok_error *err),
					void *context, struct charbench_ask_file *out,
					struct tok_error *err)
{
	struct stat about;
	struct tok_buffer text = { 0 };
	*out = (struct charbench_ask_file){ .name = path, .fd = STDOUT_FILENO };
	if (!path || strcmp(path, "-") == 0) {
		out->name = NULL;
		return TOK_OK;
	}
	out->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
	if (out->fd < 0)
		return fail(out, "open", err);
	enum tok_status status = fstat(out->fd, &about) == 0 ? TOK_OK : fail(out, "look at", err);
	out->regular = status == TOK_OK && S_ISREG(about.st_mode);
	if (out->regular)
		status = lock(out, err);
	/* Only now: who had the lock before may have added to it. */
	if (out->regular && status == TOK_OK && fstat(out->fd, &about) != 0)
		status = fail(out, "look at", err);
	if (out->regular && status == TOK_OK)
		status = read_all(out, (size_t)about.st_size, &text, err);
	if (out->regular && status == TOK_OK)
		status = take_lines(out, tok_buffer_span(&text), take, context, err);
	tok_buffer_release(&text);
	if (status != TOK_OK)
		charbench_ask_file_close(out);
	return status;
}

enum tok_status charbench_ask_file_add(struct charbench_ask_file *file, struct tok_span line,
				       struct tok_error *err)
{
	for (size_t done = 0; done < line.count;) {
		const ssize_t n = write(file->fd, line.bytes + done, line.count - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			const enum tok_status status = fail(file, "write", err);
			/* The disk is full, say: half a line is none. */
			if (file->regular && ftruncate(file->fd, (off_t)file->end) != 0)
				fail(file, "cut", err);
			return status;
		}
		done += (size_t)n;
	}
	file->end += line.count;
	file->dirty = true;
	return TOK_OK;
}

enum tok_status charbench_ask_file_store(struct charbench_ask_file *file, double now, bool all,
					 struct tok_error *err)
{
	if (!file->regular || !file->dirty || (!all && now - file->stored < STORE_SECONDS))
		return TOK_OK;
	file->dirty = false;
	file->stored = now;
	return fdatasync(file->fd) == 0 ? TOK_OK : fail(file, "store", err);
}

void charbench_ask_file_close(struct charbench_ask_file *file)
{
	if (file->name && file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
