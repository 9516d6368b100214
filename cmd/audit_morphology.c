#include "cmd/audit_morphology.h"

#include <stdlib.h>

#include "cmd/audit_csv.h"
#include "cmd/audit_internal.h"
#include "cmd/cli_files.h"
#include "cmd/cli_lm.h"

enum column { WORD, FIRST, REST, COLUMNS };
static const char *const column_names[COLUMNS] = { "full_word", "pt1", "rest" };

struct word {
	struct tok_span parts[COLUMNS];
};

/* A file as it is read. */
struct list {
	struct tok_buffer text; /* what the words are spans of */
	struct word *words;
	size_t count, capacity;
};

static void release_list(struct list *list)
{
	tok_buffer_release(&list->text);
	free(list->words);
	*list = (struct list){ 0 };
}

/* ---- rows ------------------------------------------------------------------------------ */

static enum tok_status find_columns(const struct audit_csv_row *names, size_t out[COLUMNS],
				    struct tok_error *err)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		out[c] = 0;
		while (out[c] < names->count &&
		       !tok_span_equal(names->fields[out[c]], tok_span_of(column_names[c])))
			out[c]++;
		if (out[c] == names->count)
			return tok_fail(err, TOK_EFORMAT,
					"no column is called '%s': the first line must name "
					"full_word, pt1 and rest",
					column_names[c]);
	}
	return TOK_OK;
}

/* A row that ends early lacks parts, which are empty then. */
static enum tok_status read_rows(struct list *list, struct tok_error *err)
{
	struct audit_csv csv = { list->text.bytes, list->text.count, 0, 1 };
	struct audit_csv_row row;
	size_t columns[COLUMNS], fields = 0;
	enum tok_status status = audit_csv_next(&csv, &row, err);
	if (status == TOK_OK)
		status = find_columns(&row, columns, err);
	fields = row.count;
	while (status == TOK_OK && (status = audit_csv_next(&csv, &row, err)) == TOK_OK &&
	       row.count) {
		if (row.count > fields)
			return tok_fail(err, TOK_EFORMAT,
					"line %zu: %zu fields, but the first line names %zu",
					row.line, row.count, fields);
		if (!tok_grow(&list->words, &list->capacity, list->count + 1, sizeof *list->words))
			return tok_fail_memory(err);
		struct word *word = &list->words[list->count++];
		for (size_t c = 0; c < COLUMNS; c++)
			word->parts[c] = row.fields[columns[c]];
	}
	return status;
}

/* ---- measuring ------------------------------------------------------------------------- */

static enum tok_status measure_list(const struct list *list, const struct tok_tokenizer *tokenizer,
				    struct vocab_morphology *out, struct tok_error *err)
{
	struct vocab_morphology_work *work = NULL;
	enum tok_status status = vocab_morphology_new(tokenizer, &work, err);
	for (size_t i = 0; i < list->count && status == TOK_OK; i++) {
		const struct tok_span *parts = list->words[i].parts;
		status = vocab_morphology_word(work, parts[WORD], parts[FIRST], parts[REST], err);
	}
	if (status == TOK_OK)
		vocab_morphology_measure(work, out);
	vocab_morphology_free(work);
	return status;
}

/* ---- files ----------------------------------------------------------------------------- */

/* Where ".csv" ends the name, perhaps before the ending of packed data; NULL: nowhere. */
static const char *find_ending(const char *name)
{
	static const char ending[] = ".csv";
	const char *at = strstr(name, ending);
	const char after = at ? at[sizeof ending - 1] : 'x';
	return after == '\0' || after == '.' ? at : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static const char *name_file(struct audit_morphology_set *set, const char *path)
{
	static const char tail[] = "_morph_data";
	const char *base = base_name(path), *ending = find_ending(base);
	size_t count = ending ? (size_t)(ending - base) : strlen(base);
	if (count > sizeof tail - 1 &&
	    memcmp(base + count - (sizeof tail - 1), tail, sizeof tail - 1) == 0)
		count -= sizeof tail - 1;
	char *name = tok_arena_array(&set->arena, count + 1, 1);
	if (name)
		memcpy(name, base, count);
	return name;
}

static enum tok_status measure_file(struct audit_morphology_set *set, size_t file, const char *path,
				    struct tok_tokenizer *const *tokenizers, size_t count,
				    struct tok_error *err)
{
	struct list list = { 0 };
	struct cli_hash hash = { 0 };
	const char *name = name_file(set, path);
	const char *shown = name ? audit_shown(&set->arena, name) : NULL;
	enum tok_status status = shown ? cli_lm_read(path, &list.text, err) : tok_fail_memory(err);
	if (status == TOK_OK) {
		hash = cli_hash_bytes(tok_buffer_span(&list.text));
		status = read_rows(&list, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++) {
			struct audit_morphology *item = &set->items[i * set->files + file];
			item->name = name;
			item->shown = shown;
			item->hash = hash;
			status = measure_list(&list, tokenizers[i], &item->measures, err);
		}
		if (status != TOK_OK && status != TOK_ENOMEM)
			status = tok_fail_in(err, status, "%s", path);
	}
	release_list(&list);
	return status;
}

/* Of a folder what ends in .csv; of a file itself. */
static enum tok_status list_paths(const char *path, struct cli_files *files, struct tok_error *err)
{
	const enum tok_status status = cli_files_add(files, path, err);
	if (status != TOK_OK || (files->count == 1 && strcmp(files->items[0].path, path) == 0))
		return status;
	size_t kept = 0;
	for (size_t i = 0; i < files->count; i++)
		if (find_ending(base_name(files->items[i].path)))
			files->items[kept++] = files->items[i];
	files->count = kept;
	return kept ? TOK_OK : tok_fail(err, TOK_EIO, "'%s' holds no file that ends in .csv", path);
}

enum tok_status audit_morphology_measure(const char *path, struct tok_tokenizer *const *tokenizers,
					 size_t count, struct audit_morphology_set *out,
					 struct tok_error *err)
{
	struct audit_morphology_set set = { 0 };
	struct cli_files files = { 0 };
	enum tok_status status = list_paths(path, &files, err);
	if (status == TOK_OK) {
		set.files = files.count;
		set.items = tok_arena_array(&set.arena, count * files.count, sizeof *set.items);
		if (!set.items)
			status = tok_fail_memory(err);
	}
	for (size_t i = 0; i < files.count && status == TOK_OK; i++)
		status = measure_file(&set, i, files.items[i].path, tokenizers, count, err);
	cli_files_release(&files);
	if (status == TOK_OK)
		*out = set;
	else
		audit_morphology_release(&set);
	return status;
}

void audit_morphology_release(struct audit_morphology_set *set)
{
	tok_arena_release(&set->arena);
	*set = (struct audit_morphology_set){ 0 };
}
