/* Sums of rows beside the same sums one number at a time in long double. */
#include "hypernet/transplant/weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tok/base/random.h"

enum { OLD = 50, WIDTH = 33, NEW = 200, MOST = 9 };

static float old[OLD * WIDTH];
static struct hyper_weights sums;

static float draw(struct tok_random *random)
{
	return (float)(2 * tok_random_real(random) - 1);
}

/* Every fifth row is empty. */
static int make(void **state)
{
	(void)state;
	struct tok_random random = tok_random_of(3, 0);
	for (size_t i = 0; i < OLD * WIDTH; i++)
		old[i] = draw(&random);
	for (size_t r = 0; r < NEW; r++) {
		tok_id ids[MOST];
		float weights[MOST];
		const size_t count = r % 5 ? 1 + tok_random_below(&random, MOST) : 0;
		for (size_t i = 0; i < count; i++) {
			ids[i] = (tok_id)tok_random_below(&random, OLD);
			weights[i] = draw(&random);
		}
		assert_int_equal(hyper_weights_add(&sums, ids, weights, count, NULL), TOK_OK);
	}
	return 0;
}

static int drop(void **state)
{
	(void)state;
	hyper_weights_release(&sums);
	assert_null(sums.ends);
	return 0;
}

static const struct hyper_rows_view rows = { .floats = old, .count = OLD, .width = WIDTH };

static void rows_are_sums(void **state)
{
	(void)state;
	static float out[NEW * WIDTH];
	assert_int_equal(sums.rows, NEW);
	assert_int_equal(hyper_weights_apply(&sums, &rows, 0, NEW, out, 3, NULL), TOK_OK);
	size_t empty = 0;
	for (size_t r = 0; r < NEW; r++) {
		empty += hyper_weights_begin(&sums, r) == sums.ends[r];
		for (size_t i = 0; i < WIDTH; i++) {
			long double sum = 0;
			for (uint64_t e = hyper_weights_begin(&sums, r); e < sums.ends[r]; e++)
				sum += (long double)sums.weights[e] *
				       (long double)old[sums.sources[e] * WIDTH + i];
			/* Half a unit of F32, and a little for F64's own. */
			assert_true(fabsl(sum - (long double)out[r * WIDTH + i]) <=
				    fabsl(sum) * 0x1.001p-24L + 1e-15L);
		}
	}
	assert_int_equal(empty, NEW / 5);
}

static void threads_and_ranges_change_nothing(void **state)
{
	(void)state;
	static float all[NEW * WIDTH], part[NEW * WIDTH];
	assert_int_equal(hyper_weights_apply(&sums, &rows, 0, NEW, all, 1, NULL), TOK_OK);
	for (size_t threads = 2; threads <= 7; threads += 5)
		for (size_t first = 0; first < NEW; first += 61) {
			const size_t count = NEW - first < 61 ? NEW - first : 61;
			assert_int_equal(
			    hyper_weights_apply(&sums, &rows, first, count, part, threads, NULL),
			    TOK_OK);
			assert_memory_equal(part, all + first * WIDTH,
					    count * WIDTH * sizeof *part);
		}
	assert_int_equal(hyper_weights_apply(&sums, &rows, 0, 0, NULL, 2, NULL), TOK_OK);
}

/* Rows of a file are read as the numbers that they stand for. */
static void rows_of_a_tensor(void **state)
{
	(void)state;
	static float read[OLD * WIDTH], left[NEW * WIDTH], right[NEW * WIDTH];
	static uint8_t bytes[OLD * WIDTH * 2];
	hyper_from_f32(HYPER_BF16, old, OLD * WIDTH, bytes);
	hyper_to_f32(HYPER_BF16, bytes, OLD * WIDTH, read);
	struct hyper_tensor tensor = {
		.name = "t",
		.dtype = HYPER_BF16,
		.rank = 2,
		.shape = { OLD, WIDTH },
		.data = { bytes, sizeof bytes },
	};
	const struct hyper_rows_view of_file = { .tensor = &tensor };
	const struct hyper_rows_view of_floats = { .floats = read, .count = OLD, .width = WIDTH };
	assert_int_equal(hyper_weights_apply(&sums, &of_file, 0, NEW, left, 2, NULL), TOK_OK);
	assert_int_equal(hyper_weights_apply(&sums, &of_floats, 0, NEW, right, 2, NULL), TOK_OK);
	assert_memory_equal(left, right, sizeof left);
	struct tok_error err = { 0 };
	tensor.dtype = HYPER_I8;
	assert_int_equal(hyper_weights_apply(&sums, &of_file, 0, NEW, left, 2, &err), TOK_EARG);
	assert_string_equal(err.message, "tensor 't' is of I8, which is not read");
}

static void a_source_that_is_no_row(void **state)
{
	(void)state;
	struct hyper_weights w = { 0 };
	struct tok_error err = { 0 };
	float out[2 * WIDTH];
	const float one = 1;
	assert_int_equal(hyper_weights_add(&w, (tok_id[]){ OLD - 1 }, &one, 1, NULL), TOK_OK);
	assert_int_equal(hyper_weights_add(&w, (tok_id[]){ OLD }, &one, 1, NULL), TOK_OK);
	assert_int_equal(hyper_weights_apply(&w, &rows, 0, 2, out, 1, &err), TOK_EARG);
	assert_string_equal(err.message, "a sum takes row 50 of a matrix that has 50 rows");
	assert_int_equal(hyper_weights_apply(&w, &rows, 0, 1, out, 1, NULL), TOK_OK);
	assert_memory_equal(out, old + (OLD - 1) * (size_t)WIDTH, WIDTH * sizeof *out);
	hyper_weights_release(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sums),
		cmocka_unit_test(threads_and_ranges_change_nothing),
		cmocka_unit_test(rows_of_a_tensor),
		cmocka_unit_test(a_source_that_is_no_row),
	};
	return cmocka_run_group_tests(tests, make, drop);
}
