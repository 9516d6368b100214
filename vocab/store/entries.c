/* What is known of vocabularies: rows of tables as struct vocab_store_entry, and back. */
#include <stdio.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "vocab/store/store_internal.h"

/* ---- from tables ------------------------------------------------------------------------ */

const char *store_copy_column(struct tok_arena *arena, sqlite3_stmt *row, int column, bool *lost)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	const size_t count = (size_t)sqlite3_column_bytes(row, column);
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return NULL;
	char *copy = text ? tok_arena_array(arena, count + 1, 1) : NULL;
	*lost |= copy == NULL;
	if (copy)
		memcpy(copy, text, count);
	return copy ? copy : "";
}

static struct vocab_hash column_hash(sqlite3_stmt *row, int column)
{
	struct vocab_hash hash = { 0, 0 };
	const uint8_t *bytes = sqlite3_column_blob(row, column);
	if (!bytes || sqlite3_column_bytes(row, column) != HASH_BYTES)
		return hash; /* of no file: it will not be found, or not match */
	for (int i = 0; i < 8; i++) {
		hash.high = hash.high << 8 | bytes[i];
		hash.low = hash.low << 8 | bytes[8 + i];
	}
	return hash;
}

enum {
	ROW,
	NAME,
	MODEL,
	IDS,
	PATTERN,
	ORIGIN,
	LICENCE,
	ADDED,
	FILE_NAME,
	FILE_HASH,
	FILE_BYTES,
	STORED,
	SHA256
};

static enum tok_status begin_entry(sqlite3_stmt *row, struct vocab_store_list *list, bool *lost,
				   struct tok_error *err)
{
	if (!tok_grow(&list->entries, &list->capacity, list->count + 1, sizeof *list->entries))
		return tok_fail_memory(err);
	list->entries[list->count++] = (struct vocab_store_entry){
		.row = sqlite3_column_int64(row, ROW),
		.name = store_copy_column(&list->arena, row, NAME, lost),
		.model = store_copy_column(&list->arena, row, MODEL, lost),
		.pattern = store_copy_column(&list->arena, row, PATTERN, lost),
		.origin = store_copy_column(&list->arena, row, ORIGIN, lost),
		.licence = store_copy_column(&list->arena, row, LICENCE, lost),
		.added = sqlite3_column_int64(row, ADDED),
		.ids = (uint64_t)sqlite3_column_int64(row, IDS),
	};
	return TOK_OK;
}

static void take_file(sqlite3_stmt *row, struct tok_arena *arena, struct vocab_store_file *file,
		      bool *lost)
{
	*file = (struct vocab_store_file){
		.name = store_copy_column(arena, row, FILE_NAME, lost),
		.hash = column_hash(row, FILE_HASH),
		.bytes = (uint64_t)sqlite3_column_int64(row, FILE_BYTES),
		.stored = (uint64_t)sqlite3_column_int64(row, STORED),
	};
	const void *sha256 = sqlite3_column_blob(row, SHA256);
	file->has_sha256 = sha256 && sqlite3_column_bytes(row, SHA256) == VOCAB_STORE_SHA256;
	if (file->has_sha256)
		memcpy(file->sha256, sha256, VOCAB_STORE_SHA256);
}

/* A row a file: those of one vocabulary follow each other.  One whose files are gone has one row.
 */
static enum tok_status take_row(sqlite3_stmt *row, struct vocab_store_list *list,
				struct tok_error *err)
{
	bool lost = false;
	const char *name = (const char *)sqlite3_column_text(row, NAME);
	if (sqlite3_column_type(row, NAME) == SQLITE_NULL) /* which the table does not allow */
		return tok_fail(err, TOK_EFORMAT, "a vocabulary has no name");
	if (!name)
		return tok_fail_memory(err);
	enum tok_status status = TOK_OK;
	if (list->count == 0 ||
	    list->entries[list->count - 1].row != sqlite3_column_int64(row, ROW))
		status = begin_entry(row, list, &lost, err);
	if (status != TOK_OK)
		return status;
	struct vocab_store_entry *entry = &list->entries[list->count - 1];
	if (entry->file_count < 2 && sqlite3_column_type(row, FILE_NAME) != SQLITE_NULL)
		take_file(row, &list->arena, &entry->files[entry->file_count++], &lost);
	return lost ? tok_fail_memory(err) : TOK_OK;
}

enum tok_status store_find(const struct vocab_store *store, const char *name,
			   struct vocab_store_list *out, struct tok_error *err)
{
	static const char *const digests[2][2] = {
		{ "NULL", "" },
		{ "sha256", "LEFT JOIN digest d ON d.hash = f.hash " },
	};
	const char *const *digest = digests[store->version >= 2];
	char sql[512];
	snprintf(
	    sql, sizeof sql,
	    "SELECT v.id, v.name, model, ids, pattern, origin, licence, added, f.name, f.hash, "
	    "bytes, length(zstd), %s FROM vocabulary v LEFT JOIN file f ON f.vocabulary = v.id "
	    "LEFT JOIN content c ON c.hash = f.hash %s%sORDER BY v.name, place",
	    digest[0], digest[1], name ? "WHERE v.name = ? " : "");
	sqlite3_stmt *select;
	bool row = true;
	*out = (struct vocab_store_list){ 0 };
	const struct store_value value = STORE_TEXT_OF(name);
	enum tok_status status = store_prepare(store, sql, &value, name ? 1 : 0, &select, err);
	while (status == TOK_OK && row) {
		status = store_step(store, select, &row, err);
		if (status == TOK_OK && row)
			status = take_row(select, out, err);
	}
	sqlite3_finalize(select);
	return status;
}

enum tok_status vocab_store_find(struct vocab_store *store, const char *name,
				 struct vocab_store_list *out, struct tok_error *err)
{
	enum tok_status status;
	*out = (struct vocab_store_list){ 0 };
	do {
		vocab_store_list_release(out);
		status = store_find(store, name, out, err);
	} while (store_must_repeat(store, &status, err));
	return status;
}

void vocab_store_list_release(struct vocab_store_list *list)
{
	tok_arena_release(&list->arena);
	free(list->entries);
	*list = (struct vocab_store_list){ 0 };
}

/* ---- into tables ------------------------------------------------------------------------ */

enum tok_status store_insert(const struct vocab_store *store, const struct vocab_store_entry *entry,
			     struct tok_error *err)
{
	const struct store_value values[] = {
		STORE_TEXT_OF(entry->name),    STORE_TEXT_OF(entry->model),
		STORE_NUMBER_OF(entry->ids),   STORE_TEXT_OF(entry->pattern),
		STORE_TEXT_OF(entry->origin),  STORE_TEXT_OF(entry->licence),
		STORE_NUMBER_OF(entry->added),
	};
	enum tok_status status =
	    store_do(store,
		     "INSERT INTO vocabulary(name, model, ids, pattern, origin, licence, added) "
		     "VALUES(?, ?, ?, ?, ?, ?, ?)",
		     values, 7, err);
	const int64_t id = sqlite3_last_insert_rowid(store->db);
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++) {
		uint8_t hash[HASH_BYTES];
		store_hash_put(entry->files[i].hash, hash);
		const struct store_value file[] = { STORE_NUMBER_OF(id), STORE_NUMBER_OF(i),
						    STORE_TEXT_OF(entry->files[i].name),
						    STORE_BLOB_OF(hash, sizeof hash) };
		status = store_do(store, "INSERT INTO file VALUES(?, ?, ?, ?)", file, 4, err);
	}
	return status == TOK_OK ? store_insert_statistics(store, id, entry->statistics, err)
				: status;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

int store_compare_sources(const struct vocab_store_entry *a, const struct vocab_store_entry *b)
{
	int order = compare_numbers(a->file_count, b->file_count);
	for (size_t i = 0; i < a->file_count && !order; i++) {
		order = compare_numbers(a->files[i].hash.high, b->files[i].hash.high);
		if (!order)
			order = compare_numbers(a->files[i].hash.low, b->files[i].hash.low);
	}
	if (order)
		return order;
	return a->pattern && b->pattern ? strcmp(a->pattern, b->pattern)
					: compare_numbers(a->pattern != NULL, b->pattern != NULL);
}

/* ---- sources ------------------------------------------------------------------------------ */

static enum tok_status is_missing(struct tok_error *err)
{
	return tok_fail(err, TOK_EFORMAT, "its source is missing: remove it, and add it anew");
}

static enum tok_status read_file(const struct vocab_store *store, struct vocab_store_file *file,
				 struct tok_arena *arena, struct tok_span *out,
				 struct tok_error *err)
{
	sqlite3_stmt *row = NULL;
	struct tok_span packed;
	enum tok_status status = store_find_packed(store, file, &row, &packed, err);
	if (status == TOK_OK)
		status = store_unpack(packed, file, arena, out, err);
	sqlite3_finalize(row);
	return status;
}

enum tok_status store_read_entry(const struct vocab_store *store, struct vocab_store_entry *entry,
				 struct vocab_store_source *out, struct tok_error *err)
{
	enum tok_status status = entry->file_count ? TOK_OK : is_missing(err);
	*out = (struct vocab_store_source){ .options.pattern = entry->pattern,
					    .origin = entry->origin,
					    .licence = entry->licence };
	out->source = (struct vocab_source){
		.path = entry->name,
		.other_path = entry->file_count > 1 ? entry->files[1].name : NULL,
		.count = entry->file_count,
	};
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++)
		status =
		    read_file(store, &entry->files[i], &out->arena, &out->source.files[i], err);
	if (status == TOK_OK)
		return status;
	vocab_store_source_release(out);
	return tok_fail_in(err, status, "%s: '%s'", store->path, entry->name);
}

void vocab_store_source_release(struct vocab_store_source *source)
{
	tok_arena_release(&source->arena);
	*source = (struct vocab_store_source){ 0 };
}

/* ---- images ------------------------------------------------------------------------------- */

static enum tok_status open_source(void *data, struct vocab_source *out, struct tok_error *err)
{
	struct store_kept *kept = data;
	const enum tok_status status =
	    store_read_entry(kept->store, kept->entry, &kept->source, err);
	if (status == TOK_OK)
		*out = kept->source.source;
	return status;
}

static void close_source(void *data, struct vocab_source *source)
{
	struct store_kept *kept = data;
	(void)source;
	vocab_store_source_release(&kept->source);
}

void store_digest(const struct vocab_store_entry *entry, uint8_t out[VOCAB_KEPT_DIGEST])
{
	/* How many and whether come first: no two sources are the same bytes here. */
	const uint8_t counts[2] = { (uint8_t)entry->file_count, entry->pattern != NULL };
	struct tok_span parts[4] = { { counts, sizeof counts } };
	size_t count = 1;
	for (size_t i = 0; i < entry->file_count; i++)
		parts[count++] =
		    (struct tok_span){ entry->files[i].sha256, sizeof entry->files[i].sha256 };
	if (entry->pattern)
		parts[count++] = tok_span_of(entry->pattern);
	digest_sha256(parts, count, out);
}

/* What has no files has no image of its own either. */
enum tok_status store_kept_init(struct store_kept *kept, const struct vocab_store *store,
				struct vocab_store_entry *entry, struct tok_error *err)
{
	struct vocab_store_source source;
	if (entry->file_count == 0)
		return tok_fail_in(err, is_missing(err), "%s: '%s'", store->path, entry->name);
	if (!store_has_digests(entry)) {
		const enum tok_status status = store_read_entry(store, entry, &source, err);
		if (status != TOK_OK)
			return status;
		vocab_store_source_release(&source);
	}
	*kept = (struct store_kept){
		.store = store,
		.entry = entry,
		.kept = { .pattern = entry->pattern,
			  .open = open_source,
			  .close = close_source,
			  .data = kept },
	};
	store_digest(entry, kept->kept.digest);
	return TOK_OK;
}
