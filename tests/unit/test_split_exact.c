/* test_split_exact.c - all that splitting can give, and that it is given as often as it
 * should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/unit/split_vectors.h"
#include "tok/base/hash.h"
#include "tok/sample/exact_split.h"

static struct tok_split_outcomes exact(const struct tok_splits *splits,
				       const struct tok_split_options *options, const tok_id *ids,
				       size_t count)
{
	struct tok_split_outcomes list = { 0 };
	struct tok_error err = { 0 };
	if (tok_split_exact(splits, options, ids, count, 100000, &list, &err) != TOK_OK)
		fail_msg("%s", err.message);
	double sum = 0;
	for (size_t i = 0; i < list.count; i++) {
		sum += list.items[i].probability;
		assert_true(!i || (float)list.items[i].probability <=
				      (float)list.items[i - 1].probability);
	}
	assert_true(fabs(sum - 1) < 1e-12);
	return list;
}

/* ---- distributions worked out by hand ------------------------------------------------ */

static struct tok_split_options attempts_of(uint64_t attempts)
{
	struct tok_split_options o = TOK_SPLIT_DEFAULT;
	o.attempts = attempts;
	return o;
}

struct expected {
	tok_id ids[4];
	size_t count;
	double probability;
};

static void check_distribution(const struct tok_split_options *options, const tok_id *ids,
			       size_t count, const struct expected *rows, size_t row_count)
{
	struct tok_splits *splits = vector_gpt2();
	struct tok_split_outcomes list = exact(splits, options, ids, count);
	assert_int_equal(list.count, row_count);
	for (size_t i = 0; i < row_count; i++) {
		assert_int_equal(list.items[i].count, rows[i].count);
		assert_memory_equal(list.items[i].ids, rows[i].ids, rows[i].count * sizeof(tok_id));
		assert_true(fabs(list.items[i].probability - rows[i].probability) < 1e-12);
	}
	tok_split_outcomes_release(&list);
	tok_splits_free(splits);
}

enum { BOOK = 1492, STRAWBERRY = 41236, AN = 2025, EXAMPLE = 1672 };

static void small_distributions_are_known(void **state)
{
	static const tok_id book[] = { BOOK }, strawberry[] = { STRAWBERRY };
	static const tok_id an_example[] = { AN, EXAMPLE };
	static const struct expected book_1[] = {
		{ { 220, 2070 }, 2, .25 },
		{ { 275, 566 }, 2, .25 },
		{ { 1489, 482 }, 2, .25 },
		{ { 22513, 74 }, 2, .25 },
	};
	static const struct expected book_2[] = {
		{ { 220, 65, 566 }, 3, .1875 }, { { 1489, 78, 74 }, 3, .1875 },
		{ { 220, 2070 }, 2, .125 },     { { 220, 2127, 482 }, 3, .125 },
		{ { 275, 78, 482 }, 3, .125 },  { { 275, 2238, 74 }, 3, .125 },
		{ { 22513, 74 }, 2, .125 },
	};
	static const struct expected strawberry_2[] = {
		{ { 14787, 65, 6996 }, 3, .25 },    { { 14787, 527, 563 }, 3, .25 },
		{ { 336, 1831, 8396 }, 3, 1. / 6 }, { { 965, 707, 8396 }, 3, 1. / 6 },
		{ { 3534, 86, 8396 }, 3, 1. / 6 },
	};
	/* One attempt and a half: the mean of one and two. */
	static const struct expected strawberry_half[] = {
		{ { 14787, 8396 }, 2, .5 },         { { 14787, 65, 6996 }, 3, .125 },
		{ { 14787, 527, 563 }, 3, .125 },   { { 336, 1831, 8396 }, 3, 1. / 12 },
		{ { 965, 707, 8396 }, 3, 1. / 12 }, { { 3534, 86, 8396 }, 3, 1. / 12 },
	};
	static const struct expected an_example_1[] = {
		{ { 32, 77, EXAMPLE }, 3, .5 },
		{ { AN, 220, 20688 }, 3, 1. / 6 },
		{ { AN, 409, 1403 }, 3, 1. / 6 },
		{ { AN, 2814, 1154 }, 3, 1. / 6 },
	};
	const struct tok_split_options one = attempts_of(1), two = attempts_of(2);
	struct tok_split_options capped = attempts_of(50), half = TOK_SPLIT_DEFAULT;
	(void)state;
	capped.max_splits = 1;
	half.proportion = 1.5;
	half.round = TOK_ROUND_STOCHASTIC;
	check_distribution(&one, book, 1, book_1, VECTOR_COUNT(book_1));
	check_distribution(&two, book, 1, book_2, VECTOR_COUNT(book_2));
	check_distribution(&capped, book, 1, book_1, VECTOR_COUNT(book_1));
	check_distribution(&two, strawberry, 1, strawberry_2, VECTOR_COUNT(strawberry_2));
	check_distribution(&half, strawberry, 1, strawberry_half, VECTOR_COUNT(strawberry_half));
	check_distribution(&one, an_example, 2, an_example_1, VECTOR_COUNT(an_example_1));
}

static void ends_are_reached(void **state)
{
	static const tok_id book[] = { BOOK };
	struct tok_splits *splits = vector_gpt2();
	struct tok_split_options o = attempts_of(UINT32_MAX - 10u);
	(void)state;
	struct tok_split_outcomes list = exact(splits, &o, book, 1);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].count, 5);
	tok_split_outcomes_release(&list);

	list = exact(splits, &o, book, 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].count, 0);
	tok_split_outcomes_release(&list);

	o.attempts = 0;
	list = exact(splits, &o, book, 1);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].ids[0], BOOK);
	tok_split_outcomes_release(&list);
	tok_splits_free(splits);
}

static void too_many_sequences_are_refused(void **state)
{
	static const tok_id book[] = { BOOK };
	struct tok_splits *splits = vector_gpt2();
	const struct tok_split_options two = attempts_of(2);
	struct tok_split_outcomes list;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_split_exact(splits, &two, book, 1, 7, &list, &err), TOK_OK);
	tok_split_outcomes_release(&list);
	assert_int_equal(tok_split_exact(splits, &two, book, 1, 6, &list, &err), TOK_ELIMIT);
	assert_string_equal(err.message,
			    "more than 6 sequences are possible; ask for fewer attempts");
	assert_int_equal(tok_split_exact(splits, &two, book, 1, 0, &list, &err), TOK_ELIMIT);
	struct tok_split_options wrong = TOK_SPLIT_DEFAULT;
	wrong.proportion = -1;
	assert_int_equal(tok_split_exact(splits, &wrong, book, 1, 9, &list, &err), TOK_EARG);
	tok_splits_free(splits);
}

/* The ids of all sequences are bounded, not only their number. */
static void long_documents_are_refused(void **state)
{
	enum { COUNT = 5000 };
	static tok_id ids[COUNT];
	struct tok_splits *splits = vector_gpt2();
	struct tok_split_outcomes list;
	struct tok_error err = { 0 };
	const struct tok_split_options one = attempts_of(1);
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		ids[i] = BOOK;
	assert_int_equal(tok_split_exact(splits, &one, ids, COUNT, 1 << 20, &list, &err),
			 TOK_ELIMIT);
	assert_non_null(strstr(err.message, "more than 16777216 ids in all"));
	tok_splits_free(splits);
}

/* ---- how often splitting gives each -------------------------------------------------- */

static struct tok_span bytes_of(const tok_id *ids, size_t count)
{
	return (struct tok_span){ (const uint8_t *)ids, count * sizeof *ids };
}

static struct tok_strings index_outcomes(struct tok_split_outcomes *list)
{
	struct tok_strings index;
	assert_true(tok_strings_init(&index, &list->arena, list->count));
	for (size_t i = 0; i < list->count; i++)
		assert_true(tok_strings_add(
		    &index, bytes_of(list->items[i].ids, list->items[i].count), (uint32_t)i));
	return index;
}

/* The value that chi-square of so many degrees is above with a probability of 1e-4
 * (E. Wilson, M. Hilferty, 1931). */
static double chi_square_bound(double degrees)
{
	const double part = 2 / (9 * degrees);
	return degrees * pow(1 - part + 3.719 * sqrt(part), 3);
}

/* Chi-square of what was counted, of `draws`, over its bound; outcomes that are expected
 * less than ten times are taken together. */
static double chi_square(const struct tok_split_outcomes *list, const size_t *counts, double draws)
{
	double sum = 0, degrees = -1, rest = 0, rest_counted = 0;
	for (size_t i = 0; i < list->count; i++) {
		const double expected = list->items[i].probability * draws;
		if (expected < 10) {
			rest += expected;
			rest_counted += (double)counts[i];
			continue;
		}
		sum += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
		degrees++;
	}
	if (rest > 0) {
		sum += (rest_counted - rest) * (rest_counted - rest) / rest;
		degrees++;
	}
	assert_true(degrees > 0);
	return sum / chi_square_bound(degrees);
}

/* Documents that are split as `options` say, against the list for `expected`. */
static double compare(const struct tok_splits *splits, struct tok_split_options options,
		      const struct tok_split_options *expected, const tok_id *ids, size_t count,
		      size_t draws)
{
	struct tok_split_outcomes list = exact(splits, expected, ids, count);
	const struct tok_strings index = index_outcomes(&list);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	size_t *counts = calloc(list.count, sizeof *counts);
	for (uint64_t i = 0; i < draws; i++) {
		struct tok_split_ids out;
		struct tok_error err = { 0 };
		const uint64_t stream = i;
		if (options.generator == TOK_GENERATOR_PYTHON)
			options.seed = i; /* streams are of no account to it */
		assert_int_equal(tok_split(splitter, &options, stream, ids, count, &out, &err),
				 TOK_OK);
		const uint32_t found = tok_strings_find(&index, bytes_of(out.ids, out.count));
		assert_true(found < list.count); /* no other sequence is possible */
		counts[found]++;
	}
	const double result = chi_square(&list, counts, (double)draws);
	free(counts);
	tok_splitter_free(splitter);
	tok_split_outcomes_release(&list);
	return result;
}

#define DOCUMENT(...) { __VA_ARGS__ }, sizeof((tok_id[]){ __VA_ARGS__ }) / sizeof(tok_id)

static const struct {
	tok_id ids[40];
	size_t count;
	double proportion;
	uint64_t attempts, max_splits;
	enum tok_split_round round;
	enum tok_split_generator generator;
	size_t draws;
} documents[] = {
	{ DOCUMENT(BOOK), 0, 1, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(BOOK), 0, 2, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(BOOK), 0, 4, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(STRAWBERRY), 0, 2, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(STRAWBERRY), 0, 4, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(STRAWBERRY), 2.6, TOK_SPLIT_ALL, TOK_SPLIT_ALL, TOK_ROUND_STOCHASTIC,
	  TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(STRAWBERRY), 2.6, TOK_SPLIT_ALL, TOK_SPLIT_ALL, TOK_ROUND_FLOOR,
	  TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(AN, EXAMPLE), 0, 1, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(AN, EXAMPLE), .75, TOK_SPLIT_ALL, TOK_SPLIT_ALL, TOK_ROUND_STOCHASTIC,
	  TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(AN, EXAMPLE, 13, BOOK), 0, 6, 2, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	/* Long enough for batches. */
	{ DOCUMENT(13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, BOOK, 13, 13,
		   13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, EXAMPLE, 13),
	  0, 9, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_TOK, 100000 },
	{ DOCUMENT(BOOK), 0, 2, TOK_SPLIT_ALL, TOK_ROUND_FLOOR, TOK_GENERATOR_PYTHON, 10000 },
	{ DOCUMENT(AN, EXAMPLE), .75, TOK_SPLIT_ALL, TOK_SPLIT_ALL, TOK_ROUND_STOCHASTIC,
	  TOK_GENERATOR_PYTHON, 10000 },
};

static void splitting_gives_each_as_often_as_it_should(void **state)
{
	struct tok_splits *splits = vector_gpt2();
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(documents); i++) {
		struct tok_split_options o = { .proportion = documents[i].proportion,
					       .attempts = documents[i].attempts,
					       .max_splits = documents[i].max_splits,
					       .round = documents[i].round,
					       .generator = documents[i].generator };
		for (o.seed = 1; o.seed <= 3; o.seed++) {
			const double over = compare(splits, o, &o, documents[i].ids,
						    documents[i].count, documents[i].draws);
			if (over > 1)
				fail_msg("document %zu, seed %d: %.2f times the bound of "
					 "chi-square",
					 i, (int)o.seed, over);
		}
	}
	tok_splits_free(splits);
}

/* So many documents tell apart what is hardly different: one attempt more with a chance of
 * .52 from one with a chance of .5. */
static void a_small_difference_is_noticed(void **state)
{
	static const tok_id ids[] = { AN, EXAMPLE };
	struct tok_splits *splits = vector_gpt2();
	struct tok_split_options o = TOK_SPLIT_DEFAULT, other;
	(void)state;
	o.round = TOK_ROUND_STOCHASTIC;
	o.proportion = .75;
	other = o;
	other.proportion = .76;
	assert_true(compare(splits, o, &other, ids, 2, 100000) > 1);
	tok_splits_free(splits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_distributions_are_known),
		cmocka_unit_test(ends_are_reached),
		cmocka_unit_test(too_many_sequences_are_refused),
		cmocka_unit_test(long_documents_are_refused),
		cmocka_unit_test(splitting_gives_each_as_often_as_it_should),
		cmocka_unit_test(a_small_difference_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
