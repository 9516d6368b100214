/* Ensembles of random models over different vocabularies against sums over all rows of tokens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_laws.h"
#include "tests/unit/checked.h"

enum { TRIALS = CHECKED ? 150 : 600, LENGTH = 5 };

struct several {
	struct trial trials[3];
	struct tok_machine *machines[3];
	double weights[3];
	enum tok_bytes_semantics semantics;
};

static void make_several(struct several *all, uint64_t seed)
{
	all->semantics = (enum tok_bytes_semantics)(seed / 4 % 3);
	for (size_t i = 0; i < 3; i++) {
		make_trial(&all->trials[i], 3 * seed + i, all->semantics != TOK_BYTES_ALL);
		toy_machine_make(&all->trials[i].toy,
				 (struct tok_machine_options){ .semantics = all->semantics });
		all->machines[i] = all->trials[i].toy.m;
		all->weights[i] = (double)(1 + (seed >> i) % 5);
	}
}

static void release_several(struct several *all)
{
	for (size_t i = 0; i < 3; i++)
		toy_machine_release(&all->trials[i].toy);
}

/* Sums of the models for which the text is possible. */
static bool define_sum(const struct several *all, struct tok_span text, bool bayes, double *p)
{
	double sum = 0.0;
	memset(p, 0, TOK_MIX_SYMBOLS * sizeof *p);
	for (size_t i = 0; i < 3; i++) {
		double law[TOK_MIX_SYMBOLS];
		if (!plain_law(&all->trials[i], all->semantics, text, law))
			continue;
		const double weight =
		    all->weights[i] *
		    (bayes ? plain_whole_p(&all->trials[i], all->semantics, text) : 1.0);
		sum += weight;
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			p[s] += weight * law[s];
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] = sum > 0.0 ? p[s] / sum : 0.0;
	return sum > 0.0;
}

/* Products of what all that have a power find possible. */
static bool define_product(const struct several *all, struct tok_span text, const double *powers,
			   double *p)
{
	double law[TOK_MIX_SYMBOLS], sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] = 1.0;
	for (size_t i = 0; i < 3; i++) {
		if (powers[i] == 0.0)
			continue;
		if (!plain_law(&all->trials[i], all->semantics, text, law))
			return false;
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			p[s] *= law[s] > 0.0 ? pow(law[s], powers[i]) : 0.0;
	}
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		sum += p[s];
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		p[s] /= sum > 0.0 ? sum : 1.0;
	return sum > 0.0;
}

static bool define(const struct several *all, enum tok_mix_kind kind, double alpha,
		   struct tok_span text, double *p)
{
	const double sum = all->weights[0] + all->weights[1] + all->weights[2],
		     shares[] = { all->weights[0] / sum, all->weights[1] / sum,
				  all->weights[2] / sum },
		     powers[] = { 1.0, alpha, -alpha };
	switch (kind) {
	case TOK_MIX_LINEAR:
	case TOK_MIX_BAYES:
		return define_sum(all, text, kind == TOK_MIX_BAYES, p);
	case TOK_MIX_GEOMETRIC:
		return define_product(all, text, shares, p);
	case TOK_MIX_PROXY:
		return define_product(all, text, powers, p);
	}
	return false;
}

/* Is the text possible for as many as are needed? */
static bool goes_on(const struct several *all, enum tok_mix_kind kind, double alpha,
		    struct tok_span text)
{
	const size_t count = kind == TOK_MIX_PROXY && alpha == 0.0 ? 1 : 3;
	size_t possible = 0;
	for (size_t i = 0; i < count; i++)
		possible += plain_sum(&all->trials[i].toy.vocab, &all->trials[i].toy.lm,
				      all->semantics, text)
				.p > 0.0;
	return kind == TOK_MIX_LINEAR || kind == TOK_MIX_BAYES ? possible > 0 : possible == count;
}

/* Returns how many steps were looked at. */
static size_t walk_several(struct several *all, enum tok_mix_kind kind, double alpha)
{
	struct tok_mix_options options = { .kind = kind, .alpha = alpha };
	if (kind != TOK_MIX_PROXY)
		options.weights = all->weights;
	struct tok_mix *mix = mix_of(all->machines, 3, options);
	const uint8_t *bytes = all->trials[0].text;
	struct tok_error err = { 0 };
	double log_p = 0.0; /* NAN once nothing was possible before a byte that came */
	size_t n = 0;
	for (;; n++) {
		const struct tok_span text = { bytes, n };
		double wanted[TOK_MIX_SYMBOLS];
		struct tok_mix_next next;
		const bool possible = define(all, kind, alpha, text, wanted);
		const struct tok_text_p p = tok_mix_log_p(mix);
		assert_int_equal(isnan(p.log_p), isnan(log_p));
		if (!isnan(log_p)) {
			assert_true(p.exact && p.low == p.log_p && p.high == p.log_p);
			assert_near(p.log_p, log_p, 1e-11, "log P");
		}
		log_p += possible ? log(wanted[bytes[n]]) : NAN;
		assert_int_equal(tok_mix_next(mix, &next, &err), possible ? TOK_OK : TOK_ETEXT);
		if (possible) {
			assert_true(next.exact);
			assert_same_law(next.p, wanted, 1e-11, mix_names[kind]);
			assert_same_law(next.low, next.p, 0.0, "low");
			assert_same_law(next.high, next.p, 0.0, "high");
		}
		if (n == LENGTH)
			break;
		const bool more = goes_on(all, kind, alpha, (struct tok_span){ bytes, n + 1 });
		assert_int_equal(tok_mix_push(mix, (struct tok_span){ bytes + n, 1 }, &err),
				 more ? TOK_OK : TOK_ETEXT);
		if (!more)
			break;
	}
	for (size_t i = 0; i < 3; i++) /* whoever was left out stays behind */
		assert_true(tok_machine_length(all->machines[i]) <= n);
	tok_mix_free(mix);
	return n + 1;
}

static void mixes_are_what_they_are_defined_as(void **state)
{
	(void)state;
	size_t steps[4] = { 0 };
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_mix_kind kind = (enum tok_mix_kind)(seed % 4);
		struct several all;
		make_several(&all, seed);
		steps[kind] += walk_several(&all, kind, 0.5 * (double)(seed / 4 % 4));
		release_several(&all);
	}
	for (size_t kind = 0; kind < 4; kind++)
		assert_true(steps[kind] > TRIALS / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixes_are_what_they_are_defined_as),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
