/*
 * dense_internal.h - small symmetric matrices in F64: factors, solutions, eigenvalues.
 *
 * All are count x count, row by row, and both halves are filled.
 */
#ifndef HYPER_TRANSPLANT_DENSE_INTERNAL_H
#define HYPER_TRANSPLANT_DENSE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* Sums in an order of their own, which is always the same. */
double hyper_dot64(const float *a, const float *b, size_t count);

/* a = L L', L in the lower half.  False, with `a` spoilt, where a pivot is not above `least` times
 * the largest number of the diagonal. */
bool hyper_cholesky(double *a, size_t count, double least);

/* x = (L L')^-1 x */
void hyper_cholesky_solve(const double *l, size_t count, double *x);

/* a = V diag(values) V': column j of `vectors` belongs to values[j]; `a` is spoilt.  By Jacobi's
 * rotations (G. Golub, C. Van Loan, "Matrix Computations", 8.5). */
void hyper_eigen(double *a, size_t count, double *values, double *vectors);

/* x = the shortest of all that solve a x = b best, where eigenvalues at most `least` times the
 * largest count as zero.  `values`: count, `vectors`: count x count, as room; `a` is spoilt. */
void hyper_solve_shortest(double *a, size_t count, double least, const double *b, double *x,
			  double *values, double *vectors);

#endif
