/* The bytes of sources, each file once, compressed. */
#include <stdlib.h>

#include <zstd.h>

#include "vocab/store/store_internal.h"

/* Tokenizers are text with much alike; higher levels take far longer and save a tenth. */
enum { LEVEL = 3 };

/* The high half first, as the hash is printed. */
void store_hash_put(struct vocab_hash hash, uint8_t bytes[HASH_BYTES])
{
	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(hash.high >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(hash.low >> (56 - 8 * i));
	}
}

enum tok_status store_pack(struct tok_span file, struct tok_arena *arena, struct store_content *out,
			   struct tok_error *err)
{
	const size_t room = ZSTD_compressBound(file.count);
	uint8_t *packed = tok_arena_array(arena, room, 1);
	if (!packed)
		return tok_fail_memory(err);
	const size_t count = ZSTD_compress(packed, room, file.bytes, file.count, LEVEL);
	if (ZSTD_isError(count))
		return tok_fail_memory(err); /* all that can go wrong with room enough */
	*out = (struct store_content){
		.file = { .hash = vocab_hash_file(file), .has_sha256 = true, .bytes = file.count },
		.packed = { packed, count },
	};
	digest_sha256(&file, 1, out->file.sha256);
	return TOK_OK;
}

enum tok_status store_unpack(struct tok_span packed, struct vocab_store_file *file,
			     struct tok_arena *arena, struct tok_span *out, struct tok_error *err)
{
	uint8_t sha256[VOCAB_STORE_SHA256];
	if (file->bytes > VOCAB_STORE_FILE_MAX)
		return tok_fail(err, TOK_EFORMAT, "a file is said to have %llu bytes",
				(unsigned long long)file->bytes);
	const size_t bytes = (size_t)file->bytes;
	uint8_t *room = tok_arena_array(arena, bytes + 1, 1);
	if (!room)
		return tok_fail_memory(err);
	const size_t count = ZSTD_decompress(room, bytes, packed.bytes, packed.count);
	*out = (struct tok_span){ room, count };
	bool whole = !ZSTD_isError(count) && count == bytes &&
		     vocab_hash_equal(vocab_hash_file(*out), file->hash);
	if (whole) {
		digest_sha256(out, 1, sha256);
		whole = !file->has_sha256 || memcmp(sha256, file->sha256, sizeof sha256) == 0;
	}
	if (!whole)
		return tok_fail(err, TOK_EFORMAT,
				"its source is damaged: remove it, and add it anew");
	memcpy(file->sha256, sha256, sizeof sha256);
	file->has_sha256 = true;
	return TOK_OK;
}

/* ---- what is there ------------------------------------------------------------------------ */

/* The row of a file with these columns, if there is one; finalize *out. */
static enum tok_status find_row(const struct vocab_store *store, const char *sql,
				struct vocab_hash hash, sqlite3_stmt **out, bool *there,
				struct tok_error *err)
{
	uint8_t bytes[HASH_BYTES];
	store_hash_put(hash, bytes);
	const struct store_value key = STORE_BLOB_OF(bytes, sizeof bytes);
	enum tok_status status = store_prepare(store, sql, &key, 1, out, err);
	if (status != TOK_OK)
		return status;
	status = store_step(store, *out, there, err);
	sqlite3_clear_bindings(*out); /* the key ends here */
	return status;
}

static struct tok_span column_span(sqlite3_stmt *row, int column)
{
	const uint8_t *bytes = sqlite3_column_blob(row, column);
	return (struct tok_span){ bytes, (size_t)sqlite3_column_bytes(row, column) };
}

enum tok_status store_find_packed(const struct vocab_store *store,
				  const struct vocab_store_file *file, sqlite3_stmt **out,
				  struct tok_span *packed, struct tok_error *err)
{
	bool there = false;
	enum tok_status status = find_row(store, "SELECT zstd FROM content WHERE hash = ?",
					  file->hash, out, &there, err);
	if (status == TOK_OK && !there)
		status =
		    tok_fail(err, TOK_EFORMAT, "its source is missing: remove it, and add it anew");
	if (status == TOK_OK)
		*packed = column_span(*out, 0);
	return status;
}

/* What is kept in the place of `file`, with the SHA-256 that it has: TOK_EFORMAT if it is damaged.
 */
static enum tok_status look_at(sqlite3_stmt *row, const struct vocab_store_file *file,
			       struct vocab_store_file *kept, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct tok_span ignored;
	*kept = (struct vocab_store_file){ .hash = file->hash,
					   .bytes = (uint64_t)sqlite3_column_int64(row, 1) };
	const enum tok_status status =
	    store_unpack(column_span(row, 0), kept, &arena, &ignored, err);
	tok_arena_release(&arena);
	return status;
}

enum tok_status store_is_damaged(const struct vocab_store *store,
				 const struct vocab_store_file *file, bool *out,
				 struct tok_error *err)
{
	struct vocab_store_file kept;
	sqlite3_stmt *row;
	bool there = false;
	*out = false;
	enum tok_status status = find_row(store, "SELECT zstd, bytes FROM content WHERE hash = ?",
					  file->hash, &row, &there, err);
	if (status == TOK_OK && there) {
		status = look_at(row, file, &kept, err);
		*out = status == TOK_EFORMAT;
		status = *out ? TOK_OK : status;
	}
	sqlite3_finalize(row);
	return status;
}

/* ---- keeping --------------------------------------------------------------------------------
 */

static enum tok_status note_digest(const struct vocab_store *store,
				   const struct vocab_store_file *file, struct tok_error *err)
{
	uint8_t hash[HASH_BYTES];
	store_hash_put(file->hash, hash);
	const struct store_value values[] = { STORE_BLOB_OF(hash, sizeof hash),
					      STORE_BLOB_OF(file->sha256, sizeof file->sha256) };
	return store_do(store, "INSERT OR REPLACE INTO digest VALUES(?, ?)", values, 2, err);
}

static enum tok_status put(const struct vocab_store *store, const struct store_content *content,
			   struct tok_error *err)
{
	uint8_t hash[HASH_BYTES];
	store_hash_put(content->file.hash, hash);
	const struct store_value values[] = {
		STORE_BLOB_OF(hash, sizeof hash),
		STORE_NUMBER_OF(content->file.bytes),
		STORE_BLOB_OF(content->packed.bytes, content->packed.count),
	};
	const enum tok_status status =
	    store_do(store,
		     "INSERT INTO content VALUES(?, ?, ?) ON CONFLICT(hash) DO UPDATE "
		     "SET bytes = excluded.bytes, zstd = excluded.zstd",
		     values, 3, err);
	return status == TOK_OK ? note_digest(store, &content->file, err) : status;
}

/* The SHA-256 of what is kept, as it is noted, or of its bytes.  Neither, and it is to be written
 * anew: *known is false. */
static enum tok_status find_kept(sqlite3_stmt *row, const struct vocab_store_file *file,
				 uint8_t sha256[VOCAB_STORE_SHA256], bool *known,
				 struct tok_error *err)
{
	struct vocab_store_file kept;
	const struct tok_span noted = column_span(row, 2);
	*known = noted.count == VOCAB_STORE_SHA256;
	if (*known) {
		memcpy(sha256, noted.bytes, noted.count);
		return TOK_OK;
	}
	const enum tok_status status = look_at(row, file, &kept, err);
	*known = status == TOK_OK;
	if (*known)
		memcpy(sha256, kept.sha256, sizeof kept.sha256);
	return status == TOK_EFORMAT ? TOK_OK : status;
}

enum tok_status store_keep(const struct vocab_store *store, const struct store_content *content,
			   struct tok_error *err)
{
	static const char sql[] = "SELECT zstd, bytes, sha256 FROM content LEFT JOIN digest "
				  "USING(hash) WHERE hash = ?";
	const struct vocab_store_file *file = &content->file;
	uint8_t sha256[VOCAB_STORE_SHA256];
	sqlite3_stmt *row;
	bool there = false, known = false;
	enum tok_status status = find_row(store, sql, file->hash, &row, &there, err);
	if (status == TOK_OK && there)
		status = find_kept(row, file, sha256, &known, err);
	sqlite3_finalize(row);
	if (status != TOK_OK)
		return status;
	const bool same = known && memcmp(sha256, file->sha256, sizeof sha256) == 0;
	if (!known || (same && content->is_damaged_here))
		return put(store, content, err);
	if (same)
		return note_digest(store, file, err);
	return tok_fail(err, TOK_EARG,
			"another source has this hash: of two that are made to have one, only one "
			"can be kept");
}

bool store_has_digests(const struct vocab_store_entry *entry)
{
	for (size_t i = 0; i < entry->file_count; i++)
		if (!entry->files[i].has_sha256)
			return false;
	return true;
}

/* Whoever kept a file since version 2 noted its own. */
enum tok_status store_note_digests(const struct vocab_store *store,
				   const struct vocab_store_entry *entry, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++) {
		uint8_t hash[HASH_BYTES];
		store_hash_put(entry->files[i].hash, hash);
		const struct store_value values[] = {
			STORE_BLOB_OF(entry->files[i].sha256, VOCAB_STORE_SHA256),
			STORE_BLOB_OF(hash, sizeof hash),
		};
		status = store_do(store,
				  "INSERT OR IGNORE INTO digest SELECT hash, ? FROM content WHERE "
				  "hash = ?",
				  values, 2, err);
	}
	return status;
}

enum tok_status store_drop_files(const struct vocab_store *store, struct tok_error *err)
{
	return store_run(store,
			 "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM file);"
			 "DELETE FROM digest WHERE hash NOT IN (SELECT hash FROM content)",
			 err);
}
