/*
 * The network of XLM-R's shape, with made weights, against numbers of a float64 implementation
 * (tests/oracles/hypernet_ref.py, which conformance.hypernet asks for all of them).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/hyper_made.h"

enum { TOKENS = CHECKED ? 3 : 16 };

/* What the reference says. */
static const double all_length = 112.496636, row2_first = -1.06395006, bias2 = -0.803410391;

/* Of the largest number of the rows, which is about 3. */
static const double bounds[HYPER_MODE_COUNT] = {
	[HYPER_MODE_F32] = 1e-5,
	[HYPER_MODE_BF16X3] = 5e-5,
	[HYPER_MODE_BF16] = 2e-2,
	[HYPER_MODE_INT8] = 6e-2,
};

static const struct hyper_config xlmr = {
	.embedding = 768,
	.hidden = 768,
	.intermediate = 1536,
	.layers = 3,
	.heads = 12,
	.surface = 7,
	.extra = 161,
	.vocabulary = 250002,
	.pad = 1,
	.predicts_bias = true,
	.rescales = true,
	.takes_language = true,
	.language_count = 26,
};

static enum tok_status check_rows(void *context, const struct hyper_predicted *b,
				  struct tok_error *err)
{
	const double bound = *(const double *)context;
	double sum = 0;
	(void)err;
	assert_int_equal(b->count, TOKENS);
	assert_null(b->out);
	for (size_t i = 0; i < b->count * xlmr.embedding; i++)
		sum += (double)b->in[i] * (double)b->in[i];
	if (TOKENS == 16) /* one part in a thousand rows' worth of noise, and the printed digits */
		assert_true(fabs(sqrt(sum) / all_length - 1) < bound / 10 + 5e-9);
	assert_true(fabs((double)b->in[2 * xlmr.embedding] - row2_first) < 3 * bound);
	assert_true(fabs((double)b->bias[2] - bias2) < 3 * bound);
	return TOK_OK;
}

static void xlmr_shape(void **state)
{
	static struct hyper_list list;
	struct tok_error err = { 0 };
	(void)state;
	list_net(&list, &xlmr, 514);
	struct hyper_tensors *tensors = make_list(&list);
	struct hyper_surfaces surfaces = { .ids = make_forms(&xlmr, TOKENS),
					   .count = TOKENS,
					   .length = xlmr.surface };
	struct hyper_tensor in = make_source(&xlmr, 0, surfaces.ids, TOKENS * xlmr.surface);
	const struct hyper_source source = { .in = &in };
	for (enum hyper_mode mode = 0; mode < HYPER_MODE_COUNT; mode++) {
		struct hyper_net_options o = { .mode = mode, .threads = 1 };
		struct hyper_net *net;
		double bound = bounds[mode];
		assert_int_equal(hyper_kernel_choose(NULL, &o.kernel, &err), TOK_OK);
		if (hyper_net_open(tensors, &xlmr, &o, &net, &err) != TOK_OK)
			fail_msg("%s", err.message);
		struct hyper_predict_job job = {
			.language = 1, .end = TOKENS, .sink = check_rows, .context = &bound
		};
		assert_int_equal(hyper_predict(net, &source, &surfaces, &job, &err), TOK_OK);
		if (mode == HYPER_MODE_F32) /* 20,634,625 numbers but for 507 positions and
					       what is padded to whole panels */
			assert_true(hyper_net_bytes(net) < (size_t)4 * 20634625);
		hyper_net_free(net);
	}
	unmake_source(&in);
	hyper_surfaces_release(&surfaces);
	hyper_tensors_close(tensors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xlmr_shape),
	};
	return cmocka_run_group_tests_name("hyper_shape", tests, NULL, NULL);
}
