/*
 * The block scanners against the scalar ones, on every instruction set that
 * this machine has: see scan_laws.h.
 *
 *	test_scan_blocks ROUNDS      that many times as many texts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/scan_laws.h"

static size_t rounds = 20;

static void obey(enum tok_kernel kernel)
{
	if (!tok_kernel_runs(kernel)) {
		print_message("SKIPPED: this machine does not run the kernels '%s'\n",
			      tok_kernel_name(kernel));
		skip();
	}
	assert_int_equal(law_all(kernel, rounds), 0);
}

static void avx2_is_scalar(void **state)
{
	(void)state;
	obey(TOK_KERNEL_AVX2);
}

static void avx512_is_scalar(void **state)
{
	(void)state;
	obey(TOK_KERNEL_AVX512);
}

static void neon_is_scalar(void **state)
{
	(void)state;
	obey(TOK_KERNEL_NEON);
}

/* The compiler's own way to ask, where it has one. */
static void kernels_are_those_of_the_machine(void **state)
{
	(void)state;
#if defined(__x86_64__)
	const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
	assert_int_equal(tok_kernel_runs(TOK_KERNEL_AVX2), avx2);
	assert_int_equal(tok_kernel_runs(TOK_KERNEL_AVX512),
			 avx2 && __builtin_cpu_supports("avx512bw") &&
			     __builtin_cpu_supports("avx512vbmi2"));
	assert_int_equal(tok_kernel_runs(TOK_KERNEL_AVX512_BF16),
			 tok_kernel_runs(TOK_KERNEL_AVX512) &&
			     __builtin_cpu_supports("avx512bf16"));
	if (tok_kernel_runs(TOK_KERNEL_AMX))
		assert_true(tok_kernel_runs(TOK_KERNEL_AVX512_BF16));
	assert_int_equal(tok_kernel_multiplies(TOK_KERNEL_AVX2),
			 avx2 && __builtin_cpu_supports("fma"));
#endif
	assert_true(tok_kernel_runs(TOK_KERNEL_SCALAR));
	assert_true(tok_kernel_runs(tok_kernel_best()));
	assert_true(tok_kernel_best() <= TOK_KERNEL_NEON);
}

/* What a person may ask for, and the sentences for what is not to be had. */
static void kernels_are_chosen_by_name(void **state)
{
	(void)state;
	struct tok_error err = { 0 };
	enum tok_kernel kernel = TOK_KERNEL_COUNT;
	assert_int_equal(tok_kernel_choose(NULL, &kernel, &err), TOK_OK);
	assert_int_equal(kernel, tok_kernel_best());
	for (int i = 0; i < TOK_KERNEL_COUNT; i++) {
		const enum tok_kernel wanted = (enum tok_kernel)i;
		kernel = TOK_KERNEL_COUNT;
		if (tok_kernel_runs(wanted)) {
			assert_int_equal(tok_kernel_choose(tok_kernel_name(wanted), &kernel, &err),
					 TOK_OK);
			assert_int_equal(kernel, wanted);
		} else {
			assert_int_equal(tok_kernel_choose(tok_kernel_name(wanted), &kernel, &err),
					 TOK_EARG);
			assert_int_equal(kernel, TOK_KERNEL_COUNT);
			assert_non_null(strstr(err.message, "this machine does not run"));
		}
	}
	assert_int_equal(tok_kernel_choose("sse", &kernel, &err), TOK_EARG);
	assert_string_equal(err.message,
			    "there are no kernels 'sse': they are scalar, avx2, avx512, neon, "
			    "avx512bf16 and amx");
	assert_int_equal(tok_kernel_choose("", &kernel, &err), TOK_EARG);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		rounds = strtoul(argv[1], NULL, 10);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_are_those_of_the_machine),
		cmocka_unit_test(kernels_are_chosen_by_name),
		cmocka_unit_test(avx2_is_scalar),
		cmocka_unit_test(avx512_is_scalar),
		cmocka_unit_test(neon_is_scalar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
