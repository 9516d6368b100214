#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vocab/image/image_internal.h"

static enum tok_status refuse(const char *path, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(errno));
}

static bool write_all(int fd, const void *from, size_t count)
{
	const uint8_t *bytes = from;
	while (count) {
		const ssize_t n = write(fd, bytes, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		count -= (size_t)n;
	}
	return true;
}

/* A new file "folder/.name.PID.N.tmp" beside `path`; its descriptor, or -1. */
static int create_beside(const char *path, char *name, size_t room)
{
	enum { TRIES = 64 }; /* others may be left from writers that were killed */
	const char *slash = strrchr(path, '/');
	const int folder = slash ? (int)(slash - path) + 1 : 0;
	for (int i = 0; i < TRIES; i++) {
		snprintf(name, room, "%.*s.%s.%ld.%d.tmp", folder, path, path + folder,
			 (long)getpid(), i);
		const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

static enum tok_status fill(int fd, const char *path, const struct image_header *header,
			    struct tok_span block, bool lasting, struct tok_error *err)
{
	if (!write_all(fd, header, sizeof *header) || !write_all(fd, block.bytes, block.count) ||
	    (lasting && fsync(fd) != 0))
		return refuse(path, err);
	return TOK_OK;
}

enum tok_status image_write(const char *path, const struct image_header *header,
			    struct tok_span block, bool lasting, struct tok_error *err)
{
	const size_t room = strlen(path) + 64;
	char *name = malloc(room);
	if (!name)
		return tok_fail_memory(err);
	const int fd = create_beside(path, name, room);
	if (fd < 0) {
		free(name);
		return refuse(path, err);
	}
	enum tok_status status = fill(fd, path, header, block, lasting, err);
	if (close(fd) != 0 && status == TOK_OK)
		status = refuse(path, err);
	if (status == TOK_OK && rename(name, path) != 0)
		status = refuse(path, err);
	if (status != TOK_OK)
		unlink(name);
	free(name);
	return status;
}
