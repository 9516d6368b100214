/* Byte automata: every allocation fails once, and nothing is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tok/bytes/automaton.h"

static const char *const expressions[] = {
	"",
	"(?:[a-f\\D]|\\xff{2,3})*x+.?",
	"((a|b)*c){9}",
	"a{3,2}",
	"(a(b[c-",
	"[^\\d\\W]{1,}|(|)",
	"(.|\\n)*a(a|b){7}",
};

static void every_allocation_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		const long before = heap.live;
		enum tok_status status = TOK_ENOMEM;
		size_t n = 0;
		while (status == TOK_ENOMEM) {
			struct tok_error err = { 0 };
			struct tok_automaton *a = NULL;
			heap.asked = 0;
			heap.fails_at = ++n;
			status = tok_automaton_new(tok_span_of(expressions[i]), &a, &err);
			heap.fails_at = 0;
			assert_true((a != NULL) == (status == TOK_OK));
			assert_true(err.message[0] || status == TOK_OK);
			tok_automaton_free(a);
			assert_int_equal(heap.live, before);
		}
		assert_true(status == TOK_OK || status == TOK_EFORMAT);
		assert_true(n > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_fails) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
