/* Ensembles of models of which not all is known: bounds contain what is true. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_laws.h"
#include "tests/unit/checked.h"

enum { TRIALS = CHECKED ? 150 : 800, LENGTH = 6, FORKED = 2, MODELS = 3 };

struct side {
	struct trial trials[MODELS];
	struct tok_machine *machines[MODELS], *forks[MODELS];
	struct tok_mix *mix, *fork; /* made behind FORKED bytes */
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

static void fork_side(struct side *side)
{
	struct tok_error err = { 0 };
	for (size_t i = 0; i < MODELS; i++)
		assert_int_equal(tok_machine_fork(side->machines[i], &side->forks[i], &err),
				 TOK_OK);
	assert_int_equal(tok_mix_fork(side->mix, side->forks, &side->fork, &err), TOK_OK);
}

static void release_side(struct side *side)
{
	tok_mix_free(side->fork);
	tok_mix_free(side->mix);
	for (size_t i = 0; i < MODELS; i++) {
		tok_machine_free(side->forks[i]);
		toy_machine_release(&side->trials[i].toy);
	}
	*side = (struct side){ 0 };
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

/* The same of P of what was pushed. */
static size_t compare_text(const struct tok_text_p *is, const struct tok_text_p *truth,
			   uint64_t seed)
{
	const double slack = 1e-11;
	if (isnan(truth->log_p) || isnan(is->log_p))
		return 0; /* nothing could be said of what comes next, before */
	if (!(is->low <= truth->log_p + slack && truth->log_p <= is->high + slack))
		fail_msg("trial %llu: %.17g is not in [%.17g, %.17g]", (unsigned long long)seed,
			 truth->log_p, is->low, is->high);
	assert_true(is->low <= is->log_p && is->log_p <= is->high && is->high <= slack);
	if (is->exact)
		assert_near(is->log_p, truth->log_p, 1e-12, "exact");
	return isfinite(is->low) && !is->exact;
}

/* What each says of the next byte and of the text; a byte more.  False where there is none. */
static bool walk(struct tok_mix *truth, struct tok_mix *mix, struct tok_span byte, uint64_t seed,
		 size_t *told, size_t *told_texts)
{
	struct tok_mix_next wanted, is;
	struct tok_error err = { 0 };
	const struct tok_text_p text = tok_mix_log_p(truth), is_text = tok_mix_log_p(mix);
	*told_texts += compare_text(&is_text, &text, seed);
	if (tok_mix_next(truth, &wanted, &err) == TOK_OK && tok_mix_next(mix, &is, &err) == TOK_OK)
		*told += compare(&is, &wanted, seed);
	return tok_mix_push(truth, byte, &err) == TOK_OK && tok_mix_push(mix, byte, &err) == TOK_OK;
}

static void bounds_contain_the_truth(void **state)
{
	(void)state;
	size_t told[4] = { 0 }, texts[4] = { 0 }, forked[4] = { 0 }, forked_texts[4] = { 0 };
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		static struct side truth, side;
		const size_t kind = seed % 4;
		bool goes_on = true, fork_goes_on = true;
		make_side(&truth, seed, true);
		make_side(&side, seed, false);
		for (size_t n = 0; n < LENGTH && goes_on; n++) {
			const struct tok_span one = { truth.trials[0].text + n, 1 };
			if (n == FORKED) {
				fork_side(&truth);
				fork_side(&side);
			}
			if (n >= FORKED && fork_goes_on)
				fork_goes_on = walk(truth.fork, side.fork, one, seed, &forked[kind],
						    &forked_texts[kind]);
			goes_on = walk(truth.mix, side.mix, one, seed, &told[kind], &texts[kind]);
		}
		release_side(&truth);
		release_side(&side);
	}
	for (size_t kind = 0; kind < 4; kind++) {
		assert_true(told[kind] > TRIALS / 4 && forked[kind] > TRIALS / 16);
		assert_true(texts[kind] > TRIALS / 16 && forked_texts[kind] > TRIALS / 32);
	}
}

static double diverge(struct side *side, struct tok_mix_law laws[2])
{
	for (size_t i = 0; i < 2; i++) {
		const struct tok_next_bytes next = next_of(side->machines[i]);
		tok_mix_law_of(&next, &laws[i]);
	}
	return tok_mix_divergence(laws[0].p, laws[1].p);
}

static void divergence_lies_between(void **state)
{
	(void)state;
	size_t told = 0;
	for (uint64_t seed = 0; seed < TRIALS / 2; seed++) {
		static struct side truth, side;
		struct tok_mix_law laws[2];
		double low, high;
		make_side(&truth, seed, true);
		make_side(&side, seed, false);
		for (size_t n = 0; n < LENGTH; n++) {
			const double wanted = diverge(&truth, laws);
			const double is = diverge(&side, laws);
			tok_mix_divergence_bounds(&laws[0], &laws[1], &low, &high);
			if (!(low <= wanted + 1e-12 && wanted <= high + 1e-12))
				fail_msg("trial %llu: %.17g is not in [%.17g, %.17g]",
					 (unsigned long long)seed, wanted, low, high);
			assert_true(0.0 <= low && low <= is + 1e-12 && is <= high + 1e-12);
			assert_true(high <= 1.0);
			told += low > 0.0 && high < 0.9 && low < wanted - 1e-9;
			struct tok_error err = { 0 };
			const struct tok_span one = { truth.trials[0].text + n, 1 };
			bool goes_on = true;
			for (size_t i = 0; i < 2; i++)
				goes_on &=
				    tok_machine_push(truth.machines[i], one, &err) == TOK_OK &&
				    tok_machine_push(side.machines[i], one, &err) == TOK_OK;
			if (!goes_on)
				break;
		}
		release_side(&truth);
		release_side(&side);
	}
	assert_true(told > TRIALS / 16);
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
		mix_next_of(mix);
		assert_int_equal(tok_mix_push(mix, tok_span_of("B"), &err), TOK_OK);
		assert_int_equal(tok_mix_next(mix, &next, &err), TOK_OK);
		assert_false(next.exact);
		assert_true(next.low['A'] <= .4 + 1e-12 && .4 <= next.high['A'] + 1e-12);
		assert_true(next.low['C'] <= .3 + 1e-12 && .3 <= next.high['C'] + 1e-12);
		assert_true(next.p['C'] < .3);
		/* Of bayes that is more than the sum of what both give to BC. */
		assert_int_equal(tok_mix_push(mix, tok_span_of("C"), &err), TOK_OK);
		const struct tok_text_p text = tok_mix_log_p(mix);
		assert_true(text.low <= log(.55 * .3) && log(.55 * .3) <= text.high);
		tok_mix_free(mix);
		for (size_t i = 0; i < 2; i++)
			toy_machine_release(&toys[i]);
	}
}

/* What is not known of weights where a fork is made counts for and against it: the second model may
 * have given much to A, and gives little to another A. */
static void weights_of_a_fork(void **state)
{
	(void)state;
	static const double exact[] = { .4, .4, .2, .4, .4, .2, .4, .4, .2, 0, 0, 0 },
			    best[] = { .2, .41, .39, .005, .99, .005, .2, .41, .39, 0, 0, 0 };
	static const char *const texts[] = { "A", "B" };
	struct toy_machine toys[2];
	struct tok_machine *machines[2], *forks[2];
	struct tok_mix *fork = NULL;
	struct tok_error err = { 0 };
	for (size_t i = 0; i < 2; i++) {
		toys[i] = (struct toy_machine){ .vocab = toy_vocab(texts, 2),
						.lm = plain_table(3, i ? best : exact) };
		toys[i].lm.eos[0] = 2;
		toys[i].lm.info.eos_count = 1;
		toys[i].lm.info.top = i;
		toy_machine_make(&toys[i], (struct tok_machine_options){ 0 });
		machines[i] = toys[i].m;
	}
	struct tok_mix *mix =
	    mix_of(machines, 2, (struct tok_mix_options){ .kind = TOK_MIX_BAYES });
	mix_push_text(mix, "A");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(tok_machine_fork(machines[i], &forks[i], &err), TOK_OK);
	assert_int_equal(tok_mix_fork(mix, forks, &fork, &err), TOK_OK);
	mix_push_text(fork, "A");
	const struct tok_text_p text = tok_mix_log_p(fork);
	const double truth = log((.4 * .4 + .2 * .005) / (.4 + .2));
	assert_false(text.exact);
	assert_true(text.low <= truth && truth <= text.high);
	assert_true(isfinite(text.low) && text.high < log(.3));
	tok_mix_free(fork);
	tok_mix_free(mix);
	for (size_t i = 0; i < 2; i++) {
		tok_machine_free(forks[i]);
		toy_machine_release(&toys[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_contain_the_truth),
		cmocka_unit_test(divergence_lies_between),
		cmocka_unit_test(who_may_have_nothing_to_say),
		cmocka_unit_test(weights_of_a_fork),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
