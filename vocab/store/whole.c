/* A store as a whole: is it sound, and out of one file.  Into one: export.c. */
#include <stdlib.h>

#include "tok/base/buffer.h"
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

/* Those that are kept, if any are. */
static enum tok_status verify_statistics(const struct tok_tokenizer *made,
					 const struct vocab_store_entry *entry,
					 struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct vocab_statistics now;
	if (!entry->statistics)
		return TOK_OK;
	enum tok_status status = vocab_statistics_find(made, &arena, &now, err);
	if (status == TOK_OK &&
	    memcmp(now.numbers, entry->statistics->numbers, sizeof now.numbers) != 0)
		status = tok_fail(err, TOK_EFORMAT,
				  "its statistics are not those of its source: remove it, and add "
				  "it anew");
	tok_arena_release(&arena);
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
	if (status == TOK_OK)
		status = verify_statistics(made, entry, err);
	tok_tokenizer_free(made);
	tok_spec_release(&spec);
	vocab_store_source_release(&source);
	return status;
}

static enum tok_status verify_all(const struct vocab_store *store, tell_fn *tell, void *data,
				  struct tok_error *err)
{
	struct vocab_store_list list = { 0 };
	enum tok_status status = verify_database(store, tell, data, err);
	if (status == TOK_OK)
		status = go_on(store_find(store, NULL, &list, err), tell, data, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++) {
		struct tok_error trouble = { 0 };
		struct vocab_store_entry *entry = &list.entries[i];
		status =
		    go_on(store_find_statistics(store, &list.arena, entry, err), tell, data, err);
		if (status != TOK_OK)
			break;
		const enum tok_status one = verify_entry(store, entry, &trouble);
		if (one == TOK_ENOMEM)
			status = tok_fail_memory(err);
		else
			tell(data, entry->name, one == TOK_OK ? NULL : trouble.message);
	}
	vocab_store_list_release(&list);
	return status;
}

/* What is to be told, once it is known that it holds. */
struct told {
	struct tok_arena arena;
	struct sentence {
		const char *name, *trouble;
	} * items;
	size_t count, capacity;
	bool lost;
};

static const char *keep_text(struct told *told, const char *text)
{
	const size_t room = text ? strlen(text) + 1 : 0;
	char *kept = text ? tok_arena_array(&told->arena, room, 1) : NULL;
	told->lost |= text && !kept;
	return kept ? memcpy(kept, text, room) : NULL;
}

static void keep_sentence(void *data, const char *name, const char *trouble)
{
	struct told *told = data;
	if (!tok_grow(&told->items, &told->capacity, told->count + 1, sizeof *told->items)) {
		told->lost = true;
		return;
	}
	struct sentence *sentence = &told->items[told->count++];
	sentence->name = keep_text(told, name);
	sentence->trouble = keep_text(told, trouble);
}

static void release_told(struct told *told)
{
	tok_arena_release(&told->arena);
	free(told->items);
	*told = (struct told){ 0 };
}

enum tok_status vocab_store_verify(struct vocab_store *store, tell_fn *tell, void *data,
				   struct tok_error *err)
{
	struct told told = { 0 };
	enum tok_status status;
	do {
		release_told(&told);
		status = verify_all(store, keep_sentence, &told, err);
	} while (store_must_repeat(store, &status, err));
	if (status == TOK_OK && told.lost)
		status = tok_fail_memory(err);
	for (size_t i = 0; i < told.count && status == TOK_OK; i++)
		tell(data, told.items[i].name, told.items[i].trouble);
	release_told(&told);
	return status;
}

/* ---- out of one ----------------------------------------------------------------------------- */

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
 * model, ids and statistics counts for nothing. */
static enum tok_status check_entry(const struct vocab_store *from, const struct vocab_store *store,
				   struct tok_arena *arena, struct vocab_store_entry *entry,
				   struct tok_error *err)
{
	struct vocab_store_source source;
	enum tok_status status = vocab_store_check_name(entry->name, err);
	if (status == TOK_OK)
		status = store_read_entry(from, entry, &source, err);
	if (status != TOK_OK)
		return status;
	status = store_compile(store, &source.source, arena, entry, err);
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
	enum tok_status status = store_find(store, entry->name, &there, err);
	const bool taken = status == TOK_OK && there.count > 0;
	const bool same = taken && store_is_same_source(entry, &there.entries[0]);
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
		status = store_find(from, NULL, &list, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++)
		status = check_entry(from, store, &list.arena, &list.entries[i], err);
	if (status == TOK_OK)
		status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status == TOK_OK) {
		for (size_t i = 0; i < list.count && status == TOK_OK; i++)
			status = import_entry(from, store, &list.entries[i], added, err);
		if (status == TOK_OK)
			status = store_check_frozen(from, err);
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
