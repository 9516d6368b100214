/* test_stats_binomial.c - draws are as frequent as the formula says, by both methods and at either
 * end of p. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "checked.h"
#include "vocab/audit/stats_internal.h"

enum { DRAWS = CHECKED ? 50000 : 400000 };

/* P(k), by ratios of neighbours from the likeliest on, as no method of ours has it. */
static double *chances(uint64_t n, double p)
{
	double *out = calloc(n + 1, sizeof *out), sum = 0;
	assert_non_null(out);
	const uint64_t mode = (uint64_t)((double)(n + 1) * p);
	out[mode] = 1;
	for (uint64_t k = mode; k < n; k++)
		out[k + 1] = out[k] * (double)(n - k) / (double)(k + 1) * p / (1 - p);
	for (uint64_t k = mode; k > 0; k--)
		out[k - 1] = out[k] * (double)k / (double)(n - k + 1) * (1 - p) / p;
	for (uint64_t k = 0; k <= n; k++)
		sum += out[k];
	for (uint64_t k = 0; k <= n; k++)
		out[k] /= sum;
	return out;
}

/* Neighbours are taken together until 20 draws are expected of them. */
static void expect_chances(uint64_t n, double p, uint64_t seed)
{
	double *wanted = chances(n, p), square = 0, expected = 0, found = 0;
	size_t *counts = calloc(n + 1, sizeof *counts), groups = 0;
	struct tok_random random = tok_random_of(seed, n);
	assert_non_null(counts);
	for (size_t i = 0; i < DRAWS; i++) {
		const uint64_t k = stats_binomial(&random, n, p);
		assert_true(k <= n);
		counts[k]++;
	}
	for (uint64_t k = 0; k <= n; k++) {
		expected += wanted[k] * DRAWS;
		found += (double)counts[k];
		if (expected < 20 && k < n)
			continue;
		square += expected > 0 ? (found - expected) * (found - expected) / expected : found;
		expected = found = 0;
		groups++;
	}
	/* Chi-square of so many degrees has twice them as its variance. */
	const double degrees = (double)groups - 1;
	if (fabs(square - degrees) > 4 * sqrt(2 * degrees) + 4)
		fail_msg("n %u, p %g: chi-square %.1f of %.0f degrees", (unsigned)n, p, square,
			 degrees);
	free(wanted);
	free(counts);
}

static void draws_have_the_distribution(void **state)
{
	static const struct {
		uint64_t n;
		double p;
	} rows[] = {
		{ 1, .5 },
		{ 2, .1 },
		{ 20, .3 },
		{ 30, .33 },
		{ 31, .33 },
		{ 40, .3 },
		{ 40, .7 },
		{ 1000, .5 },
		{ 1000, .97 },
		{ 1000, .9999 },
		{ 100000, .0002 },
		{ 175000, .3 },
		{ 175000, 1. / 175000 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_chances(rows[i].n, rows[i].p, i + 1);
}

static void nothing_is_left_to_chance(void **state)
{
	struct tok_random random = tok_random_of(1, 1);
	(void)state;
	assert_int_equal(stats_binomial(&random, 0, .5), 0);
	assert_int_equal(stats_binomial(&random, 1000, 0), 0);
	assert_int_equal(stats_binomial(&random, 1000, 1), 1000);
	assert_int_equal(stats_binomial(&random, UINT32_MAX, 1), UINT32_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_have_the_distribution),
		cmocka_unit_test(nothing_is_left_to_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
