/* The small language model where memory runs out: said so, nothing written, nothing kept. */
#include "hypernet/lab/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/heap.h"

enum { VOCABULARY = 9, IDS = 20 };

/* All of it; what was done is freed. */
static enum tok_status live(enum hyper_lab_kind kind, double *bits)
{
	struct hyper_lab_options o = HYPER_LAB_DEFAULTS;
	struct hyper_lab *model = NULL, *graft = NULL;
	struct tok_error err;
	tok_id ids[IDS];
	for (size_t i = 0; i < IDS; i++)
		ids[i] = (tok_id)(i * i % VOCABULARY);
	o.kind = kind;
	o.kernel = hyper_kernel_at(hyper_kernel_count() - 1);
	o.width = o.hidden = 4;
	o.batch = o.probe_batch = 8;
	enum tok_status status = hyper_lab_new(VOCABULARY, &o, &model, &err);
	if (status == TOK_OK)
		status = hyper_lab_train(model, ids, IDS, 12, false, NULL, NULL, &err);
	if (status == TOK_OK)
		status = hyper_lab_graft(model, VOCABULARY + 1, &graft, &err);
	if (status == TOK_OK)
		status = hyper_lab_train(graft, ids, IDS, 12, true, NULL, NULL, &err);
	if (status == TOK_OK)
		status = hyper_lab_bits(graft, ids, IDS, NULL, bits, NULL, &err);
	hyper_lab_free(graft);
	hyper_lab_free(model);
	return status;
}

static void each_allocation_may_fail(void **state)
{
	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		double want = 0;
		const long before = heap.live;
		assert_int_equal(live((enum hyper_lab_kind)kind, &want), TOK_OK);
		assert_int_equal(heap.live, before);
		for (size_t n = 1;; n++) {
			double bits = 0;
			heap.asked = 0;
			heap.fails_at = n;
			const enum tok_status status = live((enum hyper_lab_kind)kind, &bits);
			const bool failed = heap.asked >= n;
			heap.fails_at = 0;
			assert_int_equal(heap.live, before);
			if (!failed) {
				assert_int_equal(status, TOK_OK);
				assert_true(bits == want);
				assert_true(n > 60);
				break;
			}
			assert_int_equal(status, TOK_ENOMEM);
			assert_true(bits == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
