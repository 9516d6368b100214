/* Rows of like tokens at their limits; their numbers are compared in conformance.transplant_*. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/similar_toys.h"

static struct toy toy;

static int set_up(void **state)
{
	(void)state;
	toy_init(&toy, 40, 60, 20);
	return hyper_kernel_choose(NULL, &toy.job.kernel, NULL) != TOK_OK;
}

static struct hyper_weights ask(enum hyper_similar method)
{
	struct hyper_weights out = { 0 };
	struct tok_error err = { 0 };
	if (hyper_similar(&toy.job, method, &toy_options[method], &out, &err) != TOK_OK)
		fail_msg("method %d: %s", (int)method, err.message);
	assert_int_equal(out.rows, toy.job.count);
	return out;
}

static bool has_source(const struct hyper_weights *w, size_t row, tok_id id)
{
	for (uint64_t i = hyper_weights_begin(w, row); i < w->ends[row]; i++)
		if (w->sources[i] == id)
			return true;
	return false;
}

/* ---- threads, many tokens --------------------------------------------------------- */

static void any_number_of_threads(void **state)
{
	const size_t targets = CHECKED ? 700 : TOY_TOKENS;
	(void)state;
	for (enum hyper_similar m = 0; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights made[2];
		for (size_t i = 0; i < 2; i++) {
			toy_init(&toy, 100, targets, 50);
			assert_int_equal(hyper_kernel_choose(NULL, &toy.job.kernel, NULL), TOK_OK);
			toy.job.threads = i ? 3 : 1;
			made[i] = ask(m);
		}
		const size_t count = (size_t)made[0].ends[made[0].rows - 1];
		assert_true(count > made[0].rows);
		assert_memory_equal(made[0].ends, made[1].ends,
				    made[0].rows * sizeof *made[0].ends);
		assert_memory_equal(made[0].sources, made[1].sources, count * sizeof(tok_id));
		assert_memory_equal(made[0].weights, made[1].weights, count * sizeof(float));
		hyper_weights_release(&made[0]);
		hyper_weights_release(&made[1]);
	}
}

/* ---- who is asked ----------------------------------------------------------------- */

/* One candidate for each spelling, a text before a byte before a special token, then the lower id.
 * All are as near as can be, so that whoever may be found is. */
static void one_of_each_spelling(void **state)
{
	const enum hyper_similar methods[] = { HYPER_SIMILAR_WECHSEL, HYPER_SIMILAR_GLOBAL };
	(void)state;
	for (size_t i = 0; i < 40; i++)
		memcpy(toy.rows[0][i], toy.rows[1][20], sizeof toy.rows[0][i]);
	for (size_t i = 0; i < 40; i++) {
		toy.bytes[0][i] = i < 4 ? tok_span_of("\xEF\xBF\xBD") : toy.bytes[0][i];
		toy.kinds[0][i] = i < 8 ? HYPER_TOKEN_TEXT : HYPER_TOKEN_NONE;
	}
	toy.kinds[0][0] = HYPER_TOKEN_SPECIAL;
	toy.kinds[0][1] = HYPER_TOKEN_BYTE;
	for (size_t m = 0; m < 2; m++) {
		struct hyper_weights w = ask(methods[m]);
		assert_true(has_source(&w, 0, 2));
		assert_false(has_source(&w, 0, 0) || has_source(&w, 0, 1) || has_source(&w, 0, 3));
		/* Of those as near the lower ids: 2, 4 and 5 of global, all five of the other. */
		assert_int_equal(w.ends[0], m ? 3 : 5);
		assert_true(has_source(&w, 0, 4) && has_source(&w, 0, 5));
		hyper_weights_release(&w);
	}
}

/* What is beyond the rows, a hole or a mere prefix is nobody's neighbour; all methods. */
static void not_these(void **state)
{
	(void)state;
	toy.job.source_rows = 30;
	toy.kinds[0][6] = toy.kinds[0][7] = HYPER_TOKEN_NONE;
	toy.classes[4] = HYPER_MATCH_PREFIX; /* whose old token is 8 */
	for (enum hyper_similar m = 0; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights w = ask(m);
		const bool shared =
		    m == HYPER_SIMILAR_FOCUS || m == HYPER_SIMILAR_CLP || m == HYPER_SIMILAR_KNN;
		assert_true(w.ends[w.rows - 1] > w.rows / 2);
		for (uint64_t i = 0; i < w.ends[w.rows - 1]; i++) {
			assert_true(w.sources[i] < 30);
			assert_true(m == HYPER_SIMILAR_LOCAL || m == HYPER_SIMILAR_HYBRID ||
				    (w.sources[i] != 6 && w.sources[i] != 7));
			assert_true(!shared || (w.sources[i] % 2 == 0 && w.sources[i] != 8));
		}
		hyper_weights_release(&w);
	}
}

/* Nobody to be like: no answers, and of hybrid the local ones. */
static void nobody(void **state)
{
	(void)state;
	toy.job.source_rows = 0;
	for (enum hyper_similar m = 0; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights w = ask(m);
		assert_int_equal(w.ends[w.rows - 1], 0);
		hyper_weights_release(&w);
	}
	toy.job.source_rows = 40;
	for (size_t i = 0; i < 40; i++)
		toy.kinds[0][i] = HYPER_TOKEN_NONE;
	struct hyper_weights local = ask(HYPER_SIMILAR_LOCAL), both = ask(HYPER_SIMILAR_HYBRID);
	assert_memory_equal(local.ends, both.ends, local.rows * sizeof *local.ends);
	assert_memory_equal(local.weights, both.weights,
			    (size_t)local.ends[local.rows - 1] * sizeof *local.weights);
	hyper_weights_release(&local);
	hyper_weights_release(&both);
}

/* Nothing wanted; a token without a feature beside one that has one. */
static void empty_rows(void **state)
{
	(void)state;
	memset(toy.rows[1][20], 0, sizeof toy.rows[1][20]);
	for (enum hyper_similar m = 0; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights w = ask(m);
		assert_int_equal(w.ends[0], 0);
		assert_true(w.ends[1] > 0);
		hyper_weights_release(&w);
	}
	toy.job.count = toy.pieces.count = 0;
	for (enum hyper_similar m = 0; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights w = ask(m);
		hyper_weights_release(&w);
	}
}

/* The only one there is has all the weight, whatever it is worth. */
static void only_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < 40; i++)
		toy.kinds[0][i] = i == 4 ? HYPER_TOKEN_TEXT : HYPER_TOKEN_NONE;
	/* Old token 4, which new token 2 is. */
	memcpy(toy.rows[0][4], toy.rows[1][20], sizeof toy.rows[0][4]);
	memcpy(toy.rows[1][2], toy.rows[1][20], sizeof toy.rows[1][2]);
	for (enum hyper_similar m = HYPER_SIMILAR_GLOBAL; m <= HYPER_SIMILAR_KNN; m++) {
		struct hyper_weights w = ask(m);
		if (m == HYPER_SIMILAR_HYBRID) {
			hyper_weights_release(&w);
			continue;
		}
		assert_int_equal(w.ends[0], 1);
		assert_int_equal(w.sources[0], 4);
		assert_true(fabs((double)w.weights[0] - 1) < 1e-6);
		hyper_weights_release(&w);
	}
}

/* ---- trouble ---------------------------------------------------------------------- */

static void refused(enum hyper_similar method, struct hyper_similar_options options,
		    enum tok_status status, const char *word)
{
	struct hyper_weights out = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(hyper_similar(&toy.job, method, &options, &out, &err), status);
	if (!strstr(err.message, word))
		fail_msg("'%s' says nothing of %s", err.message, word);
	assert_null(out.ends);
}

static void options_that_are_none(void **state)
{
	(void)state;
	refused(HYPER_SIMILAR_GLOBAL, (struct hyper_similar_options){ .temperature = .3 }, TOK_EARG,
		"neighbour");
	refused(HYPER_SIMILAR_KNN, (struct hyper_similar_options){ 0 }, TOK_EARG, "neighbour");
	refused(HYPER_SIMILAR_FOCUS, (struct hyper_similar_options){ 0 }, TOK_EARG, "temperature");
	refused(HYPER_SIMILAR_LOCAL, (struct hyper_similar_options){ .temperature = -1 }, TOK_EARG,
		"temperature");
	refused(HYPER_SIMILAR_LOCAL, (struct hyper_similar_options){ .temperature = NAN }, TOK_EARG,
		"temperature");
	refused(HYPER_SIMILAR_HYBRID,
		(struct hyper_similar_options){ .temperature = .3, .k = 3, .weight = 1.1 },
		TOK_EARG, "weight");
	toy.pieces.count--;
	refused(HYPER_SIMILAR_LOCAL, toy_options[HYPER_SIMILAR_LOCAL], TOK_EARG, "pieces");
	toy.job.features = NULL;
	refused(HYPER_SIMILAR_FOCUS, toy_options[HYPER_SIMILAR_FOCUS], TOK_EARG, "features");
}

static void donors(void **state)
{
	const struct hyper_rows_view donor = { .floats = *toy.rows[1], .count = 30, .width = 9 };
	struct hyper_weights w;
	(void)state;
	toy.job.donor = &donor;
	refused(HYPER_SIMILAR_CLP, toy_options[HYPER_SIMILAR_CLP], TOK_EARG, "donor");
	w = ask(HYPER_SIMILAR_KNN);
	assert_int_equal(w.ends[9], 40); /* new token 29 has a row, 30 has not */
	assert_int_equal(w.ends[10], 40);
	hyper_weights_release(&w);
	toy.rows[1][3][4] = INFINITY;
	refused(HYPER_SIMILAR_KNN, toy_options[HYPER_SIMILAR_KNN], TOK_EFORMAT, "token 3 ");
	toy.rows[1][3][4] = 0;
	toy.rows[1][25][0] = NAN;
	refused(HYPER_SIMILAR_KNN, toy_options[HYPER_SIMILAR_KNN], TOK_EFORMAT, "token 25 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_number_of_threads, set_up),
		cmocka_unit_test_setup(one_of_each_spelling, set_up),
		cmocka_unit_test_setup(not_these, set_up),
		cmocka_unit_test_setup(nobody, set_up),
		cmocka_unit_test_setup(empty_rows, set_up),
		cmocka_unit_test_setup(only_one, set_up),
		cmocka_unit_test_setup(options_that_are_none, set_up),
		cmocka_unit_test_setup(donors, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
