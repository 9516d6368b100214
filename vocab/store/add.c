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

enum tok_status store_compile(const struct vocab_source *source, struct tok_arena *arena,
			      struct vocab_store_entry *entry, struct tok_tokenizer **out,
			      struct tok_error *err)
{
	const struct vocab_read_options options = { .pattern = entry->pattern };
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *made = NULL;
	enum tok_status status = vocab_read_source(source, &options, &spec, err);
	if (status != TOK_OK)
		return status;
	status = tok_tokenizer_new(&spec, &made, err);
	tok_spec_release(&spec);
	if (status != TOK_OK)
		return tok_fail_in(err, status, "%s", source->path);
	entry->model = vocab_model_name(tok_tokenizer_spec(made)->model.kind);
	entry->ids = tok_tokenizer_size(made);
	status = store_make_statistics(made, arena, entry, err);
	if (status == TOK_OK)
		*out = made;
	else
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

enum tok_status store_delete(const struct vocab_store *store, const char *name,
			     struct tok_error *err)
{
	const struct store_value value = STORE_TEXT_OF(name);
	return store_do(store, "DELETE FROM vocabulary WHERE name = ?", &value, 1, err);
}

/* Where the image of `name` is kept, or NULL; free() it. */
static char *image_of(const struct vocab_store *store, const char *name)
{
	struct vocab_store_list list;
	struct tok_error ignored;
	struct store_kept kept;
	char *path = NULL;
	if (store_find(store, name, &list, &ignored) == TOK_OK && list.count > 0 &&
	    store_kept_init(&kept, store, &list.entries[0], &ignored) == TOK_OK &&
	    vocab_image_kept_path(&kept.kept, store->images, &path, &ignored) != TOK_OK)
		path = NULL;
	vocab_store_list_release(&list);
	return path;
}

/* Another name that has the same source has it made again. */
static void drop_image(char *image)
{
	if (image)
		unlink(image);
	free(image);
}

static enum tok_status make_room(const struct vocab_store *store, const char *name, bool replace,
				 char **image, struct tok_error *err)
{
	if (!replace)
		return vocab_store_check_free(store, name, err);
	*image = image_of(store, name);
	return store_delete(store, name, err);
}

static enum tok_status put_in(const struct vocab_store *store, const struct store_content *contents,
			      const struct vocab_store_entry *entry, bool replace,
			      struct tok_error *err)
{
	char *image = NULL;
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	status = make_room(store, entry->name, replace, &image, err);
	for (size_t i = 0; i < entry->file_count && status == TOK_OK; i++)
		status = store_keep(store, &contents[i], err);
	if (status == TOK_OK)
		status = store_insert(store, entry, err);
	if (status == TOK_OK)
		status = store_drop_files(store, err);
	status = store_finish(store, status, err);
	if (status == TOK_OK)
		drop_image(image);
	else
		free(image);
	return status;
}

/* All that takes long is done before others have to wait. */
static enum tok_status pack_files(const struct vocab_store *store,
				  const struct vocab_source *source, struct tok_arena *arena,
				  struct vocab_store_entry *entry, struct store_content *contents,
				  struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < source->count && status == TOK_OK; i++) {
		struct store_content *content = &contents[i];
		status = store_pack(source->files[i], arena, content, err);
		if (status == TOK_OK)
			status =
			    store_is_damaged(store, &content->file, &content->is_damaged_here, err);
		content->file.name = last_part(i ? source->other_path : source->path);
		entry->files[entry->file_count++] = content->file;
	}
	return status;
}

static enum tok_status add_copy(const struct vocab_store *store, const struct vocab_source *source,
				struct vocab_store_entry *entry, bool replace,
				struct tok_arena *arena, struct tok_error *err)
{
	struct store_content contents[2];
	struct tok_tokenizer *made;
	uint8_t digest[VOCAB_KEPT_DIGEST];
	enum tok_status status = store_compile(source, arena, entry, &made, err);
	if (status != TOK_OK)
		return status;
	status = pack_files(store, source, arena, entry, contents, err);
	if (status == TOK_OK)
		status = put_in(store, contents, entry, replace, err);
	if (status == TOK_OK) {
		store_digest(entry, digest);
		vocab_image_keep(made, digest, store->images);
	}
	tok_tokenizer_free(made);
	return status;
}

enum tok_status vocab_store_add(struct vocab_store *store, const char *name,
				const struct vocab_source *source,
				const struct vocab_store_about *about, struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct vocab_source copy;
	struct vocab_store_entry entry = {
		.name = name,
		.pattern = about->pattern,
		.origin = about->origin ? about->origin : source->path,
		.licence = about->licence,
		.added = (int64_t)time(NULL),
	};
	enum tok_status status = vocab_store_check_name(name, err);
	if (status == TOK_OK)
		status = check_about(about, err);
	if (status == TOK_OK && vocab_image_is_one(source->files[0]))
		status = tok_fail(err, TOK_EARG,
				  "%s: this is a compiled image: add what it was made from",
				  source->path);
	if (status == TOK_OK && !about->replace)
		status = vocab_store_check_free(store, name, err);
	if (status == TOK_OK)
		status = copy_source(source, &arena, &copy, err);
	if (status == TOK_OK)
		status = add_copy(store, &copy, &entry, about->replace, &arena, err);
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
		status = store_kept_init(&kept, store, &list.entries[0], err);
		if (status == TOK_OK)
			status = vocab_image_open_kept(&kept.kept, store->images, out, err);
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
		status = store_kept_init(&kept, store, &list.entries[0], err);
		if (status == TOK_OK)
			status = vocab_image_open_kept(&kept.kept, store->images, &made, err);
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
	status = vocab_store_check_free(store, to, err);
	if (status == TOK_OK)
		status = store_do(store, "UPDATE vocabulary SET name = ? WHERE name = ?", values, 2,
				  err);
	if (status == TOK_OK && sqlite3_changes(store->db) == 0)
		status = no_such(store, from, err);
	return store_finish(store, status, err);
}

enum tok_status vocab_store_remove(struct vocab_store *store, const char *name,
				   struct tok_error *err)
{
	enum tok_status status = store_run(store, "BEGIN IMMEDIATE", err);
	if (status != TOK_OK)
		return status;
	char *image = image_of(store, name);
	status = store_delete(store, name, err);
	if (status == TOK_OK && sqlite3_changes(store->db) == 0)
		status = no_such(store, name, err);
	if (status == TOK_OK)
		status = store_drop_files(store, err);
	status = store_finish(store, status, err);
	if (status != TOK_OK) {
		free(image);
		return status;
	}
	drop_image(image);
	/* It is gone whether its room can be given back or not. */
	sqlite3_exec(store->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
	return TOK_OK;
}
