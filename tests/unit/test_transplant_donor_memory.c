/* What goes by a donor's rows, and what tells of rows, where memory runs out: said so, nothing
 * written, nothing kept. */
#include "hypernet/transplant/map.h"
#include "hypernet/transplant/omp.h"
#include "hypernet/transplant/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "tests/unit/heap.h"

enum { ROWS = 60, ANCHORS = 30, WIDTH = 12, MODEL_WIDTH = 9, K = 3 };

static struct {
	const struct hyper_kernel *kernel;
	float donor[ROWS * WIDTH], model[ROWS * MODEL_WIDTH];
	tok_id ids[ROWS];
} made;

static int make(void **state)
{
	struct tok_error err;
	uint32_t bits = 1;
	(void)state;
	for (size_t i = 0; i < ROWS * WIDTH; i++) {
		bits = bits * 1664525u + 1013904223u;
		made.donor[i] = (float)(bits >> 8) / (1 << 23) - 1;
		if (i < ROWS * MODEL_WIDTH)
			made.model[i] = (float)(bits >> 4 & 0xFFFFFF) / (1 << 23) - 1;
	}
	for (size_t i = 0; i < ROWS; i++)
		made.ids[i] = (tok_id)i;
	return hyper_kernel_choose(NULL, &made.kernel, &err) != TOK_OK;
}

static const struct hyper_rows_view donor = { .floats = made.donor, .count = ROWS, .width = WIDTH };
static const struct hyper_rows_view model = { .floats = made.model,
					      .count = ROWS,
					      .width = MODEL_WIDTH };

static enum tok_status pursue(size_t memory, size_t screen)
{
	const struct hyper_omp_options o = { .k = K, .memory = memory, .screen = screen };
	struct hyper_weights w = { 0 };
	struct hyper_omp_report report = { .norm_max = 77 };
	struct tok_error err;
	const enum tok_status status =
	    hyper_omp(&donor, made.ids + ANCHORS, ROWS - ANCHORS, made.ids, made.ids, ANCHORS, &o,
		      made.kernel, 1, &w, &report, &err);
	if (status == TOK_OK)
		assert_int_equal(report.kept, memory > 0);
	else
		assert_true(report.norm_max == 77);
	hyper_weights_release(&w);
	return status;
}

static enum tok_status pursue_products(void)
{
	return pursue(0, 0);
}

static enum tok_status pursue_kept(void)
{
	return pursue(SIZE_MAX, 0);
}

static enum tok_status pursue_screened(void)
{
	return pursue(0, 10);
}

static enum tok_status map(enum hyper_map_kind kind, const struct hyper_rows_view *from,
			   const struct hyper_rows_view *to)
{
	const struct hyper_map_options o = { .lambda = 1e-3, .kernel = made.kernel, .threads = 1 };
	struct hyper_map *fitted = NULL;
	struct tok_error err;
	float rows[(ROWS - ANCHORS) * WIDTH];
	enum tok_status status =
	    hyper_map_fit(kind, from, made.ids, to, made.ids, ANCHORS, &o, &fitted, &err);
	assert_true((status == TOK_OK) == (fitted != NULL));
	if (status == TOK_OK)
		status =
		    hyper_map_rows(fitted, from, made.ids + ANCHORS, ROWS - ANCHORS, rows, 1, &err);
	hyper_map_free(fitted);
	return status;
}

static enum tok_status map_ridge(void)
{
	return map(HYPER_MAP_RIDGE, &donor, &model);
}

static enum tok_status rotate_down(void)
{
	return map(HYPER_MAP_PROCRUSTES, &donor, &model);
}

static enum tok_status rotate_up(void)
{
	return map(HYPER_MAP_PROCRUSTES, &model, &donor);
}

static enum tok_status find_again(void)
{
	struct hyper_recovery r = { .count = 77 };
	struct tok_error err;
	const enum tok_status status =
	    hyper_recovery(made.donor + WIDTH, made.ids, ANCHORS, &donor, made.kernel, 1, &r, &err);
	assert_int_equal(r.count, status == TOK_OK ? ANCHORS : 77);
	return status;
}

static enum tok_status tell_rows(void)
{
	static uint8_t origins[ROWS];
	const struct hyper_recipe recipe = { .origins = origins,
					     .sources = made.ids,
					     .rows = ROWS };
	struct hyper_row_stats s = { .zeros = 77 };
	struct tok_error err;
	const enum tok_status status = hyper_row_stats(&recipe, &donor, 1, 1, &s, NULL, &err);
	assert_int_equal(s.zeros, status == TOK_OK ? 0 : 77);
	return status;
}

static void each_allocation_may_fail(void **state)
{
	static enum tok_status (*const tries[])(void) = {
		pursue_products, pursue_kept, pursue_screened, map_ridge,
		rotate_down,     rotate_up,   find_again,      tell_rows,
	};
	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const long before = heap.live;
		size_t failures = 0;
		enum tok_status status = TOK_ENOMEM;
		/* Thousands are those of one pair of rows after another: some of them. */
		for (; status != TOK_OK; failures += failures < 200 ? 1 : failures / 20) {
			heap.asked = 0;
			heap.fails_at = failures + 1;
			status = tries[i]();
			heap.fails_at = 0;
			assert_true(status == TOK_OK || status == TOK_ENOMEM);
			assert_int_equal(heap.live, before);
		}
		assert_true(failures > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, make, NULL);
}
