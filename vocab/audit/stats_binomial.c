/*
 * stats_binomial.c - how many of n, each with chance p?
 *
 * Rejection from a transformed uniform (W. Hoermann, "The generation of binomial random variates",
 * Journal of Statistical Computation and Simulation 46, 1993: BTRS) where n p is 10 and more, which
 * it needs; inversion below that.  Both are exact.
 */
#include <math.h>

#include "vocab/audit/stats_internal.h"

static const double inversion_most = 10; /* of n p */

/* log n!, without the global variable of lgamma. */
static double log_factorial(double n)
{
	int sign;
	return lgamma_r(n + 1, &sign);
}

/* From 0 up: the chance of each is that of the one before times a ratio. */
static uint64_t invert(struct tok_random *random, uint64_t n, double p)
{
	const double odds = p / (1 - p), none = exp((double)n * log1p(-p));
	for (;;) {
		double u = tok_random_real(random), chance = none;
		uint64_t k = 0;
		while (k < n && u > chance) {
			u -= chance;
			k++;
			chance *= odds * (double)(n - k + 1) / (double)k;
			/* All that is left is rounding. */
			if (chance < 1e-18 && (double)k > inversion_most)
				break;
		}
		if (u <= chance)
			return k;
	}
}

static uint64_t transform(struct tok_random *random, uint64_t n, double p)
{
	const double all = (double)n, spread = sqrt(all * p * (1 - p)), b = 1.15 + 2.53 * spread,
		     a = -0.0873 + 0.0248 * b + 0.01 * p, c = all * p + 0.5,
		     alpha = (2.83 + 5.1 / b) * spread, log_odds = log(p / (1 - p)),
		     mode = floor((all + 1) * p),
		     top = log_factorial(mode) + log_factorial(all - mode);
	for (;;) {
		const double u = tok_random_real(random) - .5, v = 1 - tok_random_real(random),
			     us = .5 - fabs(u), k = floor((2 * a / us + b) * u + c);
		if (us >= .07 && v <= .92 - 4.2 / b)
			return (uint64_t)k;
		if (!(k >= 0 && k <= all))
			continue;
		if (log(v * alpha / (a / (us * us) + b)) <=
		    top - log_factorial(k) - log_factorial(all - k) + (k - mode) * log_odds)
			return (uint64_t)k;
	}
}

uint64_t stats_binomial(struct tok_random *random, uint64_t n, double p)
{
	if (p > .5)
		return n - stats_binomial(random, n, 1 - p);
	if (n == 0 || p <= 0)
		return 0;
	return (double)n * p < inversion_most ? invert(random, n, p) : transform(random, n, p);
}
