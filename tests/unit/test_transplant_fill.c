/* Rows that know nothing of their token: their statistics beside those of the old rows. */
#include "hypernet/transplant/fill_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tok/base/random.h"

static const struct hyper_kernel *kernel(void)
{
	const struct hyper_kernel *out = NULL;
	assert_int_equal(hyper_kernel_choose(NULL, &out, NULL), TOK_OK);
	return out;
}

/* Each number leans on the one before it, so that neighbours go together; the last two rows are
 * padding. */
static float *make_rows(size_t count, size_t width)
{
	float *rows = calloc(count * width, sizeof *rows);
	struct tok_random random = tok_random_of(11, width);
	assert_non_null(rows);
	for (size_t r = 0; r + 2 < count; r++)
		for (size_t i = 0; i < width; i++)
			rows[r * width + i] =
			    (float)(tok_random_real(&random) * (double)(1 + i % 3) + .25) +
			    (i ? rows[r * width + i - 1] / 2 : 0);
	return rows;
}

/* Element (i, j) of the covariance, one product at a time. */
static double covariance(const float *rows, size_t count, size_t width, size_t i, size_t j)
{
	double a = 0, b = 0, sum = 0;
	for (size_t r = 0; r < count; r++) {
		a += (double)rows[r * width + i] / (double)count;
		b += (double)rows[r * width + j] / (double)count;
	}
	for (size_t r = 0; r < count; r++)
		sum += ((double)rows[r * width + i] - a) * ((double)rows[r * width + j] - b);
	return sum / (double)count;
}

static void covariances_are_sums_of_products(void **state)
{
	(void)state;
	enum { COUNT = CHECKED ? 520 : 1100, WIDTH = 261 }; /* more than a block, than a tile */
	float *rows = make_rows(COUNT, WIDTH);
	double *square = malloc(2 * (size_t)WIDTH * WIDTH * sizeof *square);
	const struct hyper_rows_view view = { .floats = rows, .count = COUNT, .width = WIDTH };
	struct fill_sums sums;
	assert_non_null(square);
	assert_int_equal(fill_sums_make(&view, &sums, NULL), TOK_OK);
	assert_int_equal(sums.rows, COUNT - 2);
	for (size_t threads = 1; threads <= 3; threads += 2)
		assert_int_equal(fill_covariance(&view, &sums, kernel(), threads,
						 square + (threads == 3 ? WIDTH * WIDTH : 0), NULL),
				 TOK_OK);
	assert_memory_equal(square, square + (size_t)WIDTH * WIDTH,
			    (size_t)WIDTH * WIDTH * sizeof *square);
	for (size_t i = 0; i < WIDTH; i += 20)
		for (size_t j = i; j < WIDTH; j += 3) {
			const double wanted = covariance(rows, COUNT - 2, WIDTH, i, j);
			if (fabs(square[i * WIDTH + j] - wanted) > 1e-6)
				fail_msg("(%zu, %zu): %g, not %g", i, j, square[i * WIDTH + j],
					 wanted);
		}
	for (size_t i = 0; i < WIDTH; i++)
		assert_true(fabs(sums.deviation[i] * sums.deviation[i] - square[i * WIDTH + i]) <
			    1e-6);
	free(sums.mean);
	free(sums.deviation);
	free(square);
	free(rows);
}

static void roots_are_roots(void **state)
{
	(void)state;
	enum { WIDTH = 150 }; /* several panels, several stretches */
	static double square[2][WIDTH * WIDTH], diagonal[WIDTH], whole[WIDTH * WIDTH];
	struct tok_random random = tok_random_of(5, 0);
	for (size_t i = 0; i < WIDTH; i++) {
		for (size_t j = i + 1; j < WIDTH; j++)
			whole[i * WIDTH + j] = tok_random_real(&random) - .5;
		diagonal[i] = WIDTH / 2.; /* so that it has a root */
	}
	for (size_t i = 0; i < 2; i++) {
		memcpy(square[i], whole, sizeof whole);
		assert_true(fill_cholesky(square[i], diagonal, WIDTH, i ? 3 : 1));
	}
	assert_memory_equal(square[0], square[1], sizeof square[0]);
	for (size_t i = 0; i < WIDTH; i++)
		for (size_t j = i; j < WIDTH; j++) {
			const double *left = square[0] + i * WIDTH, *right = square[0] + j * WIDTH;
			double sum = 0;
			for (size_t p = 0; p <= i; p++)
				sum += left[p] * right[p];
			assert_true(fabs(sum - (i == j ? diagonal[i] : whole[i * WIDTH + j])) <
				    1e-11);
			if (i < j) /* and what it is the root of stays */
				assert_true(left[j] == whole[i * WIDTH + j]);
		}
	diagonal[100] = -1;
	assert_false(fill_cholesky(square[0], diagonal, WIDTH, 1));
}

/* ---- drawn rows ---------------------------------------------------------------------------- */

enum { OLD = 40, NARROW = 5, DRAWN = CHECKED ? 20000 : 100000 };

static struct hyper_filler *new_filler(const float *rows, size_t count, size_t width,
				       enum hyper_fill fill, uint64_t seed, size_t threads)
{
	const struct hyper_rows_view view = { .floats = rows, .count = count, .width = width };
	struct hyper_filler *filler = NULL;
	struct tok_error err = { 0 };
	if (hyper_filler_new(&view, fill, seed, kernel(), threads, &filler, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return filler;
}

/* Means and covariances of rows that were drawn, in 5 deviations of theirs. */
static void check_moments(enum hyper_fill fill)
{
	float *rows = make_rows(OLD, NARROW), *drawn = malloc(DRAWN * NARROW * sizeof *drawn);
	tok_id *wanted = malloc(DRAWN * sizeof *wanted);
	struct hyper_filler *filler = new_filler(rows, OLD, NARROW, fill, 7, 1);
	double mean[NARROW] = { 0 }, all = 0, square = 0;
	assert_true(drawn && wanted);
	for (size_t i = 0; i < DRAWN; i++)
		wanted[i] = (tok_id)(3 * i);
	hyper_filler_rows(filler, wanted, DRAWN, drawn, 3);
	for (size_t r = 0; r < OLD - 2; r++)
		for (size_t i = 0; i < NARROW; i++)
			mean[i] += (double)rows[r * NARROW + i] / (OLD - 2);
	for (size_t i = 0; i < NARROW; i++)
		all += mean[i] / NARROW;
	for (size_t i = 0; i < NARROW; i++)
		square +=
		    (covariance(rows, OLD - 2, NARROW, i, i) + (mean[i] - all) * (mean[i] - all)) /
		    NARROW;
	for (size_t i = 0; i < NARROW; i++) {
		double got = 0;
		for (size_t r = 0; r < DRAWN; r++)
			got += (double)drawn[r * NARROW + i] / DRAWN;
		const double deviation = sqrt(covariance(drawn, DRAWN, NARROW, i, i));
		assert_true(fabs(got - (fill == HYPER_FILL_SCALAR ? all : mean[i])) <
			    5 * deviation / sqrt(DRAWN));
		for (size_t j = 0; j < NARROW; j++) {
			const double both = covariance(rows, OLD - 2, NARROW, i, i) *
					    covariance(rows, OLD - 2, NARROW, j, j);
			double want = covariance(rows, OLD - 2, NARROW, i, j);
			if (fill != HYPER_FILL_HEWITT && i != j)
				want = 0;
			if (fill == HYPER_FILL_SCALAR && i == j)
				want = square;
			const double spread = sqrt(
			    ((fill == HYPER_FILL_SCALAR ? square * square : both) + want * want) /
			    DRAWN);
			const double found = covariance(drawn, DRAWN, NARROW, i, j);
			if (fabs(found - want) > 5 * spread)
				fail_msg("fill %d (%zu, %zu): %g, not %g", fill, i, j, found, want);
		}
	}
	hyper_filler_free(filler);
	free(rows);
	free(drawn);
	free(wanted);
}

static void moments_are_those_of_the_rows(void **state)
{
	(void)state;
	check_moments(HYPER_FILL_RANDOM);
	check_moments(HYPER_FILL_HEWITT);
	check_moments(HYPER_FILL_SCALAR);
}

static void seed_and_id_decide(void **state)
{
	(void)state;
	static const enum hyper_fill fills[] = { HYPER_FILL_RANDOM, HYPER_FILL_HEWITT,
						 HYPER_FILL_SCALAR };
	float *rows = make_rows(OLD, NARROW);
	for (size_t f = 0; f < 3; f++) {
		struct hyper_filler *one = new_filler(rows, OLD, NARROW, fills[f], 1, 1);
		struct hyper_filler *same = new_filler(rows, OLD, NARROW, fills[f], 1, 4);
		struct hyper_filler *other = new_filler(rows, OLD, NARROW, fills[f], 2, 1);
		static const tok_id wanted[] = { 9, 4 };
		float a[NARROW], b[NARROW], c[2 * NARROW];
		hyper_filler_row(one, 4, a);
		hyper_filler_row(same, 4, b);
		assert_memory_equal(a, b, sizeof a);
		hyper_filler_rows(same, wanted, 2, c, 2);
		assert_memory_equal(a, c + NARROW, sizeof a);
		assert_memory_not_equal(a, c, sizeof a);
		hyper_filler_row(other, 4, b);
		assert_memory_not_equal(a, b, sizeof a);
		hyper_filler_free(one);
		hyper_filler_free(same);
		hyper_filler_free(other);
	}
	free(rows);
}

static void mean_and_zero(void **state)
{
	(void)state;
	static const float rows[] = { 1, 2, 3, 0, 0, 0, 5, -2, 0 };
	float out[3];
	struct hyper_filler *mean = new_filler(rows, 3, 3, HYPER_FILL_MEAN, 1, 1);
	hyper_filler_row(mean, 0, out);
	assert_true(out[0] == 3 && out[1] == 0 && out[2] == 1.5F);
	hyper_filler_free(mean);
	struct hyper_filler *zero = new_filler(rows, 3, 3, HYPER_FILL_ZERO, 1, 1);
	hyper_filler_row(zero, 0, out);
	assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0);
	hyper_filler_free(zero);
}

/* Three rows in eight dimensions span a plane: what is drawn lies near it. */
static void a_singular_covariance(void **state)
{
	(void)state;
	float rows[3 * 8];
	struct tok_random random = tok_random_of(1, 1);
	for (size_t i = 0; i < 3 * 8; i++)
		rows[i] = (float)tok_random_real(&random);
	struct hyper_filler *filler = new_filler(rows, 3, 8, HYPER_FILL_HEWITT, 3, 2);
	double axes[2][8], dot = 0, size[2] = { 0 };
	for (size_t i = 0; i < 8; i++) {
		axes[0][i] = (double)rows[8 + i] - (double)rows[i];
		axes[1][i] = (double)rows[16 + i] - (double)rows[i];
		size[0] += axes[0][i] * axes[0][i];
		dot += axes[0][i] * axes[1][i];
	}
	for (size_t i = 0; i < 8; i++) { /* Gram and Schmidt */
		axes[1][i] -= dot / size[0] * axes[0][i];
		size[1] += axes[1][i] * axes[1][i];
	}
	double inside = 0, outside = 0;
	for (tok_id id = 0; id < 500; id++) {
		float row[8];
		double at[2] = { 0 }, square = 0;
		hyper_filler_row(filler, id, row);
		for (size_t i = 0; i < 8; i++) {
			const double off = (double)row[i] - (double)rows[i];
			at[0] += off * axes[0][i];
			at[1] += off * axes[1][i];
			square += off * off;
		}
		const double in = at[0] * at[0] / size[0] + at[1] * at[1] / size[1];
		inside += in / 500;
		outside += (square - in) / 500;
	}
	assert_true(inside > .1 && outside > 0 && outside < 1e-4);
	hyper_filler_free(filler);
}

static void rows_without_statistics(void **state)
{
	(void)state;
	float rows[] = { 1, 2, 1, 2 };
	const struct hyper_rows_view view = { .floats = rows, .count = 2, .width = 2 };
	struct hyper_filler *filler = NULL;
	struct tok_error err = { 0 };
	assert_int_equal(hyper_filler_new(&view, HYPER_FILL_HEWITT, 1, kernel(), 1, &filler, &err),
			 TOK_EFORMAT);
	assert_string_equal(err.message,
			    "the covariance of the rows has no root: they are too few that differ");
	rows[3] = INFINITY;
	assert_int_equal(hyper_filler_new(&view, HYPER_FILL_MEAN, 1, NULL, 1, &filler, &err),
			 TOK_EFORMAT);
	assert_string_equal(err.message, "row 1 holds a number that is not finite");
	assert_null(filler);
	hyper_filler_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(covariances_are_sums_of_products),
		cmocka_unit_test(roots_are_roots),
		cmocka_unit_test(moments_are_those_of_the_rows),
		cmocka_unit_test(seed_and_id_decide),
		cmocka_unit_test(mean_and_zero),
		cmocka_unit_test(a_singular_covariance),
		cmocka_unit_test(rows_without_statistics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
