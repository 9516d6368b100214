/* Matrices that are packed again and again: products are those of matrices packed once, to the
 * bit, whatever was there before. */
#include "tests/unit/kernel_laws.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OUT = 130, IN = 70, ROWS = 9, GAP = 5 };

static const size_t shapes[][2] = { /* out, in */
				    { OUT, IN }, { 1, 1 },        { 33, IN }, { 64, 13 },
				    { 17, 200 }, { OUT - 1, 67 }, { 128, 3 }, { OUT, IN }
};

static void multiply(const struct hyper_matrix *m, const float *x, float *y)
{
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(m, ROWS));
	assert_non_null(scratch);
	memset(y, 0x55, sizeof(float) * ROWS * OUT);
	hyper_gemm(m, x, m->in, ROWS, y, OUT, NULL, scratch);
	free(scratch);
}

static float *turn(const float *weight, size_t out, size_t in)
{
	float *turned = hyper_scratch_new(in * (out + GAP) * sizeof *turned);
	assert_non_null(turned);
	for (size_t i = 0; i < in; i++)
		for (size_t o = 0; o < out + GAP; o++)
			turned[i * (out + GAP) + o] = o < out ? weight[o * in + i] : LAW_GAP;
	return turned;
}

static void shape_is_right(const struct hyper_kernel *kernel, struct hyper_matrix *room, size_t out,
			   size_t in)
{
	static float want[ROWS * OUT], got[ROWS * OUT];
	uint64_t state = out * 1000 + in;
	float *weight = law_rows(&state, out, in, in), *x = law_rows(&state, ROWS, in, in);
	float *turned = turn(weight, out, in);
	struct hyper_matrix once;
	struct tok_error err;
	assert_int_equal(hyper_matrix_pack(kernel, HYPER_MODE_F32, weight, out, in, &once, &err),
			 TOK_OK);
	multiply(&once, x, want);
	hyper_matrix_refill(room, weight, out, in);
	multiply(room, x, got);
	assert_memory_equal(got, want, sizeof want);
	memset(room->data, UCHAR_MAX, room->bytes); /* NaN */
	hyper_matrix_refill_turned(room, turned, out + GAP, out, in);
	multiply(room, x, got);
	assert_memory_equal(got, want, sizeof want);
	assert_memory_equal(room->data, once.data, once.bytes);
	hyper_matrix_release(&once);
	free(weight);
	free(x);
	free(turned);
}

static void the_same_as_packed_once(void **state)
{
	(void)state;
	for (size_t k = 0; k < hyper_kernel_count(); k++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(k);
		struct hyper_matrix room;
		struct tok_error err;
		if (!hyper_kernel_runs(kernel))
			continue;
		assert_int_equal(hyper_matrix_room(kernel, OUT, IN, &room, &err), TOK_OK);
		for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
			shape_is_right(kernel, &room, shapes[s][0], shapes[s][1]);
		hyper_matrix_release(&room);
	}
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	const struct hyper_kernel *kernel = hyper_kernel_at(0);
	struct hyper_matrix m = { .out = 77 };
	struct tok_error err;
	assert_int_equal(hyper_matrix_room(kernel, 0, 5, &m, &err), TOK_ELIMIT);
	assert_int_equal(hyper_matrix_room(kernel, 5, 0, &m, &err), TOK_ELIMIT);
	assert_int_equal(hyper_matrix_room(kernel, SIZE_MAX - 5, 1, &m, &err), TOK_ELIMIT);
	assert_int_equal(hyper_matrix_room(kernel, SIZE_MAX / 64, 65, &m, &err), TOK_ELIMIT);
	assert_int_equal(m.out, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_as_packed_once),
		cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
