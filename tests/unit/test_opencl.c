/*
 * hypernet/kernel/opencl.h on whatever device is there (a processor's does, PoCL): the laws of all
 * tables, a network, several threads; what does not fit, is not there, or breaks.
 */
#define LAW_FEW 1 /* a processor that plays a device is slow */
#include "tests/unit/kernel_laws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "hypernet/kernel/opencl_internal.h"
#include "hypernet/net/net.h"
#include "tests/unit/hyper_run.h"
#include "tok/base/threads.h"

static const struct hyper_kernel *here(void)
{
	const struct hyper_kernel *best = NULL;
	assert_int_equal(hyper_kernel_choose(NULL, &best, NULL), TOK_OK);
	return best;
}

/* A machine without a device is skipped out loud; with CI=true it is
 * a failure. */
static struct hyper_device *open_device(uint64_t budget)
{
	const char *ci = getenv("CI");
	struct hyper_device *device = NULL;
	struct tok_error err = { 0 };
	if (hyper_device_open(NULL, budget, here(), &device, &err) == TOK_OK)
		return device;
	print_message("SKIPPED: %s\n", err.message);
	if (ci && strcmp(ci, "true") == 0)
		fail_msg("%s", err.message);
	skip();
	return NULL;
}

static void close_device(struct hyper_device *device)
{
	struct tok_error err = { 0 };
	if (hyper_device_check(device, &err) != TOK_OK)
		fail_msg("%s", err.message);
	hyper_device_close(device);
}

/* ---- numbers ---------------------------------------------------------------------- */

static void products_are_right(void **state)
{
	(void)state;
	struct hyper_device *device = open_device(0);
	const struct hyper_kernel *kernel = hyper_device_kernel(device);
	assert_memory_equal(hyper_kernel_name(kernel), "opencl ", 7);
	assert_int_equal(law_products(kernel), 0);
	assert_int_equal(law_alone(kernel), 0);
	assert_int_equal(law_constant_rows(kernel), 0);
	close_device(device);
}

/* Of each step alone, of none and of all, rows being more than go at once. */
static void every_step_is_done(void **state)
{
	enum { ROWS = 515, OUT = 67, IN = 5, X_STRIDE = 9, Y_STRIDE = 70, STEPS = 7 };
	(void)state;
	struct hyper_device *device = open_device(0);
	const struct hyper_kernel *kernel = hyper_device_kernel(device);
	uint64_t seed = 3;
	float *w = law_rows(&seed, OUT, IN, IN), *x = law_rows(&seed, ROWS, IN, X_STRIDE);
	float *v = law_rows(&seed, 5, OUT, OUT), *r = law_rows(&seed, ROWS, OUT, OUT + 1);
	double *want = law_doubles(ROWS * OUT);
	for (unsigned step = 0; step <= STEPS; step++) {
		const unsigned steps = step == STEPS ? ~0u : step ? 1u << (step - 1) : 0;
		float *y = law_rows(&seed, ROWS, OUT, Y_STRIDE);
		const struct hyper_epilogue e = {
			.bias = steps & 1 ? v : NULL,
			.activation = steps & 2 ? HYPER_GELU_TANH : HYPER_LINEAR,
			.residual = steps & 4 ? r : NULL,
			.residual_stride = OUT + 1,
			.norm_weight = steps & 8 ? v + OUT : NULL,
			.norm_bias = steps & 8 && steps & 1 ? v + 2 * OUT : NULL,
			.norm_epsilon = 1e-5F,
			.scale = steps & 16 ? v + 3 * OUT : NULL,
			.shift = steps & 32 ? v + 4 * OUT : NULL,
		};
		const struct law_product s = { ROWS, OUT, IN };
		law_want(s, x, X_STRIDE, w, &e, want);
		law_multiply(kernel, s, w, x, X_STRIDE, y, Y_STRIDE, &e);
		assert_int_equal(law_near("a step", kernel, y, want, ROWS, OUT, Y_STRIDE), 0);
		free(y);
	}
	free(w);
	free(x);
	free(v);
	free(r);
	free(want);
	close_device(device);
}

/* GELU where it bends and at the ends of float, by products with 1. */
static void gelus_are_right(void **state)
{
	enum { COUNT = 513 };
	static const enum hyper_activation both[] = { HYPER_GELU_TANH, HYPER_GELU_ERF };
	static const float ends[] = {
		0, -0.0F, INFINITY, -INFINITY, NAN, 3.4e38F, -3.4e38F, 1e-45F
	};
	float x[COUNT], y[COUNT], one = 1;
	(void)state;
	struct hyper_device *device = open_device(0);
	const struct hyper_kernel *kernel = hyper_device_kernel(device);
	for (size_t i = 0; i < COUNT; i++)
		x[i] = -8 + (float)i / 32;
	memcpy(x, ends, sizeof ends);
	for (size_t a = 0; a < 2; a++) {
		const struct hyper_epilogue e = { .activation = both[a] };
		law_multiply(kernel, (struct law_product){ COUNT, 1, 1 }, &one, x, 1, y, 1, &e);
		for (size_t i = 0; i < COUNT; i++) {
			const long double want = law_gelu(both[a], x[i]);
			if (isnan(x[i]) ? !isnan(y[i])
					: !(y[i] == (float)want ||
					    fabsl(y[i] - want) <= 1e-6L * (1 + fabsl(want))))
				fail_msg("GELU %d of %a is %a", both[a], (double)x[i],
					 (double)y[i]);
		}
	}
	close_device(device);
}

/* Inputs and weights are rounded as the scalar table does it, ties and denormals too. */
static void bf16_is_rounded_alike(void **state)
{
	enum { ROWS = 37, OUT = 65, IN = 131 };
	(void)state;
	struct hyper_device *device = open_device(0);
	const struct hyper_kernel *kernels[] = { hyper_device_kernel(device),
						 hyper_kernel_at(hyper_kernel_count() - 1) };
	uint64_t seed = 4;
	float *w = law_rows(&seed, OUT, IN, IN), *x = law_rows(&seed, ROWS, IN, IN);
	float *y[2] = { law_rows(&seed, ROWS, OUT, OUT), law_rows(&seed, ROWS, OUT, OUT) };
	struct tok_error err = { 0 };
	for (size_t i = 0; i < IN; i++) /* halfway between two, in turn to be rounded up and down */
		x[i] = 1 + (float)(2 * i + 1) / 256;
	for (size_t k = 0; k < 2; k++) {
		struct hyper_matrix m;
		assert_int_equal(
		    hyper_matrix_pack(kernels[k], HYPER_MODE_BF16, w, OUT, IN, &m, &err), TOK_OK);
		void *scratch = hyper_scratch_new(hyper_gemm_scratch(&m, ROWS));
		hyper_gemm(&m, x, IN, ROWS, y[k], OUT, NULL, scratch);
		free(scratch);
		hyper_matrix_release(&m);
	}
	assert_true(far_off(y[0], y[1], (size_t)ROWS * OUT) < 2e-6);
	free(w);
	free(x);
	free(y[0]);
	free(y[1]);
	close_device(device);
}

static void networks_are_right(void **state)
{
	static const char *const names[] = { "tiny_tied_lang", "tiny_untied" };
	static const struct {
		enum hyper_mode mode;
		double bound;
	} modes[] = { { HYPER_MODE_F32, 1e-5 },
		      { HYPER_MODE_BF16X3, 1e-5 },
		      { HYPER_MODE_BF16, 2e-2 } };
	(void)state;
	struct hyper_device *device = open_device(0);
	for (size_t n = 0; n < 2; n++) {
		struct hyper_case c;
		case_open(&c, names[n]);
		for (size_t m = 0; m < 3; m++) {
			const struct hyper_net_options o = { .kernel = hyper_device_kernel(device),
							     .mode = modes[m].mode,
							     .threads = 3 };
			struct hyper_net *net = open_net(&c, o);
			struct hyper_rows_made made =
			    run_net(net, &c, (struct hyper_predict_job){ 0 });
			const size_t count = made.count * made.width;
			assert_true(far_off(made.in, c.want_in, count) <= modes[m].bound);
			assert_true(far_off(made.bias, c.want_bias, made.count) <= modes[m].bound);
			if (c.want_out)
				assert_true(far_off(made.out, c.want_out, count) <= modes[m].bound);
			made_free(&made);
			hyper_net_free(net);
		}
		case_close(&c);
	}
	close_device(device);
}

/* ---- threads ---------------------------------------------------------------------- */

enum { THREADS = 4, SHARED_ROWS = 70, SHARED_WIDTH = 130 };

struct shared {
	struct hyper_matrix w;
	float *x, *y[THREADS];
};

static void multiply_often(void *context, size_t index)
{
	struct shared *s = context;
	float *x = s->x + index * SHARED_WIDTH;
	for (int i = 0; i < 5; i++)
		hyper_gemm(&s->w, x, SHARED_WIDTH, SHARED_ROWS - index, s->y[index], SHARED_WIDTH,
			   NULL, NULL);
}

static void threads_do_not_disturb_one_another(void **state)
{
	(void)state;
	struct hyper_device *device = open_device(0);
	uint64_t seed = 6;
	struct tok_error err = { 0 };
	struct shared s = { .x = law_rows(&seed, SHARED_ROWS, SHARED_WIDTH, SHARED_WIDTH) };
	float *w = law_rows(&seed, SHARED_WIDTH, SHARED_WIDTH, SHARED_WIDTH);
	for (size_t i = 0; i < THREADS; i++)
		s.y[i] = law_rows(&seed, SHARED_ROWS, SHARED_WIDTH, SHARED_WIDTH);
	assert_int_equal(hyper_matrix_pack(hyper_device_kernel(device), HYPER_MODE_F32, w,
					   SHARED_WIDTH, SHARED_WIDTH, &s.w, &err),
			 TOK_OK);
	tok_threads_run(THREADS, multiply_often, &s);
	for (size_t i = 1; i < THREADS; i++)
		assert_memory_equal(s.y[i], s.y[0] + i * SHARED_WIDTH,
				    (SHARED_ROWS - i) * SHARED_WIDTH * sizeof(float));
	hyper_matrix_release(&s.w);
	for (size_t i = 0; i < THREADS; i++)
		free(s.y[i]);
	free(s.x);
	free(w);
	close_device(device);
}

/* ---- what is refused --------------------------------------------------------------- */

static enum tok_status pack(struct hyper_device *device, enum hyper_mode mode, size_t out,
			    size_t in, struct hyper_matrix *m, struct tok_error *err)
{
	float *w = calloc(out * in, sizeof *w);
	assert_non_null(w);
	const enum tok_status status =
	    hyper_matrix_pack(hyper_device_kernel(device), mode, w, out, in, m, err);
	free(w);
	return status;
}

/* 512 rows of 256 and 256 numbers and 5 vectors are 1,053,696 bytes, weights 262,144. */
static void a_budget_is_kept(void **state)
{
	enum { ROOM = 1053696, WEIGHTS = 262144 };
	(void)state;
	struct hyper_device *device = open_device(ROOM + 2 * WEIGHTS);
	struct hyper_matrix m[3] = { 0 };
	struct tok_error err = { 0 };
	for (int again = 0; again < 2; again++) {
		assert_int_equal(pack(device, HYPER_MODE_F32, 256, 256, &m[0], &err), TOK_OK);
		assert_int_equal(pack(device, HYPER_MODE_F32, 256, 256, &m[1], &err), TOK_OK);
		assert_int_equal(pack(device, HYPER_MODE_F32, 1, 1, &m[2], &err), TOK_ELIMIT);
		assert_non_null(strstr(err.message,
				       "not fit: 256 bytes beside the 1577984 in use are more "
				       "than the 1577984 allowed"));
		assert_null(m[2].data);
		hyper_matrix_release(&m[0]);
		/* Half the bytes a weight; and a panel more is too much again. */
		assert_int_equal(pack(device, HYPER_MODE_BF16, 256, 256, &m[0], &err), TOK_OK);
		assert_int_equal(pack(device, HYPER_MODE_F32, 129, 256, &m[2], &err), TOK_ELIMIT);
		hyper_matrix_release(&m[0]);
		hyper_matrix_release(&m[1]);
	}
	hyper_device_close(device);
}

/* Attention and epilogues alone are those of the table that was named. */
static void what_is_no_product_is_done_here(void **state)
{
	struct hyper_device *device = NULL;
	struct tok_error err = { 0 };
	(void)state;
	close_device(open_device(0));
	for (size_t i = 0; i < hyper_kernel_count(); i++) {
		const struct hyper_kernel *table = hyper_kernel_at(i);
		assert_int_equal(hyper_device_open(NULL, 0, table, &device, &err), TOK_OK);
		assert_ptr_equal(hyper_device_kernel(device)->finish, table->finish);
		assert_ptr_equal(hyper_device_kernel(device)->attend, table->attend);
		hyper_device_close(device);
	}
}

static void int8_is_refused(void **state)
{
	(void)state;
	struct hyper_device *device = open_device(0);
	struct hyper_matrix m = { .out = 77 };
	struct tok_error err = { 0 };
	assert_int_equal(pack(device, HYPER_MODE_INT8, 3, 3, &m, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "int8"));
	assert_int_equal(m.out, 77);
	close_device(device);
}

static void devices_are_found_by_number_and_name(void **state)
{
	struct hyper_device_info all[8];
	struct tok_error err = { 0 };
	size_t count = 0;
	(void)state;
	hyper_device_close(open_device(0));
	assert_int_equal(hyper_device_list(all, 8, &count, &err), TOK_OK);
	assert_true(count >= 1);
	for (size_t i = 0; i < count && i < 8; i++) {
		char number[32], name[128];
		struct hyper_device *device = NULL;
		assert_true(all[i].memory_bytes > 0 && all[i].largest_bytes > 0);
		assert_true(all[i].units > 0 && all[i].name[0] && all[i].platform[0]);
		snprintf(number, sizeof number, "%u:%u", all[i].platform_number, all[i].number);
		assert_int_equal(hyper_device_open(number, 0, here(), &device, &err), TOK_OK);
		hyper_device_close(device);
		for (size_t c = 0; c <= strlen(all[i].name); c++)
			name[c] = (char)(all[i].name[c] |
					 (all[i].name[c] >= 'A' && all[i].name[c] <= 'Z' ? 32 : 0));
		assert_int_equal(hyper_device_open(name + 1, 0, here(), &device, &err), TOK_OK);
		hyper_device_close(device);
	}
	struct hyper_device *none = NULL;
	assert_int_equal(hyper_device_open("7:7", 0, here(), &none, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "no device '7:7'"));
	assert_int_equal(hyper_device_open("no such thing", 0, here(), &none, &err), TOK_EARG);
	assert_null(none);
	hyper_device_close(NULL);
}

static void without_a_loader_there_is_a_sentence(void **state)
{
	struct hyper_opencl cl;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_opencl_load("libnosuchthing.so.1", &cl, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "devices need OpenCL's loader: libnosuchthing.so.1"));
	assert_int_equal(hyper_opencl_load("libm.so.6", &cl, &err), TOK_EARG);
	assert_string_equal(err.message, "devices need OpenCL 1.2: libm.so.6 lacks a call");
}

static void texts_of_drivers_are_cleaned(void **state)
{
	char text[] = "a\"b\\c\x1b[\n\xe9 ~", words[64];
	(void)state;
	hyper_opencl_clean(text);
	assert_string_equal(text, "a b c [   ~");
	assert_string_equal(hyper_opencl_words(CL_OUT_OF_RESOURCES, words),
			    "out of resources (-5)");
	assert_string_equal(hyper_opencl_words(-9999, words), "the driver refused (-9999)");
}

/* ---- devices that break ------------------------------------------------------------ */

static cl_int break_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
			   const size_t *offset, const size_t *global, const size_t *local,
			   cl_uint count, const cl_event *list, cl_event *event)
{
	(void)queue, (void)kernel, (void)offset, (void)global, (void)local, (void)count;
	(void)list, (void)event;
	return dimensions == 1 ? CL_INVALID_VALUE : CL_OUT_OF_RESOURCES;
}

static cl_int break_read(cl_command_queue queue, cl_mem memory, cl_bool blocking, const size_t *a,
			 const size_t *b, const size_t *region, size_t c, size_t d, size_t e,
			 size_t f, void *to, cl_uint count, const cl_event *list, cl_event *event)
{
	(void)queue, (void)memory, (void)blocking, (void)a, (void)b, (void)region, (void)c;
	(void)d, (void)e, (void)f, (void)to, (void)count, (void)list, (void)event;
	return CL_DEVICE_NOT_AVAILABLE;
}

static cl_int break_write(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
			  size_t bytes, const void *from, cl_uint count, const cl_event *list,
			  cl_event *event)
{
	(void)queue, (void)memory, (void)blocking, (void)offset, (void)bytes, (void)from;
	(void)count, (void)list, (void)event;
	return CL_OUT_OF_HOST_MEMORY;
}

static cl_mem break_buffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host,
			   cl_int *code)
{
	(void)context, (void)flags, (void)bytes, (void)host;
	*code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
	return NULL;
}

static void the_first_trouble_is_remembered(void **state)
{
	float x[3] = { 1, 2, 3 }, y[4] = { 7, 7, 7, 7 };
	struct hyper_matrix m;
	struct tok_error err = { 0 };
	(void)state;
	struct hyper_device *device = open_device(0);
	assert_int_equal(pack(device, HYPER_MODE_F32, 3, 3, &m, &err), TOK_OK);
	assert_int_equal(hyper_device_check(device, &err), TOK_OK);
	const struct hyper_opencl whole = device->cl;
	device->cl.EnqueueNDRangeKernel = break_kernel;
	hyper_gemm(&m, x, 3, 1, y, 3, NULL, NULL);
	assert_true(y[0] == 0 && y[1] == 0 && y[2] == 0 && y[3] == 7);
	device->cl = whole;
	device->cl.EnqueueReadBufferRect = break_read;
	hyper_gemm(&m, x, 3, 1, y, 3, NULL, NULL);
	device->cl = whole;
	hyper_gemm(&m, x, 3, 1, y, 3, NULL, NULL);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(hyper_device_check(device, &err), TOK_EIO);
		assert_non_null(strstr(err.message, "a product: out of resources (-5)"));
	}
	hyper_matrix_release(&m);
	hyper_device_close(device);
}

static void weights_that_do_not_arrive_are_not_kept(void **state)
{
	struct hyper_matrix m = { .out = 77 };
	struct tok_error err = { 0 };
	(void)state;
	struct hyper_device *device = open_device(0);
	const struct hyper_opencl whole = device->cl;
	device->cl.EnqueueWriteBuffer = break_write;
	assert_int_equal(pack(device, HYPER_MODE_F32, 3, 3, &m, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "sending weights: out of memory (-6)"));
	assert_int_equal(device->used, device->x.bytes + device->y.bytes + device->vectors.bytes);
	device->cl = whole;
	device->cl.CreateBuffer = break_buffer;
	assert_int_equal(pack(device, HYPER_MODE_F32, 300, 300, &m, &err), TOK_EIO);
	assert_non_null(strstr(err.message, "the device's memory is out (-4)"));
	device->cl = whole;
	device->found.info.largest_bytes = 6144; /* the rows of 3 numbers */
	assert_int_equal(pack(device, HYPER_MODE_F32, 3, 4, &m, &err), TOK_ELIMIT);
	assert_non_null(strstr(err.message, "6144 bytes in one piece, not 8192"));
	assert_int_equal(m.out, 77);
	assert_int_equal(device->used, device->x.bytes + device->y.bytes + device->vectors.bytes);
	assert_int_equal(pack(device, HYPER_MODE_F32, 3, 3, &m, &err), TOK_OK);
	hyper_matrix_release(&m);
	close_device(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_right),
		cmocka_unit_test(every_step_is_done),
		cmocka_unit_test(gelus_are_right),
		cmocka_unit_test(bf16_is_rounded_alike),
		cmocka_unit_test(networks_are_right),
		cmocka_unit_test(threads_do_not_disturb_one_another),
		cmocka_unit_test(a_budget_is_kept),
		cmocka_unit_test(what_is_no_product_is_done_here),
		cmocka_unit_test(int8_is_refused),
		cmocka_unit_test(devices_are_found_by_number_and_name),
		cmocka_unit_test(without_a_loader_there_is_a_sentence),
		cmocka_unit_test(texts_of_drivers_are_cleaned),
		cmocka_unit_test(the_first_trouble_is_remembered),
		cmocka_unit_test(weights_that_do_not_arrive_are_not_kept),
	};
	return cmocka_run_group_tests_name("opencl", tests, NULL, NULL);
}
