/*
 * stats.h - statistics of answers that are right or wrong, and of what may explain them.
 *
 *	double r;
 *	if (!vocab_stats_pearson(feature, correct, n, &r))
 *		... // undefined: a column is constant
 *
 * Pure functions of plain arrays, any thread.  What is undefined is said so (false), never 0 or
 * NaN.  Random ones depend on the seed alone.  Source of the worked numbers that the tests have:
 * scipy and statsmodels, asked once.
 */
#ifndef VOCAB_AUDIT_STATS_H
#define VOCAB_AUDIT_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tok/base/status.h"

/* Pearson's r; of a 0/1 column it is the point-biserial one.  False: n < 2, or a column is
 * constant. */
TOK_API TOK_MUST_USE bool vocab_stats_pearson(const double *x, const double *y, size_t n,
					      double *r);

/* r of middle ranks. */
TOK_API TOK_MUST_USE enum tok_status vocab_stats_spearman(const double *x, const double *y,
							  size_t n, bool *defined, double *r,
							  struct tok_error *err);

/* P(x of a right answer > x of a wrong one) + half of ties; `y` is 0 or 1.  False where one of the
 * two is missing. */
TOK_API TOK_MUST_USE enum tok_status vocab_stats_auc(const double *x, const double *y, size_t n,
						     bool *defined, double *auc,
						     struct tok_error *err);

/* r of x and y with z held fast: of what a line in z leaves of them. */
TOK_API TOK_MUST_USE bool vocab_stats_partial(const double *x, const double *y, const double *z,
					      size_t n, double *r);

/* t of r with n - 2 degrees of freedom, and its two-sided p.  False: n < 3, or r is 1 or -1. */
TOK_API TOK_MUST_USE bool vocab_stats_r_test(double r, size_t n, double *t, double *p);

/* Logistic regression by Newton's method: `k` columns of n numbers, column by column; k + 1
 * coefficients and standard errors, the intercept first.  *converged is false, and nothing else
 * written, where the answers are separable or columns depend on each other. */
TOK_API TOK_MUST_USE enum tok_status vocab_stats_logistic(const double *columns, size_t k,
							  const double *y, size_t n,
							  double *coefficients, double *errors,
							  bool *converged, struct tok_error *err);

/* 1 / (1 - R^2) of each column by the others; INFINITY of all where some depend on each other or
 * one is constant. */
TOK_API TOK_MUST_USE enum tok_status vocab_stats_inflation(const double *columns, size_t k,
							   size_t n, double *factors,
							   struct tok_error *err);

struct vocab_stats_interval {
	double low, high;
};

/* Wilson's interval of `right` of n at 95 %; [0, 1] of nothing. */
TOK_API struct vocab_stats_interval vocab_stats_wilson(size_t right, size_t n);

enum vocab_stats_statistic { VOCAB_STATS_MEAN, VOCAB_STATS_PEARSON };

/* Percentile bootstrap at 95 % over n < 2^32 rows, `rounds` of them; y is not looked at by
 * VOCAB_STATS_MEAN.  Samples where r is undefined are left out; false in *defined if that are all.
 * The same for any number of threads. */
TOK_API TOK_MUST_USE enum tok_status
vocab_stats_bootstrap(enum vocab_stats_statistic statistic, const double *x, const double *y,
		      size_t n, size_t rounds, uint64_t seed, size_t threads,
		      struct vocab_stats_interval *out, bool *defined, struct tok_error *err);

/* McNemar of b and c, the numbers of items that only the one and only the other got right: exact
 * two-sided p, and chi-square with the continuity correction. */
TOK_API void vocab_stats_mcnemar(uint64_t b, uint64_t c, double *exact_p, double *chi_square);

/* Cochran-Armitage: is the share of right answers a line over the groups' scores?  z, and its
 * two-sided p.  False: all are right, none is, or all scores are equal. */
TOK_API TOK_MUST_USE bool vocab_stats_trend(const uint64_t *right, const uint64_t *all,
					    const double *scores, size_t groups, double *z,
					    double *p);

/* p values corrected for many tests, in the order of the input: the chance of one false find, and
 * the share of false finds. */
TOK_API TOK_MUST_USE enum tok_status vocab_stats_holm(const double *p, size_t n, double *out,
						      struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status
vocab_stats_benjamini_hochberg(const double *p, size_t n, double *out, struct tok_error *err);

#endif
