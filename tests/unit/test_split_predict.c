/* test_split_predict.c - what is expected of splitting, against what can be worked out,
 * against all that is possible, and against splitting itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/unit/split_vectors.h"
#include "tok/base/random.h"
#include "tok/sample/exact_split.h"
#include "tok/sample/predict.h"

enum { LETTERS = 10, SIZE = 2 << LETTERS };

static const double proportions[] = { 0, 1e-6, .01, .05, .1, .2, .5, 1, 2, 5, 1000 };

static struct tok_prediction predict(const struct tok_splits *splits, const uint64_t *counts,
				     double proportion)
{
	struct tok_prediction p;
	struct tok_error err = { 0 };
	if (tok_predict(splits, counts, proportion, &p, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return p;
}

static double near(double a, double b)
{
	return fabs(a - b) / (fabs(b) > 1e-300 ? fabs(b) : 1);
}

/* Many lengths, some words often, some never. */
static size_t make_document(tok_id *ids, size_t count, uint64_t *counts)
{
	struct tok_random random = tok_random_of(3, 1);
	for (size_t i = 0; i < count; i++) {
		const unsigned length = (unsigned)tok_random_below(&random, LETTERS) + 1;
		ids[i] = 1u << length | (tok_id)(tok_random_below(&random, 1u << length) &
						 tok_random_below(&random, 1u << length));
		counts[ids[i]]++;
	}
	return count;
}

/* ---- what can be worked out ---------------------------------------------------------- */

/* Words of two letters only: n e^-s of them are whole at time s, so that there are
 * n (2 - e^-s) tokens and n (2 s - 1 + e^-s) attempts were made. */
static void words_of_two_letters_are_known(void **state)
{
	struct tok_splits *splits = vector_binary(LETTERS);
	static uint64_t counts[SIZE];
	(void)state;
	counts[4] = 600;
	counts[5] = 400;
	for (size_t i = 0; i < VECTOR_COUNT(proportions); i++) {
		struct tok_prediction p = predict(splits, counts, proportions[i]);
		const double whole = 2 - p.length_ratio, s = (proportions[i] + 1 - whole) / 2;
		assert_true(fabs(whole - exp(-s)) < 1e-12);
		assert_true(fabs(p.token_counts[4] - 600 * exp(-s)) < 1e-9);
		assert_true(fabs(p.token_counts[3] - 400 * (1 - exp(-s))) < 1e-9);
		assert_true(fabs(p.token_counts[2] - 1600 * (1 - exp(-s))) < 1e-9);
		assert_true(proportions[i] == 0 ||
			    near(p.success_rate, (1 - whole) / proportions[i]) < 1e-9);
		tok_prediction_release(&p);
	}
	tok_splits_free(splits);
}

static void letters_are_kept(void **state)
{
	struct tok_splits *splits = vector_binary(LETTERS);
	static uint64_t counts[SIZE];
	static tok_id ids[5000];
	size_t letters = 0;
	(void)state;
	make_document(ids, VECTOR_COUNT(ids), counts);
	for (size_t i = 0; i < VECTOR_COUNT(ids); i++)
		letters += 31 - (size_t)__builtin_clz(ids[i]);
	double before = 0;
	for (size_t i = 0; i < VECTOR_COUNT(proportions); i++) {
		struct tok_prediction p = predict(splits, counts, proportions[i]);
		double found = 0, tokens = 0;
		for (tok_id id = 2; id < SIZE; id++) {
			tokens += p.token_counts[id];
			found += p.token_counts[id] * (double)(31 - __builtin_clz(id));
		}
		assert_true(near(found, (double)letters) < 1e-10);
		assert_true(near(tokens, p.length_ratio * (double)VECTOR_COUNT(ids)) < 1e-10);
		assert_true(p.length_ratio > before && p.length_ratio <= 1 + proportions[i]);
		before = p.length_ratio;
		tok_prediction_release(&p);
	}
	/* Split as far as can be. */
	assert_true(near(before, (double)letters / (double)VECTOR_COUNT(ids)) < 1e-9);
	tok_splits_free(splits);
}

static void nothing_gives_nothing(void **state)
{
	struct tok_splits *splits = vector_binary(LETTERS);
	static uint64_t counts[SIZE];
	struct tok_prediction p = predict(splits, counts, 1);
	struct tok_error err = { 0 };
	(void)state;
	assert_true(p.length_ratio == 1 && p.success_rate == 0 && p.token_counts[7] == 0);
	tok_prediction_release(&p);
	counts[7] = 5;
	p = predict(splits, counts, 0);
	assert_true(p.length_ratio == 1 && p.success_rate == 0 && p.token_counts[7] == 5);
	tok_prediction_release(&p);
	counts[7] = 0;
	counts[2] = 5;
	p = predict(splits, counts, 3);
	assert_true(p.length_ratio == 1 && p.success_rate == 0 && p.token_counts[2] == 5);
	tok_prediction_release(&p);
	static const double wrong[] = { -1, (double)NAN, 1000.5, (double)INFINITY };
	for (size_t i = 0; i < VECTOR_COUNT(wrong); i++)
		assert_int_equal(tok_predict(splits, counts, wrong[i], &p, &err), TOK_EARG);
	assert_string_equal(err.message,
			    "the proportion of attempts must be from 0 to 1000, not inf");
	tok_splits_free(splits);
}

/* ---- all that is possible -------------------------------------------------------------- */

static double exact_ratio(const struct tok_splits *splits, size_t count, double proportion)
{
	static const tok_id ids[8] = { 8, 8, 8, 8, 8, 8, 8, 8 };
	struct tok_split_options o = TOK_SPLIT_DEFAULT;
	struct tok_split_outcomes list;
	struct tok_error err = { 0 };
	double length = 0;
	o.proportion = proportion;
	assert_int_equal(tok_split_exact(splits, &o, ids, count, 1u << 17, &list, &err), TOK_OK);
	for (size_t i = 0; i < list.count; i++)
		length += list.items[i].probability * (double)list.items[i].count;
	tok_split_outcomes_release(&list);
	return length / (double)count;
}

/* Words of three letters: the more of them, the closer; what is left is of the order of
 * their number's inverse, so twice the longer less the shorter is much closer still. */
static void long_documents_are_met(void **state)
{
	struct tok_splits *splits = vector_binary(3);
	static const double some[] = { .5, 1, 2 };
	uint64_t counts[16] = { [8] = 8 };
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(some); i++) {
		struct tok_prediction p = predict(splits, counts, some[i]);
		const double four = exact_ratio(splits, 4, some[i]);
		const double eight = exact_ratio(splits, 8, some[i]);
		assert_true(fabs(eight - p.length_ratio) < fabs(four - p.length_ratio));
		assert_true(fabs(eight - p.length_ratio) < 0.04);
		assert_true(fabs(2 * eight - four - p.length_ratio) < 0.004);
		tok_prediction_release(&p);
	}
	tok_splits_free(splits);
}

/* ---- splitting itself ------------------------------------------------------------------ */

enum { DOCUMENT = 100000, ROUNDS = 8 };

/* Every token is there as often as it should be: within six times the root of that
 * number, which is more than it varies by, since tokens come from others. */
static void check_tokens(const struct tok_prediction *p, const uint64_t *counted)
{
	for (tok_id id = 0; id < SIZE; id++) {
		const double expected = p->token_counts[id] * ROUNDS;
		const double less = fabs((double)counted[id] - expected);
		if (less > 6 * sqrt(expected) + 6)
			fail_msg("token %u: %zu, not %.1f", id, (size_t)counted[id], expected);
	}
}

static void splitting_gives_what_is_predicted(void **state)
{
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	static tok_id ids[DOCUMENT];
	static uint64_t counts[SIZE];
	(void)state;
	make_document(ids, DOCUMENT, counts);
	for (size_t i = 2; i < VECTOR_COUNT(proportions) - 1; i++) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		struct tok_prediction p = predict(splits, counts, proportions[i]);
		static uint64_t counted[SIZE];
		uint64_t length = 0, splits_made = 0, attempts = 0;
		memset(counted, 0, sizeof counted);
		o.proportion = proportions[i];
		for (uint64_t round = 0; round < ROUNDS; round++) {
			struct tok_split_ids out;
			struct tok_error err = { 0 };
			assert_int_equal(tok_split(splitter, &o, round, ids, DOCUMENT, &out, &err),
					 TOK_OK);
			length += out.count;
			splits_made += out.splits;
			attempts += out.attempts;
			for (size_t k = 0; k < out.count; k++)
				counted[out.ids[k]]++;
		}
		const double ratio = (double)length / (DOCUMENT * ROUNDS);
		const double success = (double)splits_made / (double)attempts;
		if (near(p.length_ratio, ratio) > 1e-3 || near(p.success_rate, success) > 0.02)
			fail_msg("proportion %g: %f and %f, not %f and %f", proportions[i], ratio,
				 success, p.length_ratio, p.success_rate);
		check_tokens(&p, counted);
		tok_prediction_release(&p);
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_two_letters_are_known),
		cmocka_unit_test(letters_are_kept),
		cmocka_unit_test(nothing_gives_nothing),
		cmocka_unit_test(long_documents_are_met),
		cmocka_unit_test(splitting_gives_what_is_predicted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
