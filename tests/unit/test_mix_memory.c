/*
 * test_mix_memory.c - ensembles and healing when the n-th allocation fails, for every n.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"

#include "tests/unit/byte_toys.h"
#include "tok/bytes/heal.h"

static enum tok_status run_mix(struct toy_machine *toys, enum tok_mix_kind kind,
			       struct tok_error *err)
{
	struct tok_machine *machines[3] = { NULL };
	struct tok_mix *mix = NULL, *fork = NULL;
	struct tok_mix_next next;
	const struct tok_machine_options options = { 0 };
	const struct tok_mix_options how = { .kind = kind, .alpha = 0.5 };
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < 3; i++)
		status = tok_machine_new(toys[i].tokens, NULL, &toys[i].lm.lm, &options,
					 &machines[i], err);
	if (status == TOK_OK)
		status = tok_mix_new(machines, 3, &how, &mix, err);
	if (status == TOK_OK)
		status = tok_mix_push(mix, tok_span_of("ABAAB"), err);
	if (status != TOK_OK && mix)
		for (size_t i = 1; i < 3; i++)
			assert_int_equal(tok_machine_length(machines[i]),
					 tok_machine_length(machines[0]));
	if (status == TOK_OK)
		status = tok_mix_fork(mix, machines, &fork, err); /* never pushed on */
	if (status == TOK_OK)
		status = tok_mix_next(mix, &next, err);
	tok_mix_free(fork);
	tok_mix_free(mix);
	for (size_t i = 0; i < 3; i++)
		tok_machine_free(machines[i]);
	return status;
}

static enum tok_status run_heal(struct toy_machine *toy, struct tok_error *err)
{
	static const tok_id ids[] = { 1, 2, 0, 2 };
	struct tok_heal heal;
	struct tok_buffer out = { 0 };
	bool ended;
	enum tok_status status = TOK_OK;
	for (size_t back = 0; status == TOK_OK && back < 4; back++) {
		status = tok_heal_next(toy->tokens, &toy->lm.lm, ids, 4, back, &heal, err);
		if (status == TOK_OK)
			status = tok_heal_greedy(toy->tokens, &toy->lm.lm, ids, 4, back, 200, &out,
						 &ended, err);
	}
	tok_buffer_release(&out);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (int what = TOK_MIX_LINEAR; what <= TOK_MIX_PROXY + 1; what++) {
		struct toy_machine toys[3];
		for (size_t i = 0; i < 3; i++)
			toy_machine_bigram(&toys[i], (struct tok_machine_options){ 0 });
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial,
					 what <= TOK_MIX_PROXY
					     ? run_mix(toys, (enum tok_mix_kind)what, &err)
					     : run_heal(&toys[0], &err),
					 &err);
		}
		assert_true(trial.n > 20);
		for (size_t i = 0; i < 3; i++)
			toy_machine_release(&toys[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
