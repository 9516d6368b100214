/* Ensembles of models that give some bytes less than doubles can hold, against sums over all rows
 * of tokens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/small_trials.h"
#include "tok/bytes/mix.h"

enum { TRIALS = CHECKED ? 200 : 1000, LENGTH = 5, MODELS = 3 };

struct several {
	struct trial trials[MODELS];
	struct tok_machine *machines[MODELS];
	double weights[MODELS];
	double alpha;
	enum tok_bytes_semantics semantics;
	enum tok_mix_kind kind;
	long double logs[MODELS]; /* what each gave to the bytes until now */
};

static void make_several(struct several *all, uint64_t seed)
{
	*all = (struct several){ .kind = (enum tok_mix_kind)(seed % 4),
				 .semantics = (enum tok_bytes_semantics)(seed / 4 % 3),
				 .alpha = 0.5 * (double)(1 + seed / 12 % 3) };
	for (size_t i = 0; i < MODELS; i++) {
		make_small_trial(&all->trials[i], MODELS * seed + i);
		toy_machine_make(&all->trials[i].toy,
				 (struct tok_machine_options){ .semantics = all->semantics });
		all->machines[i] = all->trials[i].toy.m;
		all->weights[i] = (double)(1 + (seed >> i) % 5);
	}
}

/* ---- what they are defined as ---------------------------------------------------------- */

/* Whole; false where the text is impossible or nothing may come. */
static bool define_law(const struct several *all, size_t i, struct tok_span text, long double *law)
{
	long double next[SMALL_SYMBOLS], whole = -INFINITY;
	const struct trial *t = &all->trials[i];
	if (small_sum(t, all->semantics, text).p == -INFINITY)
		return false;
	small_next(t, all->semantics, text, next);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		whole = log_add(whole, next[s]);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		law[s] = whole > -INFINITY ? next[s] - whole : -INFINITY;
	return whole > -INFINITY;
}

static bool is_sum(const struct several *all)
{
	return all->kind == TOK_MIX_LINEAR || all->kind == TOK_MIX_BAYES;
}

static double power_of(const struct several *all, size_t i)
{
	const double powers[] = { 1.0, all->alpha, -all->alpha };
	return all->kind == TOK_MIX_PROXY
		   ? powers[i]
		   : all->weights[i] / (all->weights[0] + all->weights[1] + all->weights[2]);
}

/* Logarithms, whole; false where nothing is possible. */
static bool define(const struct several *all, struct tok_span text, long double *law)
{
	long double whole = -INFINITY, one[TOK_MIX_SYMBOLS];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		law[s] = is_sum(all) ? -INFINITY : 0.0;
	for (size_t i = 0; i < MODELS; i++) {
		const double power = power_of(all, i);
		const long double weight =
		    logl(power) + (all->kind == TOK_MIX_BAYES ? all->logs[i] : 0.0L);
		if (!define_law(all, i, text, one)) {
			if (!is_sum(all))
				return false;
			continue;
		}
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
			if (is_sum(all))
				law[s] = log_add(law[s], weight + one[s]);
			else
				law[s] = law[s] == -INFINITY || one[s] == -INFINITY
					     ? -INFINITY
					     : law[s] + power * one[s];
		}
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		whole = log_add(whole, law[s]);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS && whole > -INFINITY; s++)
		law[s] -= whole;
	return whole > -INFINITY;
}

/* What each gave to the byte that comes; who finds it impossible stays out. */
static void add_byte(struct several *all, struct tok_span text, uint8_t byte)
{
	long double law[TOK_MIX_SYMBOLS];
	for (size_t i = 0; i < MODELS; i++)
		all->logs[i] += define_law(all, i, text, law) ? law[byte] : -INFINITY;
}

/* Possible for as many as are needed? */
static bool goes_on(const struct several *all, struct tok_span text)
{
	size_t possible = 0;
	for (size_t i = 0; i < MODELS; i++)
		possible += small_sum(&all->trials[i], all->semantics, text).p > -INFINITY;
	return is_sum(all) ? possible > 0 : possible == MODELS;
}

/* ---- and are ----------------------------------------------------------------------------- */

/* Of all kinds, with all its digits, where all that comes next was asked for. */
static void assert_text_p(const struct tok_mix *mix, long double wanted, size_t *deep)
{
	const struct tok_text_p text = tok_mix_log_p(mix);
	assert_true(text.exact);
	assert_log(text.log_p, wanted, 1e5L, "P");
	assert_true(text.low == text.log_p && text.high == text.log_p);
	*deep += wanted < -1000.0L;
}

static size_t walk_several(struct several *all, size_t deep[4])
{
	struct tok_mix_options options = { .kind = all->kind, .alpha = all->alpha };
	struct tok_mix *mix;
	struct tok_error err = { 0 };
	const uint8_t *bytes = all->trials[0].text;
	size_t n = 0, small = 0;
	long double log_p = 0.0;
	if (all->kind != TOK_MIX_PROXY)
		options.weights = all->weights;
	assert_int_equal(tok_mix_new(all->machines, MODELS, &options, &mix, &err), TOK_OK);
	for (;; n++) {
		const struct tok_span text = { bytes, n };
		long double wanted[TOK_MIX_SYMBOLS];
		struct tok_mix_next next;
		const bool possible = define(all, text, wanted);
		assert_int_equal(tok_mix_next(mix, &next, &err), possible ? TOK_OK : TOK_ETEXT);
		for (size_t s = 0; possible && s < TOK_MIX_SYMBOLS; s++) {
			assert_value(next.p[s], wanted[s], 1e5L, "p");
			assert_log(tok_mix_next_log(&next, s), wanted[s], 1e5L, "log");
			assert_true(next.low[s] == next.p[s] && next.high[s] == next.p[s]);
			small += wanted[s] < -700.0L && wanted[s] > -INFINITY;
		}
		if (n == LENGTH)
			break;
		const bool more = goes_on(all, (struct tok_span){ bytes, n + 1 });
		assert_int_equal(tok_mix_push(mix, (struct tok_span){ bytes + n, 1 }, &err),
				 more ? TOK_OK : TOK_ETEXT);
		if (!more)
			break;
		add_byte(all, text, bytes[n]);
		log_p += wanted[bytes[n]];
		assert_text_p(mix, log_p, &deep[all->kind]);
	}
	tok_mix_free(mix);
	return small;
}

static void mixes_are_what_they_are_defined_as(void **state)
{
	(void)state;
	size_t small[4] = { 0 }, deep[4] = { 0 };
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		struct several all;
		make_several(&all, seed);
		small[all.kind] += walk_several(&all, deep);
		for (size_t i = 0; i < MODELS; i++)
			toy_machine_release(&all.trials[i].toy);
	}
	for (size_t kind = 0; kind < 4; kind++)
		assert_true(small[kind] > TRIALS / 8 && deep[kind] > TRIALS / 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixes_are_what_they_are_defined_as),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
