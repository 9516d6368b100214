/*
 * linear_internal.h - what maps between spaces need of linear algebra, in F64.
 *
 * A matrix is a view: element (i, j) lies at at[i * down + j * across], so that a transpose is a
 * view too.  What is written has across = 1.  Sums have an order of their own, whatever the number
 * of threads.  What fails fails with TOK_ENOMEM alone, unless it says otherwise.
 *
 * Sources: K. Goto, R. van de Geijn (2008) for products; Y. Nakatsukasa, Z. Bai, F. Gygi,
 * "Optimizing Halley's iteration for computing the matrix polar decomposition" (2010); G. Golub,
 * C. Van Loan, "Matrix Computations", for Householder's reduction and the implicit QL steps.
 */
#ifndef HYPER_TRANSPLANT_LINEAR_INTERNAL_H
#define HYPER_TRANSPLANT_LINEAR_INTERNAL_H

#include <stdbool.h>

#include "tok/base/status.h"

#include <stddef.h>

struct hyper_linear {
	double *at;
	size_t rows, columns;
	size_t down, across;
};

static inline struct hyper_linear hyper_linear_of(double *at, size_t rows, size_t columns)
{
	return (struct hyper_linear){ at, rows, columns, columns, 1 };
}

static inline struct hyper_linear hyper_linear_turned(struct hyper_linear a)
{
	return (struct hyper_linear){ a.at, a.columns, a.rows, a.across, a.down };
}

static inline struct hyper_linear hyper_linear_part(struct hyper_linear a, size_t row,
						    size_t column, size_t rows, size_t columns)
{
	return (struct hyper_linear){ a.at + row * a.down + column * a.across, rows, columns,
				      a.down, a.across };
}

/* Zeros; NULL where memory is out or sizes overflow; free(). */
double *hyper_linear_new(size_t rows, size_t columns);

/* c += alpha a b.  `lower`: of a square c that is known to be symmetric, elements above the
 * diagonal may stay as they were. */
TOK_MUST_USE enum tok_status hyper_linear_multiply(double alpha, struct hyper_linear a,
						   struct hyper_linear b, bool lower,
						   size_t threads, struct hyper_linear c,
						   struct tok_error *err);

/* a = L L', from and to the lower triangle; above it lies rubbish.  *positive: could it be? */
TOK_MUST_USE enum tok_status hyper_linear_factor(struct hyper_linear a, size_t threads,
						 bool *positive, struct tok_error *err);

/* L L' x = b; x takes the place of b. */
TOK_MUST_USE enum tok_status hyper_linear_solve(struct hyper_linear l, size_t threads,
						struct hyper_linear b, struct tok_error *err);

/* The nearest matrix with orthonormal rows, U V' of the singular value decomposition of t, in its
 * place; no more rows than columns.  Directions whose singular values are below 1e-8 of the largest
 * are not told apart from noise and may come out shorter. */
TOK_MUST_USE enum tok_status hyper_linear_polar(struct hyper_linear t, size_t threads,
						struct tok_error *err);

/* The `count` largest eigenvalues of the symmetric a, of which the lower triangle is read and all
 * is destroyed, largest first, and their vectors, of length 1, as rows of `vectors` (count x n). */
TOK_MUST_USE enum tok_status hyper_linear_eigen(struct hyper_linear a, size_t count, size_t threads,
						double *values, struct hyper_linear vectors,
						struct tok_error *err);

#endif
