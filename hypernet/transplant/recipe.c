#include "hypernet/transplant/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/weights_internal.h"

void hyper_recipe_release(struct hyper_recipe *recipe)
{
	free(recipe->origins);
	free(recipe->sources);
	free(recipe->places);
	free(recipe->given);
	hyper_weights_release(&recipe->weights);
	*recipe = (struct hyper_recipe){ 0 };
}

enum tok_status hyper_recipe_new(const struct hyper_matches *matches, size_t rows,
				 struct hyper_recipe *out, struct tok_error *err)
{
	if (rows < matches->count)
		return tok_fail(err, TOK_EARG, "%zu rows are too few for ids up to %zu", rows,
				matches->count - 1);
	struct hyper_recipe recipe = {
		.origins = malloc(rows + 1), /* one more: none at all are no lack of memory */
		.sources = calloc(rows + 1, sizeof *recipe.sources),
		.places = calloc(rows + 1, sizeof *recipe.places),
		.rows = rows,
	};
	if (!recipe.origins || !recipe.sources || !recipe.places) {
		hyper_recipe_release(&recipe);
		return tok_fail_memory(err);
	}
	for (size_t row = 0; row < rows; row++) {
		recipe.sources[row] = row < matches->count ? matches->source[row] : TOK_NO_ID;
		recipe.origins[row] =
		    recipe.sources[row] == TOK_NO_ID ? HYPER_ROW_ZERO : HYPER_ROW_COPY;
	}
	*out = recipe;
	return TOK_OK;
}

/* ---- what methods say --------------------------------------------------------------- */

static enum tok_status check_wanted(const struct hyper_recipe *recipe, const tok_id *wanted,
				    size_t count, size_t places, struct tok_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (wanted[i] >= recipe->rows)
			return tok_fail(err, TOK_EARG, "id %u is beyond the %zu rows that are made",
					wanted[i], recipe->rows);
	if (places > UINT32_MAX - count)
		return tok_fail(err, TOK_ELIMIT, "more than %u rows cannot be told apart",
				UINT32_MAX);
	return TOK_OK;
}

static void set(struct hyper_recipe *recipe, tok_id row, enum hyper_row_origin origin, size_t place)
{
	recipe->origins[row] = (uint8_t)origin;
	recipe->sources[row] = TOK_NO_ID;
	recipe->places[row] = (uint32_t)place;
}

/* Empty rows too, so that they keep their order. */
static enum tok_status append(struct hyper_weights *to, struct hyper_weights *from,
			      struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (to->rows == 0) {
		hyper_weights_release(to);
		*to = *from;
		*from = (struct hyper_weights){ 0 };
	}
	for (size_t row = 0; row < from->rows && status == TOK_OK; row++) {
		const uint64_t begin = hyper_weights_begin(from, row);
		status = hyper_weights_add(to, from->sources + begin, from->weights + begin,
					   (size_t)(from->ends[row] - begin), err);
	}
	return status;
}

enum tok_status hyper_recipe_sum(struct hyper_recipe *recipe, const tok_id *wanted, size_t count,
				 struct hyper_weights *weights, size_t *left, struct tok_error *err)
{
	const size_t base = recipe->weights.rows;
	if (weights->rows != count)
		return tok_fail(err, TOK_EARG, "%zu sums are none for %zu tokens", weights->rows,
				count);
	enum tok_status status = check_wanted(recipe, wanted, count, base, err);
	if (status == TOK_OK)
		status = append(&recipe->weights, weights, err);
	if (status != TOK_OK)
		return status;
	hyper_weights_release(weights);
	*left = 0;
	for (size_t i = 0; i < count; i++) {
		if (hyper_weights_begin(&recipe->weights, base + i) ==
		    recipe->weights.ends[base + i])
			++*left;
		else
			set(recipe, wanted[i], HYPER_ROW_SUM, base + i);
	}
	return TOK_OK;
}

/* The first rows are taken as they are, so that a large matrix is there once. */
static enum tok_status append_given(struct hyper_recipe *recipe, float **floats, size_t count,
				    struct tok_error *err)
{
	const size_t have = recipe->given_count * recipe->width, more = count * recipe->width;
	if (have) {
		size_t bytes;
		if (__builtin_add_overflow(have, more, &bytes) ||
		    __builtin_mul_overflow(bytes, sizeof **floats, &bytes))
			return tok_fail_memory(err);
		float *grown = realloc(recipe->given, bytes);
		if (!grown)
			return tok_fail_memory(err);
		memcpy(grown + have, *floats, more * sizeof *grown);
		recipe->given = grown;
		free(*floats);
	} else {
		free(recipe->given);
		recipe->given = *floats;
	}
	*floats = NULL;
	recipe->given_count += count;
	return TOK_OK;
}

enum tok_status hyper_recipe_give(struct hyper_recipe *recipe, const tok_id *wanted, size_t count,
				  float **floats, size_t width, struct tok_error *err)
{
	const size_t base = recipe->given_count;
	if (base && width != recipe->width)
		return tok_fail(err, TOK_EARG, "rows of %zu numbers are given beside rows of %zu",
				width, recipe->width);
	enum tok_status status = check_wanted(recipe, wanted, count, base, err);
	if (status == TOK_OK) {
		recipe->width = width;
		status = append_given(recipe, floats, count, err);
	}
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		set(recipe, wanted[i], HYPER_ROW_GIVEN, base + i);
	return status;
}

/* ---- rows ---------------------------------------------------------------------------- */

struct range {
	const struct hyper_recipe *recipe;
	const struct hyper_rows_view *old;
	size_t first;
};

static enum tok_status make_row(const void *job, size_t at, const struct hyper_desk *desk,
				float *out, struct tok_error *err)
{
	const struct range *range = job;
	const struct hyper_recipe *recipe = range->recipe;
	const size_t row = range->first + at, width = range->old->width;
	const float *from = desk->room;
	enum tok_status status = TOK_OK;
	switch ((enum hyper_row_origin)recipe->origins[row]) {
	case HYPER_ROW_COPY:
		status =
		    hyper_rows_read(range->old, recipe->sources[row], 1, desk->room, &from, err);
		break;
	case HYPER_ROW_SUM:
		return hyper_weights_row(&recipe->weights, range->old, recipe->places[row], desk,
					 out, err);
	case HYPER_ROW_GIVEN:
		from = recipe->given + recipe->places[row] * width;
		break;
	case HYPER_ROW_ZERO:
		memset(desk->room, 0, width * sizeof *desk->room);
		break;
	}
	if (status == TOK_OK)
		memcpy(out, from, width * sizeof *out);
	return status;
}

static enum tok_status check_row(const struct hyper_recipe *recipe,
				 const struct hyper_rows_view *old, size_t row,
				 struct tok_error *err)
{
	switch ((enum hyper_row_origin)recipe->origins[row]) {
	case HYPER_ROW_COPY:
		if (recipe->sources[row] >= old->count)
			return tok_fail(
			    err, TOK_EARG,
			    "row %zu is copied from row %u of a matrix that has %zu rows", row,
			    recipe->sources[row], old->count);
		return TOK_OK;
	case HYPER_ROW_SUM:
		return hyper_weights_check(&recipe->weights, recipe->places[row], 1, old->count,
					   err);
	case HYPER_ROW_GIVEN:
		if (recipe->width != old->width)
			return tok_fail(err, TOK_EARG,
					"rows of %zu numbers are given to a matrix of width %zu",
					recipe->width, old->width);
		return TOK_OK;
	case HYPER_ROW_ZERO:
		return TOK_OK;
	}
	return TOK_OK;
}

enum tok_status hyper_recipe_rows(const struct hyper_recipe *recipe,
				  const struct hyper_rows_view *old, size_t first, size_t count,
				  float *out, size_t threads, struct tok_error *err)
{
	struct hyper_rows_view view;
	enum tok_status status = hyper_rows_check(old, &view, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = check_row(recipe, &view, first + i, err);
	const struct range range = { recipe, &view, first };
	if (status == TOK_OK)
		status = hyper_rows_make(make_row, &range, count, view.width, out, threads, err);
	return status;
}
