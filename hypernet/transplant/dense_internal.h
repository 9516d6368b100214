/*
 * dense_internal.h - systems of a few dozen equations, symmetric, in F64.
 *
 * All are count x count, row by row, and both halves are filled.
 */
#ifndef HYPER_TRANSPLANT_DENSE_INTERNAL_H
#define HYPER_TRANSPLANT_DENSE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "tok/base/status.h"

/* Sums in an order of their own, which is always the same. */
double hyper_dot64(const float *a, const float *b, size_t count);

/* a = L L', L in the lower half.  False, with `a` spoilt, where a pivot is not above `least` times
 * the largest number of the diagonal. */
bool hyper_cholesky(double *a, size_t count, double least);

/* x = (L L')^-1 x */
void hyper_cholesky_solve(const double *l, size_t count, double *x);

/* x = the shortest of all that solve a x = b best, where eigenvalues at most `least` times the
 * largest count as zero; `a` is spoilt. */
TOK_MUST_USE enum tok_status hyper_solve_shortest(double *a, size_t count, double least,
						  const double *b, double *x,
						  struct tok_error *err);

#endif
