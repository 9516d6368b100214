/*
 * test_split_memory.c - splitting, predicting and enumerating when the n-th allocation
 * fails, for every n; and a warm splitter, which allocates nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/split_vectors.h"
#include "tok/sample/exact_split.h"
#include "tok/sample/predict.h"

static const tok_id sentence[] = { 464, 4255, 1100, 257, 1492, 546, 41236, 13 };

static enum tok_status split_all(const struct tok_splits *splits, struct tok_error *err)
{
	struct tok_splitter *splitter = tok_splitter_new(splits);
	enum tok_status status = splitter ? TOK_OK : tok_fail_memory(err);
	for (int generator = 0; generator < 2 && status == TOK_OK; generator++) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		struct tok_split_ids out;
		o.proportion = 5;
		o.generator = (enum tok_split_generator)generator;
		status = tok_split(splitter, &o, 0, sentence, VECTOR_COUNT(sentence), &out, err);
	}
	tok_splitter_free(splitter);
	return status;
}

static enum tok_status predict_all(const struct tok_splits *splits, struct tok_error *err)
{
	static uint64_t counts[50257];
	struct tok_prediction p;
	counts[1492] = 1;
	const enum tok_status status = tok_predict(splits, counts, 1, &p, err);
	if (status == TOK_OK)
		tok_prediction_release(&p);
	return status;
}

static enum tok_status enumerate_all(const struct tok_splits *splits, struct tok_error *err)
{
	struct tok_split_outcomes list;
	struct tok_split_options o = TOK_SPLIT_DEFAULT;
	o.proportion = 2.5;
	o.round = TOK_ROUND_STOCHASTIC;
	const enum tok_status status =
	    tok_split_exact(splits, &o, sentence + 4, 1, 1000, &list, err);
	if (status == TOK_OK)
		tok_split_outcomes_release(&list);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const works[])(const struct tok_splits *,
					 struct tok_error *) = { split_all, predict_all,
								 enumerate_all };
	struct tok_splits *splits = vector_gpt2();
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(works); i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, works[i](splits, &err), &err);
		}
		assert_true(trial.n > 3);
	}
	tok_splits_free(splits);
}

/* After a failure the splitter is as good as before. */
static void a_splitter_outlives_a_failure(void **state)
{
	struct tok_splits *splits = vector_gpt2();
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(runs); i++) {
		const struct run *run = &runs[i];
		struct tok_splitter *splitter = tok_splitter_new(splits);
		struct tok_split_options o = { run->proportion,      TOK_SPLIT_ALL,
					       run->max_splits,      run->round,
					       TOK_GENERATOR_PYTHON, run->seed };
		struct tok_split_ids out;
		enum tok_status status = TOK_ENOMEM;
		for (size_t n = 1; status != TOK_OK; n++) {
			struct tok_error err = { 0 };
			heap.asked = 0;
			heap.fails_at = n % 20;
			status = tok_split(splitter, &o, 0, run->in, run->in_count, &out, &err);
			heap.fails_at = 0;
		}
		assert_int_equal(out.count, run->out_count);
		assert_memory_equal(out.ids, run->out, out.count * sizeof *out.ids);
		tok_splitter_free(splitter);
	}
	tok_splits_free(splits);
}

static void a_warm_splitter_allocates_nothing(void **state)
{
	struct tok_splits *splits = vector_gpt2();
	struct tok_splitter *splitter = tok_splitter_new(splits);
	(void)state;
	for (int generator = 0; generator < 2; generator++) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		o.generator = (enum tok_split_generator)generator;
		for (uint64_t i = 0; i < 50; i++) {
			struct tok_split_ids out;
			struct tok_error err = { 0 };
			heap.asked = 0;
			assert_int_equal(
			    tok_split(splitter, &o, i, runs[14].in, runs[14].in_count, &out, &err),
			    TOK_OK);
			assert_true(i == 0 || heap.asked == 0);
		}
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(a_splitter_outlives_a_failure),
		cmocka_unit_test(a_warm_splitter_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
