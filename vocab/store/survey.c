/* What there is, with statistics: found in the tables, or computed, and kept there. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "vocab/store/store_internal.h"

enum { UNKNOWN = VOCAB_STATISTICS, NORMALIZER, PRE_TOKENIZER, COLUMNS };

/* ---- into tables ------------------------------------------------------------------------ */

enum tok_status store_insert_statistics(const struct vocab_store *store, int64_t vocabulary,
					const struct vocab_statistics *s, struct tok_error *err)
{
	struct store_value values[1 + COLUMNS] = { STORE_NUMBER_OF(vocabulary) };
	for (size_t i = 0; i < VOCAB_STATISTICS; i++)
		values[1 + i] = STORE_NUMBER_OF(s->numbers[i]);
	values[1 + UNKNOWN] = STORE_TEXT_OF(s->unknown);
	values[1 + NORMALIZER] = STORE_TEXT_OF(s->normalizer);
	values[1 + PRE_TOKENIZER] = STORE_TEXT_OF(s->pre_tokenizer);
	enum tok_status status =
	    store_do(store,
		     "INSERT INTO statistics VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, "
		     "?, ?, ?, ?, ?, ?, ?)",
		     values, 1 + COLUMNS, err);
	/* Others, who delete statistics without what hangs on them, leave rows. */
	if (status == TOK_OK)
		status = store_do(store, "DELETE FROM script WHERE vocabulary = ?", values, 1, err);
	for (size_t i = 0; i < s->script_count && status == TOK_OK; i++) {
		const struct store_value script[] = { STORE_NUMBER_OF(vocabulary),
						      STORE_TEXT_OF(s->scripts[i].name),
						      STORE_NUMBER_OF(s->scripts[i].tokens) };
		status = store_do(store, "INSERT INTO script VALUES(?, ?, ?)", script, 3, err);
	}
	return status;
}

/* ---- from tables ------------------------------------------------------------------------ */

static enum tok_status find_scripts(const struct vocab_store *store, struct tok_arena *arena,
				    const char *name, struct vocab_statistics *s,
				    struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(name);
	struct vocab_health_script *scripts = NULL;
	sqlite3_stmt *select;
	int64_t count = 0;
	bool row = true;
	enum tok_status status =
	    store_ask(store,
		      "SELECT count(*) FROM script s JOIN vocabulary v ON v.id = s.vocabulary "
		      "WHERE v.name = ?",
		      &value, 1, &count, err);
	if (status != TOK_OK)
		return status;
	scripts = tok_arena_array(arena, (size_t)count, sizeof *scripts);
	if (!scripts)
		return tok_fail_memory(err);
	s->scripts = scripts;
	status = store_prepare(store,
			       "SELECT s.name, tokens FROM script s JOIN vocabulary v ON v.id = "
			       "s.vocabulary WHERE v.name = ? ORDER BY tokens DESC, s.name",
			       &value, 1, &select, err);
	while (status == TOK_OK && row && s->script_count < (size_t)count) {
		status = store_step(store, select, &row, err);
		const char *code = row ? (const char *)sqlite3_column_text(select, 0) : NULL;
		if (status == TOK_OK && row && !code)
			status = tok_fail_memory(err);
		if (status != TOK_OK || !row)
			break;
		struct vocab_health_script *script = &scripts[s->script_count++];
		snprintf(script->name, sizeof script->name, "%s", code);
		script->tokens = (size_t)sqlite3_column_int64(select, 1);
	}
	sqlite3_finalize(select);
	return status;
}

static enum tok_status take_row(sqlite3_stmt *row, struct tok_arena *arena,
				struct vocab_statistics *s, struct tok_error *err)
{
	bool lost = false;
	for (int i = 0; i < VOCAB_STATISTICS; i++)
		s->numbers[i] = (uint64_t)sqlite3_column_int64(row, i);
	s->unknown = store_copy_column(arena, row, UNKNOWN, &lost);
	s->normalizer = store_copy_column(arena, row, NORMALIZER, &lost);
	s->pre_tokenizer = store_copy_column(arena, row, PRE_TOKENIZER, &lost);
	return lost ? tok_fail_memory(err) : TOK_OK;
}

enum tok_status store_find_statistics(const struct vocab_store *store, struct tok_arena *arena,
				      struct vocab_store_entry *entry, struct tok_error *err)
{
	static const char sql[] =
	    "SELECT tokens, text_tokens, byte_tokens, special_tokens, added_tokens, merges, "
	    "text_bytes, longest_bytes, bytes_alone, bytes_returned, byte_level, byte_fallback, "
	    "unknown, normalizer, pre_tokenizer FROM statistics s JOIN vocabulary v ON "
	    "v.id = s.vocabulary WHERE v.name = ?";
	const struct store_value value = STORE_TEXT_OF(entry->name);
	sqlite3_stmt *select;
	bool row = false;
	entry->statistics = NULL;
	if (store->version < 2)
		return TOK_OK;
	struct vocab_statistics *s = tok_arena_array(arena, 1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	enum tok_status status = store_prepare(store, sql, &value, 1, &select, err);
	if (status == TOK_OK)
		status = store_step(store, select, &row, err);
	if (status == TOK_OK && row)
		status = take_row(select, arena, s, err);
	sqlite3_finalize(select);
	if (status == TOK_OK && row)
		status = find_scripts(store, arena, entry->name, s, err);
	if (status == TOK_OK && row)
		entry->statistics = s;
	return status;
}

/* ---- what the tables have not yet ------------------------------------------------------- */

enum tok_status store_make_statistics(const struct tok_tokenizer *tokenizer,
				      struct tok_arena *arena, struct vocab_store_entry *entry,
				      struct tok_error *err)
{
	struct vocab_statistics *s = tok_arena_array(arena, 1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	const enum tok_status status = vocab_statistics_find(tokenizer, arena, s, err);
	if (status == TOK_OK)
		entry->statistics = s;
	return status;
}

/* If the vocabulary is still what they were computed of, and nobody else was faster. */
static enum tok_status insert_missing(const struct vocab_store *store,
				      const struct vocab_store_entry *entry, struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(entry->name);
	struct vocab_store_list now;
	int64_t id = 0;
	enum tok_status status = store_find(store, entry->name, &now, err);
	const bool same =
	    status == TOK_OK && now.count > 0 && store_compare_sources(&now.entries[0], entry) == 0;
	if (same && store_has_digests(entry))
		status = store_note_digests(store, entry, err);
	if (status == TOK_OK && same)
		status = store_ask(store,
				   "SELECT id FROM vocabulary WHERE name = ? AND id NOT IN "
				   "(SELECT vocabulary FROM statistics)",
				   &value, 1, &id, err);
	if (status == TOK_OK && id)
		status = store_insert_statistics(store, id, entry->statistics, err);
	vocab_store_list_release(&now);
	return status;
}

/* A transaction each: what was computed before a kill is there. */
static enum tok_status keep(const struct vocab_store *store, const struct vocab_store_entry *entry,
			    struct tok_error *err)
{
	const enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	return status == TOK_OK ? store_finish(store, insert_missing(store, entry, err), err)
				: status;
}

/* What cannot be compiled any more is listed without. */
static enum tok_status compute(const struct vocab_store *store, struct tok_arena *arena,
			       struct vocab_store_entry *entry, struct tok_error *err)
{
	struct store_kept kept;
	struct tok_tokenizer *made = NULL;
	enum tok_status status = store_kept_init(&kept, store, entry, err);
	if (status == TOK_OK)
		status = vocab_image_open_kept(&kept.kept, store->images, &made, err);
	if (status == TOK_OK && !entry->statistics)
		status = store_make_statistics(made, arena, entry, err);
	tok_tokenizer_free(made);
	return status == TOK_ENOMEM ? status : TOK_OK;
}

static enum tok_status measure_image(const struct vocab_store *store,
				     struct vocab_store_entry *entry, struct tok_error *err)
{
	struct store_kept kept;
	struct stat info;
	char *path;
	if (entry->file_count == 0 || !store_has_digests(entry))
		return TOK_OK; /* what could not be read has no image */
	enum tok_status status = store_kept_init(&kept, store, entry, err);
	if (status == TOK_OK)
		status = vocab_image_kept_path(&kept.kept, store->images, &path, err);
	if (status != TOK_OK)
		return status;
	if (stat(path, &info) == 0)
		entry->image_bytes = (uint64_t)info.st_size;
	free(path);
	return TOK_OK;
}

static enum tok_status complete(const struct vocab_store *store, struct vocab_store_list *list,
				struct tok_error *err)
{
	bool keeps = store->version == STORE_VERSION && sqlite3_db_readonly(store->db, "main") == 0;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < list->count && status == TOK_OK; i++) {
		struct vocab_store_entry *entry = &list->entries[i];
		const bool missing = !entry->statistics || !store_has_digests(entry);
		if (missing)
			status = compute(store, &list->arena, entry, err);
		if (status == TOK_OK && missing && entry->statistics && keeps) {
			status = keep(store, entry, err);
			keeps = status == TOK_OK;
			if (status != TOK_ENOMEM) /* they are told all the same */
				status = TOK_OK;
		}
		if (status == TOK_OK)
			status = measure_image(store, entry, err);
	}
	return status;
}

static enum tok_status survey(const struct vocab_store *store, const char *name,
			      struct vocab_store_list *out, struct tok_error *err)
{
	enum tok_status status = store_run(store, "BEGIN", err); /* all is of one moment */
	if (status != TOK_OK)
		return status;
	status = store_find(store, name, out, err);
	for (size_t i = 0; i < out->count && status == TOK_OK; i++)
		status = store_find_statistics(store, &out->arena, &out->entries[i], err);
	status = store_finish(store, status, err);
	return status == TOK_OK ? complete(store, out, err) : status;
}

enum tok_status vocab_store_survey(struct vocab_store *store, const char *name,
				   struct vocab_store_list *out, struct tok_error *err)
{
	enum tok_status status;
	*out = (struct vocab_store_list){ 0 };
	do {
		vocab_store_list_release(out);
		status = survey(store, name, out, err);
	} while (store_must_repeat(store, &status, err));
	return status;
}
