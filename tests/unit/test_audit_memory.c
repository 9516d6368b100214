/* test_audit_memory.c - items and statistics when the n-th allocation fails, for every n. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "vocab/audit/items.h"
#include "vocab/audit/stats.h"

static enum tok_status drop(void *context, const struct vocab_item *item, struct tok_error *err)
{
	(void)context;
	(void)item;
	(void)err;
	return TOK_OK;
}

static enum tok_status make(enum vocab_suite suite, const char *tasks, struct tok_error *err)
{
	static const char *const texts[] = { "pear", "peas", "plum", "lime", "date", "mangos" };
	const struct vocab_items_options o = {
		.suite = suite, .shortest = 4, .longest = 4, .per_bucket = 1, .tasks = tasks
	};
	struct tok_span words[6];
	for (size_t i = 0; i < 6; i++)
		words[i] = tok_span_of(texts[i]);
	return vocab_items_make(words, 6, &o, drop, NULL, err);
}

static enum tok_status charbench(struct tok_error *err)
{
	return make(VOCAB_SUITE_CHARBENCH, NULL, err);
}

static enum tok_status orth(struct tok_error *err)
{
	return make(VOCAB_SUITE_CUTE, "spell,orth,sub_word", err);
}

static enum tok_status langgame(struct tok_error *err)
{
	return make(VOCAB_SUITE_LANGGAME, "contains", err);
}

static enum tok_status addition(struct tok_error *err)
{
	return make(VOCAB_SUITE_ADDITION, NULL, err);
}

static enum tok_status statistics(struct tok_error *err)
{
	static const double x[] = { 1, 2, 3, 4, 5, 6 }, y[] = { 1, 1, 0, 1, 0, 0 };
	double out[6], error[2];
	bool defined;
	struct vocab_stats_interval interval;
	enum tok_status status = vocab_stats_spearman(x, y, 6, &defined, out, err);
	if (status == TOK_OK)
		status = vocab_stats_auc(x, y, 6, &defined, out, err);
	if (status == TOK_OK)
		status = vocab_stats_logistic(x, 1, y, 6, out, error, &defined, err);
	if (status == TOK_OK)
		status = vocab_stats_inflation(x, 1, 6, out, err);
	if (status == TOK_OK)
		status = vocab_stats_bootstrap(VOCAB_STATS_PEARSON, x, y, 6, 10, 1, 1, &interval,
					       &defined, err);
	if (status == TOK_OK)
		status = vocab_stats_holm(x, 6, out, err);
	return status == TOK_OK ? vocab_stats_benjamini_hochberg(x, 6, out, err) : status;
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const works[])(struct tok_error *) = { charbench, orth, langgame,
								 addition, statistics };
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, works[i](&err), &err);
		}
		assert_true(trial.n > 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
