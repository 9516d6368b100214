/* Bounds contain the truth: whatever was dropped, and however little of a row is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_trials.h"

static const char text[] = "ABAAABAAAABBAAABAAAAAAABABAABBBAAAAB";

static void assert_inside(double low, double value, double high, const char *what)
{
	if (!(low <= value * (1 + 1e-12) + 1e-300 && high >= value * (1 - 1e-12) && low <= high))
		fail_msg("%s: %.17g is not in [%.17g, %.17g]", what, value, low, high);
}

static void assert_bounds(const struct tok_next_bytes *bounds, const struct tok_next_bytes *truth)
{
	assert_inside(exp(bounds->log_p_low), exp(truth->log_p), exp(bounds->log_p_high), "P");
	for (size_t b = 0; b < 256; b++)
		assert_inside(bounds->low[b], truth->joint[b], bounds->high[b], "byte");
	assert_inside(bounds->end_low, truth->end, bounds->end_high, "end");
	assert_inside(bounds->special_low, truth->special, bounds->special_high, "special");
	assert_inside(bounds->leak_low, truth->leak, bounds->leak_high, "leak");
}

/* Returns how often the bounds say more than that all is possible. */
static size_t compare(struct toy_machine *truth, struct toy_machine *bounded, bool exact_first)
{
	size_t says = 0;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		const char byte[] = { text[i], '\0' };
		push_text(truth->m, byte);
		push_text(bounded->m, byte);
		const struct tok_next_bytes a = next_of(truth->m), b = next_of(bounded->m);
		assert_true(a.exact);
		assert_true(!b.exact || exact_first);
		assert_bounds(&b, &a);
		says += b.low['A'] > 0.05 && b.high['A'] < 0.95;
	}
	return says;
}

static void a_beam_is_certified(void **state)
{
	(void)state;
	for (size_t beam = 1; beam <= 5; beam++) {
		for (size_t apart = 0; apart < 2; apart++) {
			struct toy_machine truth, bounded;
			toy_machine_bigram(&truth, (struct tok_machine_options){ 0 });
			toy_machine_bigram(&bounded, (struct tok_machine_options){ .beam = beam });
			bounded.lm.info.markov_order = apart ? 0 : 2;
			if (apart) { /* its order is asked for when it is made */
				toy_machine_release(&bounded);
				toy_machine_make(&bounded,
						 (struct tok_machine_options){ .beam = beam });
			}
			compare(&truth, &bounded, true);
			assert_true(tok_machine_cost(bounded.m).heads_most <= beam);
			toy_machine_release(&truth);
			toy_machine_release(&bounded);
		}
	}
}

/* The beam is as wide as there are heads: nothing is dropped, and that is said. */
static void a_wide_beam_is_exact(void **state)
{
	(void)state;
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ .beam = 100 });
	push_text(toy.m, text);
	assert_true(next_of(toy.m).exact);
	toy_machine_release(&toy);
}

static void pruned_is_certified(void **state)
{
	(void)state;
	static const double shares[] = { 1e-6, 1e-3, 0.01, 0.1, 0.5 };
	for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
		struct toy_machine truth, bounded;
		toy_machine_bigram(&truth, (struct tok_machine_options){ 0 });
		toy_machine_bigram(&bounded, (struct tok_machine_options){ 0 });
		toy_machine_release(&bounded);
		bounded.lm.info.markov_order = 0;
		toy_machine_make(&bounded, (struct tok_machine_options){ .prune = shares[i] });
		const size_t says = compare(&truth, &bounded, true);
		assert_true(i > 0 || says >= 8); /* what was dropped weighs more and more */
		toy_machine_release(&truth);
		toy_machine_release(&bounded);
	}
}

/* Everything is possible. */
static double smooth_p(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id)
{
	return .9 * plain_hash_p(lm, ids, count, id) + .1 / (double)lm->info.size;
}

/* Where every byte is a token, no beam ends before the text does. */
static void a_beam_never_dies(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		static const char *const texts[] = { "a", "b", "abba", "aab", "bba", "abb", "ba" };
		struct toy_machine toy = { .vocab = toy_vocab(texts, 7),
					   .lm = plain_random(seed, 8, 3) };
		struct tok_random random = tok_random_of(seed, 3);
		toy.lm.p = smooth_p;
		toy_machine_make(&toy, (struct tok_machine_options){ .beam = 1 + seed % 3 });
		for (size_t i = 0; i < 200; i++) {
			const uint8_t byte = (uint8_t)('a' + tok_random_below(&random, 2));
			struct tok_error err = { 0 };
			assert_int_equal(
			    tok_machine_push(toy.m, (struct tok_span){ &byte, 1 }, &err), TOK_OK);
			const struct tok_next_bytes next = next_of(toy.m);
			assert_true(next.log_p > -INFINITY && next.joint['a'] > 0.0);
			assert_true(next.low['a'] <= next.high['a']);
		}
		toy_machine_release(&toy);
	}
}

/* What stands in front of every text is divided by, and some of that may have been dropped too. */
static void what_is_hidden_is_certified(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		static const char *const texts[] = { "A", "B", " ", " A" };
		const struct plain_vocab v = toy_vocab(texts, 4);
		struct plain_lm lm = plain_random(seed, 5, 2);
		struct tok_byte_tokens *tokens = NULL;
		struct tok_machine *truth = NULL, *bounded = NULL;
		struct tok_machine_options all = { 0 }, few = { .beam = 1 };
		struct tok_error err = { 0 };
		lm.p = smooth_p;
		assert_int_equal(
		    tok_byte_tokens_of(v.texts, v.kinds, v.count, tok_span_of(" "), &tokens, &err),
		    TOK_OK);
		assert_int_equal(tok_machine_new(tokens, NULL, plain_use(&lm), &all, &truth, &err),
				 TOK_OK);
		assert_int_equal(tok_machine_new(tokens, NULL, &lm.lm, &few, &bounded, &err),
				 TOK_OK);
		for (size_t i = 0; i < 4; i++) {
			const struct tok_next_bytes a = next_of(truth), b = next_of(bounded);
			assert_true(a.exact && !b.exact);
			assert_bounds(&b, &a);
			push_text(truth, "B");
			push_text(bounded, "B");
		}
		tok_machine_free(truth);
		tok_machine_free(bounded);
		tok_byte_tokens_free(tokens);
	}
}

static void the_best_of_rows_are_certified(void **state)
{
	(void)state;
	for (int semantics = TOK_BYTES_ALL; semantics <= TOK_BYTES_VALID; semantics++) {
		size_t said[6] = { 0 };
		for (size_t top = 1; top <= 5; top++) {
			const struct tok_machine_options options = {
				.semantics = (enum tok_bytes_semantics)semantics
			};
			struct toy_machine truth, bounded;
			toy_machine_bigram(&truth, options);
			toy_machine_bigram(&bounded, options);
			toy_machine_release(&bounded);
			bounded.lm.info.top = top;
			toy_machine_make(&bounded, options);
			said[top] = compare(&truth, &bounded, false);
			toy_machine_release(&truth);
			toy_machine_release(&bounded);
		}
		assert_int_equal(said[4], sizeof text - 1); /* all four ids */
		assert_true(said[3] <= said[4]);
	}
}

/* Ids that are no text, and what leaks, where heads are dropped or rows tell the best ids. */
static void what_leaves_is_certified(void **state)
{
	(void)state;
	size_t special = 0, leaks = 0;
	for (uint64_t seed = 0; seed < 400; seed++) {
		const bool all = seed % 2 == 0;
		const size_t beam = seed / 2 % 3, top = beam ? 0 : 1 + seed % 4;
		struct trial truth, bounded;
		struct tok_machine_options options = { .semantics =
							   all ? TOK_BYTES_ALL : TOK_BYTES_VALID };
		make_trial(&truth, seed, true);
		make_trial(&bounded, seed, true);
		truth.toy.lm.p = bounded.toy.lm.p = smooth_p;
		bounded.toy.lm.info.top = top;
		toy_machine_make(&truth.toy, options);
		options.beam = beam;
		toy_machine_make(&bounded.toy, options);
		for (size_t i = 0; i < TRIAL_LENGTH; i++) {
			const struct tok_span byte = { truth.text + i, 1 };
			struct tok_error err = { 0 };
			if (tok_machine_push(bounded.toy.m, byte, &err) != TOK_OK)
				break; /* all that was kept has ended */
			assert_int_equal(tok_machine_push(truth.toy.m, byte, &err), TOK_OK);
			const struct tok_next_bytes a = next_of(truth.toy.m),
						    b = next_of(bounded.toy.m);
			assert_bounds(&b, &a);
			assert_true(!all || b.leak_high == 0.0);
			special += a.special > 0.0 && b.special_low < b.special_high &&
				   b.special_high < 1.0;
			leaks += a.leak > 1e-9 && b.leak_low < b.leak_high && b.leak_high < 1.0;
		}
		toy_machine_release(&truth.toy);
		toy_machine_release(&bounded.toy);
	}
	assert_true(special > 100 && leaks > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_beam_is_certified),
		cmocka_unit_test(a_wide_beam_is_exact),
		cmocka_unit_test(pruned_is_certified),
		cmocka_unit_test(a_beam_never_dies),
		cmocka_unit_test(what_is_hidden_is_certified),
		cmocka_unit_test(the_best_of_rows_are_certified),
		cmocka_unit_test(what_leaves_is_certified),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
