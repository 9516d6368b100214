/*
 * fill_internal.h - the covariance of a matrix's rows, and its triangular root.
 *
 * Both live in one square of width x width doubles: the covariance in the upper triangle, its root
 * in the lower one, their diagonals in `covariance` and in the square.
 */
#ifndef HYPER_TRANSPLANT_FILL_INTERNAL_H
#define HYPER_TRANSPLANT_FILL_INTERNAL_H

#include "hypernet/transplant/fill.h"

/* Sums over rows that are not all zero. */
struct fill_sums {
	size_t rows;       /* that are not all zero */
	double *mean;      /* of each dimension */
	double *deviation; /* sigma of each, over all of the rows */
	double all_mean, all_deviation;
};

/* `rows` as hyper_rows_check left them.  What comes out is released by free() of both arrays. */
TOK_MUST_USE enum tok_status fill_sums_make(const struct hyper_rows_view *rows,
					    struct fill_sums *out, struct tok_error *err);

/* Element (i, j), i <= j, of the covariance around `mean` into square[i * width + j], summed in F64
 * over products of blocks of rows in F32. */
TOK_MUST_USE enum tok_status fill_covariance(const struct hyper_rows_view *rows,
					     const struct fill_sums *sums,
					     const struct hyper_kernel *kernel, size_t threads,
					     double *square, struct tok_error *err);

/* L of L L' = A: A's upper triangle and `diagonal` are read, the lower triangle and the square's
 * diagonal are written.  False where A is not positive definite. */
TOK_MUST_USE bool fill_cholesky(double *square, const double *diagonal, size_t width,
				size_t threads);

#endif
