#include "hypernet/transplant/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/sums_internal.h"
#include "tok/base/random.h"

enum {
	BLOCK = 128, /* rows that a thread measures at a time */
	PAIRS = 2000 /* rows that are drawn two by two */
};

/* What threads share. */
struct measuring {
	const struct hyper_recipe *recipe;
	const struct hyper_rows_view *old;
	const struct hyper_sums *sums;
	double *lengths;  /* of each row */
	uint64_t *hashes; /* of each row's bytes */
	float *rooms;     /* BLOCK rows a thread */
	double *wides;    /* a row a thread */
};

static double length_of(const float *row, size_t width, const struct hyper_sums *sums, double *wide)
{
	for (size_t i = 0; i < width; i++)
		wide[i] = (double)row[i];
	return sqrt(sums->dot(wide, wide, width));
}

static enum tok_status measure_block(void *shared, size_t index, size_t thread,
				     struct tok_error *err)
{
	const struct measuring *m = shared;
	const size_t first = index * BLOCK, left = m->recipe->rows - first;
	const size_t count = left < BLOCK ? left : BLOCK, width = m->old->width;
	float *room = m->rooms + thread * BLOCK * width;
	const enum tok_status status =
	    hyper_recipe_rows(m->recipe, m->old, first, count, room, 1, err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const float *row = room + i * width;
		m->lengths[first + i] = length_of(row, width, m->sums, m->wides + thread * width);
		m->hashes[first + i] = XXH3_64bits(row, width * sizeof *row);
	}
	return status;
}

static bool is_made(const struct hyper_recipe *recipe, size_t row)
{
	return recipe->origins[row] == HYPER_ROW_SUM || recipe->origins[row] == HYPER_ROW_GIVEN;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static int by_hash(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Of `count` lengths, which are sorted for it; quantiles between two are interpolated. */
static void put_norms(double *lengths, size_t count, struct hyper_norms *out)
{
	static const double parts[HYPER_QUANTILES] = { .05, .25, .5, .75, .95 };
	*out = (struct hyper_norms){ .count = count };
	if (count == 0)
		return;
	qsort(lengths, count, sizeof *lengths, by_size);
	for (size_t i = 0; i < count; i++)
		out->mean += lengths[i] / (double)count;
	for (size_t i = 0; i < count; i++)
		out->deviation +=
		    (lengths[i] - out->mean) * (lengths[i] - out->mean) / (double)count;
	out->deviation = sqrt(out->deviation);
	for (size_t q = 0; q < HYPER_QUANTILES; q++) {
		const double place = parts[q] * (double)(count - 1);
		const size_t below = (size_t)place, above = below + (below + 1 < count);
		out->quantiles[q] =
		    lengths[below] + (place - (double)below) * (lengths[above] - lengths[below]);
	}
}

/* Lengths of the rows that `made` says, and of made ones what is wrong with them. */
static void put_rows(const struct measuring *m, bool made, double *lengths, uint64_t *hashes,
		     struct hyper_row_stats *out)
{
	size_t count = 0;
	for (size_t row = 0; row < m->recipe->rows; row++) {
		const bool wanted =
		    made ? is_made(m->recipe, row) : m->recipe->origins[row] == HYPER_ROW_COPY;
		if (!wanted)
			continue;
		if (!isfinite(m->lengths[row])) {
			out->not_finite += made;
			continue;
		}
		out->zeros += made && m->lengths[row] == 0;
		hashes[count] = m->hashes[row];
		lengths[count++] = m->lengths[row];
	}
	if (made) {
		qsort(hashes, count, sizeof *hashes, by_hash);
		for (size_t i = 1; i < count; i++)
			out->duplicates += hashes[i] == hashes[i - 1];
		/* All zero is said already. */
		out->duplicates -= out->zeros > 1 ? out->zeros - 1 : 0;
	}
	put_norms(lengths, count, made ? &out->made : &out->copied);
}

/* exp(entropy) of |weights| over their sum; 0 of no weights. */
static double count_neighbours(const struct hyper_weights *weights, size_t row)
{
	const uint64_t begin = hyper_weights_begin(weights, row), end = weights->ends[row];
	double sum = 0, entropy = 0;
	for (uint64_t e = begin; e < end; e++)
		sum += fabs((double)weights->weights[e]);
	for (uint64_t e = begin; e < end; e++) {
		const double part = fabs((double)weights->weights[e]) / sum;
		entropy -= part > 0 ? part * log(part) : 0;
	}
	return sum > 0 ? exp(entropy) : 0;
}

static double find_neighbours(const struct hyper_recipe *recipe)
{
	double sum = 0;
	size_t count = 0;
	for (size_t row = 0; row < recipe->rows; row++)
		if (recipe->origins[row] == HYPER_ROW_SUM) {
			sum += count_neighbours(&recipe->weights, recipe->places[row]);
			count++;
		}
	return count ? sum / (double)count : 0;
}

/* A row, of the new ones if `recipe` is not NULL. */
static enum tok_status read_one(const struct hyper_recipe *recipe,
				const struct hyper_rows_view *old, size_t row, float *room,
				const float **out, struct tok_error *err)
{
	*out = room;
	return recipe ? hyper_recipe_rows(recipe, old, row, 1, room, 1, err)
		      : hyper_rows_read(old, row, 1, room, out, err);
}

/* Mean cosine of pairs of unlike rows among `rows`, or all `count` where that is NULL; pairs with
 * a row that has no direction do not count. */
static enum tok_status find_anisotropy(const struct measuring *m, const struct hyper_recipe *recipe,
				       const size_t *rows, size_t count, uint64_t seed,
				       double *mean, struct tok_error *err)
{
	const size_t width = m->old->width;
	struct tok_random random = tok_random_of(seed, recipe ? 1 : 0);
	double sum = 0;
	size_t pairs = 0;
	enum tok_status status = TOK_OK;
	for (size_t p = 0; p < PAIRS && count > 1 && status == TOK_OK; p++) {
		const float *a, *b;
		const size_t i = (size_t)tok_random_below(&random, count);
		size_t j = (size_t)tok_random_below(&random, count - 1);
		j += j >= i;
		status = read_one(recipe, m->old, rows ? rows[i] : i, m->rooms, &a, err);
		if (status != TOK_OK)
			break;
		const double length = length_of(a, width, m->sums, m->wides);
		status = read_one(recipe, m->old, rows ? rows[j] : j, m->rooms + width, &b, err);
		if (status != TOK_OK)
			break;
		const double product = m->sums->dot_mixed(m->wides, b, width);
		const double lengths = length * length_of(b, width, m->sums, m->wides);
		if (!(lengths > 0) || !isfinite(lengths))
			continue;
		sum += product / lengths;
		pairs++;
	}
	*mean = pairs ? sum / (double)pairs : 0;
	return status;
}

static enum tok_status measure_pairs(const struct measuring *m, uint64_t seed, size_t *rows,
				     struct hyper_row_stats *out, struct tok_error *err)
{
	size_t count = 0;
	for (size_t row = 0; row < m->recipe->rows; row++)
		if (m->recipe->origins[row] != HYPER_ROW_ZERO)
			rows[count++] = row;
	const enum tok_status status =
	    find_anisotropy(m, NULL, NULL, m->old->count, seed, &out->anisotropy_old, err);
	return status == TOK_OK
		   ? find_anisotropy(m, m->recipe, rows, count, seed, &out->anisotropy_new, err)
		   : status;
}

enum tok_status hyper_row_stats(const struct hyper_recipe *recipe,
				const struct hyper_rows_view *old, uint64_t seed, size_t threads,
				struct hyper_row_stats *out, double *all_lengths,
				struct tok_error *err)
{
	struct hyper_rows_view view;
	struct hyper_row_stats stats = { 0 };
	enum tok_status status = hyper_rows_check(old, &view, err);
	if (status != TOK_OK)
		return status;
	const size_t rows = recipe->rows;
	struct measuring m = {
		.recipe = recipe,
		.old = &view,
		.sums = hyper_sums_best(),
		.lengths = calloc(rows + 1, sizeof *m.lengths),
		.hashes = calloc(rows + 1, sizeof *m.hashes),
		.rooms = hyper_scratch_new(threads * BLOCK * view.width * sizeof *m.rooms),
		.wides = hyper_scratch_new(threads * view.width * sizeof *m.wides),
	};
	double *lengths = calloc(rows + 1, sizeof *lengths);
	uint64_t *hashes = calloc(rows + 1, sizeof *hashes);
	size_t *places = calloc(rows + 1, sizeof *places);
	if (!m.lengths || !m.hashes || !m.rooms || !m.wides || !lengths || !hashes || !places)
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = hyper_each(threads, (rows + BLOCK - 1) / BLOCK, measure_block, &m, err);
	if (status == TOK_OK) {
		put_rows(&m, false, lengths, hashes, &stats);
		put_rows(&m, true, lengths, hashes, &stats);
		stats.neighbours = find_neighbours(recipe);
		status = measure_pairs(&m, seed, places, &stats, err);
	}
	if (status == TOK_OK)
		*out = stats;
	if (status == TOK_OK && all_lengths)
		memcpy(all_lengths, m.lengths, rows * sizeof *all_lengths);
	free(m.lengths);
	free(m.hashes);
	free(m.rooms);
	free(m.wides);
	free(lengths);
	free(hashes);
	free(places);
	return status;
}
