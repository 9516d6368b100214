/* Draws from distributions over bytes: shapes, and that what is drawn has the distribution. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/deviation.h"
#include "tok/bytes/draw.h"

#define FAR 4.0 /* deviations: a chance of 3e-5 */
enum { DRAWS = CHECKED ? 20000 : 100000, ASKING_DRAWS = DRAWS / 10, FEW = 4 };

/* ---- shapes --------------------------------------------------------------------- */

struct shape {
	const char *name;
	double p[FEW], temperature, top_p, wanted[FEW];
};

static const struct shape shapes[] = {
	{ "as it is", { .5, .25, .125, .125 }, 1, 1, { .5, .25, .125, .125 } },
	{ "made whole", { 2, 1, 1, 0 }, 1, 1, { .5, .25, .25, 0 } },
	{ "squared", { .5, .25, .25, 0 }, .5, 1, { 4. / 6, 1. / 6, 1. / 6, 0 } },
	{ "root", { 16, 4, 1, 0 }, 2, 1, { 4. / 7, 2. / 7, 1. / 7, 0 } },
	{ "the best", { .25, .5, .25, 0 }, 0, 1, { 0, 1, 0, 0 } },
	{ "of equals the first", { 0, .5, .5, 0 }, 0, 1, { 0, 1, 0, 0 } },
	{ "all but the rest", { .25, .5, .125, .125 }, 1, .75, { 1. / 3, 2. / 3, 0, 0 } },
	{ "just not enough", { .25, .5, .125, .125 }, 1, .76, { 2. / 7, 4. / 7, 1. / 7, 0 } },
	{ "one is enough", { .25, .5, .125, .125 }, 1, .5, { 0, 1, 0, 0 } },
	{ "at least one", { .25, .5, .125, .125 }, 1, 0, { 0, 1, 0, 0 } },
	{ "first the temperature", { .5, .25, .25, 0 }, .5, .6, { 1, 0, 0, 0 } },
	{ "small numbers", { 3e-300, 1e-300, 0, 0 }, .5, 1, { .9, .1, 0, 0 } },
	{ "a cold one", { .5, .4, .1, 0 }, 1e-9, 1, { 1, 0, 0, 0 } },
	{ "a hot one", { .5, 1e-9, .25, 0 }, 1e12, 1, { 1. / 3, 1. / 3, 1. / 3, 0 } },
	{ "nothing", { 0, 0, 0, 0 }, .5, .5, { 0, 0, 0, 0 } },
	{ "nothing, the best", { 0, 0, 0, 0 }, 0, 1, { 0, 0, 0, 0 } },
};

static void shapes_are_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		struct tok_draw_law law = { 0 };
		const double *p = law.p;
		memcpy(law.p, shapes[i].p, sizeof shapes[i].p);
		for (size_t s = 0; s < FEW; s++)
			law.small_logs[s] = log(law.p[s]);
		tok_draw_shape(&law, shapes[i].temperature, shapes[i].top_p);
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
			const double wanted = s < FEW ? shapes[i].wanted[s] : 0.0;
			if (!(fabs(p[s] - wanted) < 1e-9))
				fail_msg("%s: %zu has %.17g, not %.17g", shapes[i].name, s, p[s],
					 wanted);
		}
	}
}

/* The last symbol is as good as any. */
static void the_end_is_a_symbol(void **state)
{
	(void)state;
	struct tok_draw_law law = { .p = { [7] = .25, [TOK_MIX_END] = .5, [8] = .25 } };
	struct tok_random random = tok_random_of(1, 1);
	tok_draw_shape(&law, 1, .4);
	assert_true(law.p[TOK_MIX_END] == 1.0);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(tok_draw(&law, &random), TOK_MIX_END);
}

/* ---- draws ------------------------------------------------------------------------ */

static void fill_some(double p[TOK_MIX_SYMBOLS], uint64_t seed)
{
	struct tok_random random = tok_random_of(seed, 99);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] = tok_random_below(&random, 4) == 0 ? exp(6 * tok_random_real(&random)) : 0;
}

static double sum_of(const double *p)
{
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		sum += p[s];
	return sum;
}

static void assert_drawn(const size_t *drawn, size_t draws, const double *p, const char *what)
{
	double whole[TOK_MIX_SYMBOLS];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		if (p[s] == 0.0 && drawn[s] > 0)
			fail_msg("%s: %zu is impossible", what, s);
		whole[s] = p[s] / sum_of(p);
	}
	const double deviation = toy_deviation(whole, drawn, TOK_MIX_SYMBOLS, (double)draws);
	if (!(deviation < FAR))
		fail_msg("%s: %.1f deviations", what, deviation);
}

static void draws_have_the_distribution(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct tok_draw_law law;
		size_t drawn[TOK_MIX_SYMBOLS] = { 0 };
		struct tok_random random = tok_random_of(seed, 5);
		fill_some(law.p, seed);
		for (size_t i = 0; i < DRAWS; i++)
			drawn[tok_draw(&law, &random)]++;
		assert_drawn(drawn, DRAWS, law.p, "all");
	}
}

static void nothing_is_drawn_from_nothing(void **state)
{
	(void)state;
	const struct tok_draw_law nothing = { 0 },
				  one = { .p = { [3] = 1e-310 }, .small_logs = { [3] = -713.8 } };
	const bool none[TOK_MIX_SYMBOLS] = { false };
	struct tok_random random = tok_random_of(1, 1);
	double log_weight = 1.0;
	assert_int_equal(tok_draw(&nothing, &random), TOK_MIX_SYMBOLS);
	assert_int_equal(tok_draw(&one, &random), 3);
	assert_int_equal(tok_draw_masked(&one, none, &random, &log_weight), TOK_MIX_SYMBOLS);
	assert_true(log_weight == -INFINITY);
}

static void masked_draws_weigh_what_is_allowed(void **state)
{
	(void)state;
	struct tok_draw_law law;
	const double *p = law.p;
	double allowed_p[TOK_MIX_SYMBOLS];
	bool allowed[TOK_MIX_SYMBOLS];
	size_t drawn[TOK_MIX_SYMBOLS] = { 0 };
	struct tok_random random = tok_random_of(4, 5);
	fill_some(law.p, 4);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		allowed[s] = s % 3 == 1;
		allowed_p[s] = allowed[s] ? p[s] : 0.0;
	}
	for (size_t i = 0; i < DRAWS; i++) {
		double log_weight;
		drawn[tok_draw_masked(&law, allowed, &random, &log_weight)]++;
		assert_true(fabs(exp(log_weight) - sum_of(allowed_p) / sum_of(p)) < 1e-12);
	}
	assert_drawn(drawn, DRAWS, allowed_p, "masked");
}

/* ---- draws that ask ----------------------------------------------------------------- */

struct asked {
	bool allowed[TOK_MIX_SYMBOLS];
	unsigned times[TOK_MIX_SYMBOLS];
	size_t questions, fails_at;
};

static enum tok_status ask(void *context, size_t symbol, bool *allowed, struct tok_error *err)
{
	struct asked *a = context;
	if (++a->questions == a->fails_at)
		return tok_fail(err, TOK_EIO, "nobody is there");
	a->times[symbol]++;
	*allowed = a->allowed[symbol];
	return TOK_OK;
}

/* All symbols of p, one in `few` allowed: what is drawn, and means of weights by symbol. */
static void check_rejection(uint64_t seed, size_t few)
{
	struct tok_draw_law law;
	const double *p = law.p;
	double allowed_p[TOK_MIX_SYMBOLS], sum = 0.0, squares = 0.0;
	size_t drawn[TOK_MIX_SYMBOLS] = { 0 };
	struct asked a = { .fails_at = 0 };
	struct tok_random random = tok_random_of(seed, 6);
	fill_some(law.p, seed);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		a.allowed[s] = s % few == 1;
		allowed_p[s] = a.allowed[s] ? p[s] : 0.0;
	}
	for (size_t i = 0; i < ASKING_DRAWS; i++) {
		struct tok_error err = { 0 };
		double log_weight;
		size_t symbol;
		memset(a.times, 0, sizeof a.times);
		assert_int_equal(
		    tok_draw_rejection(&law, ask, &a, &random, &symbol, &log_weight, &err), TOK_OK);
		drawn[symbol]++;
		sum += exp(log_weight);
		squares += exp(2.0 * log_weight);
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			assert_true(a.times[s] <= (p[s] > 0.0));
		assert_true(log_weight <= 1e-12);
	}
	assert_drawn(drawn, ASKING_DRAWS, allowed_p, "rejection");
	const double z = sum_of(allowed_p) / sum_of(p), mean = sum / ASKING_DRAWS;
	const double variance = squares / ASKING_DRAWS - mean * mean;
	assert_true(fabs(mean - z) <= FAR * sqrt(variance / ASKING_DRAWS) + 1e-12);
	assert_true(variance <= 1.1 * z * z * (-log(z) / (1.0 - z) - 1.0));
}

static void rejection_has_the_distribution(void **state)
{
	(void)state;
	check_rejection(11, 2);
	check_rejection(12, 5);
	check_rejection(13, 40);
}

static void rejection_without_rejects(void **state)
{
	(void)state;
	const struct tok_draw_law law = { .p = { [1] = .5, [2] = .25, [TOK_MIX_END] = .25 } };
	struct asked all = { .fails_at = 0 }, none = { .fails_at = 0 };
	struct tok_random random = tok_random_of(3, 3);
	struct tok_error err = { 0 };
	double log_weight;
	size_t symbol;
	memset(all.allowed, true, sizeof all.allowed);
	assert_int_equal(tok_draw_rejection(&law, ask, &all, &random, &symbol, &log_weight, &err),
			 TOK_OK);
	assert_true(law.p[symbol] > 0.0 && fabs(log_weight) < 1e-13);
	assert_true(all.questions <= 2);
	assert_int_equal(tok_draw_rejection(&law, ask, &none, &random, &symbol, &log_weight, &err),
			 TOK_OK);
	assert_int_equal(symbol, TOK_MIX_SYMBOLS);
	assert_true(log_weight == -INFINITY);
	assert_int_equal(none.questions, 3);
}

static void what_fails_is_passed_on(void **state)
{
	(void)state;
	const struct tok_draw_law law = { .p = { [1] = .5, [2] = .5 } };
	struct asked a = { .fails_at = 2 };
	struct tok_random random = tok_random_of(3, 3);
	struct tok_error err = { 0 };
	double log_weight = 7.0;
	size_t symbol = 77;
	assert_int_equal(tok_draw_rejection(&law, ask, &a, &random, &symbol, &log_weight, &err),
			 TOK_EIO);
	assert_string_equal(err.message, "nobody is there");
	assert_true(symbol == 77 && log_weight == 7.0);
}

/* ---- what no double holds ------------------------------------------------------------- */

enum { SMALL = 4 };
static const double small_log_p[SMALL] = { -5000.0, -1000.0, -1001.0, -1003.0 };

/* Numbers 0 .. 3 are small; 4 has all that there is, unless it is not there. */
static struct tok_draw_law small_law(bool with_all)
{
	struct tok_draw_law law = { .p = { [SMALL] = with_all } };
	for (size_t s = 0; s < SMALL; s++) {
		law.p[s] = 4.94e-324;
		law.small_logs[s] = small_log_p[s];
	}
	return law;
}

/* Of those in `allowed`. */
static double log_sum_of(const bool *allowed)
{
	double sum = 0.0;
	for (size_t s = 0; s < SMALL; s++)
		sum += allowed[s] ? exp(small_log_p[s] + 1000.0) : 0.0;
	return log(sum) - 1000.0;
}

static void small_numbers_are_drawn_by_their_logarithms(void **state)
{
	(void)state;
	const bool allowed[TOK_MIX_SYMBOLS] = { true, true, true, true };
	struct tok_draw_law law = small_law(false);
	const double wanted[TOK_MIX_SYMBOLS] = { 0, 1, exp(-1), exp(-3) };
	size_t all[TOK_MIX_SYMBOLS] = { 0 }, masked[TOK_MIX_SYMBOLS] = { 0 };
	struct tok_random random = tok_random_of(21, 5);
	for (size_t i = 0; i < ASKING_DRAWS; i++) {
		const struct tok_draw_law beside = small_law(true);
		double log_weight;
		all[tok_draw(&law, &random)]++;
		masked[tok_draw_masked(&beside, allowed, &random, &log_weight)]++;
		assert_true(fabs(log_weight - log_sum_of(allowed)) < 1e-12);
	}
	assert_drawn(all, ASKING_DRAWS, wanted, "small");
	assert_drawn(masked, ASKING_DRAWS, wanted, "small ones allowed");
}

static void small_numbers_have_shapes(void **state)
{
	(void)state;
	struct tok_draw_law law = small_law(true);
	tok_draw_shape(&law, 1000.0, 1);
	double sum = 1.0;
	for (size_t s = 0; s < SMALL; s++)
		sum += exp(small_log_p[s] / 1000.0);
	for (size_t s = 0; s < SMALL; s++)
		assert_true(fabs(law.p[s] - exp(small_log_p[s] / 1000.0) / sum) < 1e-14);
	law = small_law(false);
	tok_draw_shape(&law, 0, 1);
	assert_true(law.p[1] == 1.0 && law.p[0] == 0.0);
	law = small_law(false);
	tok_draw_shape(&law, 1, .6); /* exp(0) of 1.42 */
	assert_true(law.p[1] == 1.0 && law.p[2] == 0.0);
	law = small_law(false);
	tok_draw_shape(&law, 1, 1);
	assert_true(fabs(law.p[2] - exp(-1001.0 - log_sum_of((bool[]){ 1, 1, 1, 1 }))) < 1e-14);
}

/* All that is allowed is small, and so may be all else. */
static void check_small_rejection(bool with_all)
{
	struct asked a = { .allowed = { [1] = true, [3] = true } };
	const struct tok_draw_law law = small_law(with_all);
	const double wanted[TOK_MIX_SYMBOLS] = { [1] = 1, [3] = exp(-3) };
	const double log_all = with_all ? 0.0 : log_sum_of((bool[]){ 1, 1, 1, 1 }),
		     log_z = log_sum_of(a.allowed) - log_all;
	size_t drawn[TOK_MIX_SYMBOLS] = { 0 };
	struct tok_random random = tok_random_of(22, with_all);
	double sum = 0.0, squares = 0.0;
	for (size_t i = 0; i < ASKING_DRAWS; i++) {
		struct tok_error err = { 0 };
		double log_weight;
		size_t symbol;
		assert_int_equal(
		    tok_draw_rejection(&law, ask, &a, &random, &symbol, &log_weight, &err), TOK_OK);
		drawn[symbol]++;
		sum += exp(log_weight - log_z);
		squares += exp(2.0 * (log_weight - log_z));
	}
	assert_drawn(drawn, ASKING_DRAWS, wanted, "rejection of small ones");
	const double mean = sum / ASKING_DRAWS, variance = squares / ASKING_DRAWS - mean * mean;
	assert_true(fabs(mean - 1.0) <= FAR * sqrt(variance / ASKING_DRAWS) + 1e-12);
}

static void rejection_of_small_numbers(void **state)
{
	(void)state;
	check_small_rejection(true);
	check_small_rejection(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_are_what_they_say),
		cmocka_unit_test(the_end_is_a_symbol),
		cmocka_unit_test(draws_have_the_distribution),
		cmocka_unit_test(nothing_is_drawn_from_nothing),
		cmocka_unit_test(masked_draws_weigh_what_is_allowed),
		cmocka_unit_test(rejection_has_the_distribution),
		cmocka_unit_test(rejection_without_rejects),
		cmocka_unit_test(what_fails_is_passed_on),
		cmocka_unit_test(small_numbers_are_drawn_by_their_logarithms),
		cmocka_unit_test(small_numbers_have_shapes),
		cmocka_unit_test(rejection_of_small_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
