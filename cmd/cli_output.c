#include "cmd/cli_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cli_interrupt.h"

enum { WRITE_SIZE = 1 << 18 };

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

/* "dir/file" -> "dir/.file.PID.tmp", or just "dir" */
static char *name_beside(const char *target, bool folder_only)
{
	const char *slash = strrchr(target, '/');
	const int folder = slash ? (int)(slash - target) + 1 : 0;
	const size_t room = strlen(target) + 32;
	char *name = malloc(room);
	if (!name)
		return NULL;
	if (folder_only)
		snprintf(name, room, "%.*s", folder ? folder : 1, folder ? target : ".");
	else
		snprintf(name, room, "%.*s.%s.%ld.tmp", folder, target, target + folder,
			 (long)getpid());
	return name;
}

/* A file without a name vanishes with us, however we end; where the file system
 * has no such thing the file has its temporary name from the start. */
static int create_nameless(const char *target, mode_t mode)
{
	char *folder = name_beside(target, true);
	if (!folder)
		return -1;
	const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	free(folder);
	return fd;
}

static enum tok_status create_beside(struct cli_output *out, const struct stat *old,
				     struct tok_error *err)
{
	out->fd = create_nameless(out->target, 0666);
	if (out->fd < 0) {
		out->temporary = name_beside(out->target, false);
		if (!out->temporary)
			return tok_fail_memory(err);
		out->fd = open(out->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (out->fd < 0) {
		free(out->temporary);
		out->temporary = NULL;
		return refuse(out, err);
	}
	if (out->temporary)
		cli_interrupt_add_file(out->temporary);
	if (old && fchmod(out->fd, old->st_mode & 07777) != 0)
		return refuse(out, err);
	out->start = 0;
	return TOK_OK;
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
	out->target = exists ? realpath(path, NULL) : strdup(path);
	if (!out->target)
		return exists ? refuse(out, err) : tok_fail_memory(err);
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

/* A signal that ends us while the file has its temporary name removes it. */
static void set_temporary(struct cli_output *out, char *name)
{
	if (out->temporary)
		cli_interrupt_drop_file(out->temporary);
	free(out->temporary);
	out->temporary = name;
}

static enum tok_status take_place(struct cli_output *out, struct tok_error *err)
{
	if (fsync(out->fd) != 0)
		return refuse(out, err);
	if (!out->temporary) {
		char self[64];
		char *name = name_beside(out->target, false);
		if (!name)
			return tok_fail_memory(err);
		snprintf(self, sizeof self, "/proc/self/fd/%d", out->fd);
		cli_interrupt_add_file(name);
		set_temporary(out, name);
		if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0)
			return refuse(out, err);
	}
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
