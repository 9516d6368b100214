/* linear.c - factors of matrices, by products of blocks. */
#include "hypernet/transplant/linear_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/transplant/sums_internal.h"

enum {
	BLOCK = 96,   /* columns of a factor that are made together */
	STRETCH = 256 /* numbers of BLOCK rows that stay in the second cache */
};

double *hyper_linear_new(size_t rows, size_t columns)
{
	size_t numbers;
	if (__builtin_mul_overflow(rows, columns, &numbers))
		return NULL;
	return calloc(numbers ? numbers : 1, sizeof(double));
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- Cholesky ---------------------------------------------------------------------- */

/* Row i of L within the block of columns from `first` on, of which rows above i are done. */
static void factor_row(struct hyper_linear a, size_t first, size_t end, size_t i,
		       const struct hyper_sums *sums)
{
	double *row = a.at + i * a.down;
	for (size_t j = first; j < smaller(end, i); j++) {
		const double *above = a.at + j * a.down;
		row[j] = (row[j] - sums->dot(row + first, above + first, j - first)) / above[j];
	}
}

enum tok_status hyper_linear_factor(struct hyper_linear a, size_t threads, bool *positive,
				    struct tok_error *err)
{
	const struct hyper_sums *sums = hyper_sums_best();
	const size_t n = a.rows;
	*positive = true;
	for (size_t first = 0; first < n; first += BLOCK) {
		const size_t end = smaller(first + BLOCK, n);
		for (size_t i = first; i < n; i++) {
			double *row = a.at + i * a.down;
			factor_row(a, first, end, i, sums);
			if (i >= end)
				continue;
			const double square =
			    row[i] - sums->dot(row + first, row + first, i - first);
			if (!(square > 0)) {
				*positive = false;
				return TOK_OK;
			}
			row[i] = sqrt(square);
		}
		const struct hyper_linear panel =
		    hyper_linear_part(a, end, first, n - end, end - first);
		const enum tok_status status =
		    hyper_linear_multiply(-1, panel, hyper_linear_turned(panel), true, threads,
					  hyper_linear_part(a, end, end, n - end, n - end), err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

/* Rows first to end of b, whose parts by other rows are taken off: L x = b. */
static void solve_down(struct hyper_linear l, size_t first, size_t end, struct hyper_linear b,
		       const struct hyper_sums *sums)
{
	for (size_t at = 0; at < b.columns; at += STRETCH) {
		const size_t count = smaller(STRETCH, b.columns - at);
		for (size_t i = first; i < end; i++) {
			double *row = b.at + i * b.down + at;
			for (size_t j = first; j < i; j++)
				sums->add(row, -l.at[i * l.down + j], b.at + j * b.down + at,
					  count);
			for (size_t c = 0; c < count; c++)
				row[c] /= l.at[i * l.down + i];
		}
	}
}

/* L' x = b */
static void solve_up(struct hyper_linear l, size_t first, size_t end, struct hyper_linear b,
		     const struct hyper_sums *sums)
{
	for (size_t at = 0; at < b.columns; at += STRETCH) {
		const size_t count = smaller(STRETCH, b.columns - at);
		for (size_t i = end; i-- > first;) {
			double *row = b.at + i * b.down + at;
			for (size_t j = i + 1; j < end; j++)
				sums->add(row, -l.at[j * l.down + i], b.at + j * b.down + at,
					  count);
			for (size_t c = 0; c < count; c++)
				row[c] /= l.at[i * l.down + i];
		}
	}
}

enum tok_status hyper_linear_solve(struct hyper_linear l, size_t threads, struct hyper_linear b,
				   struct tok_error *err)
{
	const struct hyper_sums *sums = hyper_sums_best();
	const size_t n = l.rows, blocks = (n + BLOCK - 1) / BLOCK;
	enum tok_status status = TOK_OK;
	for (size_t k = 0; k < blocks && status == TOK_OK; k++) {
		const size_t first = k * BLOCK, end = smaller(first + BLOCK, n);
		solve_down(l, first, end, b, sums);
		status = hyper_linear_multiply(
		    -1, hyper_linear_part(l, end, first, n - end, end - first),
		    hyper_linear_part(b, first, 0, end - first, b.columns), false, threads,
		    hyper_linear_part(b, end, 0, n - end, b.columns), err);
	}
	for (size_t k = blocks; k-- > 0 && status == TOK_OK;) {
		const size_t first = k * BLOCK, end = smaller(first + BLOCK, n);
		solve_up(l, first, end, b, sums);
		status = hyper_linear_multiply(
		    -1, hyper_linear_turned(hyper_linear_part(l, first, 0, end - first, first)),
		    hyper_linear_part(b, first, 0, end - first, b.columns), false, threads,
		    hyper_linear_part(b, 0, 0, first, b.columns), err);
	}
	return status;
}

/* ---- polar decomposition ------------------------------------------------------------ */

/* Not below the largest singular value. */
static double bound_norm(struct hyper_linear t, double *columns)
{
	double row_most = 0, column_most = 0;
	memset(columns, 0, t.columns * sizeof *columns);
	for (size_t i = 0; i < t.rows; i++) {
		double row = 0;
		for (size_t j = 0; j < t.columns; j++) {
			const double size = fabs(t.at[i * t.down + j]);
			row += size;
			columns[j] += size;
		}
		row_most = fmax(row_most, row);
	}
	for (size_t j = 0; j < t.columns; j++)
		column_most = fmax(column_most, columns[j]);
	return sqrt(row_most) * sqrt(column_most);
}

static void scale(struct hyper_linear t, double factor)
{
	for (size_t i = 0; i < t.rows; i++)
		for (size_t j = 0; j < t.columns; j++)
			t.at[i * t.down + j] *= factor;
}

/* z = 1 + c t t', and its factor. */
static enum tok_status factor_step(struct hyper_linear t, double c, size_t threads,
				   struct hyper_linear z, struct tok_error *err)
{
	bool positive;
	memset(z.at, 0, z.rows * z.rows * sizeof *z.at);
	for (size_t i = 0; i < z.rows; i++)
		z.at[i * z.down + i] = 1;
	const enum tok_status status =
	    hyper_linear_multiply(c, t, hyper_linear_turned(t), true, threads, z, err);
	return status == TOK_OK ? hyper_linear_factor(z, threads, &positive, err) : status;
}

/* Singular values in [l, 1] come nearer to 1: t = b/c t + (a - b/c) (1 + c t t')^-1 t. */
static enum tok_status halley(struct hyper_linear t, double *l, size_t threads,
			      struct hyper_linear z, struct hyper_linear y, struct tok_error *err)
{
	const double square = *l * *l;
	const double d = cbrt(4 * (1 - square) / (square * square));
	const double root = sqrt(1 + d);
	const double a = root + sqrt(8 - 4 * d + 8 * (2 - square) / (square * root)) / 2;
	const double b = (a - 1) * (a - 1) / 4, c = a + b - 1;
	enum tok_status status = factor_step(t, c, threads, z, err);
	for (size_t i = 0; i < t.rows; i++)
		memcpy(y.at + i * y.down, t.at + i * t.down, t.columns * sizeof *t.at);
	if (status == TOK_OK)
		status = hyper_linear_solve(z, threads, y, err);
	for (size_t i = 0; i < t.rows && status == TOK_OK; i++)
		for (size_t j = 0; j < t.columns; j++)
			t.at[i * t.down + j] =
			    b / c * t.at[i * t.down + j] + (a - b / c) * y.at[i * y.down + j];
	*l = fmin(1, *l * (a + b * square) / (1 + c * square));
	return status;
}

enum tok_status hyper_linear_polar(struct hyper_linear t, size_t threads, struct tok_error *err)
{
	double *z = hyper_linear_new(t.rows, t.rows), *y = hyper_linear_new(t.rows, t.columns);
	enum tok_status status = z && y ? TOK_OK : tok_fail_memory(err);
	const double norm = status == TOK_OK ? bound_norm(t, y) : 0;
	/* Steps triple the digits at their end: from 1e-8 there are six. */
	double l = 1e-8;
	if (norm > 0)
		scale(t, 1 / norm);
	for (size_t step = 0; step < 9 && norm > 0 && status == TOK_OK; step++) {
		const bool last = 1 - l < 1e-6;
		status = halley(t, &l, threads, hyper_linear_of(z, t.rows, t.rows),
				hyper_linear_of(y, t.rows, t.columns), err);
		if (last)
			break;
	}
	free(z);
	free(y);
	return status;
}
