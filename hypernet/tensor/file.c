#include "hypernet/tensor/write.h"

#include "tok/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct hyper_file {
	bool resumed;            /* else it is there whole or not at all */
	struct tok_new_file new; /* resumed: `name` is "PATH.part" */
};

static enum tok_status refuse(const char *verb, const char *path, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot %s '%s': %s", verb, path, strerror(errno));
}

/* ---- beginning -------------------------------------------------------------------------- */

enum tok_status hyper_file_create(const char *path, struct hyper_file **out, struct tok_error *err)
{
	struct hyper_file *file = calloc(1, sizeof *file);
	if (!file)
		return tok_fail_memory(err);
	const enum tok_status status = tok_new_file_open(path, true, &file->new, err);
	if (status == TOK_OK)
		*out = file;
	else
		free(file);
	return status;
}

static void release(struct hyper_file *file)
{
	if (file->new.fd >= 0)
		close(file->new.fd); /* and with it the lock */
	free(file->new.path);
	free(file->new.name);
	free(file);
}

/* Another one may have had the lock, finished and renamed the file that we opened: then the lock
 * is one of a file that has its place already. */
static bool is_still_there(int fd, const char *name)
{
	struct stat mine, there;
	return fstat(fd, &mine) == 0 && stat(name, &there) == 0 && mine.st_ino == there.st_ino &&
	       mine.st_dev == there.st_dev;
}

static enum tok_status open_part(struct hyper_file *file, struct tok_error *err)
{
	const char *name = file->new.name;
	do {
		if (file->new.fd >= 0)
			close(file->new.fd);
		file->new.fd =
		    open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
		if (file->new.fd < 0)
			return refuse("write", name, err);
		if (flock(file->new.fd, LOCK_EX | LOCK_NB) != 0)
			return errno == EWOULDBLOCK
				   ? tok_fail(err, TOK_EIO, "another process is writing '%s'", name)
				   : refuse("lock", name, err);
	} while (!is_still_there(file->new.fd, name));
	return TOK_OK;
}

static enum tok_status begin_resumed(struct hyper_file *file, const char *path,
				     uint64_t *existing_bytes, struct tok_error *err)
{
	struct stat info;
	enum tok_status status = tok_file_target(path, &file->new.path, err);
	if (status != TOK_OK)
		return status;
	if (asprintf(&file->new.name, "%s.part", file->new.path) < 0) {
		file->new.name = NULL;
		return tok_fail_memory(err);
	}
	status = open_part(file, err);
	if (status != TOK_OK)
		return status;
	if (fstat(file->new.fd, &info) != 0)
		return refuse("read", file->new.name, err);
	if (!S_ISREG(info.st_mode))
		return tok_fail(err, TOK_EIO, "cannot write '%s': it is no regular file",
				file->new.name);
	*existing_bytes = (uint64_t)info.st_size;
	return TOK_OK;
}

enum tok_status hyper_file_resume(const char *path, struct hyper_file **out,
				  uint64_t *existing_bytes, struct tok_error *err)
{
	struct hyper_file *file = calloc(1, sizeof *file);
	if (!file)
		return tok_fail_memory(err);
	file->resumed = true;
	file->new.fd = -1;
	const enum tok_status status = begin_resumed(file, path, existing_bytes, err);
	if (status == TOK_OK)
		*out = file;
	else
		release(file);
	return status;
}

const char *hyper_file_temporary(const struct hyper_file *file)
{
	return file->resumed || !*file->new.name ? NULL : file->new.name;
}

/* ---- in between ------------------------------------------------------------------------- */

static bool is_beyond(uint64_t at, size_t count)
{
	return at > INT64_MAX || count > INT64_MAX - at;
}

enum tok_status hyper_file_put(struct hyper_file *file, uint64_t at, const void *bytes,
			       size_t count, struct tok_error *err)
{
	const uint8_t *from = bytes;
	if (is_beyond(at, count))
		return tok_fail(err, TOK_EARG, "no file can be that large");
	while (count) {
		const ssize_t n = pwrite(file->new.fd, from, count, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse("write", file->new.path, err);
		from += n;
		at += (uint64_t)n;
		count -= (size_t)n;
	}
	return TOK_OK;
}

enum tok_status hyper_file_get(struct hyper_file *file, uint64_t at, void *bytes, size_t count,
			       struct tok_error *err)
{
	uint8_t *to = bytes;
	if (is_beyond(at, count))
		return tok_fail(err, TOK_EARG, "no file can be that large");
	while (count) {
		const ssize_t n = pread(file->new.fd, to, count, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse("read", file->new.path, err);
		if (n == 0)
			return tok_fail(err, TOK_EIO, "cannot read '%s': it ends at byte %llu",
					file->new.path, (unsigned long long)at);
		to += n;
		at += (uint64_t)n;
		count -= (size_t)n;
	}
	return TOK_OK;
}

enum tok_status hyper_file_resize(struct hyper_file *file, uint64_t bytes, struct tok_error *err)
{
	if (is_beyond(bytes, 0))
		return tok_fail(err, TOK_EARG, "no file can be that large");
	return ftruncate(file->new.fd, (off_t)bytes) == 0 ? TOK_OK
							  : refuse("write", file->new.path, err);
}

enum tok_status hyper_file_sync(struct hyper_file *file, struct tok_error *err)
{
	return fsync(file->new.fd) == 0 ? TOK_OK : refuse("write", file->new.path, err);
}

/* ---- the end ------------------------------------------------------------------------------ */

static enum tok_status commit_resumed(struct hyper_file *file, struct tok_error *err)
{
	const enum tok_status status = hyper_file_sync(file, err);
	if (status == TOK_OK && rename(file->new.name, file->new.path) != 0)
		return refuse("write", file->new.path, err);
	return status;
}

enum tok_status hyper_file_commit(struct hyper_file **file, struct tok_error *err)
{
	struct hyper_file *mine = *file;
	enum tok_status status;
	*file = NULL;
	if (mine->resumed) {
		status = commit_resumed(mine, err);
		release(mine);
	} else {
		status = tok_new_file_keep(&mine->new, err);
		free(mine);
	}
	return status;
}

void hyper_file_abandon(struct hyper_file **file)
{
	struct hyper_file *mine = *file;
	*file = NULL;
	if (!mine)
		return;
	if (mine->resumed) {
		release(mine);
	} else {
		tok_new_file_drop(&mine->new);
		free(mine);
	}
}
