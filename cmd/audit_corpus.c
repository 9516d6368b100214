/* audit_corpus.c - which languages there are. */
#include <stdlib.h>
#include <unistd.h>

#include "cmd/audit_internal.h"
#include "cmd/cli_files.h"

/* ---- which ------------------------------------------------------------------------------ */

static struct audit_text *make_text(struct audit_texts *texts, struct tok_span name)
{
	char *copy = tok_arena_array(&texts->arena, name.count + 1, 1);
	if (!copy ||
	    !tok_grow(&texts->items, &texts->capacity, texts->count + 1, sizeof *texts->items))
		return NULL;
	if (name.count)
		memcpy(copy, name.bytes, name.count);
	struct audit_text *text = &texts->items[texts->count++];
	*text = (struct audit_text){ .name = copy };
	return text;
}

/* The language of that name, made if there is none: for the few that --corpus can name. */
static struct audit_text *find_text(struct audit_texts *texts, struct tok_span name)
{
	for (size_t i = 0; i < texts->count; i++)
		if (tok_span_equal(tok_span_of(texts->items[i].name), name))
			return &texts->items[i];
	return make_text(texts, name);
}

/* `text` may be NULL: then memory was out. */
static enum tok_status add_path(struct audit_texts *texts, struct audit_text *text,
				const char *path, struct tok_error *err)
{
	const struct tok_span whole = { (const uint8_t *)path, strlen(path) + 1 },
			      copy = tok_arena_copy(&texts->arena, whole);
	if (!text || !copy.bytes ||
	    !tok_grow(&text->paths, &text->path_capacity, text->path_count + 1,
		      sizeof *text->paths))
		return tok_fail_memory(err);
	text->paths[text->path_count++] = (const char *)copy.bytes;
	return TOK_OK;
}

/* "de=PATH": a file, or all in a folder. */
static enum tok_status list_corpus(struct audit_texts *texts, const char *given,
				   struct tok_error *err)
{
	const char *equals = strchr(given, '=');
	if (!equals || equals == given || !equals[1])
		return tok_fail(err, TOK_EARG, "--corpus takes LANG=PATH, not '%s'", given);
	const struct tok_span name = { (const uint8_t *)given, (size_t)(equals - given) };
	struct cli_files files = { 0 };
	enum tok_status status = cli_files_add(&files, equals + 1, err);
	for (size_t i = 0; i < files.count && status == TOK_OK; i++)
		status = add_path(texts, find_text(texts, name), files.items[i].path, err);
	if (status == TOK_OK && files.count == 0)
		status = tok_fail(err, TOK_EIO, "'%s' holds no files", equals + 1);
	cli_files_release(&files);
	return status;
}

/* Each file of a folder whose name has `suffix` in it, as the language that stands before that. */
static enum tok_status list_folder(struct audit_texts *texts, const char *folder, const char *below,
				   const char *suffix, struct tok_error *err)
{
	struct cli_files files = { 0 };
	struct tok_buffer path = { 0 };
	enum tok_status status = TOK_OK;
	if (!tok_buffer_add(&path, folder, strlen(folder)) || !tok_buffer_add(&path, "/", 1) ||
	    !tok_buffer_add(&path, below, strlen(below) + 1))
		status = tok_fail_memory(err);
	else if (access((const char *)path.bytes, F_OK) == 0)
		status = cli_files_add(&files, (const char *)path.bytes, err);
	for (size_t i = 0; i < files.count && status == TOK_OK; i++) {
		const char *slash = strrchr(files.items[i].path, '/'),
			   *base = slash ? slash + 1 : files.items[i].path,
			   *end = strstr(base, suffix);
		const char after = end ? end[strlen(suffix)] : 'x'; /* .dev.gz, but not .devtest */
		if (!end || end == base || (after != '\0' && after != '.'))
			continue;
		const struct tok_span name = { (const uint8_t *)base, (size_t)(end - base) };
		status = add_path(texts, make_text(texts, name), files.items[i].path, err);
	}
	tok_buffer_release(&path);
	cli_files_release(&files);
	return status;
}

/* By name; dev before devtest. */
static int compare_texts(const void *a, const void *b)
{
	const struct audit_text *x = a, *y = b;
	const int order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->paths[0], y->paths[0]);
}

/* Texts of a folder in order, those of one name together. */
static enum tok_status sort_texts(struct audit_texts *texts, struct tok_error *err)
{
	struct audit_text *items = texts->items;
	size_t count = 0;
	enum tok_status status = TOK_OK;
	if (texts->count)
		qsort(items, texts->count, sizeof *items, compare_texts);
	for (size_t i = 0; i < texts->count; i++) {
		if (count == 0 || strcmp(items[count - 1].name, items[i].name) != 0) {
			items[count++] = items[i];
			continue;
		}
		if (status == TOK_OK)
			status = add_path(texts, &items[count - 1], items[i].paths[0], err);
		free(items[i].paths);
	}
	texts->count = count;
	return status;
}

static enum tok_status list_flores(struct audit_texts *texts, const char *folder,
				   struct tok_error *err)
{
	enum tok_status status = list_folder(texts, folder, "dev", ".dev", err);
	if (status == TOK_OK)
		status = list_folder(texts, folder, "devtest", ".devtest", err);
	if (status == TOK_OK && texts->count == 0)
		status = tok_fail(err, TOK_EIO,
				  "'%s' is no folder of FLORES: it has neither dev/LANG.dev nor "
				  "devtest/LANG.devtest",
				  folder);
	return status;
}

static enum tok_status list_udhr(struct audit_texts *texts, const char *folder,
				 struct tok_error *err)
{
	enum tok_status status = list_folder(texts, folder, "declaration", ".html", err);
	if (status == TOK_OK && texts->count == 0)
		status = tok_fail(err, TOK_EIO,
				  "'%s' is no folder of the package udhr: it has no "
				  "declaration/LANG.html",
				  folder);
	return status;
}

static enum tok_status list_operands(struct audit_texts *texts, int argc, char **argv,
				     struct tok_error *err)
{
	struct cli_files files = { 0 };
	enum tok_status status = TOK_OK;
	for (int i = 0; i < argc && status == TOK_OK; i++)
		status = cli_files_add(&files, argv[i], err);
	for (size_t i = 0; i < files.count && status == TOK_OK; i++)
		status = add_path(texts, make_text(texts, tok_span_of(files.items[i].path)),
				  files.items[i].path, err);
	cli_files_release(&files);
	return status;
}

enum tok_status audit_texts_list(const struct audit_options *options, int argc, char **argv,
				 struct audit_texts *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (options->flores)
		status = list_flores(out, options->flores, err);
	else if (options->udhr)
		status = list_udhr(out, options->udhr, err);
	else if (options->corpora.count == 0) {
		/* Words alone may be asked for: then nobody waits for standard input. */
		const bool none = argc == 1 && strcmp(argv[0], "-") == 0;
		return options->morphology && none ? TOK_OK : list_operands(out, argc, argv, err);
	}
	for (size_t i = 0; i < options->corpora.count && status == TOK_OK; i++)
		status = list_corpus(out, options->corpora.items[i], err);
	return status == TOK_OK && options->corpora.count == 0 ? sort_texts(out, err) : status;
}

void audit_texts_release(struct audit_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++) {
		free(texts->items[i].paths);
		tok_buffer_release(&texts->items[i].front);
	}
	free(texts->items);
	tok_arena_release(&texts->arena);
}
