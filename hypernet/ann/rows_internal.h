/*
 * rows_internal.h - the lengths of rows to look among.
 */
#ifndef HYPER_ANN_ROWS_INTERNAL_H
#define HYPER_ANN_ROWS_INTERNAL_H

#include "hypernet/ann/dot_internal.h"
#include "hypernet/ann/rows.h"

#ifdef __cplusplus
extern "C" {
#endif

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
