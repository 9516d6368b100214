/* Rows in blocks: those that are copied as bytes, the others by way of F32. */
#include "hypernet/transplant/apply_internal.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 32 << 20 }; /* of F32 */

struct row_writer {
	const struct graft_tensor *tensor;
	struct hyper_recipe recipe;  /* borrows, but for what `own_*` hold */
	struct hyper_rows_view view; /* of the old rows */
	size_t width, row_bytes, old_row_bytes, block_rows;
	float *old;         /* rows of what is no matrix; or NULL */
	float *mean;        /* given rows, where they are not the tensor's own */
	uint32_t *places;   /* all of them there */
	float *rows, *back; /* of a block; one row, read again */
	uint8_t *bytes;     /* of a block */
	struct hyper_graft_report *report;
	struct tok_error *err;
};

static void release(struct row_writer *w)
{
	free(w->old);
	free(w->mean);
	free(w->places);
	free(w->rows);
	free(w->back);
	free(w->bytes);
}

/* ---- the old rows ---------------------------------------------------------------------------- */

static enum tok_status view_rows(struct row_writer *w)
{
	const struct hyper_tensor *from = w->tensor->from;
	const size_t count = from->shape[w->tensor->along];
	w->width = hyper_tensor_numbers(from) / count;
	if (from->rank == 2 && w->tensor->along == 0) {
		w->view =
		    (struct hyper_rows_view){ .tensor = from, .count = count, .width = w->width };
		return TOK_OK;
	}
	/* A bias whose dtype cannot be read is only copied. */
	if (!hyper_dtype_is_readable(from->dtype))
		return TOK_OK;
	w->old = malloc(hyper_tensor_numbers(from) * sizeof *w->old);
	if (!w->old)
		return tok_fail_memory(w->err);
	w->view = (struct hyper_rows_view){ .floats = w->old, .count = count, .width = w->width };
	return hyper_tensor_rows(from, 0, from->shape[0], w->old, w->err);
}

/* The mean of all old rows in the place of each that was given to the matrix. */
static enum tok_status average_given(struct row_writer *w)
{
	struct hyper_recipe *r = &w->recipe;
	double *sums = calloc(w->width, sizeof *sums);
	float *row = malloc(w->width * sizeof *row);
	enum tok_status status = TOK_OK;
	w->mean = malloc(w->width * sizeof *w->mean);
	w->places = malloc(r->rows * sizeof *w->places);
	if (!sums || !row || !w->mean || !w->places)
		status = tok_fail_memory(w->err);
	for (size_t i = 0; i < w->view.count && status == TOK_OK; i++) {
		const float *from = w->old ? w->old + i * w->width : row;
		if (!w->old)
			status = hyper_tensor_rows(w->view.tensor, i, 1, row, w->err);
		for (size_t d = 0; d < w->width && status == TOK_OK; d++)
			sums[d] += (double)from[d];
	}
	for (size_t d = 0; d < w->width && status == TOK_OK; d++)
		w->mean[d] = (float)(sums[d] / (double)w->view.count);
	for (size_t i = 0; i < r->rows && status == TOK_OK; i++)
		w->places[i] = r->origins[i] == HYPER_ROW_GIVEN ? 0 : r->places[i];
	free(sums);
	free(row);
	r->places = w->places;
	r->given = w->mean;
	r->given_count = 1;
	return status;
}

static enum tok_status open_writer(struct row_writer *w)
{
	const struct graft_tensor *t = w->tensor;
	w->recipe = *t->recipe;
	enum tok_status status = view_rows(w);
	if (status == TOK_OK && w->recipe.given_count && !t->is_own)
		status = average_given(w);
	if (status != TOK_OK)
		return status;
	w->recipe.width = w->width;
	w->block_rows = BLOCK_BYTES / sizeof(float) / w->width;
	w->block_rows = w->block_rows < 1 ? 1 : w->block_rows;
	if (w->block_rows > t->recipe->rows)
		w->block_rows = t->recipe->rows;
	if (!hyper_dtype_size(t->dtype, w->width, &w->row_bytes) ||
	    !hyper_dtype_size(t->from->dtype, w->width, &w->old_row_bytes))
		return tok_fail(w->err, TOK_EARG,
				"tensor '%s': a row of %zu numbers is no whole number of blocks of "
				"%s",
				t->name, w->width, hyper_dtype_name(t->dtype));
	w->rows = malloc(w->block_rows * w->width * sizeof *w->rows);
	w->back = malloc(w->width * sizeof *w->back);
	w->bytes = malloc(w->block_rows * w->row_bytes);
	return w->rows && w->back && w->bytes ? TOK_OK : tok_fail_memory(w->err);
}

/* ---- one row ----------------------------------------------------------------------------------
 */

static enum tok_status refuse_number(const struct row_writer *w, size_t row, float number)
{
	const struct graft_tensor *t = w->tensor;
	if (!isfinite(number))
		return tok_fail(w->err, TOK_EFORMAT,
				"token %zu: its new row of '%s' holds a number that is not finite",
				row, t->name);
	return tok_fail(w->err, TOK_ELIMIT, "token %zu: %g, in its row of '%s', does not fit %s",
			row, (double)number, t->name, hyper_dtype_name(t->dtype));
}

/* A row from F32, and how it reads again: nothing may have become infinite. */
static enum tok_status put_numbers(struct row_writer *w, size_t row, const float *numbers,
				   uint8_t *to)
{
	const struct graft_tensor *t = w->tensor;
	const bool is_copy = w->recipe.origins[row] == HYPER_ROW_COPY;
	const bool is_plain = hyper_dtype_block(t->dtype) == 1;
	hyper_from_f32(t->dtype, numbers, w->width, to);
	hyper_to_f32(t->dtype, to, w->width, w->back);
	for (size_t d = 0; d < w->width; d++) {
		const bool was_finite = isfinite(numbers[d]);
		if (!isfinite(w->back[d]) && (was_finite || !is_copy))
			return refuse_number(w, row, numbers[d]);
		w->report->flushed += is_plain && numbers[d] != 0 && w->back[d] == 0;
	}
	return TOK_OK;
}

static enum tok_status put_row(struct row_writer *w, size_t row, const float *numbers, uint8_t *to)
{
	const struct graft_tensor *t = w->tensor;
	switch ((enum hyper_row_origin)w->recipe.origins[row]) {
	case HYPER_ROW_COPY:
		if (t->dtype != t->from->dtype)
			break;
		memcpy(to, t->from->data.bytes + w->recipe.sources[row] * w->old_row_bytes,
		       w->row_bytes);
		return TOK_OK;
	case HYPER_ROW_ZERO: /* all bytes 0: the number 0 in every type of weights */
		memset(to, 0, w->row_bytes);
		return TOK_OK;
	case HYPER_ROW_SUM:
	case HYPER_ROW_GIVEN:
		break;
	}
	return put_numbers(w, row, numbers, to);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static bool needs_numbers(const struct row_writer *w, size_t first, size_t count)
{
	bool needs = w->tensor->dtype != w->tensor->from->dtype;
	for (size_t i = first; i < first + count && !needs; i++)
		needs = w->recipe.origins[i] == HYPER_ROW_SUM ||
			w->recipe.origins[i] == HYPER_ROW_GIVEN;
	return needs;
}

enum tok_status graft_put_rows(const struct hyper_graft *graft, const struct graft_place *place,
			       const char *name, int fd, uint64_t at,
			       const struct graft_tensor *tensor, struct tok_error *err)
{
	struct row_writer w = { .tensor = tensor, .report = place->report, .err = err };
	enum tok_status status = open_writer(&w);
	const size_t rows = tensor->recipe->rows;
	for (size_t first = 0; first < rows && status == TOK_OK; first += w.block_rows) {
		const size_t count = rows - first < w.block_rows ? rows - first : w.block_rows;
		if (needs_numbers(&w, first, count))
			status = hyper_recipe_rows(&w.recipe, &w.view, first, count, w.rows,
						   graft->threads ? graft->threads : 1, err);
		for (size_t i = 0; i < count && status == TOK_OK; i++)
			status =
			    put_row(&w, first + i, w.rows + i * w.width, w.bytes + i * w.row_bytes);
		if (status == TOK_OK)
			status = graft_put(place, name, fd, at + (uint64_t)first * w.row_bytes,
					   w.bytes, count * w.row_bytes, err);
		if (status == TOK_OK)
			status = graft_stopped(place, err);
	}
	release(&w);
	hyper_tensors_forget(hyper_folder_tensors(graft->model), tensor->from);
	return status;
}
