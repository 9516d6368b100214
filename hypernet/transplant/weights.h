/*
 * weights.h - new rows as weighted sums of old ones: a sparse matrix, row by row.
 *
 *	struct hyper_weights w = { 0 };
 *	status = hyper_weights_add(&w, ids, weights, count, &err);	// one row more
 *	status = hyper_weights_apply(&w, &rows, 0, w.rows, out, threads, &err);
 *	hyper_weights_release(&w);
 *
 * What every convex or linear method makes; once made it serves the input, the output, biases, and
 * sister models.  Row i belongs to the i-th of the tokens that a method was asked for; an empty
 * row says that the method has no answer for that token.
 */
#ifndef HYPER_TRANSPLANT_WEIGHTS_H
#define HYPER_TRANSPLANT_WEIGHTS_H

#include "hypernet/ann/nearest.h"
#include "tok/pipe/tokenizer.h"

struct hyper_weights {
	uint64_t *ends; /* of row i: entries [i ? ends[i - 1] : 0, ends[i]) */
	tok_id *sources;
	float *weights;
	size_t rows;
	size_t row_room, entry_room[2]; /* private */
};

TOK_API void hyper_weights_release(struct hyper_weights *weights);

/* One row more, copied.  TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_weights_add(struct hyper_weights *weights,
						       const tok_id *sources, const float *values,
						       size_t count, struct tok_error *err);

/* Entries of a row. */
static inline uint64_t hyper_weights_begin(const struct hyper_weights *weights, size_t row)
{
	return row ? weights->ends[row - 1] : 0;
}

/* Rows [first, first + count) of the product with `rows`, F32, count x rows->width; sums in F64 in
 * the order of the entries, so that threads change nothing.  Empty rows are zero.  TOK_EARG for a
 * source that is no row. */
TOK_API TOK_MUST_USE enum tok_status hyper_weights_apply(const struct hyper_weights *weights,
							 const struct hyper_rows_view *rows,
							 size_t first, size_t count, float *out,
							 size_t threads, struct tok_error *err);

#endif
