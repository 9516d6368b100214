/* What a model says of the encoding of a text (cmd/bytes_internal.h), whose ids come in pieces. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/bytes_internal.h"
#include "tests/unit/window_law.h"
#include "tok/bytes/window.h"

enum { SIZE = 5, COUNT = 60 };

static double sum_of(const struct plain_lm *truth, const tok_id *ids)
{
	tok_id context[COUNT + 1] = { truth->start[0] };
	double log_p = 0;
	memcpy(context + 1, ids, COUNT * sizeof *ids);
	for (size_t i = 0; i < COUNT; i++)
		log_p += log(plain_p(truth, context, i + 1, ids[i]));
	return log_p;
}

/* However they come, and no more than a window of them is kept. */
static void pieces_are_the_whole(void **state)
{
	(void)state;
	for (size_t stride = 1; stride <= 5; stride++) {
		const struct window_law law = {
			.start = 1, .window = 6, .stride = stride, .open = true
		};
		struct plain_lm lm = plain_random(stride, SIZE, 64), truth;
		struct tok_random random = tok_random_of(stride, 3);
		struct bytes_canonical canonical;
		struct tok_error err = { 0 };
		struct tok_lm *windowed;
		tok_id ids[COUNT];
		lm.p = window_law_open_p;
		lm.lm.free = window_law_keep;
		lm.info.markov_order = 0;
		lm.info.start_count = 1;
		lm.start[0] = 2;
		truth = lm;
		window_law_use(&law, &truth);
		for (size_t i = 0; i < COUNT; i++)
			ids[i] = (tok_id)tok_random_below(&random, SIZE);
		assert_int_equal(tok_lm_window(plain_use(&lm), 6, stride, &windowed, &err), TOK_OK);
		assert_int_equal(bytes_canonical_init(&canonical, windowed, &err), TOK_OK);
		for (size_t piece = 1; piece < 20; piece++) {
			assert_int_equal(bytes_canonical_begin(&canonical, &err), TOK_OK);
			for (size_t at = 0; at < COUNT; at += piece) {
				const size_t count = COUNT - at < piece ? COUNT - at : piece;
				assert_int_equal(
				    bytes_canonical_add(&canonical, ids + at, count, &err), TOK_OK);
				assert_true(canonical.context.count <= 6 * sizeof(tok_id));
			}
			const double wanted = sum_of(&truth, ids);
			assert_true(fabs((double)canonical.log_p - wanted) < 1e-12 * -wanted);
			assert_int_equal(canonical.ids, COUNT);
		}
		bytes_canonical_release(&canonical);
		windowed->free(windowed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
