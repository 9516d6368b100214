/* Files that are not all there yet, kept for who goes on with them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vocab/store/hub_internal.h"
#include "vocab/store/store_internal.h"

static enum tok_status fail(const struct hub_part *part, const char *what, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "%s: cannot be %s: %s", part->path, what, strerror(errno));
}

static bool lock(int fd)
{
	int code;
	while ((code = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	return code == 0;
}

static enum tok_status open_locked(struct hub_part *part, uint64_t *have, struct tok_error *err)
{
	struct stat info;
	part->fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (part->fd < 0)
		return fail(part, "opened", err);
	if (!lock(part->fd) || fstat(part->fd, &info) != 0)
		return fail(part, "locked", err);
	part->nameless = info.st_nlink == 0;
	*have = (uint64_t)info.st_size;
	return TOK_OK;
}

enum tok_status hub_part_open(const char *folder, const char *name, struct hub_part *out,
			      uint64_t *have, struct tok_error *err)
{
	const size_t room = strlen(folder) + strlen(name) + 2;
	out->path = malloc(room);
	if (!out->path || !store_make_folders(folder))
		return tok_fail_memory(err);
	snprintf(out->path, room, "%s/%s", folder, name);
	return open_locked(out, have, err);
}

enum tok_status hub_part_put(struct hub_part *part, uint64_t at, struct tok_span bytes,
			     struct tok_error *err)
{
	while (bytes.count > 0) {
		const ssize_t n = pwrite(part->fd, bytes.bytes, bytes.count, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			part->broken = true;
			return fail(part, "written", err);
		}
		at += (uint64_t)n;
		bytes = tok_span_slice(bytes, (size_t)n, bytes.count);
	}
	return TOK_OK;
}

enum tok_status hub_part_read(const struct hub_part *part, size_t count, struct tok_arena *arena,
			      struct tok_span *out, struct tok_error *err)
{
	uint8_t *bytes = tok_arena_array(arena, count, 1);
	if (!bytes)
		return tok_fail_memory(err);
	for (size_t at = 0; at < count;) {
		const ssize_t n = pread(part->fd, bytes + at, count - at, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(part, "read", err);
		at += (size_t)n;
	}
	*out = (struct tok_span){ bytes, count };
	return TOK_OK;
}

void hub_part_close(struct hub_part *part, bool keep)
{
	if (part->fd >= 0) {
		if (!part->nameless && (!keep || part->broken))
			unlink(part->path);
		close(part->fd);
	}
	free(part->path);
	*part = (struct hub_part){ .fd = -1 };
}
