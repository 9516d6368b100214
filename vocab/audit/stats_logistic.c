/* stats_logistic.c - several columns at once: logistic regression, and how they depend on each
 * other. */
#include <math.h>
#include <stdlib.h>

#include "vocab/audit/stats.h"

/* Newton's method doubles the digits each time, once it is near. */
enum { STEPS_MOST = 50 };

/* ---- symmetric matrices, row by row ----------------------------------------------------- */

/* The lower triangle L of L L' = a, in place; false where a is not positive definite, to rounding:
 * `a` has ones or sums of squares in its diagonal. */
static bool factor(double *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const double full = a[i * n + i];
		for (size_t j = 0; j <= i; j++) {
			double sum = a[i * n + j];
			for (size_t k = 0; k < j; k++)
				sum -= a[i * n + k] * a[j * n + k];
			if (i != j)
				a[i * n + j] = sum / a[j * n + j];
			else if (sum > full * 1e-12)
				a[i * n + i] = sqrt(sum);
			else
				return false;
		}
	}
	return true;
}

static void solve(const double *l, size_t n, double *x)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			x[i] -= l[i * n + k] * x[k];
		x[i] /= l[i * n + i];
	}
	for (size_t i = n; i-- > 0;) {
		for (size_t k = i + 1; k < n; k++)
			x[i] -= l[k * n + i] * x[k];
		x[i] /= l[i * n + i];
	}
}

/* The diagonal of the inverse of what was factored; `x` is room for n. */
static void invert_diagonal(const double *l, size_t n, double *x, double *out)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			x[k] = k == i;
		solve(l, n, x);
		out[i] = x[i];
	}
}

/* ---- logistic regression ------------------------------------------------------------------ */

struct fit {
	const double *columns, *y;
	size_t k, n;
	double *hessian, *step, *b; /* (k + 1)^2, k + 1, k + 1 */
};

static double column_at(const struct fit *f, size_t column, size_t row)
{
	return column == 0 ? 1 : f->columns[(column - 1) * f->n + row];
}

/* The gradient into .step, and the Hessian. */
static void look(struct fit *f)
{
	const size_t m = f->k + 1;
	for (size_t i = 0; i < m * m; i++)
		f->hessian[i] = 0;
	for (size_t i = 0; i < m; i++)
		f->step[i] = 0;
	for (size_t row = 0; row < f->n; row++) {
		double score = 0;
		for (size_t i = 0; i < m; i++)
			score += f->b[i] * column_at(f, i, row);
		const double p = 1 / (1 + exp(-score)), weight = p * (1 - p);
		for (size_t i = 0; i < m; i++) {
			const double at = column_at(f, i, row);
			f->step[i] += (f->y[row] - p) * at;
			for (size_t j = 0; j <= i; j++)
				f->hessian[i * m + j] += weight * at * column_at(f, j, row);
		}
	}
}

/* Where a line parts right from wrong, coefficients grow without end: steps do not get small, or
 * the Hessian does. */
static bool climb(struct fit *f)
{
	const size_t m = f->k + 1;
	for (int step = 0; step < STEPS_MOST; step++) {
		double change = 0;
		look(f);
		if (!factor(f->hessian, m))
			return false;
		solve(f->hessian, m, f->step);
		for (size_t i = 0; i < m; i++) {
			f->b[i] += f->step[i];
			change = fmax(change, fabs(f->step[i]) / (1 + fabs(f->b[i])));
		}
		if (change < 1e-12)
			return true;
	}
	return false;
}

enum tok_status vocab_stats_logistic(const double *columns, size_t k, const double *y, size_t n,
				     double *coefficients, double *errors, bool *converged,
				     struct tok_error *err)
{
	const size_t m = k + 1;
	double *room = calloc(m * m + 3 * m, sizeof *room);
	if (!room)
		return tok_fail_memory(err);
	struct fit f = { .columns = columns, .y = y, .k = k, .n = n };
	f.hessian = room;
	f.step = room + m * m;
	f.b = f.step + m;
	*converged = climb(&f);
	if (*converged) {
		invert_diagonal(f.hessian, m, f.step, f.b + m);
		for (size_t i = 0; i < m; i++) {
			coefficients[i] = f.b[i];
			errors[i] = sqrt(f.b[m + i]);
		}
	}
	free(room);
	return TOK_OK;
}

/* The diagonal of the inverse of the columns' correlations. */
enum tok_status vocab_stats_inflation(const double *columns, size_t k, size_t n, double *factors,
				      struct tok_error *err)
{
	double *room = calloc(k * k + k + 1, sizeof *room);
	bool regular = true;
	if (!room)
		return tok_fail_memory(err);
	for (size_t i = 0; i < k && regular; i++)
		for (size_t j = 0; j <= i && regular; j++)
			regular = vocab_stats_pearson(columns + i * n, columns + j * n, n,
						      &room[i * k + j]);
	regular = regular && factor(room, k);
	if (regular)
		invert_diagonal(room, k, room + k * k, factors);
	for (size_t i = 0; i < k && !regular; i++)
		factors[i] = INFINITY;
	free(room);
	return TOK_OK;
}
