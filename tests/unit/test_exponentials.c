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
	tok_exponentials_of(TOK_KERNEL_SCALAR)(from, to, COUNT);
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
	tok_exponentials *raise = tok_exponentials_of(TOK_KERNEL_SCALAR);
	double to[sizeof from / sizeof from[0]];
	raise(from, to, sizeof from / sizeof from[0]);
	for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
		assert_true(fabs(to[i] - exp(from[i])) <= 0x1p-51 * exp(from[i]) ||
			    to[i] == exp(from[i]));
		raise(&from[i], &to[i], 1);
		assert_true(fabs(to[i] - exp(from[i])) <= 0x1p-51 * exp(from[i]) ||
			    to[i] == exp(from[i]));
	}
	const double nan = NAN, one = 0.0;
	raise(&nan, to, 1);
	assert_true(isnan(to[0]));
	raise(&one, to, 1);
	assert_true(to[0] == 1.0);
	to[0] = 7.0;
	raise(&one, to, 0);
	assert_true(to[0] == 7.0);
}

/* Whatever stands beside a number, and wherever it is. */
static void kernels_are_scalar(void **state)
{
	(void)state;
	enum { MOST = 200 };
	struct tok_random random = tok_random_of(3, 4);
	for (int kernel = TOK_KERNEL_SCALAR; kernel < TOK_KERNEL_COUNT; kernel++) {
		if (!tok_kernel_runs((enum tok_kernel)kernel)) {
			print_message("SKIPPED: this machine does not run the kernels '%s'\n",
				      tok_kernel_name((enum tok_kernel)kernel));
			continue;
		}
		tok_exponentials *raise = tok_exponentials_of((enum tok_kernel)kernel);
		for (size_t count = 0; count < MOST; count++) {
			double *from = calloc(count + 1, sizeof *from);
			double *to = calloc(count + 1, sizeof *to);
			to[count] = 5.0;
			for (size_t i = 0; i < count; i++) {
				const double unit =
				    (double)tok_random_below(&random, 1 << 30) / (1 << 30);
				from[i] = tok_random_below(&random, 9) ? -800.0 * unit : -INFINITY;
			}
			raise(from, to, count);
			for (size_t i = 0; i < count; i++) {
				double one;
				tok_exponentials_of(TOK_KERNEL_SCALAR)(&from[i], &one, 1);
				assert_true(to[i] == one);
			}
			assert_true(to[count] == 5.0);
			free(from);
			free(to);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_are_each),
		cmocka_unit_test(odd_numbers),
		cmocka_unit_test(kernels_are_scalar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
