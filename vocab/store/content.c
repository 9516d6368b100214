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

static enum tok_status put_packed(const struct vocab_store *store, struct store_value hash,
				  struct tok_span file, struct tok_error *err)
{
	const size_t room = ZSTD_compressBound(file.count);
	uint8_t *packed = malloc(room);
	if (!packed)
		return tok_fail_memory(err);
	const size_t count = ZSTD_compress(packed, room, file.bytes, file.count, LEVEL);
	enum tok_status status = TOK_OK;
	if (ZSTD_isError(count)) {
		status = tok_fail_memory(err); /* all that can go wrong with room enough */
	} else {
		const struct store_value values[] = { hash, STORE_NUMBER_OF(file.count),
						      STORE_BLOB_OF(packed, count) };
		status = store_do(store,
				  "INSERT INTO content VALUES(?, ?, ?) ON CONFLICT(hash) DO UPDATE "
				  "SET bytes = excluded.bytes, zstd = excluded.zstd",
				  values, 3, err);
	}
	free(packed);
	return status;
}

enum tok_status store_unpack(struct tok_span packed, uint64_t bytes, struct vocab_hash hash,
			     struct tok_arena *arena, struct tok_span *out, struct tok_error *err)
{
	if (bytes > VOCAB_STORE_FILE_MAX)
		return tok_fail(err, TOK_EFORMAT, "a file is said to have %llu bytes",
				(unsigned long long)bytes);
	uint8_t *room = tok_arena_array(arena, (size_t)bytes + 1, 1);
	if (!room)
		return tok_fail_memory(err);
	const size_t count = ZSTD_decompress(room, (size_t)bytes, packed.bytes, packed.count);
	*out = (struct tok_span){ room, count };
	if (ZSTD_isError(count) || count != bytes || !vocab_hash_equal(vocab_hash_file(*out), hash))
		return tok_fail(err, TOK_EFORMAT,
				"its source is damaged: remove it, and add it anew");
	return TOK_OK;
}

/* What is kept of `file` is `file`: the hash alone tells it from no forged one.  *whole is false
 * where nothing is kept, or it is damaged. */
static enum tok_status compare(sqlite3_stmt *row, struct tok_span file, struct vocab_hash hash,
			       bool *whole, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct tok_span kept;
	const struct tok_span packed = { sqlite3_column_blob(row, 1),
					 (size_t)sqlite3_column_bytes(row, 1) };
	enum tok_status status =
	    store_unpack(packed, (uint64_t)sqlite3_column_int64(row, 0), hash, &arena, &kept, err);
	*whole = status == TOK_OK;
	if (status == TOK_EFORMAT)
		status = TOK_OK;
	else if (status == TOK_OK && !tok_span_equal(kept, file))
		status = tok_fail(err, TOK_EARG,
				  "another source has this hash: of two that are made to have one, "
				  "only one can be kept");
	tok_arena_release(&arena);
	return status;
}

enum tok_status store_keep_file(const struct vocab_store *store, struct tok_span file,
				struct vocab_hash hash, struct tok_error *err)
{
	uint8_t bytes[HASH_BYTES];
	sqlite3_stmt *find;
	bool there = false, whole = false;
	store_hash_put(hash, bytes);
	const struct store_value key = STORE_BLOB_OF(bytes, sizeof bytes);
	enum tok_status status = store_prepare(
	    store, "SELECT bytes, zstd FROM content WHERE hash = ?", &key, 1, &find, err);
	if (status == TOK_OK)
		status = store_step(store, find, &there, err);
	if (status == TOK_OK && there)
		status = compare(find, file, hash, &whole, err);
	sqlite3_finalize(find);
	return status == TOK_OK && !whole ? put_packed(store, key, file, err) : status;
}

enum tok_status store_drop_files(const struct vocab_store *store, struct tok_error *err)
{
	return store_run(store, "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM file)",
			 err);
}
