/* A process that says which texts may be written: what it is asked, what becomes of those that
 * break off. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "vocab/lm/constraint.h"

static struct vocab_constraint *open_constraint(const char *name)
{
	struct vocab_constraint *c = NULL;
	struct tok_error err = { 0 };
	if (vocab_constraint_open(name, 5000, &c, &err) != TOK_OK)
		fail_msg("%s: %s", name, err.message);
	return c;
}

/* Yes to one question, no to all others. */
static void assert_asked(struct tok_span text, bool ends, const char *question)
{
	char command[256];
	struct tok_error err = { 0 };
	bool may = false;
	snprintf(command, sizeof command,
		 "exec:sh -c 'while read -r q; do test \"$q\" = \"%s\"; echo $((1-$?)); done'",
		 question);
	struct vocab_constraint *c = open_constraint(command);
	assert_int_equal(vocab_constraint_ask(c, text, ends, &may, &err), TOK_OK);
	assert_true(may);
	assert_int_equal(vocab_constraint_ask(c, text, !ends, &may, &err), TOK_OK);
	assert_false(may);
	assert_int_equal(vocab_constraint_calls(c), 2);
	vocab_constraint_free(c);
}

static void questions_are_hex(void **state)
{
	(void)state;
	const struct tok_span nothing = { NULL, 0 }, some = { (const uint8_t *)"a\0\377\n", 4 };
	assert_asked(nothing, false, "");
	assert_asked(nothing, true, ".");
	assert_asked(some, false, "6100ff0a");
	assert_asked(some, true, "6100ff0a.");
}

static void names_are_looked_at(void **state)
{
	(void)state;
	struct vocab_constraint *c = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_constraint_open("sh", 0, &c, &err), TOK_EARG);
	assert_int_equal(vocab_constraint_open("exec: ", 0, &c, &err), TOK_EARG);
	assert_int_equal(vocab_constraint_open("exec:/nonexistent", 0, &c, &err), TOK_EIO);
	assert_null(c);
	vocab_constraint_free(NULL);
}

struct lie {
	const char *command;
	enum tok_status status;
	const char *message;
};

static const struct lie lies[] = {
	{ "exec:sh -c 'exit 3'", TOK_EIO, "ended with status 3" },
	{ "exec:sh -c 'kill -9 $$'", TOK_EIO, "signal 9" },
	{ "exec:sh -c 'read q; echo; sleep 9'", TOK_EFORMAT, "answered ''" },
	{ "exec:sh -c 'read q; echo 2; sleep 9'", TOK_EFORMAT, "answered '2'" },
	{ "exec:sh -c 'read q; echo 11; sleep 9'", TOK_EFORMAT, "answered '11'" },
	{ "exec:sh -c 'read q; printf \"\\0331\\\\n\"; sleep 9'", TOK_EFORMAT, "neither 0 nor 1" },
	{ "exec:sh -c 'cat /dev/zero'", TOK_EFORMAT, "a line of more than" },
};

/* A process that lied is gone, and says so from then on. */
static void liars_are_ended(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct vocab_constraint *c = open_constraint(lies[i].command);
		for (size_t again = 0; again < 2; again++) {
			struct tok_error err = { 0 };
			bool may = true;
			const enum tok_status status =
			    vocab_constraint_ask(c, tok_span_of("a"), false, &may, &err);
			if (status != lies[i].status || !strstr(err.message, lies[i].message) ||
			    strchr(err.message, '\033') || !may)
				fail_msg("%s: status %d, '%s'", lies[i].command, (int)status,
					 err.message);
			assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
			assert_int_equal(errno, ECHILD);
		}
		vocab_constraint_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_hex),
		cmocka_unit_test(names_are_looked_at),
		cmocka_unit_test(liars_are_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
