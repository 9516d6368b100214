/* test_pretok_marks.c - the kernels that mark characters, each that runs here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mark_laws.h"

enum { ROUNDS = 8 };

static void kernels_give_the_pieces(void **state)
{
	(void)state;
	for (int i = 0; i < TOK_KERNEL_COUNT; i++)
		if (tok_kernel_runs((enum tok_kernel)i))
			assert_int_equal(mark_law_all((enum tok_kernel)i, ROUNDS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(kernels_give_the_pieces) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
