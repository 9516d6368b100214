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
	const long before = heap.live;
	enum tok_status status = TOK_ENOMEM;
	size_t n = 0;
	while (status == TOK_ENOMEM) {
		struct tok_error err = { 0 };
		heap.asked = 0;
		heap.fails_at = ++n;
		status = live_once(&err);
		heap.fails_at = 0;
		assert_int_equal(heap.live, before);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	assert_int_equal(status, TOK_OK);
	assert_true(n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_fails) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
