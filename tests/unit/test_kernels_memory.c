/* Packing weights where memory runs out: said so, nothing written, nothing kept. */
#include "tests/unit/kernel_laws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/heap.h"

static enum tok_status give(void *context, size_t first, size_t count, float *rows,
			    struct tok_error *err)
{
	(void)first, (void)err;
	memset(rows, 0, count * *(const size_t *)context * sizeof *rows);
	return TOK_OK;
}

static enum tok_status pack(const struct hyper_kernel *kernel, enum hyper_mode mode, bool pieces,
			    struct hyper_matrix *m)
{
	static const float weight[33 * 65] = { 1 };
	size_t in = 65;
	struct tok_error err;
	return pieces ? hyper_matrix_pack_from(kernel, mode, give, &in, 33, in, m, &err)
		      : hyper_matrix_pack(kernel, mode, weight, 33, in, m, &err);
}

static void each_allocation_may_fail(const struct hyper_kernel *kernel, enum hyper_mode mode,
				     bool pieces)
{
	const long before = heap.live;
	size_t failures = 0;
	for (;; failures++) {
		struct hyper_matrix m = { .out = 77 };
		heap.asked = 0;
		heap.fails_at = failures + 1;
		const enum tok_status status = pack(kernel, mode, pieces, &m);
		heap.fails_at = 0;
		if (status == TOK_OK) {
			assert_true(heap.live > before);
			hyper_matrix_release(&m);
			assert_int_equal(heap.live, before);
			break;
		}
		assert_int_equal(status, TOK_ENOMEM);
		assert_int_equal(m.out, 77);
		assert_int_equal(heap.live, before);
	}
	assert_int_equal(failures, 1 + (mode == HYPER_MODE_INT8) + pieces);
}

static void packing_survives(void **state)
{
	(void)state;
	for (size_t i = 0; i < hyper_kernel_count(); i++)
		for (int pieces = 0; pieces < 2; pieces++)
			each_allocation_may_fail(hyper_kernel_at(i), HYPER_MODE_F32, pieces);
}

static void multiplying_allocates_nothing(void **state)
{
	const struct hyper_kernel *kernel;
	struct hyper_matrix m;
	float x[5 * 65] = { 1 }, y[5 * 33];
	(void)state;
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, NULL), TOK_OK);
	assert_int_equal(pack(kernel, HYPER_MODE_F32, false, &m), TOK_OK);
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(&m, 5));
	heap.asked = 0;
	hyper_gemm(&m, x, 65, 5, y, 33, NULL, scratch);
	assert_int_equal(heap.asked, 0);
	free(scratch);
	hyper_matrix_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packing_survives),
		cmocka_unit_test(multiplying_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
