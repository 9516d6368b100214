/* test_stats.c - statistics of answers: the worked example of ten rows, what scipy 1.17 and
 * statsmodels 0.15 say of 200 rows that anybody can make, and what must be undefined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vocab/audit/stats.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void expect(double got, double wanted, double within)
{
	if (!(fabs(got - wanted) <= within))
		fail_msg("%.12g is not %.12g", got, wanted);
}

/* ---- the worked example ------------------------------------------------------------ */

enum { ROWS = 10 };
static const double lengths[ROWS] = { 4, 5, 6, 7, 7, 8, 8, 9, 10, 10 };
static const double targets[ROWS] = { 4, 5, 3, 4, 7, 2, 8, 5, 3, 6 };
static const double tokens[ROWS] = { 1, 1, 2, 2, 1, 3, 1, 2, 3, 2 };
static const double correct[ROWS] = { 1, 1, 1, 1, 0, 1, 0, 0, 1, 0 };

static void worked_example(void **state)
{
	static const struct {
		const double *x;
		double pearson, t, spearman, auc;
	} rows[] = {
		{ lengths, -.470757, -1.509188, -.466192, .229167 },
		{ targets, -.820303, -4.056740, -.824802, .020833 },
		{ tokens, .327327, .979796, .304290, .666667 },
	};
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double r, t, p, rho = 0, auc = 0;
		bool defined = false;
		assert_true(vocab_stats_pearson(rows[i].x, correct, ROWS, &r));
		expect(r, rows[i].pearson, 1e-6);
		assert_true(vocab_stats_r_test(r, ROWS, &t, &p));
		expect(t, rows[i].t, 1e-6);
		assert_int_equal(
		    vocab_stats_spearman(rows[i].x, correct, ROWS, &defined, &rho, &err), TOK_OK);
		assert_true(defined);
		expect(rho, rows[i].spearman, 1e-6);
		assert_int_equal(vocab_stats_auc(rows[i].x, correct, ROWS, &defined, &auc, &err),
				 TOK_OK);
		assert_true(defined);
		expect(auc, rows[i].auc, 1e-6);
	}
	double partial, b[2], error[2];
	bool converged = false;
	assert_true(vocab_stats_partial(targets, correct, lengths, ROWS, &partial));
	expect(partial, -.883701, 1e-6);
	assert_int_equal(
	    vocab_stats_logistic(lengths, 1, correct, ROWS, b, error, &converged, &err), TOK_OK);
	assert_true(converged);
	expect(b[0], 5.202372, 1e-6);
	expect(b[1], -.628015, 1e-6);
	expect(error[1], .465629, 1e-6);
}

/* ---- 200 rows, and what other programs say of them ------------------------------------ */

enum { MADE = 200 };
static double made[4][MADE], made_right[MADE]; /* the last column is the first by the second */

static uint64_t next_of(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

static int make_rows(void **state)
{
	uint64_t s = 1;
	(void)state;
	for (size_t i = 0; i < MADE; i++) {
		made[0][i] = (double)(next_of(&s) % 7 + 4);
		made[1][i] = (double)(next_of(&s) % 5 + 1);
		made[2][i] = (double)(next_of(&s) % 4);
		made[3][i] = made[0][i] / made[1][i];
	}
	for (size_t i = 0; i < MADE; i++) {
		const double u = (double)(next_of(&s) % 1000) / 1000;
		made_right[i] = u < 1 / (1 + exp(-(1.5 - .3 * made[0][i] + .5 * made[1][i])));
	}
	return 0;
}

static void correlations(void **state)
{
	static const double wanted[][5] = {
		{ -0.277622761084, 6.8888596613e-05, -4.06634588762, -0.278881318857,
		  0.328640945429 },
		{ 0.238434440598, 0.000673840738272, 3.45470862255, 0.238727407936,
		  0.645290232881 },
		{ 0.0669195902477, 0.346443661558, 0.943757656019, 0.0667868034901,
		  0.540088054687 },
	};
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		double r, t, p, rho = 0, auc = 0;
		bool defined;
		assert_true(vocab_stats_pearson(made[i], made_right, MADE, &r));
		assert_true(vocab_stats_r_test(r, MADE, &t, &p));
		assert_int_equal(
		    vocab_stats_spearman(made[i], made_right, MADE, &defined, &rho, &err), TOK_OK);
		assert_int_equal(vocab_stats_auc(made[i], made_right, MADE, &defined, &auc, &err),
				 TOK_OK);
		expect(r, wanted[i][0], 1e-11);
		expect(p, wanted[i][1], 1e-11);
		expect(t, wanted[i][2], 1e-9);
		expect(rho, wanted[i][3], 1e-11);
		expect(auc, wanted[i][4], 1e-11);
	}
	double partial;
	assert_true(vocab_stats_partial(made[1], made_right, made[0], MADE, &partial));
	expect(partial, 0.229770031638, 1e-11);
}

static void regression(void **state)
{
	static const double wanted[] = { 1.9094259148, -0.341551028296, 0.39748243842,
					 0.185826071127 };
	static const double errors_wanted[] = { 0.782591250694, 0.0901841929297, 0.123070208181,
						0.157041401697 };
	static const double factors_wanted[] = { 1.61870091806, 3.92577659077, 1.00279939898,
						 4.70985012382 };
	double b[4], errors[4], factors[4];
	bool converged = false;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(
	    vocab_stats_logistic(made[0], 3, made_right, MADE, b, errors, &converged, &err),
	    TOK_OK);
	assert_true(converged);
	for (size_t i = 0; i < 4; i++) {
		expect(b[i], wanted[i], 1e-9);
		expect(errors[i], errors_wanted[i], 1e-9);
	}
	assert_int_equal(vocab_stats_inflation(made[0], 4, MADE, factors, &err), TOK_OK);
	for (size_t i = 0; i < 4; i++)
		expect(factors[i], factors_wanted[i], 1e-9);
}

/* z is r times the root of n, as for any two groups. */
static void trend(void **state)
{
	static const uint64_t right[] = { 22, 22, 19, 17, 21, 23, 13 };
	static const uint64_t all[] = { 24, 28, 25, 24, 32, 39, 28 };
	static const double scores[] = { 4, 5, 6, 7, 8, 9, 10 };
	double z, p;
	(void)state;
	assert_true(vocab_stats_trend(right, all, scores, COUNT(all), &z, &p));
	expect(z, -0.277622761084 * sqrt(200), 1e-9);
	expect(p, 8.6309e-05, 1e-8);
	assert_false(vocab_stats_trend(all, all, scores, COUNT(all), &z, &p));
	assert_false(vocab_stats_trend(right, all, scores, 1, &z, &p));
	assert_false(vocab_stats_trend(right, all, scores, 0, &z, &p));
}

static void tests_of_pairs(void **state)
{
	static const struct {
		uint64_t b, c;
		double p, chi;
	} rows[] = {
		{ 7, 2, .1796875, 1.77777777778 },
		{ 0, 5, .0625, 3.2 },
		{ 120, 80, 0.00568515599675, 7.605 },
		{ 30000, 30500, 0.0424855744104, 4.11571900826 },
		{ 4, 4, 1, 0 },
		{ 0, 0, 1, 0 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double p, chi;
		vocab_stats_mcnemar(rows[i].b, rows[i].c, &p, &chi);
		expect(p, rows[i].p, 1e-11);
		expect(chi, rows[i].chi, 1e-9);
		vocab_stats_mcnemar(rows[i].c, rows[i].b, &p, &chi);
		expect(p, rows[i].p, 1e-11);
	}
}

static void shares_and_tails(void **state)
{
	static const struct {
		size_t right, n;
		double low, high;
	} shares[] = {
		{ 6, 10, 0.312673769734, 0.831819670294 },
		{ 0, 5, 0, 0.434482464783 },
		{ 5, 5, 0.565517535217, 1 },
		{ 437, 1000, 0.406556246868, 0.467925924701 },
		{ 0, 0, 0, 1 },
	};
	static const struct {
		double r;
		size_t n;
		double p;
	} tails[] = {
		{ .3, 12, 0.343438571055 },
		{ -.9, 5, 0.0373860734685 },
		{ .999, 4, .001 },
		{ .001, 175000, 0.67570795664886 },
		{ -.003, 40, 0.98534206498246 },
		{ 0, 10, 1 },
	};
	double t, p;
	(void)state;
	for (size_t i = 0; i < COUNT(shares); i++) {
		const struct vocab_stats_interval w =
		    vocab_stats_wilson(shares[i].right, shares[i].n);
		expect(w.low, shares[i].low, 1e-11);
		expect(w.high, shares[i].high, 1e-11);
	}
	for (size_t i = 0; i < COUNT(tails); i++) {
		assert_true(vocab_stats_r_test(tails[i].r, tails[i].n, &t, &p));
		expect(p, tails[i].p, 1e-11);
	}
	assert_true(vocab_stats_r_test(.02, 175000, &t, &p));
	expect(p / 5.89147996011e-17, 1, 1e-6);
}

static void many_tests(void **state)
{
	static const double p[] = { .01, .04, .03, .005, .2, .2, .9 };
	static const double holm[] = { .06, .16, .15, .035, .6, .6, .9 };
	static const double bh[] = { .035, .07, .07, .035, .7 / 3, .7 / 3, .9 };
	double got[COUNT(p)];
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_stats_holm(p, COUNT(p), got, &err), TOK_OK);
	for (size_t i = 0; i < COUNT(p); i++)
		expect(got[i], holm[i], 1e-12);
	assert_int_equal(vocab_stats_benjamini_hochberg(p, COUNT(p), got, &err), TOK_OK);
	for (size_t i = 0; i < COUNT(p); i++)
		expect(got[i], bh[i], 1e-12);
	assert_int_equal(vocab_stats_holm(p, 0, got, &err), TOK_OK);
}

/* ---- undefined ---------------------------------------------------------------------- */

static void what_is_undefined(void **state)
{
	static const double constant[ROWS] = { .1, .1, .1, .1, .1, .1, .1, .1, .1, .1 };
	static const double split[ROWS] = { 9, 9, 9, 9, 1, 9, 1, 1, 9, 1 };
	double r, t, p, b[3], errors[3], two[2 * ROWS];
	bool defined = true;
	struct tok_error err = { 0 };
	struct vocab_stats_interval interval;
	(void)state;
	assert_false(vocab_stats_pearson(constant, correct, ROWS, &r));
	assert_false(vocab_stats_pearson(lengths, correct, 1, &r));
	assert_false(vocab_stats_pearson(lengths, correct, 0, &r));
	assert_false(vocab_stats_partial(lengths, correct, lengths, ROWS, &r));
	assert_false(vocab_stats_partial(lengths, correct, constant, ROWS, &r));
	assert_false(vocab_stats_r_test(1, ROWS, &t, &p));
	assert_false(vocab_stats_r_test(.5, 2, &t, &p));
	assert_int_equal(vocab_stats_spearman(constant, correct, ROWS, &defined, &r, &err), TOK_OK);
	assert_false(defined);
	assert_int_equal(vocab_stats_auc(lengths, constant, ROWS, &defined, &r, &err), TOK_OK);
	assert_false(defined);
	assert_int_equal(vocab_stats_auc(lengths, constant, 0, &defined, &r, &err), TOK_OK);
	assert_false(defined);

	defined = true;
	assert_int_equal(vocab_stats_logistic(split, 1, correct, ROWS, b, errors, &defined, &err),
			 TOK_OK);
	assert_false(defined); /* all is foretold */
	for (size_t i = 0; i < ROWS; i++) {
		two[i] = lengths[i];
		two[ROWS + i] = 3 * lengths[i] - 1;
	}
	defined = true;
	assert_int_equal(vocab_stats_logistic(two, 2, correct, ROWS, b, errors, &defined, &err),
			 TOK_OK);
	assert_false(defined); /* one column is the other */
	assert_int_equal(vocab_stats_inflation(two, 2, ROWS, b, &err), TOK_OK);
	assert_true(isinf(b[0]) && isinf(b[1]));

	defined = true;
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, constant, correct, ROWS, 50, 1,
					       1, &interval, &defined, &err),
			 TOK_OK);
	assert_false(defined);
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_MEAN, correct, NULL, ROWS, 0, 1, 1,
					       &interval, &defined, &err),
			 TOK_OK);
	assert_false(defined);
}

/* ---- bootstrap ------------------------------------------------------------------------ */

static void bootstrap_is_as_wide_as_it_should_be(void **state)
{
	struct vocab_stats_interval one, two, other;
	bool defined = false;
	struct tok_error err = { 0 };
	(void)state;
	/* A mean of 137 in 200: its error is the root of p q / n. */
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_MEAN, made_right, NULL, MADE, 20000, 1,
					       1, &one, &defined, &err),
			 TOK_OK);
	assert_true(defined);
	const double p = 137. / 200, error = sqrt(p * (1 - p) / 200);
	expect(one.low, p - 1.96 * error, .006);
	expect(one.high, p + 1.96 * error, .006);
	/* The same by any number of threads, and another by another seed. */
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, made[0], made_right, MADE, 5000,
					       3, 1, &one, &defined, &err),
			 TOK_OK);
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, made[0], made_right, MADE, 5000,
					       3, 3, &two, &defined, &err),
			 TOK_OK);
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, made[0], made_right, MADE, 5000,
					       4, 3, &other, &defined, &err),
			 TOK_OK);
	assert_true(one.low == two.low && one.high == two.high);
	assert_true(one.low != other.low);
	expect(other.low, one.low, .02);
	/* Fisher's interval of r = -.2776. */
	expect(one.low, tanh(atanh(-.277622761) - 1.96 / sqrt(197)), .02);
	expect(one.high, tanh(atanh(-.277622761) + 1.96 / sqrt(197)), .02);
}

/* Large numbers with small differences, which sums of squares would lose. */
static void offsets_do_not_matter(void **state)
{
	double far[MADE], r;
	struct vocab_stats_interval near_zero, far_away;
	bool defined;
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < MADE; i++)
		far[i] = made[0][i] + 1e9;
	assert_true(vocab_stats_pearson(far, made_right, MADE, &r));
	expect(r, -0.277622761084, 1e-9);
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, made[0], made_right, MADE, 500,
					       3, 1, &near_zero, &defined, &err),
			 TOK_OK);
	assert_int_equal(vocab_stats_bootstrap(VOCAB_STATS_PEARSON, far, made_right, MADE, 500, 3,
					       1, &far_away, &defined, &err),
			 TOK_OK);
	expect(far_away.low, near_zero.low, 1e-6);
}

/* `test_stats 175000 10000 1`, with one thread. */
static int time_it(size_t rows, size_t rounds, size_t threads)
{
	double *x = malloc(rows * sizeof *x), *y = malloc(rows * sizeof *y);
	struct vocab_stats_interval out = { 0, 0 };
	bool defined = false;
	struct tok_error err = { 0 };
	uint64_t s = 1;
	for (size_t i = 0; x && y && i < rows; i++) {
		x[i] = (double)(next_of(&s) % 7);
		y[i] = (double)(next_of(&s) % 2);
	}
	const enum tok_status status =
	    x && y ? vocab_stats_bootstrap(VOCAB_STATS_PEARSON, x, y, rows, rounds, 1, threads,
					   &out, &defined, &err)
		   : TOK_ENOMEM;
	printf("%.6f %.6f\n", out.low, out.high);
	free(x);
	free(y);
	return status != TOK_OK;
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return time_it(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10),
			       strtoul(argv[3], NULL, 10));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example),
		cmocka_unit_test(correlations),
		cmocka_unit_test(regression),
		cmocka_unit_test(trend),
		cmocka_unit_test(tests_of_pairs),
		cmocka_unit_test(shares_and_tails),
		cmocka_unit_test(many_tests),
		cmocka_unit_test(what_is_undefined),
		cmocka_unit_test(bootstrap_is_as_wide_as_it_should_be),
		cmocka_unit_test(offsets_do_not_matter),
	};
	return cmocka_run_group_tests(tests, make_rows, NULL);
}
