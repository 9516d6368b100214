/* Vocabularies put in, taken out, opened. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "vocab/audit/describe.h"
#include "vocab/store/store_internal.h"

/* ---- adding ------------------------------------------------------------------------------- */

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The source in memory of our own: files may be written to meanwhile. */
static enum tok_status copy_source(const struct vocab_source *source, struct tok_arena *arena,
				   struct vocab_source *out, struct tok_error *err)
{
	*out = *source;
	out->held = NULL;
	for (size_t i = 0; i < source->count; i++) {
		if (source->files[i].count > VOCAB_STORE_FILE_MAX)
			return tok_fail(err, TOK_ELIMIT,
					"%s: a file of a store has at most %zu MB: of a model's "
					"file convert the tokenizer to .json first",
					i ? source->other_path : source->path,
					VOCAB_STORE_FILE_MAX >> 20);
		out->files[i] = tok_arena_copy(arena, source->files[i]);
		if (!out->files[i].bytes)
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

static enum tok_status give_copy(void *data, struct vocab_source *out, struct tok_error *err)
{
	(void)err;
	*out = *(const struct vocab_source *)data;
	return TOK_OK;
}

static void keep_copy(void *data, struct vocab_source *source)
{
	(void)data;
	(void)source;
}

enum tok_status store_compile(const struct vocab_store *store, struct vocab_source *source,
			      struct tok_arena *arena, struct vocab_store_entry *entry,
			      struct tok_error *err)
{
	struct vocab_kept kept = { .count = source->count,
				   .pattern = entry->pattern,
				   .open = give_copy,
				   .close = keep_copy,
				   .data = source };
	struct tok_tokenizer *made;
	for (size_t i = 0; i < source->count; i++)
		kept.files[i] = entry->files[i].hash;
	enum tok_status status = vocab_image_open_kept(&kept, store->images, &made, err);
	if (status != TOK_OK)
		return status;
	entry->model = vocab_model_name(tok_tokenizer_spec(made)->model.kind);
	entry->ids = tok_tokenizer_size(made);
	status = store_make_statistics(made, arena, entry, err);
	tok_tokenizer_free(made);
	return status;
}

enum tok_status vocab_store_check_free(const struct vocab_store *store, const char *name,
				       struct tok_error *err)
{
	struct vocab_store_list there = { 0 };
	const enum tok_status found = store_find(store, name, &there, err);
	const bool taken = found == TOK_OK && there.count > 0;
	vocab_store_list_release(&there);
	if (taken)
		return tok_fail(err, TOK_EARG, "%s: there is a vocabulary called '%s' already",
				store->path, name);
	return found;
}

static enum tok_status check_text(const char *what, const char *text, struct tok_error *err)
{
	if (!text || strlen(text) <= VOCAB_STORE_TEXT_MAX)
		return TOK_OK;
	return tok_fail(err, TOK_ELIMIT, "%s has %zu bytes: a store takes up to %d", what,
			strlen(text), VOCAB_STORE_TEXT_MAX);
}

static enum tok_status check_about(const struct vocab_store_about *about, struct tok_error *err)
{
	enum tok_status status = check_text("the pattern", about->pattern, err);
	if (status == TOK_OK)
		status = check_text("the origin", about->origin, err);
	return status == TOK_OK ? check_text("the licence", about->licence, err) : status;
}

static enum tok_status make_room(const struct vocab_store *store, const char *name, bool replace,
				 struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(name);
	const enum tok_status status =
	    replace ? store_do(store, "DELETE FROM vocabulary WHERE name = ?", &value, 1, err)
		    : TOK_OK;
	return status == TOK_OK ? vocab_store_check_free(store, name, err) : status;
}

static enum tok_status put_in(const struct vocab_store *store, const struct vocab_source *source,
			      const struct vocab_store_entry *entry, bool replace,
			      struct tok_error *err)
{
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	status = make_room(store, entry->name, replace, err);
	for (size_t i = 0; i < source->count && status == TOK_OK; i++)
		status = store_keep_file(store, source->files[i], entry->files[i].hash, err);
	if (status == TOK_OK)
		status = store_insert(store, entry, err);
	if (status == TOK_OK)
		status = store_drop_files(store, err);
	return store_finish(store, status, err);
}

enum tok_status vocab_store_add(struct vocab_store *store, const char *name,
				const struct vocab_source *source,
				const struct vocab_store_about *about, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct vocab_source copy;
	enum tok_status status = vocab_store_check_name(name, err);
	if (status == TOK_OK)
		status = check_about(about, err);
	if (status == TOK_OK && vocab_image_is_one(source->files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: add what it was made from",
				  source->path);
	if (status == TOK_OK)
		status = copy_source(source, &arena, &copy, err);
	if (status == TOK_OK) {
		struct vocab_store_entry entry = {
			.name = name,
			.pattern = about->pattern,
			.origin = about->origin ? about->origin : source->path,
			.licence = about->licence,
			.added = (int64_t)time(NULL),
			.file_count = source->count,
		};
		for (size_t i = 0; i < source->count; i++)
			entry.files[i] = (struct vocab_store_file){
				.name = last_part(i ? source->other_path : source->path),
				.hash = vocab_hash_file(copy.files[i]),
			};
		status = store_compile(store, &copy, &arena, &entry, err);
		if (status == TOK_OK)
			status = put_in(store, &copy, &entry, about->replace, err);
	}
	tok_arena_release(&arena);
	return status;
}

/* ---- one by its name ------------------------------------------------------------------------ */

static enum tok_status no_such(const struct vocab_store *store, const char *name,
			       struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "%s: there is no vocabulary called '%s'", store->path, name);
}

static enum tok_status load(struct vocab_store *store, const char *name, bool *found,
			    struct tok_tokenizer **out, struct tok_error *err)
{
	struct vocab_store_list list;
	enum tok_status status = vocab_store_find(store, name, &list, err);
	*found = status == TOK_OK && list.count > 0;
	if (*found) {
		struct store_kept kept;
		store_kept_init(&kept, store, &list.entries[0]);
		status = store_open_image(&kept, out, err);
	}
	vocab_store_list_release(&list);
	return status;
}

enum tok_status vocab_store_load(struct vocab_store *store, const char *name, bool *found,
				 struct tok_tokenizer **out, struct tok_error *err)
{
	enum tok_status status;
	do
		status = load(store, name, found, out, err);
	while (status != TOK_OK && store_must_repeat(store, &status, err));
	return status;
}

static enum tok_status find_path(struct vocab_store *store, const char *name, char **out,
				 struct tok_error *err)
{
	struct vocab_store_list list;
	struct tok_tokenizer *made = NULL;
	enum tok_status status = vocab_store_find(store, name, &list, err);
	*out = NULL;
	if (status == TOK_OK && list.count == 0)
		status = no_such(store, name, err);
	if (status == TOK_OK) {
		struct store_kept kept;
		store_kept_init(&kept, store, &list.entries[0]);
		status = store_open_image(&kept, &made, err);
		tok_tokenizer_free(made);
		if (status == TOK_OK)
			status = vocab_image_kept_path(&kept.kept, store->images, out, err);
	}
	if (status == TOK_OK && access(*out, R_OK) != 0) {
		status = tok_fail(err, TOK_EIO, "%s: the image cannot be kept there", *out);
		free(*out);
		*out = NULL;
	}
	vocab_store_list_release(&list);
	return status;
}

enum tok_status vocab_store_path(struct vocab_store *store, const char *name, char **out,
				 struct tok_error *err)
{
	enum tok_status status;
	do
		status = find_path(store, name, out, err);
	while (status != TOK_OK && store_must_repeat(store, &status, err));
	return status;
}

static enum tok_status read_source(struct vocab_store *store, const char *name,
				   struct vocab_store_source *out, struct tok_error *err)
{
	struct vocab_store_list list;
	enum tok_status status = vocab_store_find(store, name, &list, err);
	if (status == TOK_OK && list.count == 0)
		status = no_such(store, name, err);
	if (status == TOK_OK)
		status = store_read_entry(store, &list.entries[0], out, err);
	if (status == TOK_OK) /* its names and pattern live on with it */
		tok_arena_take(&out->arena, &list.arena);
	vocab_store_list_release(&list);
	return status;
}

enum tok_status vocab_store_read(struct vocab_store *store, const char *name,
				 struct vocab_store_source *out, struct tok_error *err)
{
	enum tok_status status;
	do
		status = read_source(store, name, out, err);
	while (status != TOK_OK && store_must_repeat(store, &status, err));
	return status;
}

enum tok_status vocab_store_rename(struct vocab_store *store, const char *from, const char *to,
				   struct tok_error *err)
{
	const struct store_value values[] = { STORE_TEXT_OF(to), STORE_TEXT_OF(from) };
	enum tok_status status = vocab_store_check_name(to, err);
	if (status == TOK_OK)
		status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	status = make_room(store, to, false, err);
	if (status == TOK_OK)
		status = store_do(store, "UPDATE vocabulary SET name = ? WHERE name = ?", values, 2,
				  err);
	if (status == TOK_OK && sqlite3_changes(store->db) == 0)
		status = no_such(store, from, err);
	return store_finish(store, status, err);
}

/* Where the image of `name` is kept, or NULL; free() it. */
static char *image_of(const struct vocab_store *store, const char *name)
{
	struct vocab_store_list list;
	struct tok_error ignored;
	struct store_kept kept;
	char *path = NULL;
	const enum tok_status status = store_find(store, name, &list, &ignored);
	if (status == TOK_OK && list.count > 0 && list.entries[0].file_count > 0) {
		store_kept_init(&kept, store, &list.entries[0]);
		if (vocab_image_kept_path(&kept.kept, store->images, &path, &ignored) != TOK_OK)
			path = NULL;
	}
	vocab_store_list_release(&list);
	return path;
}

enum tok_status vocab_store_remove(struct vocab_store *store, const char *name,
				   struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(name);
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	char *image = image_of(store, name);
	status = store_do(store, "DELETE FROM vocabulary WHERE name = ?", &value, 1, err);
	if (status == TOK_OK && sqlite3_changes(store->db) == 0)
		status = no_such(store, name, err);
	if (status == TOK_OK)
		status = store_drop_files(store, err);
	status = store_finish(store, status, err);
	/* Another name that has the same source has it made again. */
	if (status == TOK_OK && image)
		unlink(image);
	/* It is gone whether its room can be given back or not. */
	if (status == TOK_OK)
		sqlite3_exec(store->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
	free(image);
	return status;
}
