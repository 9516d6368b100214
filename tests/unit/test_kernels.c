/* hypernet/kernel: every table that runs here obeys the laws in F32; packing, names, refusals. */
#include "tests/unit/kernel_laws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tok/base/cpu.h"

static const struct hyper_kernel *kernel_called(const char *name)
{
	for (size_t i = 0; i < hyper_kernel_count(); i++)
		if (strcmp(hyper_kernel_name(hyper_kernel_at(i)), name) == 0)
			return hyper_kernel_at(i);
	return NULL;
}

static void obey(const char *name)
{
	const struct hyper_kernel *kernel = kernel_called(name);
	if (!kernel || !hyper_kernel_runs(kernel)) {
		print_message("SKIPPED: kernels '%s' are not built or not run here\n", name);
		skip();
	}
	assert_int_equal(law_products(kernel), 0);
	assert_int_equal(law_alone(kernel), 0);
	assert_int_equal(law_gelus(kernel), 0);
	assert_int_equal(law_constant_rows(kernel), 0);
	assert_int_equal(law_attentions(kernel), 0);
}

static void scalar_is_right(void **state)
{
	(void)state;
	obey("scalar");
}

static void avx2_is_right(void **state)
{
	(void)state;
	obey("avx2");
}

static void avx512_is_right(void **state)
{
	(void)state;
	obey("avx512");
}

static void neon_is_right(void **state)
{
	(void)state;
	obey("neon");
}

struct source {
	const float *weight;
	size_t in, next, calls;
};

static enum tok_status give(void *context, size_t first, size_t count, float *rows,
			    struct tok_error *err)
{
	struct source *source = context;
	(void)err;
	assert_int_equal(first, source->next);
	memcpy(rows, source->weight + first * source->in, count * source->in * sizeof *rows);
	source->next = first + count;
	source->calls++;
	return TOK_OK;
}

static void pieces_are_the_whole(void **state)
{
	enum { OUT = 701, IN = 1001 };
	uint64_t seed = 9;
	float *w = law_rows(&seed, OUT, IN, IN);
	(void)state;
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *kernel = hyper_kernel_at(i);
		struct source source = { w, IN, 0, 0 };
		struct hyper_matrix whole, pieces;
		struct tok_error err;
		assert_int_equal(
		    hyper_matrix_pack(kernel, HYPER_MODE_F32, w, OUT, IN, &whole, &err), TOK_OK);
		assert_int_equal(hyper_matrix_pack_from(kernel, HYPER_MODE_F32, give, &source, OUT,
							IN, &pieces, &err),
				 TOK_OK);
		assert_int_equal(source.next, OUT);
		assert_true(source.calls > 2);
		assert_int_equal(whole.bytes, pieces.bytes);
		assert_true(whole.bytes >= sizeof(float) * OUT * IN);
		assert_memory_equal(whole.data, pieces.data, whole.bytes);
		hyper_matrix_release(&whole);
		hyper_matrix_release(&pieces);
		assert_null(pieces.data);
	}
	free(w);
}

static enum tok_status refuse(void *context, size_t first, size_t count, float *rows,
			      struct tok_error *err)
{
	(void)context, (void)count, (void)rows;
	return first ? tok_fail(err, TOK_EIO, "the disk is gone") : TOK_OK;
}

static void a_source_may_fail(void **state)
{
	struct hyper_matrix m = { .out = 77 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_matrix_pack_from(kernel_called("scalar"), HYPER_MODE_F32, refuse,
						NULL, 5000, 1000, &m, &err),
			 TOK_EIO);
	assert_string_equal(err.message, "the disk is gone");
	assert_int_equal(m.out, 77);
}

static void sizes_are_checked(void **state)
{
	const struct hyper_kernel *kernel = kernel_called("scalar");
	static const struct {
		size_t out, in;
		enum tok_status status;
	} rows[] = { { 0, 5, TOK_EARG },
		     { 5, 0, TOK_EARG },
		     { SIZE_MAX, 2, TOK_ELIMIT },
		     { 2, SIZE_MAX - 63, TOK_ELIMIT },
		     { (size_t)1 << 32, (size_t)1 << 31, TOK_ELIMIT },
		     { (size_t)1 << 31, (size_t)1 << 30, TOK_ELIMIT } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct hyper_matrix m = { .out = 77 };
		struct tok_error err = { 0 };
		assert_int_equal(hyper_matrix_pack_from(kernel, HYPER_MODE_F32, refuse, NULL,
							rows[i].out, rows[i].in, &m, &err),
				 rows[i].status);
		assert_int_equal(m.out, 77);
	}
	assert_null(hyper_scratch_new(SIZE_MAX));
}

static void kernels_are_chosen_by_name(void **state)
{
	const struct hyper_kernel *kernel = NULL;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, &err), TOK_OK);
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *wanted = hyper_kernel_at(i), *got = NULL;
		if (hyper_kernel_runs(wanted)) {
			assert_int_equal(hyper_kernel_choose(hyper_kernel_name(wanted), &got, &err),
					 TOK_OK);
			assert_ptr_equal(got, wanted);
			assert_int_equal(hyper_kernel_enter(got, &err), TOK_OK);
		} else {
			assert_ptr_not_equal(wanted, kernel);
		}
	}
	for (int i = 0; i < TOK_KERNEL_COUNT; i++) {
		const char *name = tok_kernel_name((enum tok_kernel)i);
		const struct hyper_kernel *got = NULL;
		const bool runs = kernel_called(name) && hyper_kernel_runs(kernel_called(name));
		if (runs)
			continue;
		assert_int_equal(hyper_kernel_choose(name, &got, &err), TOK_EARG);
		assert_non_null(strstr(err.message, "this machine does not run the kernels '"));
		assert_null(got);
	}
	assert_int_equal(hyper_kernel_choose("sse", &kernel, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "there are no kernels 'sse'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalar_is_right),
		cmocka_unit_test(avx2_is_right),
		cmocka_unit_test(avx512_is_right),
		cmocka_unit_test(neon_is_right),
		cmocka_unit_test(pieces_are_the_whole),
		cmocka_unit_test(a_source_may_fail),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(kernels_are_chosen_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
