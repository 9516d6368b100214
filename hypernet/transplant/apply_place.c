/* A folder that is made beside its place, under another name, and moved there when all of it is on
 * the disk. */
#include "hypernet/transplant/apply_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TRIES = 64,            /* names may be left from runs that were killed */
	DEPTH_MAX = 32,        /* of folders within folders */
	LINK_BYTES = 1 << 20,  /* smaller files are copied: people edit them */
	PART_BYTES = 64 << 20, /* between two looks at whether to stop */
	ROOM_BYTES = 1 << 20,
};

static enum tok_status refuse(const struct graft_place *place, const char *name,
			      struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot write '%s/%s': %s", place->path, name,
			strerror(errno));
}

static enum tok_status refuse_source(const char *path, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot read '%s': %s", path, strerror(errno));
}

char *graft_join(const char *folder, const char *name)
{
	const size_t before = strlen(folder), room = before + strlen(name) + 2;
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%s/%s", folder, name);
	return path;
}

enum tok_status graft_stopped(const struct graft_place *place, struct tok_error *err)
{
	return place->stop && atomic_load(place->stop)
		   ? tok_fail(err, TOK_EIO, "interrupted: '%s' was not made", place->path)
		   : TOK_OK;
}

/* ---- the folder ---------------------------------------------------------------------------- */

/* "folder/.name.PID.N.tmp" */
static enum tok_status make_beside(struct graft_place *place, struct tok_error *err)
{
	size_t count = strlen(place->path);
	while (count > 1 && place->path[count - 1] == '/')
		count--;
	size_t folder = count;
	while (folder && place->path[folder - 1] != '/')
		folder--;
	const size_t room = count + 64;
	place->name = malloc(room);
	if (!place->name)
		return tok_fail_memory(err);
	for (int n = 0; n < TRIES; n++) {
		snprintf(place->name, room, "%.*s.%.*s.%ld.%d.tmp", (int)folder, place->path,
			 (int)(count - folder), place->path + folder, (long)getpid(), n);
		if (mkdir(place->name, 0777) == 0)
			return TOK_OK;
		if (errno != EEXIST)
			break;
	}
	return tok_fail(err, TOK_EIO, "cannot write '%s': %s", place->path, strerror(errno));
}

static void release(struct graft_place *place)
{
	free(place->name);
	place->name = NULL;
}

enum tok_status graft_place_open(struct graft_place *place, const char *path, struct tok_error *err)
{
	struct stat info;
	place->path = path;
	place->name = NULL;
	if (lstat(path, &info) == 0)
		return tok_fail(err, TOK_EARG, "'%s' exists", path);
	const enum tok_status status = make_beside(place, err);
	if (status != TOK_OK)
		release(place);
	return status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	(void)remove(path);
	return 0;
}

void graft_place_drop(struct graft_place *place)
{
	if (place->name)
		(void)nftw(place->name, remove_one, DEPTH_MAX, FTW_DEPTH | FTW_PHYS);
	release(place);
}

static bool sync_folder(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Not over what somebody has put there meanwhile; old file systems know no such order, and there an
 * empty folder would give way. */
static bool take_name(const struct graft_place *place)
{
	struct stat info;
	if (renameat2(AT_FDCWD, place->name, AT_FDCWD, place->path, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	if (lstat(place->path, &info) == 0) {
		errno = EEXIST;
		return false;
	}
	return rename(place->name, place->path) == 0;
}

/* The folder that it lies in. */
static bool sync_parent(const char *path)
{
	char *inside = graft_join(path, "..");
	const bool ok = inside && sync_folder(inside);
	free(inside);
	return ok;
}

enum tok_status graft_place_keep(struct graft_place *place, struct tok_error *err)
{
	enum tok_status status = graft_stopped(place, err);
	if (status == TOK_OK && (!sync_folder(place->name) || !take_name(place))) {
		status = errno == EEXIST ? tok_fail(err, TOK_EARG, "'%s' exists", place->path)
					 : tok_fail(err, TOK_EIO, "cannot write '%s': %s",
						    place->path, strerror(errno));
	}
	if (status != TOK_OK) {
		graft_place_drop(place);
		return status;
	}
	(void)!sync_parent(place->path); /* it is there; how lasting, the disk knows */
	release(place);
	return TOK_OK;
}

/* ---- files ------------------------------------------------------------------------------------
 */

enum tok_status graft_file_open(const struct graft_place *place, const char *name, mode_t mode,
				int *out, struct tok_error *err)
{
	char *path = graft_join(place->name, name);
	if (!path)
		return tok_fail_memory(err);
	const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode | S_IRUSR | S_IWUSR);
	const enum tok_status status = fd < 0 ? refuse(place, name, err) : TOK_OK;
	free(path);
	*out = fd;
	return status;
}

enum tok_status graft_file_close(const struct graft_place *place, const char *name, int fd,
				 enum tok_status status, struct tok_error *err)
{
	if (status == TOK_OK && fsync(fd) != 0)
		status = refuse(place, name, err);
	if (close(fd) != 0 && status == TOK_OK)
		status = refuse(place, name, err);
	return status;
}

enum tok_status graft_put(const struct graft_place *place, const char *name, int fd, uint64_t at,
			  const void *bytes, size_t count, struct tok_error *err)
{
	const uint8_t *from = bytes;
	place->report->bytes_written += count;
	while (count) {
		const ssize_t n = pwrite(fd, from, count, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refuse(place, name, err);
		from += n;
		at += (uint64_t)n;
		count -= (size_t)n;
	}
	return TOK_OK;
}

/* By way of our memory. */
static enum tok_status copy_slowly(const struct graft_place *place, const char *name, int fd,
				   uint64_t to, const char *path, int in, uint64_t from,
				   uint64_t count, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	uint8_t *room = malloc(ROOM_BYTES);
	if (!room)
		return tok_fail_memory(err);
	while (count && status == TOK_OK) {
		const size_t wanted = count < ROOM_BYTES ? (size_t)count : ROOM_BYTES;
		const ssize_t n = pread(in, room, wanted, (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENODATA;
			status = refuse_source(path, err);
			break;
		}
		status = graft_put(place, name, fd, to, room, (size_t)n, err);
		from += (uint64_t)n;
		to += (uint64_t)n;
		count -= (uint64_t)n;
	}
	free(room);
	return status;
}

static bool is_unable(int error)
{
	return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
	       error == EPERM || error == ETXTBSY;
}

enum tok_status graft_copy(const struct graft_place *place, const char *name, int fd, uint64_t to,
			   const char *path, int in, uint64_t from, uint64_t count,
			   struct tok_error *err)
{
	enum tok_status status = graft_stopped(place, err);
	while (count && status == TOK_OK) {
		const size_t part = count < PART_BYTES ? (size_t)count : PART_BYTES;
		off_t at_in = (off_t)from, at_out = (off_t)to;
		const ssize_t n = copy_file_range(in, &at_in, fd, &at_out, part, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* 0: some file systems say so of what they cannot copy. */
		if (n == 0 || (n < 0 && is_unable(errno))) {
			status = copy_slowly(place, name, fd, to, path, in, from, part, err);
			from += part, to += part, count -= part;
		} else if (n < 0) {
			return refuse(place, name, err);
		} else {
			place->report->bytes_written += (uint64_t)n;
			from += (uint64_t)n, to += (uint64_t)n, count -= (uint64_t)n;
		}
		if (status == TOK_OK)
			status = graft_stopped(place, err);
	}
	return status;
}

enum tok_status graft_write_file(const struct graft_place *place, const char *name,
				 struct tok_span bytes, struct tok_error *err)
{
	int fd = -1;
	const enum tok_status status = graft_file_open(place, name, 0666, &fd, err);
	if (status != TOK_OK)
		return status;
	place->report->files_written++;
	return graft_file_close(place, name, fd,
				graft_put(place, name, fd, 0, bytes.bytes, bytes.count, err), err);
}

/* ---- what is taken over ------------------------------------------------------------------------
 */

static bool link_file(const struct graft_place *place, const char *path, const char *name)
{
	char *to = graft_join(place->name, name);
	const bool ok = to && linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
	free(to);
	return ok;
}

static enum tok_status copy_open(const struct graft_place *place, const char *path, int in,
				 const struct stat *info, const char *name, struct tok_error *err)
{
	int fd = -1;
	const enum tok_status status = graft_file_open(place, name, info->st_mode & 0777, &fd, err);
	if (status != TOK_OK)
		return status;
	return graft_file_close(
	    place, name, fd,
	    graft_copy(place, name, fd, 0, path, in, 0, (uint64_t)info->st_size, err), err);
}

enum tok_status graft_take_file(const struct graft_place *place, const char *path, const char *name,
				bool always, struct tok_error *err)
{
	struct stat info;
	enum tok_status status = graft_stopped(place, err);
	if (status != TOK_OK)
		return status;
	/* Without waiting for what a pipe would send. */
	const int in = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (in < 0)
		return refuse_source(path, err);
	if (fstat(in, &info) != 0)
		status = refuse_source(path, err);
	else if (!S_ISREG(info.st_mode))
		status = tok_fail(err, TOK_EIO, "cannot take over '%s': it is no file", path);
	else if ((always || info.st_size >= LINK_BYTES) && link_file(place, path, name))
		place->report->files_linked++;
	else if ((status = copy_open(place, path, in, &info, name, err)) == TOK_OK)
		place->report->files_copied++;
	close(in);
	return status;
}

struct taking {
	const struct graft_place *place;
	bool (*is_wanted)(const void *context, const char *name);
	const void *context;
};

static enum tok_status take_entries(const struct taking *t, const char *folder, const char *name,
				    int depth, struct tok_error *err);

static enum tok_status take_inner(const struct taking *t, const char *path, const char *name,
				  int depth, struct tok_error *err)
{
	char *to = graft_join(t->place->name, name);
	if (!to)
		return tok_fail_memory(err);
	enum tok_status status = mkdir(to, 0777) == 0 ? TOK_OK : refuse(t->place, name, err);
	if (status == TOK_OK)
		status = take_entries(t, path, name, depth + 1, err);
	if (status == TOK_OK && !sync_folder(to))
		status = refuse(t->place, name, err);
	free(to);
	return status;
}

/* Links to files are files here: what they lead to is taken over.  Links to folders could lead
 * anywhere, and round in circles. */
static enum tok_status take_entry(const struct taking *t, const char *path, const char *name,
				  bool is_hidden, int depth, struct tok_error *err)
{
	struct stat link, info;
	if (lstat(path, &link) != 0 || stat(path, &info) != 0)
		return refuse_source(path, err);
	if (!S_ISDIR(info.st_mode))
		return graft_take_file(t->place, path, name, false, err);
	if (S_ISLNK(link.st_mode))
		return tok_fail(err, TOK_EIO, "cannot take over '%s': it is a link to a folder",
				path);
	if (is_hidden) /* also the new folder, where it lies in the old one */
		return TOK_OK;
	return take_inner(t, path, name, depth, err);
}

static enum tok_status take_entries(const struct taking *t, const char *folder, const char *name,
				    int depth, struct tok_error *err)
{
	if (depth > DEPTH_MAX)
		return tok_fail(err, TOK_ELIMIT, "'%s' lies in more than %d folders", folder,
				DEPTH_MAX);
	DIR *dir = opendir(folder);
	if (!dir)
		return refuse_source(folder, err);
	enum tok_status status = TOK_OK;
	const struct dirent *entry;
	while (status == TOK_OK && (entry = readdir(dir)) != NULL) {
		const char *own = entry->d_name;
		if (strcmp(own, ".") == 0 || strcmp(own, "..") == 0 ||
		    (depth == 0 && !t->is_wanted(t->context, own)))
			continue;
		char *path = graft_join(folder, own), *inner = *name ? graft_join(name, own) : NULL;
		status = path && (inner || !*name)
			     ? take_entry(t, path, inner ? inner : own, *own == '.', depth, err)
			     : tok_fail_memory(err);
		free(path);
		free(inner);
	}
	closedir(dir);
	return status;
}

enum tok_status graft_take_folder(const struct graft_place *place, const char *folder,
				  bool (*is_wanted)(const void *context, const char *name),
				  const void *context, struct tok_error *err)
{
	const struct taking t = { place, is_wanted, context };
	return take_entries(&t, folder, "", 0, err);
}
