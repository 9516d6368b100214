/* Ensembles of models of which not all is known: bounds contain what is true. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_laws.h"
#include "tests/unit/checked.h"

enum { TRIALS = CHECKED ? 150 : 800, LENGTH = 6, MODELS = 3 };

struct side {
	struct trial trials[MODELS];
	struct tok_machine *machines[MODELS];
	struct tok_mix *mix;
};

/* Of each model all is known, or, by its number, the best ids or the heaviest heads. */
static void make_side(struct side *side, uint64_t seed, bool whole)
{
	struct tok_random random = tok_random_of(seed, 11);
	const double weights[] = { 1, 2, 0.5 };
	struct tok_mix_options options = { .kind = (enum tok_mix_kind)(seed % 4), .alpha = 0.7 };
	struct tok_error err = { 0 };
	if (options.kind != TOK_MIX_PROXY)
		options.weights = weights;
	for (size_t i = 0; i < MODELS; i++) {
		struct tok_machine_options machine = { .semantics = (enum tok_bytes_semantics)(
							   seed / 4 % 2) };
		const uint64_t known = tok_random_below(&random, 4);
		make_trial(&side->trials[i], MODELS * seed + i, true);
		if (!whole && known == 1)
			side->trials[i].toy.lm.info.top = 1 + seed / 8 % 3;
		if (!whole && known == 2)
			machine.beam = 1 + seed / 8 % 3;
		if (!whole && known == 3)
			machine.prune = 0.2;
		toy_machine_make(&side->trials[i].toy, machine);
		side->machines[i] = side->trials[i].toy.m;
	}
	if (tok_mix_new(side->machines, MODELS, &options, &side->mix, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static void release_side(struct side *side)
{
	tok_mix_free(side->mix);
	for (size_t i = 0; i < MODELS; i++)
		toy_machine_release(&side->trials[i].toy);
}

/* How many symbols were told with bounds that say something. */
static size_t compare(const struct tok_mix_next *is, const struct tok_mix_next *truth,
		      uint64_t seed)
{
	double sum = 0.0;
	size_t told = 0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		if (!(is->low[s] <= truth->p[s] + 1e-12 && truth->p[s] <= is->high[s] + 1e-12))
			fail_msg("trial %llu, symbol %zu: %.17g is not in [%.17g, %.17g]",
				 (unsigned long long)seed, s, truth->p[s], is->low[s], is->high[s]);
		assert_true(is->low[s] <= is->p[s] && is->p[s] <= is->high[s]);
		assert_true(is->low[s] >= 0.0 && is->high[s] <= 1.0 + 1e-12);
		sum += is->p[s];
		told += is->high[s] - is->low[s] < 0.9 && is->high[s] > is->low[s];
	}
	assert_near(sum, 1.0, 1e-12, "sum");
	if (is->exact)
		assert_same_law(is->p, truth->p, 1e-12, "exact");
	return told;
}

static void bounds_contain_the_truth(void **state)
{
	(void)state;
	size_t told[4] = { 0 };
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		static struct side truth, side;
		make_side(&truth, seed, true);
		make_side(&side, seed, false);
		for (size_t n = 0; n < LENGTH; n++) {
			struct tok_mix_next wanted, is;
			struct tok_error err = { 0 };
			if (tok_mix_next(truth.mix, &wanted, &err) == TOK_OK &&
			    tok_mix_next(side.mix, &is, &err) == TOK_OK)
				told[seed % 4] += compare(&is, &wanted, seed);
			const struct tok_span one = { truth.trials[0].text + n, 1 };
			if (tok_mix_push(truth.mix, one, &err) != TOK_OK ||
			    tok_mix_push(side.mix, one, &err) != TOK_OK)
				break;
		}
		release_side(&truth);
		release_side(&side);
	}
	for (size_t kind = 0; kind < 4; kind++)
		assert_true(told[kind] > TRIALS / 4);
}

/* The second model, of which the best id is known, has nothing but what is no text behind B.
 * Whoever knew would not hear it; and it has no C. */
static void who_may_have_nothing_to_say(void **state)
{
	(void)state;
	static const double rows[] = { .1, .9, 0, 0, 0, .1, .9, 0, 0, 0, 0, 0, 0, .9, .1,
				       0,  0,  0, 0, 1, 0,  0,  0, 0, 1, 0, 0, 0, 0,  1 },
			    others[] = { .4, .2, .3, .1, .4, .2, .3, .1, .4, .2,
					 .3, .1, .4, .2, .3, .1, 0,  0,  0,  0 };
	static const char *const texts[] = { "A", "B", "C" };
	for (int kind = TOK_MIX_LINEAR; kind <= TOK_MIX_BAYES; kind++) {
		struct toy_machine toys[2];
		struct tok_machine *machines[2];
		struct tok_mix *mix = NULL;
		struct tok_mix_next next;
		struct tok_error err = { 0 };
		for (size_t i = 0; i < 2; i++) {
			toys[i] =
			    (struct toy_machine){ .vocab = toy_vocab(texts, 3 - i),
						  .lm = plain_table(4 + i, i ? rows : others) };
			for (size_t k = 0; k < 2 * i; k++)
				plain_add(&toys[i].vocab, tok_span_of(""), TOK_BYTE_NONTEXT);
			toys[i].lm.info.top = i;
			toy_machine_make(&toys[i], (struct tok_machine_options){ 0 });
			machines[i] = toys[i].m;
		}
		const struct tok_mix_options options = { .kind = (enum tok_mix_kind)kind };
		assert_int_equal(tok_mix_new(machines, 2, &options, &mix, &err), TOK_OK);
		assert_int_equal(tok_mix_push(mix, tok_span_of("B"), &err), TOK_OK);
		assert_int_equal(tok_mix_next(mix, &next, &err), TOK_OK);
		assert_false(next.exact);
		assert_true(next.low['A'] <= .4 + 1e-12 && .4 <= next.high['A'] + 1e-12);
		assert_true(next.low['C'] <= .3 + 1e-12 && .3 <= next.high['C'] + 1e-12);
		assert_true(next.p['C'] < .3);
		tok_mix_free(mix);
		for (size_t i = 0; i < 2; i++)
			toy_machine_release(&toys[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_contain_the_truth),
		cmocka_unit_test(who_may_have_nothing_to_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
