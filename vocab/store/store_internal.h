/*
 * store_internal.h - the database behind a store.
 */
#ifndef VOCAB_STORE_STORE_INTERNAL_H
#define VOCAB_STORE_STORE_INTERNAL_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "vocab/store/digest_internal.h"
#include "vocab/store/store.h"

struct vocab_store {
	sqlite3 *db;
	char *path;   /* of store.db */
	char *images; /* the folder; NULL of a file from elsewhere */
	int version;  /* of its tables */
	int steps;    /* of a file from elsewhere: how long reading it took */
	bool advises; /* messages send to tok vocab verify */
	bool frozen;  /* read without locks: it has to be as it was when it was opened, */
	struct stat seen;
	int repeats; /* and was not so often */
};

/* Versions of the tables, which user_version tells; application_id tells a store from other
 * databases.
 *
 *	1	vocabulary, content, file
 *	2	and statistics, script, digest
 *
 * A store that is opened to be changed gets the tables of this version; one that is read may be of
 * any up to it.  Tables of one version are never changed by the next: SQL for them goes on.
 * Statistics say of a source what they said when the version came: who changes that takes another
 * version, which empties their tables. */
enum { STORE_VERSION = 2, STORE_APPLICATION = 0x746f6b73 };

/* ---- sql.c: statements ---- */

/* What SQLite says of what just failed, with `path` in front. */
enum tok_status store_fail(const struct vocab_store *store, struct tok_error *err);

TOK_MUST_USE enum tok_status store_run(const struct vocab_store *store, const char *sql,
				       struct tok_error *err);

/* Texts that are NULL are bound as NULL.  All of these are kept as long as the statement. */
struct store_value {
	enum { STORE_TEXT, STORE_NUMBER, STORE_BLOB } kind;
	const char *text;
	int64_t number;
	struct tok_span blob;
};

#define STORE_TEXT_OF(t)                                                                           \
	(struct store_value)                                                                       \
	{                                                                                          \
		.kind = STORE_TEXT, .text = (t)                                                    \
	}
#define STORE_NUMBER_OF(n)                                                                         \
	(struct store_value)                                                                       \
	{                                                                                          \
		.kind = STORE_NUMBER, .number = (int64_t)(n)                                       \
	}
#define STORE_BLOB_OF(b, c)                                                                        \
	(struct store_value)                                                                       \
	{                                                                                          \
		.kind = STORE_BLOB, .blob = {(const uint8_t *)(b), (c) }                           \
	}

/* A statement with its values; sqlite3_finalize() it. */
TOK_MUST_USE enum tok_status store_prepare(const struct vocab_store *store, const char *sql,
					   const struct store_value *values, int count,
					   sqlite3_stmt **out, struct tok_error *err);

/* The next row: *row is false behind the last. */
TOK_MUST_USE enum tok_status store_step(const struct vocab_store *store, sqlite3_stmt *statement,
					bool *row, struct tok_error *err);

/* One that gives no rows, from beginning to end. */
TOK_MUST_USE enum tok_status store_do(const struct vocab_store *store, const char *sql,
				      const struct store_value *values, int count,
				      struct tok_error *err);

/* The number in the first column of the first row, 0 if there is none. */
TOK_MUST_USE enum tok_status store_ask(const struct vocab_store *store, const char *sql,
				       const struct store_value *values, int count, int64_t *out,
				       struct tok_error *err);

/* The end of what began with BEGIN IMMEDIATE: COMMIT, or take all of it back. */
TOK_MUST_USE enum tok_status store_finish(const struct vocab_store *store, enum tok_status status,
					  struct tok_error *err);

/* ---- open.c ---- */

/* A folder and all that lead to it.  What cannot be made is told when something in it is opened:
 * false is only that memory is out. */
TOK_MUST_USE bool store_make_folders(const char *folder);

/* A database from elsewhere that is a store, to be read; it has no images.  Its tables are those of
 * a store, and reading them ends. */
TOK_MUST_USE enum tok_status store_open_file(const char *path, struct vocab_store **out,
					     struct tok_error *err);

/* How a database is used that says more than it should; after each sqlite3_open_v2(). */
void store_defend(struct vocab_store *store);

/* Was what was read of a store that is frozen changed meanwhile?  Then it is opened anew, and what
 * came of it is worth nothing and has to be released.  No statement is open.
 *
 *	do
 *		status = read_something(store, err);
 *	while (store_must_repeat(store, &status, err));
 *
 * *status says so where it cannot be opened any more, or was changed too often. */
TOK_MUST_USE bool store_must_repeat(struct vocab_store *store, enum tok_status *status,
				    struct tok_error *err);

/* ---- frozen.c: a database that may be read, in a folder that may not be written ---- */

enum { STORE_TRIES = 40 };

/* Open one that nobody has open now; `store->db` is closed.  *again, and a failure: somebody may
 * have, or just had. */
TOK_MUST_USE enum tok_status store_freeze(struct vocab_store *store, bool *again,
					  struct tok_error *err);

/* TOK_EIO if it is frozen and has been changed since it was opened. */
TOK_MUST_USE enum tok_status store_check_frozen(const struct vocab_store *store,
						struct tok_error *err);

/* ---- add.c ---- */

/* Compile a source; `entry` gets its model, ids and statistics, which lie in `arena`. */
TOK_MUST_USE enum tok_status store_compile(const struct vocab_source *source,
					   struct tok_arena *arena, struct vocab_store_entry *entry,
					   struct tok_tokenizer **out, struct tok_error *err);

/* The vocabulary called so goes, if there is one. */
TOK_MUST_USE enum tok_status store_delete(const struct vocab_store *store, const char *name,
					  struct tok_error *err);

/* ---- content.c: sources ---- */

enum { HASH_BYTES = 16 };

void store_hash_put(struct vocab_hash hash, uint8_t bytes[HASH_BYTES]);

/* A file that is to be kept: its hashes and `bytes`, and it, compressed. */
struct store_content {
	struct vocab_store_file file;
	struct tok_span packed;
	bool is_damaged_here; /* store_is_damaged: what is kept of it is written anew */
};

/* Compress a file into `arena`, and find its hashes; file.name is left. */
TOK_MUST_USE enum tok_status store_pack(struct tok_span file, struct tok_arena *arena,
					struct store_content *out, struct tok_error *err);

/* Is there something in the place of a file, and not that file?  Looks at all of it, so is asked
 * before others have to wait. */
TOK_MUST_USE enum tok_status store_is_damaged(const struct vocab_store *store,
					      const struct vocab_store_file *file, bool *out,
					      struct tok_error *err);

/* Within a transaction: the file is kept, once however many have it.  TOK_EARG if another file has
 * its hash. */
TOK_MUST_USE enum tok_status store_keep(const struct vocab_store *store,
					const struct store_content *content, struct tok_error *err);

/* The compressed file of a store; finalize *out, which has it. */
TOK_MUST_USE enum tok_status store_find_packed(const struct vocab_store *store,
					       const struct vocab_store_file *file,
					       sqlite3_stmt **out, struct tok_span *packed,
					       struct tok_error *err);

/* A compressed file as it was, in `arena`; TOK_EFORMAT if it has not the hashes.  One whose SHA-256
 * was not known has it then. */
TOK_MUST_USE enum tok_status store_unpack(struct tok_span packed, struct vocab_store_file *file,
					  struct tok_arena *arena, struct tok_span *out,
					  struct tok_error *err);

/* SHA-256 of files that the store has, as it has to be noted where it is not. */
TOK_MUST_USE enum tok_status store_note_digests(const struct vocab_store *store,
						const struct vocab_store_entry *entry,
						struct tok_error *err);
bool store_has_digests(const struct vocab_store_entry *entry);

/* Files that no vocabulary has any more go. */
TOK_MUST_USE enum tok_status store_drop_files(const struct vocab_store *store,
					      struct tok_error *err);

/* ---- entries.c ---- */

/* A text in `arena`; NULL where the column is NULL, "" where memory is out, which *lost tells. */
const char *store_copy_column(struct tok_arena *arena, sqlite3_stmt *row, int column, bool *lost);

/* What is needed to open the image of an entry, whose source the store has. */
struct store_kept {
	struct vocab_kept kept;
	const struct vocab_store *store;
	struct vocab_store_entry *entry;
	struct vocab_store_source source; /* once it was asked for */
};

/* TOK_EFORMAT where there is no source.  Reads it if its digests are not known. */
TOK_MUST_USE enum tok_status store_kept_init(struct store_kept *kept,
					     const struct vocab_store *store,
					     struct vocab_store_entry *entry,
					     struct tok_error *err);

/* What images of an entry with these digests are known by: SHA-256 of them and the pattern. */
void store_digest(const struct vocab_store_entry *entry, uint8_t out[VOCAB_KEPT_DIGEST]);

/* As vocab_store_find(), of what is there at the moment. */
TOK_MUST_USE enum tok_status store_find(const struct vocab_store *store, const char *name,
					struct vocab_store_list *out, struct tok_error *err);

/* The source of an entry of this store, whose digests are known from then on. */
TOK_MUST_USE enum tok_status store_read_entry(const struct vocab_store *store,
					      struct vocab_store_entry *entry,
					      struct vocab_store_source *out,
					      struct tok_error *err);

/* Rows for an entry whose files are kept, with statistics. */
TOK_MUST_USE enum tok_status store_insert(const struct vocab_store *store,
					  const struct vocab_store_entry *entry,
					  struct tok_error *err);

/* An order of files and patterns: 0, and they are the same. */
int store_compare_sources(const struct vocab_store_entry *a, const struct vocab_store_entry *b);

/* ---- survey.c: statistics ---- */

TOK_MUST_USE enum tok_status store_insert_statistics(const struct vocab_store *store,
						     int64_t vocabulary,
						     const struct vocab_statistics *statistics,
						     struct tok_error *err);

/* entry->statistics as the tables have them, in `arena`; NULL where they do not. */
TOK_MUST_USE enum tok_status store_find_statistics(const struct vocab_store *store,
						   struct tok_arena *arena,
						   struct vocab_store_entry *entry,
						   struct tok_error *err);

/* As its source has them, in `arena`. */
TOK_MUST_USE enum tok_status store_make_statistics(const struct tok_tokenizer *tokenizer,
						   struct tok_arena *arena,
						   struct vocab_store_entry *entry,
						   struct tok_error *err);

#endif
