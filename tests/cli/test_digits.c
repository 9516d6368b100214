/* test_digits.c - numbers to decimal, against printf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cmd/cli_digits.h"

static void check(uint32_t number)
{
	char wanted[16], got[CLI_DIGITS_MAX + 1];
	const int count = snprintf(wanted, sizeof wanted, "%u", number);
	memset(got, 'x', sizeof got);
	assert_ptr_equal(cli_put_digits(got, number), got + count);
	assert_memory_equal(got, wanted, (size_t)count);
	assert_int_equal(got[count], 'x');
}

static void each_small_number(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < 300000; number++)
		check(number);
}

static void around_each_power(void **state)
{
	(void)state;
	for (uint64_t power = 10; power <= UINT32_MAX; power *= 10)
		for (uint64_t number = power - 2; number <= power + 2; number++)
			check((uint32_t)number);
	check(UINT32_MAX - 1);
	check(UINT32_MAX);
}

static void numbers_all_over(void **state)
{
	(void)state;
	for (uint64_t number = 1; number <= UINT32_MAX; number += 99991)
		check((uint32_t)number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_small_number),
		cmocka_unit_test(around_each_power),
		cmocka_unit_test(numbers_all_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
