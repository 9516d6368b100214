/*
 * A store into one file.  SQLite writes to files by their names: beside the target, until all is
 * there. Who writes such a file holds a lock on it, so that what is left of one that was killed is
 * told from what is still written, and goes with the next export into that folder.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/replace.h"
#include "vocab/store/store_internal.h"

enum { TRIES = 64 };

static const char mark[] = ".tok-export."; /* and behind it "PID.N" */

static enum tok_status refuse(const char *path, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(errno));
}

/* ---- files that are not all there ----------------------------------------------------------- */

/* With the journal that SQLite leaves where it could not end. */
static void drop(int folder, const char *name)
{
	char journal[NAME_MAX + 1];
	unlinkat(folder, name, 0);
	if (snprintf(journal, sizeof journal, "%s-journal", name) < (int)sizeof journal)
		unlinkat(folder, journal, 0);
}

static bool is_ours(const char *name)
{
	const size_t count = strlen(mark);
	if (strncmp(name, mark, count) != 0)
		return false;
	const char *end = name + count;
	while (isdigit((unsigned char)*end) || *end == '.')
		end++;
	return !*end;
}

/* Of a file that nobody writes any more. */
static void drop_left(int folder, const char *name)
{
	struct stat info;
	const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		drop(folder, name);
	close(fd);
}

static void drop_all_left(int folder)
{
	const struct dirent *found;
	const int fd = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	DIR *open = fd >= 0 ? fdopendir(fd) : NULL;
	if (!open && fd >= 0)
		close(fd);
	if (!open)
		return;
	while ((found = readdir(open)) != NULL)
		if (is_ours(found->d_name))
			drop_left(folder, found->d_name);
	closedir(open);
}

static bool lock(int fd)
{
	int code;
	while ((code = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	return code == 0;
}

static bool has_name(int fd)
{
	struct stat info;
	return fstat(fd, &info) == 0 && info.st_nlink > 0;
}

static int create(int folder, char *name, size_t room)
{
	for (int n = 0; n < TRIES; n++) {
		snprintf(name, room, "%s%ld.%d", mark, (long)getpid(), n);
		const int fd = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -1;
		const bool locked = lock(fd);
		if (locked && has_name(fd))
			return fd;
		/* Before it was locked it may have been taken for one that was left. */
		if (!locked)
			drop(folder, name);
		close(fd);
		if (!locked)
			return -1;
	}
	errno = EEXIST;
	return -1;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* Of a store that was damaged, too: what is written is to be read some day. */
static enum tok_status check_sources(const struct vocab_store *made, struct tok_error *err)
{
	struct vocab_store_list list;
	enum tok_status status = store_find(made, NULL, &list, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++) {
		const struct vocab_store_entry *entry = &list.entries[i];
		bool whole = entry->file_count > 0;
		for (size_t k = 0; k < entry->file_count; k++)
			whole &= entry->files[k].stored > 0;
		if (!whole)
			status = tok_fail(err, TOK_EFORMAT,
					  "'%s': its source is missing: remove it, and add it anew",
					  entry->name);
	}
	vocab_store_list_release(&list);
	return status;
}

static enum tok_status check_written(const char *file, struct tok_error *err)
{
	struct vocab_store *made;
	int64_t faults = 0;
	enum tok_status status = store_open_file(file, &made, err);
	if (status != TOK_OK)
		return status;
	status =
	    store_ask(made, "SELECT count(*) FROM pragma_quick_check(1) WHERE quick_check <> 'ok'",
		      NULL, 0, &faults, err);
	if (status == TOK_OK && faults > 0)
		status = tok_fail(err, TOK_EFORMAT,
				  "what was written is damaged: 'tok vocab verify' tells what is "
				  "sound");
	if (status == TOK_OK)
		status = check_sources(made, err);
	vocab_store_close(made);
	return status;
}

/* `file` is there, and empty. */
static enum tok_status write_to(struct vocab_store *store, int fd, const char *file,
				struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(file);
	enum tok_status status;
	do
		status = ftruncate(fd, 0) == 0 ? store_do(store, "VACUUM INTO ?", &value, 1, err)
					       : refuse(file, err);
	while (store_must_repeat(store, &status, err));
	return status == TOK_OK ? check_written(file, err) : status;
}

/* What is in `folder`, whose path `where` ends with a slash, takes the place of `target`. */
static enum tok_status write_in(struct vocab_store *store, int folder, const char *where,
				const char *target, struct tok_error *err)
{
	char name[64];
	drop_all_left(folder);
	const int fd = create(folder, name, sizeof name);
	if (fd < 0)
		return refuse(target, err);
	const size_t room = strlen(where) + sizeof name;
	char *file = malloc(room);
	enum tok_status status = file ? TOK_OK : tok_fail_memory(err);
	if (file) {
		snprintf(file, room, "%s%s", where, name);
		status = write_to(store, fd, file, err);
		if (status != TOK_OK)
			tok_fail_in(err, status, "cannot write '%s'", target);
		else if (fsync(fd) != 0 || rename(file, target) != 0)
			status = refuse(target, err);
	}
	if (status != TOK_OK)
		drop(folder, name);
	free(file);
	close(fd);
	return status;
}

/* The folder's path never begins as one that SQLite takes for something else: "file:", ":". */
static enum tok_status export_to(struct vocab_store *store, const char *target,
				 struct tok_error *err)
{
	const char *slash = strrchr(target, '/');
	const size_t count = slash ? (size_t)(slash - target) + 1 : 0, room = count + 3;
	char *where = malloc(room);
	if (!where)
		return tok_fail_memory(err);
	snprintf(where, room, "%s%.*s", target[0] == '/' ? "" : "./", (int)count, target);
	const int folder = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const enum tok_status status =
	    folder < 0 ? refuse(target, err) : write_in(store, folder, where, target, err);
	if (folder >= 0)
		close(folder);
	free(where);
	return status;
}

/* The database would be replaced under those who have it open, and what they write lost. */
static enum tok_status refuse_own(const struct vocab_store *store, const char *path,
				  struct tok_error *err)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	struct stat target, own;
	bool is_own = false;
	if (stat(path, &target) != 0)
		return TOK_OK; /* nothing is there */
	const size_t room = strlen(store->path) + 16;
	char *name = malloc(room);
	if (!name)
		return tok_fail_memory(err);
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		snprintf(name, room, "%s%s", store->path, tails[i]);
		is_own |= stat(name, &own) == 0 && own.st_dev == target.st_dev &&
			  own.st_ino == target.st_ino;
	}
	free(name);
	return is_own
		   ? tok_fail(err, TOK_EARG, "%s is the store itself: export to another file", path)
		   : TOK_OK;
}

enum tok_status vocab_store_export(struct vocab_store *store, const char *path,
				   struct tok_error *err)
{
	char *target;
	enum tok_status status = tok_file_target(path, &target, err);
	if (status != TOK_OK)
		return status;
	status = refuse_own(store, target, err);
	if (status == TOK_OK)
		status = export_to(store, target, err);
	free(target);
	return status;
}
