/* A database without locks.  To take part in them SQLite writes beside a database, which who may
 * only read cannot do.  It is read as if nobody wrote, and looked at afterwards: did somebody? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vocab/store/store_internal.h"

/* The clock of a file has a tick of up to 10 ms: in one, two changes look like one. */
enum { TICK_NS = 20 * 1000 * 1000 };

/* Changes that are in the log and not in the database yet; while the log is there, they may be on
 * their way. */
static enum tok_status look_at_log(const struct vocab_store *store, bool *there,
				   struct tok_error *err)
{
	struct stat log;
	char *path = malloc(strlen(store->path) + 8);
	if (!path)
		return tok_fail_memory(err);
	sprintf(path, "%s-wal", store->path);
	*there = stat(path, &log) == 0 && log.st_size > 0;
	free(path);
	return TOK_OK;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       is_same_time(a->st_mtim, b->st_mtim) && is_same_time(a->st_ctim, b->st_ctim);
}

static bool was_changed_just_now(const struct stat *info)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	const int64_t s = (int64_t)now.tv_sec - info->st_mtim.tv_sec;
	const int64_t ns = now.tv_nsec - info->st_mtim.tv_nsec;
	return s >= -1 && s <= 1 && llabs(s * 1000000000 + ns) < TICK_NS;
}

static enum tok_status is_changing(const struct vocab_store *store, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO,
			"%s: others changed it whenever it was read, and its folder cannot be "
			"written: try again",
			store->path);
}

enum tok_status store_check_frozen(const struct vocab_store *store, struct tok_error *err)
{
	struct stat now;
	bool log = false;
	if (!store->frozen)
		return TOK_OK;
	const enum tok_status status = look_at_log(store, &log, err);
	if (status != TOK_OK)
		return status;
	return !log && stat(store->path, &now) == 0 && is_same_file(&now, &store->seen)
		   ? TOK_OK
		   : is_changing(store, err);
}

/* "file:...?immutable=1", with what means something in a URI as %XX; free() it. */
static char *make_uri(const char *path)
{
	const char *tail = "?immutable=1";
	char *uri = malloc(3 * strlen(path) + strlen(tail) + 6), *to = uri;
	if (!uri)
		return NULL;
	to += sprintf(to, "file:");
	for (; *path; path++) {
		if (strchr("%?#", *path))
			to += sprintf(to, "%%%02X", (unsigned)*path);
		else
			*to++ = *path;
	}
	strcpy(to, tail);
	return uri;
}

static enum tok_status open_immutable(struct vocab_store *store, struct tok_error *err)
{
	char *uri = make_uri(store->path);
	if (!uri)
		return tok_fail_memory(err);
	const int code = sqlite3_open_v2(
	    uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	free(uri);
	if (code != SQLITE_OK)
		return store_fail(store, err);
	store_defend(store);
	store->frozen = true;
	return TOK_OK;
}

/* First the file, then its log: what was written between the two is seen, in one or the other. */
enum tok_status store_freeze(struct vocab_store *store, bool *again, struct tok_error *err)
{
	bool log = false;
	*again = false;
	sqlite3_close(store->db);
	store->db = NULL;
	if (stat(store->path, &store->seen) != 0)
		return tok_fail(err, TOK_EIO, "%s: cannot be opened: %s", store->path,
				strerror(errno));
	const enum tok_status status = look_at_log(store, &log, err);
	if (status != TOK_OK)
		return status;
	*again = log || was_changed_just_now(&store->seen);
	if (log)
		return tok_fail(err, TOK_EIO,
				"%s: cannot be opened, and %s-wal beside it has changes that are "
				"not in it yet: open it once where its folder can be written",
				store->path, store->path);
	return *again ? is_changing(store, err) : open_immutable(store, err);
}
