/* A store into one file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/replace.h"
#include "vocab/store/store_internal.h"

/* With the journal that SQLite leaves where it could not end. */
static void drop_written(const char *name)
{
	const size_t room = strlen(name) + 16;
	char *journal = malloc(room);
	unlink(name);
	if (journal) {
		snprintf(journal, room, "%s-journal", name);
		unlink(journal);
	}
	free(journal);
}

/* SQLite writes to files by their names: beside `path`, until it is whole. */
static enum tok_status write_beside(const struct vocab_store *store, char *name, const char *path,
				    struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(name);
	const int fd = mkstemp(name);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(errno));
	enum tok_status status = store_do(store, "VACUUM INTO ?", &value, 1, err);
	if (status != TOK_OK)
		tok_fail_in(err, status, "cannot write '%s'", path);
	else if (fsync(fd) != 0 || rename(name, path) != 0)
		status = tok_fail(err, TOK_EIO, "cannot write '%s': %s", path, strerror(errno));
	if (status != TOK_OK)
		drop_written(name);
	close(fd);
	return status;
}

/* The database would be replaced under those who have it open, and what they write lost. */
static enum tok_status refuse_own(const struct vocab_store *store, const char *path,
				  struct tok_error *err)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	struct stat target, own;
	bool is_own = false;
	if (stat(path, &target) != 0)
		return TOK_OK; /* nothing is there */
	const size_t room = strlen(store->path) + 8;
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

static enum tok_status export_to(const struct vocab_store *store, const char *target,
				 struct tok_error *err)
{
	const size_t room = strlen(target) + 8;
	char *name = malloc(room);
	if (!name)
		return tok_fail_memory(err);
	snprintf(name, room, "%s.XXXXXX", target);
	const enum tok_status status = write_beside(store, name, target, err);
	free(name);
	return status;
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
