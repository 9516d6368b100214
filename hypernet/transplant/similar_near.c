/* similar_near.c - the nearest candidates, and how near they are. */
#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/dense_internal.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/similar_internal.h"

/* Found beside those that are wanted: rounding in F32 may have them in another order. */
enum { SPARE = 16 };

struct near {
	const struct hyper_candidates *candidates;
	enum hyper_space space;
	const float *queries; /* as they came, candidates->width each */
	const struct hyper_found *found;
	size_t k, wider;
	struct hyper_near *measured; /* wider of each query */
	struct hyper_near *out;      /* k of each */
};

static int by_nearness(const void *a, const void *b)
{
	const struct hyper_near *x = a, *y = b;
	if (x->nearness != y->nearness)
		return x->nearness > y->nearness ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static double distance(const float *a, const float *b, size_t width)
{
	double square = 0;
	for (size_t i = 0; i < width; i++) {
		const double apart = (double)a[i] - (double)b[i];
		square += apart * apart;
	}
	return sqrt(square);
}

static double cosine(const float *a, const float *b, size_t width)
{
	const double lengths = sqrt(hyper_dot64(a, a, width)) * sqrt(hyper_dot64(b, b, width));
	return lengths > 0 ? hyper_dot64(a, b, width) / lengths : 0;
}

static enum tok_status measure(void *shared, size_t q, size_t thread, struct tok_error *err)
{
	const struct near *n = shared;
	const size_t width = n->candidates->width;
	const float *query = n->queries + q * width;
	struct hyper_near *all = n->measured + q * n->wider;
	(void)thread;
	(void)err;
	for (size_t i = 0; i < n->wider; i++) {
		const uint32_t place = n->found[q * n->wider + i].row;
		const float *row = n->candidates->rows + place * n->candidates->stride;
		all[i] = (struct hyper_near){ place, n->space == HYPER_SPACE_EUCLID
							 ? -distance(query, row, width)
							 : cosine(query, row, width) };
	}
	qsort(all, n->wider, sizeof *all, by_nearness);
	memcpy(n->out + q * n->k, all, n->k * sizeof *all);
	return TOK_OK;
}

/* Queries with a 1 behind each. */
static float *append_ones(const float *queries, size_t count, size_t width)
{
	float *out = malloc((count * (width + 1) + 1) * sizeof *out);
	for (size_t q = 0; q < count && out; q++) {
		memcpy(out + q * (width + 1), queries + q * width, width * sizeof *out);
		out[q * (width + 1) + width] = 1;
	}
	return out;
}

enum tok_status hyper_near_find(const struct hyper_candidates *candidates, enum hyper_space space,
				const float *queries, size_t count, size_t k,
				const struct hyper_kernel *kernel, size_t threads,
				struct hyper_near *out, struct tok_error *err)
{
	const bool euclid = space == HYPER_SPACE_EUCLID;
	const struct hyper_rows_view view = { .floats = candidates->rows,
					      .count = candidates->count,
					      .width = candidates->stride };
	struct near near = { candidates, space, queries, NULL, k, k + SPARE, NULL, out };
	if (near.wider > candidates->count)
		near.wider = candidates->count;
	float *longer = euclid ? append_ones(queries, count, candidates->width) : NULL;
	struct hyper_found *found = malloc(count * near.wider * sizeof *found);
	struct hyper_exact *exact = NULL;
	near.measured = malloc(count * near.wider * sizeof *near.measured);
	near.found = found;
	enum tok_status status = TOK_OK;
	if (!found || !near.measured || (euclid && !longer))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status =
		    hyper_exact_new(&view, euclid ? HYPER_DOT : HYPER_COSINE, kernel, &exact, err);
	if (status == TOK_OK)
		status = hyper_exact_find(exact, longer ? longer : queries, count, near.wider,
					  threads, found, err);
	if (status == TOK_OK)
		status = hyper_each(threads, count, measure, &near, err);
	hyper_exact_free(exact);
	free(longer);
	free(found);
	free(near.measured);
	return status;
}
