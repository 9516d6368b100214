/* Draws that ask, along every way that they can go: with the draws told what to be, the chances of
 * all ways give the distribution and the expectation of weights to the last digit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The function itself, with draws that the test chooses. */
#define tok_draw           draw_as_told
#define tok_draw_rejection draw_rejection_as_told
#include "tok/bytes/draw_rejection.c"

enum { FEW = 6, LONGEST = FEW + 2 };

/* Which of the possible symbols each draw is; behind those that are given, the first. */
static struct {
	size_t choices[LONGEST], counts[LONGEST], depth;
	double chance;
} told;

static double log_of(const struct tok_draw_law *law, size_t s)
{
	return law->p[s] > 0.0 && law->p[s] < TOK_DRAW_SMALL ? law->small_logs[s] : log(law->p[s]);
}

size_t draw_as_told(const struct tok_draw_law *law, struct tok_random *random)
{
	size_t possible[FEW], count = 0;
	(void)random;
	for (size_t s = 0; s < FEW; s++)
		if (law->p[s] > 0.0)
			possible[count++] = s;
	if (count == 0)
		return TOK_MIX_SYMBOLS;
	assert_true(told.depth < LONGEST);
	told.counts[told.depth] = count;
	const size_t symbol = possible[told.choices[told.depth++]];
	told.chance *= exp(log_of(law, symbol) - tok_draw_log_sum(law));
	return symbol;
}

/* To the next way; false behind the last. */
static bool next_way(void)
{
	while (told.depth > 0) {
		const size_t last = --told.depth;
		if (++told.choices[last] < told.counts[last])
			return true;
		told.choices[last] = 0;
	}
	return false;
}

struct law {
	double p[FEW];
	unsigned allowed; /* a bit a symbol */
	bool small;       /* all of p times exp(-1000) */
};

static struct tok_draw_law law_of(const struct law *from)
{
	struct tok_draw_law law = { .p = { 0 } };
	for (size_t s = 0; s < FEW; s++) {
		law.p[s] = from->small && from->p[s] > 0.0 ? 4.94e-324 : from->p[s];
		law.small_logs[s] = log(from->p[s]) - 1000.0;
	}
	return law;
}

static enum tok_status ask(void *context, size_t symbol, bool *allowed, struct tok_error *err)
{
	const struct law *law = context;
	(void)err;
	*allowed = law->allowed >> symbol & 1;
	return TOK_OK;
}

static void assert_near(double is, double wanted, double tolerance, const char *what)
{
	if (!(fabs(is - wanted) <= tolerance))
		fail_msg("%s: %.17g, not %.17g", what, is, wanted);
}

/* P(symbol) is p restricted and made whole; E[weight 1{symbol}] is p(symbol). */
static void walk_all(struct law *law)
{
	double chances[FEW + 1] = { 0 }, weights[FEW] = { 0 }, squares = 0.0, all = 0.0, z = 0.0,
			     whole = 0.0;
	const struct tok_draw_law drawn = law_of(law);
	for (size_t s = 0; s < FEW; s++)
		whole += law->p[s];
	memset(&told, 0, sizeof told);
	do {
		struct tok_error err = { 0 };
		double log_weight;
		size_t symbol;
		told.depth = 0;
		told.chance = 1.0;
		assert_int_equal(
		    draw_rejection_as_told(&drawn, ask, law, NULL, &symbol, &log_weight, &err),
		    TOK_OK);
		all += told.chance;
		chances[symbol < FEW ? symbol : FEW] += told.chance;
		if (symbol < FEW) {
			weights[symbol] += told.chance * exp(log_weight);
			squares += told.chance * exp(2.0 * log_weight);
		}
	} while (next_way());
	assert_near(all, 1.0, 1e-12, "all ways");
	for (size_t s = 0; s < FEW; s++)
		z += law->allowed >> s & 1 ? law->p[s] / whole : 0.0;
	for (size_t s = 0; s < FEW; s++) {
		const double p = law->allowed >> s & 1 ? law->p[s] / whole : 0.0;
		assert_near(chances[s], z > 0.0 ? p / z : 0.0, 1e-12, "chance");
		assert_near(weights[s], p, 1e-12 * fmax(p, 1e-3), "weight");
	}
	assert_near(chances[FEW], z > 0.0 ? 0.0 : 1.0, 1e-12, "nothing");
	if (z > 0.0 && z < 1.0)
		assert_true(squares - z * z <= z * z * (-log(z) / (1.0 - z) - 1.0) + 1e-12);
}

static void weights_are_proper(void **state)
{
	(void)state;
	static const double laws[][FEW] = {
		{ .25, .25, .25, .25, 0, 0 },  { .5, .25, .125, .125, 0, 0 },
		{ .9, .09, .009, .001, 0, 0 }, { 1e-9, 1, 1e-3, 0, 0, 0 },
		{ 1, 0, 0, 0, 0, 0 },          { .3, 0, .3, .2, .15, .05 },
		{ 3, 1, 4, 1, 5, 0 },          { 1e-12, .5, 1e-6, .5, 1e-3, 0 },
	};
	for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
		struct law law = { .allowed = 0 };
		memcpy(law.p, laws[i], sizeof laws[i]);
		for (law.allowed = 0; law.allowed < 1u << FEW; law.allowed++) {
			law.small = law.allowed % 2 != i % 2;
			walk_all(&law);
		}
	}
}

/* What the mean over repeats is: 1 / (F + 1) of draws that are really repeated. */
static void weights_are_means(void **state)
{
	(void)state;
	const double none[] = { 1.0, 1.0 }, one[] = { 1.0, 0.25, 0.25 },
		     two[] = { 1.0, 0.5, 0.1, 0.1 };
	double wanted[2] = { 0 };
	/* One was rejected, and n times more before the second success. */
	for (int n = 0; n < 3000; n++)
		wanted[0] += (n + 1) * 0.25 * 0.25 * pow(0.75, n) / (n + 2);
	/* Two were rejected, `a` times more the first alone, then n times one of both. */
	for (int a = 0; a < 60; a++)
		for (int n = 0; n < 900; n++)
			wanted[1] +=
			    0.5 * pow(0.5, a) * (n + 1) * 0.1 * 0.1 * pow(0.9, n) / (a + n + 3);
	assert_near(mean_weight(none, 2), 1.0, 1e-14, "none");
	assert_near(mean_weight(one, 3), wanted[0], 1e-13, "one");
	assert_near(mean_weight(two, 4), wanted[1], 1e-13, "two");
	/* Below what doubles hold they are in proportion to what is left. */
	const double logs[2][4] = { { 0.0, -1.0, -150.0, -150.5 }, { 0.0, -1.0, -950.0, -950.5 } };
	assert_near(log_mean_weight(logs[0], 4) - log_mean_weight(logs[1], 4), 800.0, 1e-11,
		    "less");
	const double plain[] = { 1.0, exp(-1.0), exp(-150.0), exp(-150.5) };
	assert_near(log_mean_weight(logs[0], 4), log(mean_weight(plain, 4)), 1e-12, "plain");
}

/* Many symbols, and masses from 1 down to what a double just holds. */
static void weights_are_numbers(void **state)
{
	(void)state;
	double rests[TOK_MIX_SYMBOLS + 1];
	for (size_t i = 0; i <= TOK_MIX_SYMBOLS; i++)
		rests[i] = pow(10.0, -(double)i);
	const double weight = mean_weight(rests, TOK_MIX_SYMBOLS + 1);
	assert_true(weight > 0.0 && weight < 1e-200);
	for (size_t i = 0; i <= TOK_MIX_SYMBOLS; i++)
		rests[i] = 1.0 - (double)i / (TOK_MIX_SYMBOLS + 2);
	assert_true(mean_weight(rests, TOK_MIX_SYMBOLS + 1) < 1.0 / TOK_MIX_SYMBOLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_proper),
		cmocka_unit_test(weights_are_means),
		cmocka_unit_test(weights_are_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
