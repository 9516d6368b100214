/* transplant_against.c - a transplanted model beside the one that it was made of. */
#include "cmd/transplant_check.h"

#include <stdlib.h>
#include <unistd.h>

#include "cmd/cli_lm.h"

enum { SHOWN = 5, BLOCK = 512 };

/* ---- tensors ------------------------------------------------------------------------------- */

static bool has_shape_of(const struct hyper_tensor *a, const struct hyper_tensor *b)
{
	return a->rank == b->rank && memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0;
}

/* One that has a row for every token of each: those change. */
static bool is_for_tokens(const struct transplant_check *c, const struct hyper_tensor *old)
{
	const size_t tokens = c->old_embeddings.input->shape[0];
	const size_t last = old->rank ? old->shape[old->rank - 1] : 0;
	if (old == c->old_embeddings.input || old == c->old_embeddings.output ||
	    old == c->old_embeddings.bias)
		return true;
	return (old->rank && old->shape[0] == tokens) ||
	       (old->rank == 2 && old->shape[0] == 1 && last == tokens);
}

static void compare_tensor(struct transplant_check *c, const struct hyper_tensor *old)
{
	const struct hyper_tensor *new =
	    hyper_tensors_find(hyper_folder_tensors(c->model), old->name);
	const bool is_dropped = old == c->old_embeddings.output && c->embeddings.tied;
	if (!new && !is_dropped)
		transplant_check_tell(c, "tensor '%s' is not there", old->name);
	if (!new)
		return;
	if (new->dtype == old->dtype && has_shape_of(new, old) &&
	    tok_span_equal(new->data, old->data))
		c->same_tensors++;
	else if (!is_for_tokens(c, old))
		transplant_check_tell(c, "tensor '%s' is not the same", old->name);
	hyper_tensors_forget(hyper_folder_tensors(c->model), new);
	hyper_tensors_forget(hyper_folder_tensors(c->old), old);
}

static void compare_tensors(struct transplant_check *c)
{
	const struct hyper_tensors *old = hyper_folder_tensors(c->old);
	const struct hyper_tensors *new = hyper_folder_tensors(c->model);
	for (size_t i = 0; i < hyper_tensors_count(old); i++)
		compare_tensor(c, hyper_tensors_at(old, i));
	for (size_t i = 0; i < hyper_tensors_count(new); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(new, i);
		if (t != c->embeddings.output && !hyper_tensors_find(old, t->name))
			transplant_check_tell(c, "tensor '%s' was not there before", t->name);
	}
}

/* ---- rows --------------------------------------------------------------------------------------
 */

static size_t row_bytes(const struct hyper_tensor *t)
{
	return t->data.count / t->shape[0];
}

/* Rows of one side beside those that its recipe makes. */
struct side {
	struct transplant_check *check;
	const struct hyper_tensor *old, *new;
	size_t told;
};

static void tell_row(struct side *s, size_t row, const char *what)
{
	if (s->told++ < SHOWN)
		transplant_check_tell(s->check, "'%s': row %zu %s", s->new->name, row, what);
	else
		s->check->wrong++;
}

static void compare_copy(struct side *s, size_t row, tok_id source)
{
	const size_t bytes = row_bytes(s->old);
	if (s->new->dtype != s->old->dtype)
		return; /* all of them were written anew */
	if (memcmp(s->new->data.bytes + row *bytes, s->old->data.bytes + source * bytes, bytes) ==
	    0) {
		s->check->copied++;
		return;
	}
	tell_row(s, row, "is not the old row that it is a copy of");
}

static enum tok_status compare_rows(struct side *s, const struct hyper_recipe *recipe,
				    struct tok_error *err)
{
	const size_t width = s->old->shape[1], bytes = row_bytes(s->new);
	const struct hyper_rows_view view = { .tensor = s->old };
	const bool makes =
	    hyper_dtype_is_readable(s->old->dtype) && hyper_dtype_is_writable(s->new->dtype);
	float *floats = malloc(BLOCK * width * sizeof *floats);
	uint8_t *row = malloc(bytes);
	enum tok_status status = floats && row ? TOK_OK : tok_fail_memory(err);
	for (size_t first = 0; first < recipe->rows && status == TOK_OK; first += BLOCK) {
		const size_t count = recipe->rows - first < BLOCK ? recipe->rows - first : BLOCK;
		if (makes)
			status = hyper_recipe_rows(recipe, &view, first, count, floats,
						   s->check->threads, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++) {
			const size_t at = first + i;
			if (recipe->origins[at] == HYPER_ROW_COPY) {
				compare_copy(s, at, recipe->sources[at]);
			} else if (makes) {
				hyper_from_f32(s->new->dtype, floats + i * width, width, row);
				s->check->made++;
				if (memcmp(row, s->new->data.bytes + at *bytes, bytes) != 0)
					tell_row(s, at, "is not the sum that the mapping says");
			}
		}
	}
	free(floats);
	free(row);
	return status;
}

static bool is_matching(struct side *s, const struct hyper_tensor *old,
			const struct hyper_tensor *new, size_t rows)
{
	s->old = old;
	s->new = new;
	if (new->shape[1] == old->shape[1] && new->shape[0] == rows)
		return true;
	transplant_check_tell(s->check,
			      "'%s' is a matrix of %zu x %zu, and the mapping has %zu rows",
			      new->name, new->shape[0], new->shape[1], rows);
	return false;
}

/* The output's rows were the input's where the old model was tied. */
static enum tok_status compare_sides(struct transplant_check *c, const struct hyper_recipe *in,
				     const struct hyper_recipe *out, struct tok_error *err)
{
	const struct hyper_embeddings *old = &c->old_embeddings, *new = &c->embeddings;
	const struct hyper_tensor *old_output =
	    old->output && !old->tied ? old->output : old->input;
	struct side s = { .check = c };
	enum tok_status status = TOK_OK;
	if (is_matching(&s, old->input, new->input, in->rows))
		status = compare_rows(&s, in, err);
	s.told = 0;
	if (status == TOK_OK && new->output && !new->tied &&
	    is_matching(&s, old_output, new->output, out->rows))
		status = compare_rows(&s, out, err);
	return status;
}

/* ---- mapping.safetensors
 * ------------------------------------------------------------------------- */

static enum tok_status by_recipe(struct transplant_check *c, const char *path,
				 struct tok_error *err)
{
	struct hyper_recipe in = { 0 }, out = { 0 };
	enum tok_status status =
	    hyper_recipe_read(path, c->old_embeddings.input->shape[0], &in, &out, err);
	if (status == TOK_OK)
		status = compare_sides(c, &in, out.rows ? &out : &in, err);
	hyper_recipe_release(&in);
	hyper_recipe_release(&out);
	return status;
}

/* ---- mapping.tsv
 * ----------------------------------------------------------------------------------- */

enum { COLUMN_IN = 3, COLUMN_OUT = 7, COLUMNS_OF_SIDE = 4, COLUMNS = 11 };

static size_t split(struct tok_span line, struct tok_span *columns)
{
	size_t count = 0, at = 0;
	while (count < COLUMNS && at <= line.count) {
		const uint8_t *tab = memchr(line.bytes + at, '\t', line.count - at);
		const size_t end = tab ? (size_t)(tab - line.bytes) : line.count;
		columns[count++] = tok_span_slice(line, at, end);
		at = end + 1;
	}
	return count;
}

/* "123:1" */
static bool read_source(struct tok_span text, size_t limit, tok_id *out)
{
	uint64_t id = 0;
	size_t at = 0;
	for (; at < text.count && text.bytes[at] >= '0' && text.bytes[at] <= '9' && id < limit;
	     at++)
		id = 10 * id + (text.bytes[at] - '0');
	*out = (tok_id)id;
	return at && id < limit;
}

/* One side of a line: a copy, or nothing that is told here. */
static void compare_column(struct side *s, size_t row, const struct tok_span *columns)
{
	tok_id source;
	if (!tok_span_equal(columns[0], tok_span_of("copied")))
		return;
	if (row >= s->new->shape[0] ||
	    !read_source(columns[COLUMNS_OF_SIDE - 1], s->old->shape[0], &source))
		tell_row(s, row, "is a copy of no row by mapping.tsv");
	else
		compare_copy(s, row, source);
}

static enum tok_status by_lines(struct transplant_check *c, struct tok_span text)
{
	const struct hyper_embeddings *old = &c->old_embeddings, *new = &c->embeddings;
	struct side in = { c, old->input, new->input, 0 };
	struct side out = { c, old->output && !old->tied ? old->output : old->input, new->output,
			    0 };
	struct tok_span columns[COLUMNS];
	if (new->input->shape[1] != old->input->shape[1]) {
		transplant_check_tell(c, "'%s' has rows of another width", new->input->name);
		return TOK_OK;
	}
	size_t at = 0;
	for (size_t line = 0; at < text.count; line++) {
		const uint8_t *newline = memchr(text.bytes + at, '\n', text.count - at);
		const size_t end = newline ? (size_t)(newline - text.bytes) : text.count;
		const size_t count = split(tok_span_slice(text, at, end), columns);
		at = end + 1;
		if (line == 0) /* what the columns are called */
			continue;
		if (count >= COLUMN_IN + COLUMNS_OF_SIDE)
			compare_column(&in, line - 1, columns + COLUMN_IN);
		if (count == COLUMNS && new->output && !new->tied)
			compare_column(&out, line - 1, columns + COLUMN_OUT);
	}
	return TOK_OK;
}

static enum tok_status check_rows(struct transplant_check *c, const char *folder,
				  struct tok_error *err)
{
	char *recipe = NULL, *lines = NULL;
	struct tok_buffer text = { 0 };
	enum tok_status status = TOK_OK;
	if (asprintf(&recipe, "%s/mapping.safetensors", folder) < 0 ||
	    asprintf(&lines, "%s/mapping.tsv", folder) < 0) {
		status = tok_fail_memory(err);
	} else if (access(recipe, F_OK) == 0) {
		status = by_recipe(c, recipe, err);
	} else if (access(lines, F_OK) == 0) {
		status = cli_lm_read(lines, &text, err);
		if (status == TOK_OK)
			status = by_lines(c, tok_buffer_span(&text));
	} else {
		status = tok_fail(err, TOK_EARG,
				  "there is neither mapping.safetensors nor mapping.tsv: no "
				  "transplant made this folder");
	}
	tok_buffer_release(&text);
	free(recipe);
	free(lines);
	return status;
}

enum tok_status transplant_check_against(struct transplant_check *c, struct tok_error *err)
{
	const char *folder = hyper_folder_path(c->model);
	compare_tensors(c);
	return check_rows(c, folder ? folder : ".", err);
}
