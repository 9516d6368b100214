#include "cmd/cli_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_interrupt.h"
#include "tok/base/replace.h"

enum { WRITE_SIZE = 1 << 18, STORE_SIZE = 1 << 22 };

static enum tok_status refuse(const struct cli_output *out, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot write '%s': %s", out->name, strerror(errno));
}

/* Where output at `fd` may be gone back to: not in a pipe, nor where every
 * write lands at the end. */
static int64_t find_start(int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat st;
	if (flags < 0 || (flags & O_APPEND) || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	return (int64_t)lseek(fd, 0, SEEK_CUR);
}

static int folder_length(const char *target)
{
	const char *slash = strrchr(target, '/');
	return slash ? (int)(slash - target) + 1 : 0;
}

enum { TRIES = 64 }; /* names may be left from runs that were killed, or be another's */

static size_t name_room(const char *target)
{
	return strlen(target) + 48;
}

/* "dir/file" -> "dir/.file.PID.N.tmp" */
static void name_beside(const char *target, int n, char *name)
{
	const int folder = folder_length(target);
	snprintf(name, name_room(target), "%.*s.%s.%ld.%d.tmp", folder, target, target + folder,
		 (long)getpid(), n);
}

/* A file without a name vanishes with us, however we end; where the file system
 * has no such thing the file has its temporary name from the start. */
static int create_nameless(const char *target, char *name)
{
	const int folder = folder_length(target);
	snprintf(name, name_room(target), "%.*s", folder ? folder : 1, folder ? target : ".");
	return open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

static int create_named(const char *target, char *name)
{
	int fd = -1;
	for (int n = 0; fd < 0 && n < TRIES && (n == 0 || errno == EEXIST); n++) {
		name_beside(target, n, name);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	return fd;
}

/* The file is ours now under this name, which is taken over; a signal that ends us
 * removes it. */
static void set_temporary(struct cli_output *out, char *name)
{
	if (out->temporary)
		cli_interrupt_drop_file(out->temporary);
	free(out->temporary);
	out->temporary = name;
	if (name)
		cli_interrupt_add_file(name);
}

static enum tok_status create_beside(struct cli_output *out, const struct stat *old,
				     struct tok_error *err)
{
	char *name = malloc(name_room(out->target));
	if (!name)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	out->fd = create_nameless(out->target, name);
	const bool needs_name = out->fd < 0;
	if (needs_name)
		out->fd = create_named(out->target, name);
	if (out->fd < 0)
		status = refuse(out, err);
	if (needs_name && status == TOK_OK)
		set_temporary(out, name);
	else
		free(name);
	if (status == TOK_OK && old && fchmod(out->fd, old->st_mode & 07777) != 0)
		status = refuse(out, err);
	out->start = 0;
	return status;
}

static enum tok_status open_path(struct cli_output *out, const char *path, struct tok_error *err)
{
	struct stat st;
	const bool exists = stat(path, &st) == 0;
	if (exists && !S_ISREG(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
		return out->fd < 0 ? refuse(out, err) : TOK_OK;
	}
	/* Through a link to the file itself, which the link then still names. */
	const enum tok_status status = tok_file_target(path, &out->target, err);
	if (status != TOK_OK)
		return status;
	if (exists && access(out->target, W_OK) != 0)
		return refuse(out, err);
	return create_beside(out, exists ? &st : NULL, err);
}

enum tok_status cli_output_open(struct cli_output *out, const char *path, struct tok_error *err)
{
	*out = (struct cli_output){ .name = path, .fd = -1, .start = -1 };
	if (!path || strcmp(path, "-") == 0) {
		out->name = "standard output";
		out->fd = STDOUT_FILENO;
		out->start = find_start(STDOUT_FILENO);
		out->interactive = isatty(STDOUT_FILENO);
		return TOK_OK;
	}
	const enum tok_status status = open_path(out, path, err);
	if (status != TOK_OK)
		cli_output_abandon(out);
	return status;
}

#ifdef SYNC_FILE_RANGE_WRITE
/* What becomes a file is stored while more is made, so that little is left for the
 * fsync at its end, which all wait for.  That one also says what went wrong. */
static void start_storing(struct cli_output *out)
{
	const uint64_t count = out->written - out->storing;
	if (!out->target || count < STORE_SIZE)
		return;
	sync_file_range(out->fd, (off_t)out->storing, (off_t)count, SYNC_FILE_RANGE_WRITE);
	out->storing = out->written;
}
#else
static void start_storing(struct cli_output *out)
{
	(void)out;
}
#endif

static enum tok_status write_all(struct cli_output *out, const uint8_t *bytes, size_t count,
				 struct tok_error *err)
{
	while (count) {
		const ssize_t n = write(out->fd, bytes, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(out, err);
		out->written += (uint64_t)n;
		bytes += n;
		count -= (size_t)n;
	}
	start_storing(out);
	return TOK_OK;
}

static enum tok_status flush(struct cli_output *out, struct tok_error *err)
{
	const enum tok_status status = write_all(out, out->buffer.bytes, out->buffer.count, err);
	tok_buffer_clear(&out->buffer);
	return status;
}

enum tok_status cli_output_add(struct cli_output *out, const void *bytes, size_t count,
			       struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (out->buffer.count + count > WRITE_SIZE)
		status = flush(out, err);
	if (status != TOK_OK)
		return status;
	if (count >= WRITE_SIZE)
		return write_all(out, bytes, count, err);
	if (!tok_buffer_add(&out->buffer, bytes, count))
		return tok_fail_memory(err);
	const bool line_ended = count && ((const uint8_t *)bytes)[count - 1] == '\n';
	return out->interactive && line_ended ? flush(out, err) : TOK_OK;
}

enum tok_status cli_output_patch(struct cli_output *out, uint64_t at, const void *bytes,
				 size_t count, struct tok_error *err)
{
	const enum tok_status status = flush(out, err);
	if (status != TOK_OK)
		return status;
	const ssize_t n = pwrite(out->fd, bytes, count, (off_t)(out->start + (int64_t)at));
	return n == (ssize_t)count ? TOK_OK : refuse(out, err);
}

enum tok_status cli_output_read(struct cli_output *out, uint64_t at, void *bytes, size_t count,
				struct tok_error *err)
{
	const enum tok_status status = flush(out, err);
	if (status != TOK_OK)
		return status;
	const ssize_t n = pread(out->fd, bytes, count, (off_t)(out->start + (int64_t)at));
	if (n == (ssize_t)count)
		return TOK_OK;
	return tok_fail(err, TOK_EIO, "cannot read '%s' back: %s", out->name,
			n < 0 ? strerror(errno) : "it has become shorter");
}

enum tok_status cli_output_sync(struct cli_output *out, struct tok_error *err)
{
	const enum tok_status status = flush(out, err);
	if (status != TOK_OK || !out->target)
		return status;
	return fsync(out->fd) == 0 ? TOK_OK : refuse(out, err);
}

/* Give a file that has none a name. */
static enum tok_status link_beside(struct cli_output *out, struct tok_error *err)
{
	char self[64];
	char *name = malloc(name_room(out->target));
	bool linked = false;
	if (!name)
		return tok_fail_memory(err);
	snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
	for (int n = 0; !linked && n < TRIES && (n == 0 || errno == EEXIST); n++) {
		name_beside(out->target, n, name);
		linked = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
	}
	if (linked) {
		set_temporary(out, name);
		return TOK_OK;
	}
	const enum tok_status status = refuse(out, err);
	free(name);
	return status;
}

enum tok_status cli_output_name(struct cli_output *out, const char **name, struct tok_error *err)
{
	const enum tok_status status =
	    !out->target || out->temporary ? TOK_OK : link_beside(out, err);
	if (status == TOK_OK)
		*name = out->temporary;
	return status;
}

static enum tok_status take_place(struct cli_output *out, struct tok_error *err)
{
	if (fsync(out->fd) != 0)
		return refuse(out, err);
	const enum tok_status status = out->temporary ? TOK_OK : link_beside(out, err);
	if (status != TOK_OK)
		return status;
	if (rename(out->temporary, out->target) != 0)
		return refuse(out, err);
	set_temporary(out, NULL);
	return TOK_OK;
}

enum tok_status cli_output_commit(struct cli_output *out, struct tok_error *err)
{
	enum tok_status status = flush(out, err);
	if (status == TOK_OK && out->target)
		status = take_place(out, err);
	if (out->fd > STDOUT_FILENO) {
		const int fd = out->fd;
		out->fd = -1;
		if (close(fd) != 0 && status == TOK_OK)
			status = refuse(out, err);
	}
	cli_output_abandon(out);
	return status;
}

void cli_output_abandon(struct cli_output *out)
{
	if (out->fd > STDOUT_FILENO)
		close(out->fd);
	if (out->temporary)
		unlink(out->temporary);
	set_temporary(out, NULL);
	free(out->target);
	tok_buffer_release(&out->buffer);
	*out = (struct cli_output){ .fd = -1 };
}
