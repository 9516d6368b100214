/* A store as a whole: is it sound, into one file, out of one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/replace.h"
#include "vocab/store/store_internal.h"

/* ---- is it sound? ------------------------------------------------------------------------- */

typedef void tell_fn(void *data, const char *name, const char *trouble);

/* Rows that SQLite finds at fault, each as a sentence in column 0. */
static enum tok_status verify_rows(const struct vocab_store *store, const char *sql, tell_fn *tell,
				   void *data, struct tok_error *err)
{
	sqlite3_stmt *check;
	bool row = true;
	enum tok_status status = store_prepare(store, sql, NULL, 0, &check, err);
	while (status == TOK_OK && row) {
		status = store_step(store, check, &row, err);
		if (status != TOK_OK || !row)
			break;
		const char *said = (const char *)sqlite3_column_text(check, 0);
		if (said && strcmp(said, "ok") != 0)
			tell(data, NULL, said);
	}
	sqlite3_finalize(check);
	return status;
}

/* What cannot be read to its end is told, and no reason to stop. */
static enum tok_status go_on(enum tok_status status, tell_fn *tell, void *data,
			     const struct tok_error *err)
{
	if (status != TOK_EFORMAT)
		return status;
	tell(data, NULL, err->message);
	return TOK_OK;
}

static enum tok_status verify_database(const struct vocab_store *store, tell_fn *tell, void *data,
				       struct tok_error *err)
{
	static const char *const checks[] = {
		"PRAGMA integrity_check(20)",
		"SELECT DISTINCT format('a row of \"%s\" has none of \"%s\"', \"table\", parent) "
		"FROM pragma_foreign_key_check",
	};
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < sizeof checks / sizeof *checks && status == TOK_OK; i++)
		status = go_on(verify_rows(store, checks[i], tell, data, err), tell, data, err);
	return status;
}

static enum tok_status verify_entry(const struct vocab_store *store,
				    const struct vocab_store_entry *entry, struct tok_error *err)
{
	struct vocab_store_source source;
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *made = NULL;
	enum tok_status status = store_read_entry(store, entry, &source, err);
	if (status != TOK_OK)
		return status;
	status = vocab_read_source(&source.source, &source.options, &spec, err);
	if (status == TOK_OK)
		status = tok_tokenizer_new(&spec, &made, err);
	if (status == TOK_OK && tok_tokenizer_size(made) != entry->ids)
		status = tok_fail(err, TOK_EFORMAT, "it has %zu ids and had %llu when it was added",
				  tok_tokenizer_size(made), (unsigned long long)entry->ids);
	tok_tokenizer_free(made);
	tok_spec_release(&spec);
	vocab_store_source_release(&source);
	return status;
}

enum tok_status vocab_store_verify(struct vocab_store *store, tell_fn *tell, void *data,
				   struct tok_error *err)
{
	struct vocab_store_list list = { 0 };
	enum tok_status status = verify_database(store, tell, data, err);
	if (status == TOK_OK)
		status = go_on(vocab_store_find(store, NULL, &list, err), tell, data, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++) {
		struct tok_error trouble = { 0 };
		const enum tok_status one = verify_entry(store, &list.entries[i], &trouble);
		if (one == TOK_ENOMEM)
			status = tok_fail_memory(err);
		else
			tell(data, list.entries[i].name, one == TOK_OK ? NULL : trouble.message);
	}
	vocab_store_list_release(&list);
	return status;
}

/* ---- into one file ------------------------------------------------------------------------ */

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

/* ---- out of one ----------------------------------------------------------------------------- */

static bool is_same_source(const struct vocab_store_entry *a, const struct vocab_store_entry *b)
{
	const bool same_pattern = a->pattern && b->pattern ? strcmp(a->pattern, b->pattern) == 0
							   : a->pattern == b->pattern;
	if (a->file_count != b->file_count || !same_pattern)
		return false;
	for (size_t i = 0; i < a->file_count; i++)
		if (!vocab_hash_equal(a->files[i].hash, b->files[i].hash))
			return false;
	return true;
}

/* What is copied into memory is bounded first; a NUL would hide what follows it. */
static enum tok_status check_texts(const struct vocab_store *from, struct tok_error *err)
{
	static const char bad_texts[] =
	    "WITH text(t) AS (SELECT name FROM vocabulary UNION ALL SELECT model FROM vocabulary "
	    "UNION ALL SELECT origin FROM vocabulary UNION ALL SELECT pattern FROM vocabulary "
	    "UNION ALL SELECT licence FROM vocabulary UNION ALL SELECT name FROM file) "
	    "SELECT count(*) FROM text WHERE length(CAST(t AS BLOB)) > ? OR instr(t, char(0))";
	const struct store_value most = STORE_NUMBER_OF(VOCAB_STORE_TEXT_MAX);
	int64_t bad = 0;
	const enum tok_status status = store_ask(from, bad_texts, &most, 1, &bad, err);
	if (status != TOK_OK || bad == 0)
		return status;
	return tok_fail(err, TOK_EFORMAT,
			"%s: a name or note is longer than %d bytes, or has a NUL in it",
			from->path, VOCAB_STORE_TEXT_MAX);
}

/* Its bytes have their hash and can be compiled, or it is refused here.  What the file says of
 * model and ids counts for nothing. */
static enum tok_status check_entry(const struct vocab_store *from, const struct vocab_store *store,
				   struct vocab_store_entry *entry, struct tok_error *err)
{
	struct vocab_store_source source;
	enum tok_status status = vocab_store_check_name(entry->name, err);
	if (status == TOK_OK)
		status = store_read_entry(from, entry, &source, err);
	if (status != TOK_OK)
		return status;
	status = store_compile(store, &source.source, entry, err);
	vocab_store_source_release(&source);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", from->path);
}

/* One that was checked. */
static enum tok_status import_entry(struct vocab_store *from, const struct vocab_store *store,
				    const struct vocab_store_entry *entry, size_t *added,
				    struct tok_error *err)
{
	struct vocab_store_list there = { 0 };
	struct vocab_store_source source;
	enum tok_status status = vocab_store_find(store, entry->name, &there, err);
	const bool taken = status == TOK_OK && there.count > 0;
	const bool same = taken && is_same_source(entry, &there.entries[0]);
	vocab_store_list_release(&there);
	if (taken && !same)
		status = tok_fail(err, TOK_EARG,
				  "'%s' is another vocabulary in %s than in %s: rename one of them",
				  entry->name, from->path, store->path);
	if (status != TOK_OK)
		return status;
	status = store_read_entry(from, entry, &source, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++)
		status = store_keep_file(store, source.source.files[i], entry->files[i].hash, err);
	vocab_store_source_release(&source);
	if (status != TOK_OK || taken)
		return status;
	status = store_insert(store, entry, err);
	*added += status == TOK_OK;
	return status;
}

/* All that takes long is done before others have to wait. */
static enum tok_status import_all(struct vocab_store *from, const struct vocab_store *store,
				  size_t *added, struct tok_error *err)
{
	struct vocab_store_list list = { 0 };
	enum tok_status status = check_texts(from, err);
	if (status == TOK_OK)
		status = vocab_store_find(from, NULL, &list, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++)
		status = check_entry(from, store, &list.entries[i], err);
	if (status == TOK_OK)
		status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status == TOK_OK) {
		for (size_t i = 0; i < list.count && status == TOK_OK; i++)
			status = import_entry(from, store, &list.entries[i], added, err);
		status = store_finish(store, status, err);
	}
	vocab_store_list_release(&list);
	return status;
}

enum tok_status vocab_store_import(struct vocab_store *store, const char *path, size_t *added,
				   struct tok_error *err)
{
	struct vocab_store *from;
	*added = 0;
	enum tok_status status = store_open_file(path, &from, err);
	if (status != TOK_OK)
		return status;
	status = store_run(from, "BEGIN", err); /* what is checked is what is read later */
	if (status == TOK_OK)
		status = import_all(from, store, added, err);
	vocab_store_close(from);
	return status;
}
