/*
 * weights_internal.h - rows that are made one by one, by several threads.
 *
 *	status = hyper_rows_make(make_one, &job, count, width, out, threads, &err);
 */
#ifndef HYPER_TRANSPLANT_WEIGHTS_INTERNAL_H
#define HYPER_TRANSPLANT_WEIGHTS_INTERNAL_H

#include "hypernet/transplant/weights.h"

/* What a thread has for itself, of a row each. */
struct hyper_desk {
	double *sums;
	float *room;
};

/* Row `row` into `out`. */
typedef enum tok_status hyper_row_maker(const void *job, size_t row, const struct hyper_desk *desk,
					float *out, struct tok_error *err);

/* Rows [0, count) into `out`, count x width.  Of several that fail one is told. */
TOK_MUST_USE enum tok_status hyper_rows_make(hyper_row_maker *make, const void *job, size_t count,
					     size_t width, float *out, size_t threads,
					     struct tok_error *err);

/* Do rows [first, first + count) take only rows below `source_rows`?  TOK_EARG. */
TOK_MUST_USE enum tok_status hyper_weights_check(const struct hyper_weights *weights, size_t first,
						 size_t count, size_t source_rows,
						 struct tok_error *err);

/* One row of the product with `rows`, which hyper_rows_check and hyper_weights_check passed. */
TOK_MUST_USE enum tok_status hyper_weights_row(const struct hyper_weights *weights,
					       const struct hyper_rows_view *rows, size_t row,
					       const struct hyper_desk *desk, float *out,
					       struct tok_error *err);

#endif
