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

/* A tensor of the new model beside the old one's, by the recipe of its side. */
struct side {
	struct transplant_check *check;
	const struct hyper_tensor *old, *new;
	const struct hyper_recipe *recipe;
	size_t told;
};

static bool is_vector(const struct hyper_tensor *t)
{
	return t->rank == 1 || (t->rank == 2 && t->shape[0] == 1);
}

/* A number of a vector counts as a row. */
static size_t rows_of(const struct hyper_tensor *t)
{
	return is_vector(t) ? hyper_tensor_numbers(t) : t->shape[0];
}

static size_t row_bytes(const struct hyper_tensor *t)
{
	return t->data.count / rows_of(t);
}

static void tell_row(struct side *s, size_t row, const char *what)
{
	if (s->told++ < SHOWN)
		transplant_check_tell(s->check, "'%s': row %zu %s", s->new->name, row, what);
	else
		s->check->wrong++;
}

static void compare_bytes(struct side *s, size_t row, const uint8_t *wanted, bool copy)
{
	const size_t bytes = row_bytes(s->new);
	*(copy ? &s->check->copied : &s->check->made) += 1;
	if (memcmp(s->new->data.bytes + row *bytes, wanted, bytes) == 0)
		return;
	*(copy ? &s->check->copied : &s->check->made) -= 1;
	tell_row(s, row,
		 copy ? "is not the old row that it is a copy of"
		      : "is not the sum that the mapping says");
}

/* Copied rows, as bytes; in another dtype they were written anew. */
static void compare_copies(struct side *s)
{
	const struct hyper_recipe *r = s->recipe;
	if (s->new->dtype != s->old->dtype)
		return;
	for (size_t row = 0; row < r->rows; row++)
		if (r->origins[row] == HYPER_ROW_COPY)
			compare_bytes(
			    s, row, s->old->data.bytes + r->sources[row] * row_bytes(s->old), true);
}

/* Rows that are computed: sums, and copies in another dtype. */
static enum tok_status compare_numbers(struct side *s, bool sums, struct tok_error *err)
{
	const struct hyper_recipe *r = s->recipe;
	const bool copies = s->new->dtype != s->old->dtype;
	const size_t width = s->old->shape[1];
	const struct hyper_rows_view view = { .tensor = s->old };
	if ((!sums && !copies) || !hyper_dtype_is_readable(s->old->dtype) ||
	    !hyper_dtype_is_writable(s->new->dtype))
		return TOK_OK;
	float *floats = malloc(BLOCK * width * sizeof *floats);
	uint8_t *row = malloc(row_bytes(s->new));
	enum tok_status status = floats && row ? TOK_OK : tok_fail_memory(err);
	for (size_t first = 0; first < r->rows && status == TOK_OK; first += BLOCK) {
		const size_t count = r->rows - first < BLOCK ? r->rows - first : BLOCK;
		status = hyper_recipe_rows(r, &view, first, count, floats, s->check->threads, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++) {
			const bool copy = r->origins[first + i] == HYPER_ROW_COPY;
			if (copy ? !copies : !sums)
				continue;
			hyper_from_f32(s->new->dtype, floats + i * width, width, row);
			compare_bytes(s, first + i, row, false);
		}
	}
	free(floats);
	free(row);
	return status;
}

static bool is_matching(const struct side *s, bool all)
{
	const size_t rows = rows_of(s->new), count = s->recipe->rows;
	if (is_vector(s->new) == is_vector(s->old) && (all ? rows == count : rows >= count) &&
	    (is_vector(s->new) || s->new->shape[1] == s->old->shape[1]))
		return true;
	transplant_check_tell(s->check, "'%s' has %zu rows of %zu numbers, and the mapping %zu",
			      s->new->name, rows, is_vector(s->new) ? 1 : s->new->shape[1], count);
	return false;
}

static enum tok_status compare_matrix(struct transplant_check *c, const struct hyper_tensor *old,
				      const struct hyper_tensor *new,
				      const struct hyper_recipe *recipe, bool all,
				      struct tok_error *err)
{
	struct side s = { c, old, new, recipe, 0 };
	if (!is_matching(&s, all))
		return TOK_OK;
	compare_copies(&s);
	return compare_numbers(&s, all, err);
}

/* Biases go by the output's recipe, other embeddings by the input's; what did not change at all
 * needs none, but for the bias that the output has for certain. */
static void compare_others(struct transplant_check *c, const struct hyper_recipe *in,
			   const struct hyper_recipe *out, bool all)
{
	const struct hyper_embeddings *e = &c->old_embeddings;
	const struct hyper_tensors *tensors = hyper_folder_tensors(c->old);
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *old = hyper_tensors_at(tensors, i);
		const struct hyper_tensor *new =
		    hyper_tensors_find(hyper_folder_tensors(c->model), old->name);
		if (!new || old == e->input || old == e->output || !is_for_tokens(c, old))
			continue;
		if (old != e->bias && has_shape_of(new, old) &&
		    tok_span_equal(new->data, old->data))
			continue;
		struct side s = { c, old, new, is_vector(old) ? out : in, 0 };
		if (is_matching(&s, all))
			compare_copies(&s);
	}
}

/* `all`: recipes say of every row how it came to be, else only which rows are copies.  The
 * output's rows were the input's where the old model was tied. */
static enum tok_status compare_sides(struct transplant_check *c, const struct hyper_recipe *in,
				     const struct hyper_recipe *out, bool all,
				     struct tok_error *err)
{
	const struct hyper_embeddings *old = &c->old_embeddings, *new = &c->embeddings;
	const struct hyper_tensor *old_output =
	    old->output && !old->tied ? old->output : old->input;
	enum tok_status status = compare_matrix(c, old->input, new->input, in, all, err);
	if (status == TOK_OK && new->output && !new->tied)
		status = compare_matrix(c, old_output, new->output, out, all, err);
	if (status == TOK_OK)
		compare_others(c, in, out, all);
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
		status = compare_sides(c, &in, out.rows ? &out : &in, true, err);
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

/* Digits in front of `text`, below `limit`; how many there are, 0 if it is no such number. */
static size_t read_number(struct tok_span text, size_t limit, size_t *out)
{
	size_t at = 0;
	*out = 0;
	for (; at < text.count && text.bytes[at] >= '0' && text.bytes[at] <= '9' && *out < limit;
	     at++)
		*out = 10 * *out + (size_t)(text.bytes[at] - '0');
	return *out < limit ? at : 0;
}

/* Copies alone: every other row is left open. */
struct table {
	struct transplant_check *check;
	struct hyper_recipe in, out;
	size_t capacity;
};

static enum tok_status make_table(struct table *t, struct tok_error *err)
{
	t->capacity = t->check->vocab.vocab.count;
	struct hyper_recipe *const sides[] = { &t->in, &t->out };
	for (size_t i = 0; i < 2; i++) {
		sides[i]->origins = calloc(t->capacity + 1, 1);
		sides[i]->sources = calloc(t->capacity + 1, sizeof *sides[i]->sources);
		sides[i]->places = calloc(t->capacity + 1, sizeof *sides[i]->places);
		if (!sides[i]->origins || !sides[i]->sources || !sides[i]->places)
			return tok_fail_memory(err);
	}
	return TOK_OK;
}

/* One side of a line: "copied", and "123:1" as the only source; or something else. */
static void take_side(struct table *t, struct hyper_recipe *side, const struct tok_span *columns)
{
	const size_t id = side->rows++, limit = t->check->old_embeddings.input->shape[0];
	const struct tok_span sources = columns[COLUMNS_OF_SIDE - 1];
	size_t source;
	side->origins[id] = HYPER_ROW_ZERO;
	if (!tok_span_equal(columns[0], tok_span_of("copied")))
		return;
	const size_t digits = read_number(sources, limit, &source);
	if (!digits ||
	    !tok_span_equal(tok_span_slice(sources, digits, sources.count), tok_span_of(":1"))) {
		transplant_check_tell(t->check, "row %zu is a copy of no row by mapping.tsv", id);
		return;
	}
	side->origins[id] = HYPER_ROW_COPY;
	side->sources[id] = (tok_id)source;
}

/* False: it is not the line of the next id, and nothing more is to be read. */
static bool take_line(struct table *t, struct tok_span line)
{
	struct tok_span columns[COLUMNS];
	const size_t id = t->in.rows, count = split(line, columns);
	size_t told;
	const size_t digits = read_number(columns[0], t->capacity, &told);
	if (!digits || digits != columns[0].count || told != id ||
	    (count != COLUMN_IN + COLUMNS_OF_SIDE && count != COLUMNS)) {
		transplant_check_tell(t->check, "mapping.tsv: line %zu is not that of id %zu",
				      id + 2, id);
		return false;
	}
	take_side(t, &t->in, columns + COLUMN_IN);
	take_side(t, &t->out, columns + (count == COLUMNS ? COLUMN_OUT : COLUMN_IN));
	return true;
}

static void check_count(const struct table *t)
{
	const struct hyper_vocab *v = &t->check->vocab.vocab;
	size_t left = 0;
	for (size_t id = t->in.rows; id < v->count; id++)
		left += v->kinds[id] != HYPER_TOKEN_NONE;
	if (left)
		transplant_check_tell(t->check,
				      "mapping.tsv lacks the lines of %zu tokens, from "
				      "id %zu on",
				      left, t->in.rows);
}

static enum tok_status by_lines(struct transplant_check *c, struct tok_span text,
				struct tok_error *err)
{
	struct table t = { .check = c };
	enum tok_status status = make_table(&t, err);
	bool more = true;
	for (size_t at = 0, line = 0; at < text.count && more && status == TOK_OK; line++) {
		const uint8_t *newline = memchr(text.bytes + at, '\n', text.count - at);
		const size_t end = newline ? (size_t)(newline - text.bytes) : text.count;
		if (line > 0) /* the first one tells what the columns are called */
			more = take_line(&t, tok_span_slice(text, at, end));
		at = end + 1;
	}
	if (status == TOK_OK && more)
		check_count(&t);
	if (status == TOK_OK)
		status = compare_sides(c, &t.in, &t.out, false, err);
	hyper_recipe_release(&t.in);
	hyper_recipe_release(&t.out);
	return status;
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
			status = by_lines(c, tok_buffer_span(&text), err);
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
	const enum tok_status status = check_rows(c, folder ? folder : ".", err);
	if (status == TOK_OK && c->wrong == 0 && c->copied + c->made == 0)
		transplant_check_tell(c, "no row was compared: the mapping tells of no row that "
					 "is a copy or a sum");
	return status;
}
