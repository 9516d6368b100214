/* A file takes its name when all of it is there, and has none before where the file
 * system can do that: a writer that is killed then leaves nothing. */
#include "tok/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- where ---------------------------------------------------------------------- */

/* Where a link leads, from its own folder; NULL: memory is out, or it cannot be read. */
static char *read_link(const char *path)
{
	char to[PATH_MAX], *joined = NULL;
	const ssize_t count = readlink(path, to, sizeof to);
	if (count < 0)
		return NULL;
	if (count == sizeof to) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	const char *slash = count && *to == '/' ? NULL : strrchr(path, '/');
	const int folder = slash ? (int)(slash - path) + 1 : 0;
	return asprintf(&joined, "%.*s%.*s", folder, path, (int)count, to) < 0 ? NULL : joined;
}

/* What is not there yet, by links that lead to it. */
static char *follow_links(const char *path)
{
	enum { LINKS = 40 }; /* as Linux follows */
	struct stat info;
	char *at = strdup(path);
	for (int n = 0; at && lstat(at, &info) == 0 && S_ISLNK(info.st_mode); n++) {
		char *next = n < LINKS ? read_link(at) : NULL;
		if (n == LINKS)
			errno = ELOOP;
		free(at);
		at = next;
	}
	return at;
}

enum tok_status tok_file_target(const char *path, char **out, struct tok_error *err)
{
	struct stat info;
	const bool exists = stat(path, &info) == 0;
	if (exists && !S_ISREG(info.st_mode))
		return tok_fail(
		    err, TOK_EIO,
		    "cannot write '%s': it is there and is no file that can be replaced", path);
	*out = exists ? realpath(path, NULL) : follow_links(path);
	return *out ? TOK_OK : refuse(path, err);
}

static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* "folder/.name.PID.N.tmp" beside `path`. */
static void name_beside(const char *path, int n, char *name, size_t room)
{
	const size_t folder = folder_length(path);
	snprintf(name, room, "%.*s.%s.%ld.%d.tmp", (int)folder, path, path + folder, (long)getpid(),
		 n);
}

enum { TRIES = 64 }; /* such names may be left from writers that were killed */

static int create_nameless(const char *path, mode_t mode, char *name, size_t room)
{
	const size_t folder = folder_length(path);
	snprintf(name, room, "%.*s", folder ? (int)folder : 1, folder ? path : ".");
	const int fd = open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	*name = '\0';
	return fd;
}

/* Its name comes back in `name`, which is empty where it has none yet. */
static int create_file(const char *path, mode_t mode, char *name, size_t room)
{
	int fd = create_nameless(path, mode, name, room);
	for (int n = 0; fd < 0 && n < TRIES; n++) {
		name_beside(path, n, name, room);
		fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

/* ---- taking the place --------------------------------------------------------------- */

static bool link_file(int fd, const char *name)
{
	char self[64];
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

/* At once where nothing has the place; else by way of a name beside it. */
static bool take_place(int fd, const char *path, char *name, size_t room)
{
	if (!*name) {
		bool linked = link_file(fd, path);
		if (linked)
			return true;
		for (int n = 0; !linked && errno == EEXIST && n < TRIES; n++) {
			name_beside(path, n, name, room);
			linked = link_file(fd, name);
		}
		if (!linked) {
			*name = '\0'; /* another's */
			return false;
		}
	}
	return rename(name, path) == 0;
}

/* ---- in steps ----------------------------------------------------------------------- */

static void release(struct tok_new_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->name);
	*file = (struct tok_new_file){ .fd = -1 };
}

enum tok_status tok_new_file_open(const char *path, bool lasting, struct tok_new_file *out,
				  struct tok_error *err)
{
	struct tok_new_file file = { .fd = -1, .lasting = lasting };
	enum tok_status status = tok_file_target(path, &file.path, err);
	if (status != TOK_OK)
		return status;
	file.name_room = strlen(file.path) + 64;
	file.name = malloc(file.name_room);
	if (!file.name) {
		release(&file);
		return tok_fail_memory(err);
	}
	/* What is kept in a cache is trusted if nobody else can write it. */
	file.fd = create_file(file.path, lasting ? 0666 : 0600, file.name, file.name_room);
	if (file.fd < 0) {
		status = refuse(path, err);
		release(&file);
		return status;
	}
	*out = file;
	return TOK_OK;
}

void tok_new_file_drop(struct tok_new_file *file)
{
	if (*file->name)
		unlink(file->name);
	release(file);
}

enum tok_status tok_new_file_keep(struct tok_new_file *file, struct tok_error *err)
{
	if ((file->lasting && fsync(file->fd) != 0) ||
	    !take_place(file->fd, file->path, file->name, file->name_room)) {
		const enum tok_status status = refuse(file->path, err);
		tok_new_file_drop(file);
		return status;
	}
	const bool closed = close(file->fd) == 0;
	const enum tok_status status = closed ? TOK_OK : refuse(file->path, err);
	file->fd = -1;
	release(file);
	return status;
}

enum tok_status tok_file_replace(const char *path, const struct tok_span *parts, size_t count,
				 bool lasting, struct tok_error *err)
{
	struct tok_new_file file;
	enum tok_status status = tok_new_file_open(path, lasting, &file, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		if (!write_all(file.fd, parts[i].bytes, parts[i].count)) {
			status = refuse(path, err);
			tok_new_file_drop(&file);
			return status;
		}
	}
	return tok_new_file_keep(&file, err);
}
