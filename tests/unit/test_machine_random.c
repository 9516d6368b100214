/* The byte machine against all rows of tokens, on random vocabularies and models. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_trials.h"

enum { TRIALS = 6000, LENGTH = TRIAL_LENGTH };

/* Byte by byte, as long as the text is possible. */
static void walk_trial(struct trial *t, enum tok_bytes_semantics semantics)
{
	struct toy_machine *toy = &t->toy;
	for (size_t n = 0; n <= LENGTH; n++) {
		const struct tok_span text = { t->text, n };
		const struct tok_next_bytes next = next_of(toy->m);
		assert_true(next.exact);
		assert_sums(&next, &toy->vocab, &toy->lm, semantics, text, 1e-12);
		if (n == LENGTH)
			break;
		struct tok_error err = { 0 };
		const enum tok_status status =
		    tok_machine_push(toy->m, (struct tok_span){ t->text + n, 1 }, &err);
		const struct tok_span longer = { t->text, n + 1 };
		const bool possible = plain_sum(&toy->vocab, &toy->lm, semantics, longer).p > 0.0;
		assert_int_equal(status, possible ? TOK_OK : TOK_ETEXT);
		assert_int_equal(tok_machine_length(toy->m), n + possible);
		if (!possible)
			break;
	}
}

static void machine_is_the_sum(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics = (enum tok_bytes_semantics)(seed % 3);
		struct trial t;
		make_trial(&t, seed, semantics != TOK_BYTES_ALL);
		if (seed % 5 == 0) /* as if its order were not known */
			t.toy.lm.info.markov_order = 0;
		toy_machine_make(&t.toy, (struct tok_machine_options){ .semantics = semantics });
		walk_trial(&t, semantics);
		toy_machine_release(&t.toy);
	}
}

/* What is found behind the last byte does not depend on how much was pushed at once. */
static void zero_is_found_at_its_byte(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics = (enum tok_bytes_semantics)(seed % 3);
		struct trial t;
		struct tok_error err = { 0 };
		size_t n = 0;
		make_trial(&t, seed, semantics != TOK_BYTES_ALL);
		toy_machine_make(&t.toy, (struct tok_machine_options){ .semantics = semantics });
		const struct tok_span text = { t.text, LENGTH };
		const enum tok_status status = tok_machine_push(t.toy.m, text, &err);
		while (n < LENGTH && plain_sum(&t.toy.vocab, &t.toy.lm, semantics,
					       (struct tok_span){ t.text, n + 1 })
					     .p > 0.0)
			n++;
		assert_int_equal(status, n == LENGTH ? TOK_OK : TOK_ETEXT);
		assert_int_equal(tok_machine_length(t.toy.m), n);
		toy_machine_release(&t.toy);
	}
}

/* ---- covers ---------------------------------------------------------------------- */

struct told {
	const struct trial *trial;
	struct tok_span text;
	double sum, last;
	size_t count;
};

static bool tell(void *context, const struct tok_cover *cover)
{
	struct told *told = context;
	const struct plain_vocab *v = &told->trial->toy.vocab;
	uint8_t bytes[PLAIN_TEXT * 2];
	size_t count = 0;
	assert_true(cover->log_p <= told->last);
	for (size_t i = 0; i < cover->count; i++) {
		assert_true(count < told->text.count); /* none is too many */
		memcpy(bytes + count, v->texts[cover->ids[i]].bytes, v->texts[cover->ids[i]].count);
		count += v->texts[cover->ids[i]].count;
	}
	assert_int_equal(count, told->text.count + cover->overshoot);
	assert_true(count == 0 || memcmp(bytes, told->text.bytes, told->text.count) == 0);
	told->last = cover->log_p;
	told->sum += exp(cover->log_p);
	told->count++;
	return true;
}

static void covers_are_all_rows(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS / 2; seed++) {
		const enum tok_bytes_semantics semantics = (enum tok_bytes_semantics)(seed % 3);
		struct trial t;
		struct tok_error err = { 0 };
		size_t total = 0;
		make_trial(&t, seed, semantics != TOK_BYTES_ALL);
		toy_machine_make(&t.toy, (struct tok_machine_options){ .semantics = semantics });
		const enum tok_status status =
		    tok_machine_push(t.toy.m, (struct tok_span){ t.text, seed % LENGTH }, &err);
		assert_true(status == TOK_OK || status == TOK_ETEXT);
		struct told told = { .trial = &t, .text = { t.text, tok_machine_length(t.toy.m) } };
		const struct plain_sums sums =
		    plain_sum(&t.toy.vocab, &t.toy.lm, semantics, told.text);
		assert_int_equal(tok_machine_covers(t.toy.m, tell, &told, &total, &err), TOK_OK);
		assert_int_equal(told.count, sums.covers);
		assert_int_equal(total, sums.covers);
		assert_near(told.sum, sums.p, 1e-12, "sum of covers");
		toy_machine_release(&t.toy);
	}
}

/* Where heads were dropped all rows are told still, and of what share they are is between bounds.
 */
static bool tell_share(void *context, const struct tok_cover *cover)
{
	struct told *told = context;
	const double share = exp(cover->log_p) / told->sum;
	assert_true(cover->log_p_low <= cover->log_p && cover->log_p <= cover->log_p_high);
	assert_true(cover->share_low <= cover->share && cover->share <= cover->share_high);
	assert_true(cover->share_low <= share + 1e-12 && share <= cover->share_high + 1e-12);
	if (cover->exact) {
		assert_near(cover->share, share, 1e-12, "share");
		assert_true(cover->share_low == cover->share_high);
	}
	told->count += !cover->exact && cover->share_low < cover->share_high;
	return true;
}

static void shares_lie_between(void **state)
{
	(void)state;
	size_t bounded = 0;
	for (uint64_t seed = 0; seed < TRIALS / 4; seed++) {
		const struct tok_machine_options options = { .beam = 1 + seed % 2 };
		struct trial t;
		struct tok_error err = { 0 };
		size_t total = 0;
		make_trial(&t, seed, false);
		toy_machine_make(&t.toy, options);
		const enum tok_status status = tok_machine_push(
		    t.toy.m, (struct tok_span){ t.text, 1 + seed % (LENGTH - 1) }, &err);
		struct told told = { .trial = &t, .text = { t.text, tok_machine_length(t.toy.m) } };
		told.sum = plain_sum(&t.toy.vocab, &t.toy.lm, TOK_BYTES_ALL, told.text).p;
		if (status == TOK_OK || status == TOK_ETEXT)
			assert_int_equal(
			    tok_machine_covers(t.toy.m, tell_share, &told, &total, &err), TOK_OK);
		bounded += told.count;
		toy_machine_release(&t.toy);
	}
	assert_true(bounded > 0);
}

/* ---- heads that are one ------------------------------------------------------------- */

static void merged_as_if_apart(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct trial one, apart;
		struct tok_error err = { 0 };
		make_trial(&one, seed, true);
		make_trial(&apart, seed, true);
		apart.toy.lm.info.markov_order = 0;
		toy_machine_make(&one.toy, (struct tok_machine_options){ 0 });
		toy_machine_make(&apart.toy, (struct tok_machine_options){ .max_heads = 1 << 20 });
		for (size_t i = 0; i < 8; i++) {
			const uint8_t byte = one.text[i % LENGTH];
			const struct tok_span text = { &byte, 1 };
			const enum tok_status status = tok_machine_push(one.toy.m, text, &err);
			assert_int_equal(tok_machine_push(apart.toy.m, text, &err), status);
			const struct tok_next_bytes a = next_of(one.toy.m),
						    b = next_of(apart.toy.m);
			assert_near(a.log_p, b.log_p, 1e-12, "P");
			for (size_t k = 0; k < 256; k++)
				assert_near(a.joint[k], b.joint[k], 1e-12, "byte");
			assert_near(a.end, b.end, 1e-12, "end");
			if (status != TOK_OK)
				break;
		}
		assert_true(tok_machine_cost(one.toy.m).heads_most <=
			    tok_machine_cost(apart.toy.m).heads_most);
		toy_machine_release(&one.toy);
		toy_machine_release(&apart.toy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machine_is_the_sum),  cmocka_unit_test(zero_is_found_at_its_byte),
		cmocka_unit_test(covers_are_all_rows), cmocka_unit_test(shares_lie_between),
		cmocka_unit_test(merged_as_if_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
