/* stats_correlation.c - how one column goes with another. */
#include <math.h>
#include <stdlib.h>

#include "vocab/audit/stats_internal.h"

static double mean(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

static bool is_constant(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return false;
	return true;
}

bool vocab_stats_pearson(const double *x, const double *y, size_t n, double *r)
{
	double xx = 0, yy = 0, xy = 0;
	if (n < 2 || is_constant(x, n) || is_constant(y, n))
		return false;
	const double mx = mean(x, n), my = mean(y, n);
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	if (!(xx > 0) || !(yy > 0)) /* they differ by less than can be squared */
		return false;
	*r = fmax(-1, fmin(1, xy / sqrt(xx) / sqrt(yy)));
	return true;
}

/* ---- ranks ---------------------------------------------------------------------- */

struct place {
	double value;
	size_t at;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	return (a->value > b->value) - (a->value < b->value);
}

/* From 1; equal values share the mean of their ranks. */
static double *make_ranks(const double *x, size_t n)
{
	struct place *places = malloc((n ? n : 1) * sizeof *places);
	double *ranks = malloc((n ? n : 1) * sizeof *ranks);
	if (places && ranks) {
		for (size_t i = 0; i < n; i++)
			places[i] = (struct place){ x[i], i };
		qsort(places, n, sizeof *places, compare_places);
		for (size_t i = 0, end; i < n; i = end) {
			for (end = i; end < n && places[end].value == places[i].value;)
				end++;
			for (size_t k = i; k < end; k++)
				ranks[places[k].at] = (double)(i + 1 + end) / 2;
		}
		free(places);
		return ranks;
	}
	free(places);
	free(ranks);
	return NULL;
}

enum tok_status vocab_stats_spearman(const double *x, const double *y, size_t n, bool *defined,
				     double *r, struct tok_error *err)
{
	double *a = make_ranks(x, n), *b = make_ranks(y, n);
	const bool fits = a && b;
	if (fits)
		*defined = vocab_stats_pearson(a, b, n, r);
	free(a);
	free(b);
	return fits ? TOK_OK : tok_fail_memory(err);
}

/* Mann and Whitney's U from the ranks of the right ones. */
enum tok_status vocab_stats_auc(const double *x, const double *y, size_t n, bool *defined,
				double *auc, struct tok_error *err)
{
	double *ranks = make_ranks(x, n), sum = 0, right = 0;
	if (!ranks)
		return tok_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		sum += y[i] != 0 ? ranks[i] : 0;
		right += y[i] != 0;
	}
	*defined = right > 0 && right < (double)n;
	if (*defined)
		*auc = (sum - right * (right + 1) / 2) / (right * ((double)n - right));
	free(ranks);
	return TOK_OK;
}

/* ---- r and what is made of it ------------------------------------------------------ */

bool vocab_stats_partial(const double *x, const double *y, const double *z, size_t n, double *r)
{
	double xy, xz, yz;
	if (!vocab_stats_pearson(x, y, n, &xy) || !vocab_stats_pearson(x, z, n, &xz) ||
	    !vocab_stats_pearson(y, z, n, &yz))
		return false;
	const double left = (1 - xz * xz) * (1 - yz * yz);
	if (!(left > 1e-14)) /* nothing is left but rounding */
		return false;
	*r = fmax(-1, fmin(1, (xy - xz * yz) / sqrt(left)));
	return true;
}

bool vocab_stats_r_test(double r, size_t n, double *t, double *p)
{
	if (n < 3 || !(fabs(r) < 1))
		return false;
	const double freedom = (double)(n - 2);
	*t = r * sqrt(freedom / (1 - r * r));
	*p = stats_beta(freedom / 2, .5, freedom / (freedom + *t * *t));
	return true;
}
