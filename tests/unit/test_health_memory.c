/* test_health_memory.c - the health of a vocabulary, and suspects, when the n-th allocation fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/health_toys.h"
#include "tests/unit/heap.h"
#include "vocab/audit/health.h"
#include "vocab/audit/undertrained.h"

static struct tok_tokenizer *tokenizer;

static enum tok_status check(struct tok_error *err)
{
	const struct vocab_health_options options = { .threads = 1 };
	struct vocab_health h = { 0 };
	const enum tok_status status = vocab_health_check(tokenizer, &options, &h, err);
	assert_true(status == TOK_OK || h.size == 0);
	vocab_health_release(&h);
	return status;
}

static enum tok_status suspect(struct tok_error *err)
{
	static const uint8_t kinds[] = { VOCAB_ROW_TOKEN, VOCAB_ROW_UNUSED, VOCAB_ROW_TOKEN };
	static const float rows[] = { 1, 2, 3, 4, 5, 6 };
	struct vocab_undertrained *u = NULL;
	struct vocab_suspects found;
	enum tok_status status = vocab_undertrained_new(3, 2, kinds, &u, err);
	if (status != TOK_OK)
		return status;
	vocab_undertrained_measure(u, 0, 3, rows);
	vocab_undertrained_turn(u);
	vocab_undertrained_compare(u, 0, 3, rows);
	status = vocab_undertrained_finish(u, 0.5, &found, err);
	vocab_undertrained_free(u);
	return status;
}

static void fail_each(enum tok_status (*work)(struct tok_error *err))
{
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, work(&err), &err);
	}
	assert_true(trial.n > 1);
}

static void every_allocation_may_fail(void **state)
{
	const char *const toys[] = { toy_bytes, toy_strip, toy_wordpiece, toy_unigram };
	(void)state;
	for (size_t i = 0; i < sizeof toys / sizeof *toys; i++) {
		tokenizer = toy_open(toys[i], NULL);
		fail_each(check);
		tok_tokenizer_free(tokenizer);
	}
	fail_each(suspect);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
