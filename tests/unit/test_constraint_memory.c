/* Each allocation of a constraint's life may fail, and nothing is left behind. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "vocab/lm/constraint.h"

static enum tok_status live_once(struct tok_error *err)
{
	struct vocab_constraint *c;
	bool may = false;
	enum tok_status status =
	    vocab_constraint_open("exec:sh -c 'while read -r line; do echo 1; done'", 0, &c, err);
	if (status != TOK_OK)
		return status;
	status = vocab_constraint_ask(c, tok_span_of("some text"), true, &may, err);
	assert_int_equal(may, status == TOK_OK);
	vocab_constraint_free(c);
	return status;
}

static void every_allocation_fails(void **state)
{
	(void)state;
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, live_once(&err), &err);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	assert_true(trial.n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_fails) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
