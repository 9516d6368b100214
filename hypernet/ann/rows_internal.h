/*
 * rows_internal.h - rows to look among, read as F32, and their lengths.
 */
#ifndef HYPER_ANN_ROWS_INTERNAL_H
#define HYPER_ANN_ROWS_INTERNAL_H

#include "hypernet/ann/dot_internal.h"
#include "hypernet/ann/nearest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `out` is `rows` with its count and width filled in.  TOK_EARG: no matrix, or of a dtype that is
 * not read; TOK_ELIMIT: more rows than a hyper_found can name, none at all. */
TOK_MUST_USE enum tok_status hyper_rows_check(const struct hyper_rows_view *rows,
					      struct hyper_rows_view *out, struct tok_error *err);

/* Rows [first, first + count): *out points to them, in `room` (count x width) or where they lie. */
TOK_MUST_USE enum tok_status hyper_rows_read(const struct hyper_rows_view *rows, size_t first,
					     size_t count, float *room, const float **out,
					     struct tok_error *err);

/* What each row's product is multiplied by: 1, or if `cosine` 1 / its length, 0 of a row of zeros.
 * TOK_EFORMAT for a row with NaN or infinity, or so large that its length is none; it is called by
 * its place counted from `first`. */
TOK_MUST_USE enum tok_status hyper_rows_factors(const float *rows, size_t count, size_t width,
						bool cosine, hyper_dot *dot, size_t first,
						float *factors, struct tok_error *err);

#ifdef __cplusplus
}
#endif

#endif
