/* Exponentials of many numbers are those of each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tok/base/exponentials.h"
#include "tok/base/random.h"

enum { COUNT = 100000 };

static void many_are_each(void **state)
{
	(void)state;
	double *from = calloc(COUNT, sizeof *from), *to = calloc(COUNT, sizeof *to), worst = 0.0;
	struct tok_random random = tok_random_of(1, 2);
	for (size_t i = 0; i < COUNT; i++) {
		const double unit = (double)tok_random_below(&random, 1 << 30) / (1 << 30);
		/* Ordinary ones, and some that are not among them. */
		from[i] = i < COUNT / 2 ? -700.0 * unit : (unit - .99) * pow(10, 4 * unit);
	}
	tok_exponentials(from, to, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		worst = fmax(worst, fabs(to[i] / exp(from[i]) - 1.0) * (exp(from[i]) > 0.0));
	assert_true(worst <= 2 * 0x1p-52);
	assert_true(worst > 0.0); /* it is not exp() that is compared with itself */
	free(from);
	free(to);
}

static void odd_numbers(void **state)
{
	(void)state;
	const double from[] = { 0.0, -0.0, -INFINITY, 1.0, -745.0, -746.0, 709.0, 710.0, INFINITY };
	double to[sizeof from / sizeof from[0]];
	tok_exponentials(from, to, sizeof from / sizeof from[0]);
	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
		assert_true(to[i] == exp(from[i]));
		tok_exponentials(&from[i], &to[i], 1);
		assert_true(fabs(to[i] - exp(from[i])) <= 0x1p-51 * exp(from[i]) ||
			    to[i] == exp(from[i]));
	}
	const double nan = NAN, one = 0.0;
	tok_exponentials(&nan, to, 1);
	assert_true(isnan(to[0]));
	tok_exponentials(&one, to, 1);
	assert_true(to[0] == 1.0);
	to[0] = 7.0;
	tok_exponentials(&one, to, 0);
	assert_true(to[0] == 7.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_each),
		cmocka_unit_test(odd_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
