/* stats_tests.c - intervals, tests, and corrections for many of them. */
#include <math.h>
#include <stdlib.h>

#include "vocab/audit/stats_internal.h"

/* ---- functions ---------------------------------------------------------------------- */

/* The continued fraction of NIST's Handbook 8.17.22, by Lentz's method; quick where x is below
 * (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = 1 / (fabs(d) < tiny ? tiny : d);
	double value = d;
	for (int i = 1; i < 10000; i++) {
		const double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
			     odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double change = 1;
		for (int k = 0; k < 2; k++) {
			const double step = k ? odd : even;
			d = 1 + step * d;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = 1 + step / c;
			c = fabs(c) < tiny ? tiny : c;
			change = c * d;
			value *= change;
		}
		if (fabs(change - 1) < 1e-15)
			break;
	}
	return value;
}

/* lgamma writes to a global of the C library, which is none of ours. */
static double log_gamma(double x)
{
	int sign;
	return lgamma_r(x, &sign);
}

double stats_beta(double a, double b, double x)
{
	if (x <= 0 || x >= 1)
		return x > 0;
	const double front =
	    exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double stats_normal_two_sided(double z)
{
	return erfc(fabs(z) / sqrt(2));
}

/* ---- intervals and tests --------------------------------------------------------------- */

struct vocab_stats_interval vocab_stats_wilson(size_t right, size_t n)
{
	const double z = 1.959963984540054; /* 97.5 % of a normal are below it */
	if (n == 0)
		return (struct vocab_stats_interval){ 0, 1 };
	const double all = (double)n, p = (double)right / all, zz = z * z;
	const double middle = (p + zz / (2 * all)) / (1 + zz / all);
	const double half = z * sqrt(p * (1 - p) / all + zz / (4 * all * all)) / (1 + zz / all);
	return (struct vocab_stats_interval){ right == 0 ? 0 : middle - half,
					      right == n ? 1 : middle + half };
}

/* P(X <= k) of n fair coins is I_1/2(n - k, k + 1). */
void vocab_stats_mcnemar(uint64_t b, uint64_t c, double *exact_p, double *chi_square)
{
	const uint64_t least = b < c ? b : c, n = b + c, apart = n - 2 * least;
	*exact_p = 1;
	*chi_square = 0;
	if (apart == 0)
		return;
	const double tail = stats_beta((double)(n - least), (double)least + 1, .5);
	*exact_p = fmin(1, 2 * tail);
	*chi_square = ((double)apart - 1) * ((double)apart - 1) / (double)n;
}

bool vocab_stats_trend(const uint64_t *right, const uint64_t *all, const double *scores,
		       size_t groups, double *z, double *p)
{
	double hits = 0, rows = 0, mean = 0, apart = 0, spread = 0;
	for (size_t i = 0; i < groups; i++) {
		hits += (double)right[i];
		rows += (double)all[i];
		mean += (double)all[i] * scores[i];
	}
	if (!(rows > 0))
		return false;
	const double share = hits / rows;
	mean /= rows;
	for (size_t i = 0; i < groups; i++) {
		const double from = scores[i] - mean;
		apart += from * ((double)right[i] - (double)all[i] * share);
		spread += (double)all[i] * from * from;
	}
	const double variance = share * (1 - share) * spread;
	if (!(variance > 0))
		return false;
	*z = apart / sqrt(variance);
	*p = stats_normal_two_sided(*z);
	return true;
}

/* ---- many tests -------------------------------------------------------------------------- */

struct tested {
	double p;
	size_t at;
};

static int compare_tested(const void *left, const void *right)
{
	const struct tested *a = left, *b = right;
	if (a->p != b->p)
		return a->p < b->p ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

static struct tested *sort_tests(const double *p, size_t n)
{
	struct tested *tests = malloc((n ? n : 1) * sizeof *tests);
	for (size_t i = 0; tests && i < n; i++)
		tests[i] = (struct tested){ p[i], i };
	if (tests)
		qsort(tests, n, sizeof *tests, compare_tested);
	return tests;
}

enum tok_status vocab_stats_holm(const double *p, size_t n, double *out, struct tok_error *err)
{
	struct tested *tests = sort_tests(p, n);
	double most = 0;
	if (!tests)
		return tok_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		most = fmax(most, fmin(1, tests[i].p * (double)(n - i)));
		out[tests[i].at] = most;
	}
	free(tests);
	return TOK_OK;
}

enum tok_status vocab_stats_benjamini_hochberg(const double *p, size_t n, double *out,
					       struct tok_error *err)
{
	struct tested *tests = sort_tests(p, n);
	double least = 1;
	if (!tests)
		return tok_fail_memory(err);
	for (size_t i = n; i > 0; i--) {
		least = fmin(least, tests[i - 1].p * (double)n / (double)i);
		out[tests[i - 1].at] = least;
	}
	free(tests);
	return TOK_OK;
}
