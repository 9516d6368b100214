/*
 * store.h - vocabularies kept under names.
 *
 *	struct vocab_store *store;
 *	status = vocab_store_open(folder, VOCAB_STORE_WRITE, &store, &err);
 *	status = vocab_store_add(store, "llama-3", &source, &about, &err);
 *	status = vocab_store_load(store, "llama-3", &tokenizer, &err);
 *	vocab_store_close(store);
 *
 * The folder has store.db, an SQLite file with the bytes of every source, and images/, compiled
 * tokenizers that are made again when one is missing, damaged or of another build.  Every change is
 * one transaction: a process that is killed, or a full disk, leaves what was there.  Any number of
 * processes may use a store at once; who wants to write waits for who does, up to 10 s.  Who may
 *not write in its folder reads what is there; what others write at that moment is waited for.
 *
 * One thread a store.  Messages name the file.
 */
#ifndef VOCAB_STORE_STORE_H
#define VOCAB_STORE_STORE_H

#include "tok/base/arena.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/audit/statistics.h"
#include "vocab/format/read.h"
#include "vocab/image/image.h"

/* 1 to 128 letters, digits and any of ". _ - /" that begin with a letter or digit, without "//", a
 * part of dots only, or a / at the end: names may be those of a hub, ORG/MODEL. */
enum { VOCAB_STORE_NAME_MAX = 128 };

/* Bytes of one file of a source: a blob of SQLite's, and what fits in memory beside its image. */
#define VOCAB_STORE_FILE_MAX ((size_t)512 << 20)

/* Bytes of a pattern, of what is noted, and of a file's name. */
enum { VOCAB_STORE_TEXT_MAX = 65536 };

enum vocab_store_mode {
	VOCAB_STORE_READ,
	VOCAB_STORE_CHANGE, /* what is there; a store of an earlier version becomes one of this */
	VOCAB_STORE_WRITE,  /* the same, and made if there is none */
};

struct vocab_store;

/* To read and to change, *out is NULL if there is none, which is no failure.  Stores of any version
 * are read; one that a later tok has written to is refused with TOK_EFORMAT. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_open(const char *folder,
						      enum vocab_store_mode mode,
						      struct vocab_store **out,
						      struct tok_error *err);
TOK_API void vocab_store_close(struct vocab_store *store);

TOK_API TOK_MUST_USE enum tok_status vocab_store_check_name(const char *name,
							    struct tok_error *err);

/* ---- what it holds -------------------------------------------------------------------- */

enum { VOCAB_STORE_SHA256 = 32 };

struct vocab_store_file {
	const char *name; /* without folder */
	struct vocab_hash hash;
	uint8_t sha256[VOCAB_STORE_SHA256];
	bool has_sha256;        /* false: nobody has computed it since version 1 */
	uint64_t bytes, stored; /* as it was; compressed */
};

struct vocab_store_entry {
	int64_t row; /* its number in the table */
	const char *name;
	const char *model;   /* "BPE" */
	const char *pattern; /* as in struct vocab_read_options, or NULL */
	const char *origin;  /* where it came from: a path, hf:ORG/MODEL@REVISION */
	const char *licence; /* what was noted of it, or NULL */
	int64_t added;       /* seconds since 1970 */
	uint64_t ids;        /* one more than the largest */
	struct vocab_store_file files[2];
	size_t file_count;
	/* Of vocab_store_survey: */
	const struct vocab_statistics *statistics; /* NULL: its source is damaged */
	uint64_t image_bytes; /* of its compiled image; 0: it would have to be made */
};

struct vocab_store_list {
	struct tok_arena arena;
	struct vocab_store_entry *entries; /* by name */
	size_t count, capacity;
};

/* All, or with `name` that one: none is no failure.  To be released in either case. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_find(struct vocab_store *store, const char *name,
						      struct vocab_store_list *out,
						      struct tok_error *err);
/* The same with statistics and sizes of images.  Statistics that the store has not yet, as those of
 * an earlier version, are computed, which may take a second each, and kept where that can be: in a
 * store that was opened to change it. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_survey(struct vocab_store *store, const char *name,
							struct vocab_store_list *out,
							struct tok_error *err);
TOK_API void vocab_store_list_release(struct vocab_store_list *list);

/* ---- vocabularies --------------------------------------------------------------------- */

struct vocab_store_about {
	const char *pattern, *origin, *licence; /* NULL: none; origin: the source's path */
	bool replace;                           /* what has the name already */
};

/* Keep a source that can be compiled: that is done first, and its image kept when the source is.
 * TOK_EARG if the name is taken. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_add(struct vocab_store *store, const char *name,
						     const struct vocab_source *source,
						     const struct vocab_store_about *about,
						     struct tok_error *err);

/* TOK_EARG if a vocabulary is called so. */
TOK_API TOK_MUST_USE enum tok_status
vocab_store_check_free(const struct vocab_store *store, const char *name, struct tok_error *err);

/* The tokenizer called `name`, through its image.  *found is false, and nothing failed, if there is
 * none. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_load(struct vocab_store *store, const char *name,
						      bool *found, struct tok_tokenizer **out,
						      struct tok_error *err);

/* Its image as a file, made if it is not there; free() it. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_path(struct vocab_store *store, const char *name,
						      char **out, struct tok_error *err);

/* Its source, in memory: paths are names without folders; all is borrowed from it. */
struct vocab_store_source {
	struct vocab_source source;
	struct vocab_read_options options;
	const char *origin, *licence; /* as noted; licence: or NULL */
	struct tok_arena arena;       /* private */
};
TOK_API TOK_MUST_USE enum tok_status vocab_store_read(struct vocab_store *store, const char *name,
						      struct vocab_store_source *out,
						      struct tok_error *err);
TOK_API void vocab_store_source_release(struct vocab_store_source *source);

/* TOK_EARG if there is no `from`, or there is a `to`. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_rename(struct vocab_store *store, const char *from,
							const char *to, struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status vocab_store_remove(struct vocab_store *store, const char *name,
							struct tok_error *err);

/* ---- the store as a whole --------------------------------------------------------------- */

/* Is the database sound, has every vocabulary a name and its source, with the hash that was noted,
 * can it be compiled, and is its image, if there is one, what comes of that?  All is of one moment,
 * whatever others do meanwhile.  `tell` has a sentence for each vocabulary, NULL where it is sound,
 * and one with NULL as the name for each fault of the database, all at the end.  Faults are told,
 * not returned;
 * behind damaged pages there may be vocabularies that nothing is told of. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_verify(struct vocab_store *store,
							void (*tell)(void *data, const char *name,
								     const char *trouble),
							void *data, struct tok_error *err);

/* All of it as one SQLite file, there whole or not at all; TOK_EARG if `path` is the store's own,
 * TOK_EFORMAT if the store is damaged, or has not the source of a vocabulary. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_export(struct vocab_store *store, const char *path,
							struct tok_error *err);

/* Add what the store in the file `path` has and this has not, or has without its source.  Nothing
 * is added, and TOK_EARG says which, if a name has another source here, or is one that
 * `is_built_in`, which may be NULL, is true for; every source has to have its hash and is compiled,
 * which tells its model, ids and statistics.  TOK_ELIMIT if all sources, one for each name, have
 * more than VOCAB_STORE_FILE_MAX and 32 bytes for each of the file's.  The file may be hostile. */
TOK_API TOK_MUST_USE enum tok_status vocab_store_import(struct vocab_store *store, const char *path,
							bool (*is_built_in)(const char *),
							size_t *added, struct tok_error *err);

#endif
