/*
 * Products of 16 and of 8 bits by every instruction set that runs here, held against their
 * definition (narrow_laws.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/narrow_laws.h"

static void run_kernel(const char *name)
{
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		struct tok_error err = { 0 };
		if (strcmp(hyper_kernel_name(kernel), name) != 0)
			continue;
		if (!hyper_kernel_runs(kernel))
			break;
		assert_int_equal(hyper_kernel_enter(kernel, &err), TOK_OK);
		assert_int_equal(narrow_law_rounding(kernel), 0);
		assert_int_equal(narrow_law_extremes(kernel), 0);
		assert_int_equal(narrow_law_modes(kernel), 0);
		return;
	}
	print_message("SKIPPED: this machine does not run the kernels '%s'\n", name);
	skip();
}

static void test_scalar(void **state)
{
	(void)state;
	run_kernel("scalar");
}

static void test_avx2(void **state)
{
	(void)state;
	run_kernel("avx2");
}

static void test_avx512(void **state)
{
	(void)state;
	run_kernel("avx512");
}

static void test_avx512bf16(void **state)
{
	(void)state;
	run_kernel("avx512bf16");
}

static void test_amx(void **state)
{
	(void)state;
	run_kernel("amx");
}

static void test_neon(void **state)
{
	(void)state;
	run_kernel("neon");
}

/* More inputs than sums of 32 bits can hold, in INT8 alone. */
static void test_too_long(void **state)
{
	struct hyper_matrix m;
	struct tok_error err = { 0 };
	float *w = calloc(HYPER_INT8_LONGEST + 1, sizeof *w);
	(void)state;
	assert_non_null(w);
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		assert_int_equal(hyper_matrix_pack(kernel, HYPER_MODE_INT8, w, 1,
						   HYPER_INT8_LONGEST + 1, &m, &err),
				 TOK_ELIMIT);
		assert_non_null(strstr(err.message, "133144"));
		assert_int_equal(hyper_matrix_pack(kernel, HYPER_MODE_BF16, w, 1,
						   HYPER_INT8_LONGEST + 1, &m, &err),
				 TOK_OK);
		hyper_matrix_release(&m);
	}
	free(w);
}

/* Weights piece by piece are the same bytes as all at once. */
static enum tok_status give_rows(void *context, size_t first, size_t count, float *rows,
				 struct tok_error *err)
{
	enum { IN = 4099 };
	(void)err;
	memcpy(rows, (const float *)context + first * IN, count * IN * sizeof *rows);
	return TOK_OK;
}

static void test_pieces(void **state)
{
	enum { OUT = 150, IN = 4099 };
	float *w = narrow_numbers((size_t)OUT * IN, 7);
	struct tok_error err = { 0 };
	(void)state;
	assert_non_null(w);
	for (int mode = HYPER_MODE_BF16X3; mode < HYPER_MODE_COUNT; mode++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(hyper_kernel_count() - 1);
		struct hyper_matrix a, b;
		assert_int_equal(
		    hyper_matrix_pack(kernel, (enum hyper_mode)mode, w, OUT, IN, &a, &err), TOK_OK);
		assert_int_equal(hyper_matrix_pack_from(kernel, (enum hyper_mode)mode, give_rows, w,
							OUT, IN, &b, &err),
				 TOK_OK);
		assert_int_equal(a.bytes, b.bytes);
		const size_t scales = a.scales ? hyper_round_up(OUT, 32) * sizeof *a.scales : 0;
		assert_memory_equal(a.data, b.data, a.bytes - scales);
		if (scales)
			assert_memory_equal(a.scales, b.scales, scales);
		hyper_matrix_release(&a);
		hyper_matrix_release(&b);
	}
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalar),   cmocka_unit_test(test_avx2),
		cmocka_unit_test(test_avx512),   cmocka_unit_test(test_avx512bf16),
		cmocka_unit_test(test_amx),      cmocka_unit_test(test_neon),
		cmocka_unit_test(test_too_long), cmocka_unit_test(test_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
