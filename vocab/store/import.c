/* What another store has, in a file that may be hostile. */
#include <stdlib.h>
#include <sys/stat.h>

#include "vocab/store/store_internal.h"

/* ---- before anything is unpacked ---------------------------------------------------------- */

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

/* A byte of a file may stand for thousands, and each name has its source looked at. */
enum { BYTES_EACH = 32 };

static enum tok_status check_sizes(const struct vocab_store *from, struct tok_error *err)
{
	struct stat file;
	int64_t total = 0;
	if (stat(from->path, &file) != 0)
		file.st_size = 0;
	const enum tok_status status =
	    store_ask(from, "SELECT total(max(bytes, 0)) FROM file JOIN content USING(hash)", NULL,
		      0, &total, err);
	if (status != TOK_OK ||
	    (total - (int64_t)VOCAB_STORE_FILE_MAX) / BYTES_EACH <= (int64_t)file.st_size)
		return status;
	return tok_fail(err, TOK_ELIMIT,
			"%s: its sources are said to have %lld MB in all, and it has %lld KB: more "
			"than %d times as much is not unpacked",
			from->path, (long long)(total >> 20), (long long)file.st_size >> 10,
			BYTES_EACH);
}

static enum tok_status check_name(const struct vocab_store *from, const char *name,
				  bool (*is_built_in)(const char *name), struct tok_error *err)
{
	if (is_built_in && is_built_in(name))
		return tok_fail(err, TOK_EARG,
				"%s: '%s' is built in: rename it in the store that this file is of",
				from->path, name);
	return vocab_store_check_name(name, err);
}

/* ---- before others have to wait ------------------------------------------------------------ */

/* What is to be imported: those of one source follow each other. */
struct incoming {
	struct vocab_store_entry *entry;
	bool is_first;           /* of its source */
	bool is_damaged_here[2]; /* its files, as this store has them */
};

static int compare_incoming(const void *x, const void *y)
{
	const struct incoming *a = x, *b = y;
	return store_compare_sources(a->entry, b->entry);
}

/* Its bytes have their hash and can be compiled, or it is refused here.  What the file says of
 * model, ids and statistics counts for nothing. */
static enum tok_status check_source(const struct vocab_store *from, const struct vocab_store *store,
				    struct tok_arena *arena, struct incoming *incoming,
				    struct tok_error *err)
{
	struct vocab_store_entry *entry = incoming->entry;
	struct vocab_store_source source;
	struct tok_tokenizer *made = NULL;
	enum tok_status status = store_read_entry(from, entry, &source, err);
	if (status != TOK_OK)
		return status;
	status = store_compile(&source.source, arena, entry, &made, err);
	tok_tokenizer_free(made);
	vocab_store_source_release(&source);
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++)
		status =
		    store_is_damaged(store, &entry->files[i], &incoming->is_damaged_here[i], err);
	return status == TOK_OK ? status : tok_fail_in(err, status, "%s", from->path);
}

static void take_checked(struct vocab_store_entry *entry, const struct vocab_store_entry *checked)
{
	entry->model = checked->model;
	entry->ids = checked->ids;
	entry->statistics = checked->statistics;
}

/* Each source once, however many names have it. */
static enum tok_status check_sources(const struct vocab_store *from,
				     const struct vocab_store *store, struct tok_arena *arena,
				     struct incoming *all, size_t count, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	qsort(all, count, sizeof *all, compare_incoming);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		all[i].is_first = i == 0 || compare_incoming(&all[i - 1], &all[i]) != 0;
		if (all[i].is_first)
			status = check_source(from, store, arena, &all[i], err);
		else
			take_checked(all[i].entry, all[i - 1].entry);
	}
	return status;
}

/* ---- within a transaction ------------------------------------------------------------------- */

/* As they lie there: that is what was checked. */
static enum tok_status keep_files(const struct vocab_store *from, const struct vocab_store *store,
				  const struct incoming *incoming, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < incoming->entry->file_count && status == TOK_OK; i++) {
		struct store_content content = { .file = incoming->entry->files[i],
						 .is_damaged_here = incoming->is_damaged_here[i] };
		sqlite3_stmt *row = NULL;
		status = store_find_packed(from, &content.file, &row, &content.packed, err);
		if (status == TOK_OK)
			status = store_keep(store, &content, err);
		sqlite3_finalize(row);
	}
	return status;
}

static bool has_file(const struct vocab_store_entry *entry, const struct vocab_store_file *file)
{
	for (size_t i = 0; i < entry->file_count; i++)
		if (vocab_hash_equal(entry->files[i].hash, file->hash))
			return true;
	return false;
}

/* Has a vocabulary here lost files, and were what it has left files of `entry`? */
static bool is_rest(const struct vocab_store_entry *there, const struct vocab_store_entry *entry)
{
	size_t left = 0;
	for (size_t i = 0; i < there->file_count; i++) {
		if (there->files[i].stored == 0)
			continue;
		if (!has_file(entry, &there->files[i]))
			return false;
		left++;
	}
	return left < entry->file_count;
}

/* What is noted of a vocabulary that is here is what its source says. */
static enum tok_status correct(const struct vocab_store *store,
			       const struct vocab_store_entry *there,
			       const struct vocab_store_entry *entry, struct tok_error *err)
{
	const struct store_value values[] = { STORE_TEXT_OF(entry->model),
					      STORE_NUMBER_OF(entry->ids),
					      STORE_NUMBER_OF(there->row) };
	const bool same = strcmp(there->model, entry->model) == 0 && there->ids == entry->ids &&
			  there->statistics &&
			  memcmp(there->statistics->numbers, entry->statistics->numbers,
				 sizeof entry->statistics->numbers) == 0;
	if (same)
		return TOK_OK;
	enum tok_status status = store_do(
	    store, "UPDATE vocabulary SET model = ?, ids = ? WHERE id = ?", values, 3, err);
	if (status == TOK_OK)
		status = store_do(store, "DELETE FROM statistics WHERE vocabulary = ?", &values[2],
				  1, err);
	return status == TOK_OK ? store_insert_statistics(store, there->row, entry->statistics, err)
				: status;
}

/* One that has its name here already, in `list`: *gone, or it stays. */
static enum tok_status meet(const struct vocab_store *from, const struct vocab_store *store,
			    struct vocab_store_list *list, const struct vocab_store_entry *entry,
			    bool *gone, struct tok_error *err)
{
	struct vocab_store_entry *there = &list->entries[0];
	*gone = is_rest(there, entry);
	if (*gone)
		return store_delete(store, entry->name, err);
	if (store_compare_sources(there, entry) != 0)
		return tok_fail(err, TOK_EARG,
				"'%s' is another vocabulary in %s than in %s: rename one of them",
				entry->name, from->path, store->path);
	const enum tok_status status = store_find_statistics(store, &list->arena, there, err);
	return status == TOK_OK ? correct(store, there, entry, err) : status;
}

static enum tok_status import_entry(const struct vocab_store *from, const struct vocab_store *store,
				    const struct vocab_store_entry *entry, size_t *added,
				    struct tok_error *err)
{
	struct vocab_store_list there = { 0 };
	bool is_new = true;
	enum tok_status status = store_find(store, entry->name, &there, err);
	if (status == TOK_OK && there.count > 0)
		status = meet(from, store, &there, entry, &is_new, err);
	vocab_store_list_release(&there);
	if (status != TOK_OK || !is_new)
		return status;
	status = store_insert(store, entry, err);
	*added += status == TOK_OK;
	return status;
}

/* All that takes long is done before. */
static enum tok_status put_in(const struct vocab_store *from, const struct vocab_store *store,
			      const struct incoming *all, size_t count, size_t *added,
			      struct tok_error *err)
{
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		if (all[i].is_first)
			status = keep_files(from, store, &all[i], err);
		if (status == TOK_OK)
			status = import_entry(from, store, all[i].entry, added, err);
	}
	if (status == TOK_OK)
		status = store_drop_files(store, err);
	if (status == TOK_OK)
		status = store_check_frozen(from, err);
	return store_finish(store, status, err);
}

static enum tok_status import_all(const struct vocab_store *from, const struct vocab_store *store,
				  struct vocab_store_list *list,
				  bool (*is_built_in)(const char *name), size_t *added,
				  struct tok_error *err)
{
	struct incoming *all = calloc(list->count + 1, sizeof *all);
	if (!all)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < list->count && status == TOK_OK; i++) {
		all[i].entry = &list->entries[i];
		status = check_name(from, list->entries[i].name, is_built_in, err);
	}
	if (status == TOK_OK)
		status = check_sources(from, store, &list->arena, all, list->count, err);
	if (status == TOK_OK)
		status = put_in(from, store, all, list->count, added, err);
	free(all);
	return status;
}

enum tok_status vocab_store_import(struct vocab_store *store, const char *path,
				   bool (*is_built_in)(const char *name), size_t *added,
				   struct tok_error *err)
{
	struct vocab_store_list list = { 0 };
	struct vocab_store *from;
	*added = 0;
	enum tok_status status = store_open_file(path, &from, err);
	if (status != TOK_OK)
		return status;
	status = store_run(from, "BEGIN", err); /* what is checked is what is read later */
	if (status == TOK_OK)
		status = check_texts(from, err);
	if (status == TOK_OK)
		status = check_sizes(from, err);
	if (status == TOK_OK)
		status = store_find(from, NULL, &list, err);
	if (status == TOK_OK)
		status = import_all(from, store, &list, is_built_in, added, err);
	vocab_store_list_release(&list);
	vocab_store_close(from);
	return status;
}
