/* Is a store sound? */
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "vocab/store/store_internal.h"

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

/* What it says of itself, and what its image says, beside what its source says. */
static enum tok_status verify_made(const struct vocab_store *store,
				   const struct vocab_store_entry *entry,
				   const struct tok_tokenizer *made,
				   const struct vocab_store_entry *now, struct tok_error *err)
{
	uint8_t digest[VOCAB_KEPT_DIGEST];
	if (now->ids != entry->ids)
		return tok_fail(err, TOK_EFORMAT,
				"it has %llu ids and had %llu when it was added: remove it, and "
				"add it anew",
				(unsigned long long)now->ids, (unsigned long long)entry->ids);
	/* Those that are kept, if any are. */
	if (entry->statistics && memcmp(now->statistics->numbers, entry->statistics->numbers,
					sizeof now->statistics->numbers) != 0)
		return tok_fail(err, TOK_EFORMAT,
				"its statistics are not those of its source: remove it, and add "
				"it anew");
	store_digest(entry, digest);
	return vocab_image_check_kept(made, digest, store->images, err);
}

static enum tok_status verify_entry(const struct vocab_store *store,
				    struct vocab_store_entry *entry, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct vocab_store_source source;
	struct tok_tokenizer *made = NULL;
	enum tok_status status = store_read_entry(store, entry, &source, err);
	if (status != TOK_OK)
		return status;
	struct vocab_store_entry now = *entry;
	status = store_compile(&source.source, &arena, &now, &made, err);
	if (status == TOK_OK)
		status = verify_made(store, entry, made, &now, err);
	tok_tokenizer_free(made);
	tok_arena_release(&arena);
	vocab_store_source_release(&source);
	return status;
}

/* One that no command takes, or that seems to be another, for a NUL in it.  *bad is told of. */
static enum tok_status verify_name(const struct vocab_store *store,
				   const struct vocab_store_entry *entry, tell_fn *tell, void *data,
				   bool *bad, struct tok_error *err)
{
	const struct store_value row = STORE_NUMBER_OF(entry->row);
	struct tok_error said = { 0 };
	int64_t hidden = 0;
	const enum tok_status status =
	    store_ask(store, "SELECT instr(name, char(0)) FROM vocabulary WHERE id = ?", &row, 1,
		      &hidden, err);
	*bad = status == TOK_OK &&
	       (hidden > 0 || vocab_store_check_name(entry->name, &said) != TOK_OK);
	if (*bad) {
		tok_fail(
		    &said, TOK_EFORMAT,
		    "row %lld of \"vocabulary\" has a name that no command takes: take it out "
		    "with sqlite3: 'PRAGMA foreign_keys = ON; DELETE FROM vocabulary WHERE id = "
		    "%lld'",
		    (long long)entry->row, (long long)entry->row);
		tell(data, NULL, said.message);
	}
	return status;
}

static enum tok_status verify_one(const struct vocab_store *store, struct tok_arena *arena,
				  struct vocab_store_entry *entry, tell_fn *tell, void *data,
				  struct tok_error *err)
{
	struct tok_error trouble = { 0 };
	bool bad = false;
	enum tok_status status =
	    go_on(verify_name(store, entry, tell, data, &bad, err), tell, data, err);
	if (status != TOK_OK || bad)
		return status;
	status = go_on(store_find_statistics(store, arena, entry, err), tell, data, err);
	if (status != TOK_OK)
		return status;
	const enum tok_status one = verify_entry(store, entry, &trouble);
	if (one == TOK_ENOMEM)
		return tok_fail_memory(err);
	tell(data, entry->name, one == TOK_OK ? NULL : trouble.message);
	return TOK_OK;
}

/* Within a transaction: others go on changing what there is. */
static enum tok_status verify_all(const struct vocab_store *store, tell_fn *tell, void *data,
				  struct tok_error *err)
{
	struct vocab_store_list list = { 0 };
	enum tok_status status = store_run(store, "BEGIN", err);
	if (status != TOK_OK)
		return status;
	status = verify_database(store, tell, data, err);
	if (status == TOK_OK)
		status = go_on(store_find(store, NULL, &list, err), tell, data, err);
	for (size_t i = 0; i < list.count && status == TOK_OK; i++)
		status = verify_one(store, &list.arena, &list.entries[i], tell, data, err);
	vocab_store_list_release(&list);
	sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
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
	store->advises = false; /* this is what messages would send to */
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
