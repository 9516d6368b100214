/* What is told of new rows, beside the definitions by hand; and how well rows are found again,
 * beside looking at each in F64. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hypernet/transplant/stats.h"

enum { WIDTH = 33, OLD = 700, NEW = 400 };

/* splitmix64: number i of a stream, in [-1, 1). */
static float number(uint64_t stream, uint64_t i)
{
	uint64_t z = stream * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	return (float)((double)(z >> 11) * 0x1p-52 - 1);
}

static float *make_rows(uint64_t stream, size_t count)
{
	float *rows = malloc(count * WIDTH * sizeof *rows);
	assert_non_null(rows);
	for (size_t i = 0; i < count * WIDTH; i++)
		rows[i] = number(stream, i) + 0.8F * number(99, i % WIDTH);
	return rows;
}

static double dot(const float *a, const float *b)
{
	double sum = 0;
	for (size_t i = 0; i < WIDTH; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

/* ---- rows --------------------------------------------------------------------------- */

/* Five rows of known lengths, and those made of them. */
static void lengths_and_faults_are_told(void **state)
{
	const float old[5][2] = { { 3, 4 }, { 6, 8 }, { 0, 1 }, { 2, 0 }, { 0, 0 } };
	const float given[5][2] = { { 0, 0 }, { 1, 1 }, { 1, 1 }, { NAN, 0 }, { 0, 0 } };
	const tok_id sources[] = { 0, 1, 2, 3 };
	const float weights[] = { .5F, -.5F, 1, 1 };
	uint8_t origins[] = { HYPER_ROW_COPY, HYPER_ROW_SUM,   HYPER_ROW_GIVEN, HYPER_ROW_GIVEN,
			      HYPER_ROW_COPY, HYPER_ROW_GIVEN, HYPER_ROW_GIVEN, HYPER_ROW_SUM,
			      HYPER_ROW_COPY, HYPER_ROW_GIVEN, HYPER_ROW_ZERO };
	tok_id copied[11] = { [0] = 0, [4] = 1, [8] = 2 };
	uint32_t places[11] = { [1] = 0, [2] = 0, [3] = 1, [5] = 2, [6] = 3, [7] = 1, [9] = 4 };
	const struct hyper_rows_view view = { .floats = old[0], .count = 5, .width = 2 };
	struct hyper_recipe recipe = { .origins = origins,
				       .sources = copied,
				       .places = places,
				       .rows = 11,
				       .given_count = 5,
				       .width = 2 };
	struct hyper_row_stats s;
	struct tok_error err = { 0 };
	double lengths[11];
	(void)state;
	recipe.given = malloc(sizeof given);
	assert_non_null(recipe.given);
	memcpy(recipe.given, given, sizeof given);
	/* half of 3 4 less half of 6 8: length 2.5, two neighbours; and 0 1 and 2 0 */
	assert_int_equal(hyper_weights_add(&recipe.weights, sources, weights, 2, &err), TOK_OK);
	assert_int_equal(hyper_weights_add(&recipe.weights, sources + 2, weights + 2, 2, &err),
			 TOK_OK);
	if (hyper_row_stats(&recipe, &view, 1, 2, &s, lengths, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(s.copied.count, 3);
	assert_true(near(s.copied.mean, 16. / 3));
	assert_true(near(s.copied.deviation, sqrt((1 + 196 + 169) / 27.)));
	assert_true(near(s.copied.quantiles[2], 5));
	assert_true(near(s.copied.quantiles[0], 1.4));
	assert_true(near(s.copied.quantiles[4], 9.5));
	/* 2.5, 0, sqrt 2 twice, 0, sqrt 5 */
	assert_int_equal(s.made.count, 6);
	assert_true(near(s.made.mean, (2.5 + 2 * sqrt(2) + sqrt(5)) / 6));
	assert_true(near(s.made.quantiles[1], sqrt(2) / 4));
	assert_int_equal(s.zeros, 2);
	assert_int_equal(s.duplicates, 1);
	assert_int_equal(s.not_finite, 1);
	assert_true(near(s.neighbours, 2));
	assert_true(near(lengths[0], 5) && near(lengths[1], 2.5) && lengths[10] == 0);
	free(recipe.given);
	hyper_weights_release(&recipe.weights);
}

/* Enough pairs that their mean is that of all pairs, nearly; and the same by any threads. */
static void pairs_are_drawn_evenly(void **state)
{
	float *old = make_rows(1, OLD);
	const struct hyper_rows_view view = { .floats = old, .count = OLD, .width = WIDTH };
	struct hyper_recipe recipe = { .origins = calloc(NEW, 1),
				       .sources = calloc(NEW, sizeof(tok_id)),
				       .places = calloc(NEW, sizeof(uint32_t)),
				       .rows = NEW };
	struct hyper_row_stats stats[3];
	struct tok_error err = { 0 };
	double all = 0, fresh = 0;
	(void)state;
	assert_true(recipe.origins && recipe.sources && recipe.places);
	for (size_t i = 0; i < NEW; i++) {
		recipe.origins[i] = i % 4 ? HYPER_ROW_COPY : HYPER_ROW_ZERO;
		recipe.sources[i] = (tok_id)(i % 20); /* much alike */
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    hyper_row_stats(&recipe, &view, i ? 7 : 8, 1 + i, &stats[i], NULL, &err),
		    TOK_OK);
	for (size_t i = 0; i < OLD; i++)
		for (size_t j = 0; j < i; j++)
			all += dot(old + i * WIDTH, old + j * WIDTH) /
			       sqrt(dot(old + i * WIDTH, old + i * WIDTH) *
				    dot(old + j * WIDTH, old + j * WIDTH)) /
			       (OLD * (OLD - 1) / 2.);
	for (size_t i = 0; i < 20; i++)
		for (size_t j = 0; j < 20; j++)
			if (i % 4 && j % 4)
				fresh += dot(old + i * WIDTH, old + j * WIDTH) /
					 sqrt(dot(old + i * WIDTH, old + i * WIDTH) *
					      dot(old + j * WIDTH, old + j * WIDTH)) /
					 225;
	assert_true(fabs(stats[1].anisotropy_old - all) < 0.015);
	assert_true(fabs(stats[1].anisotropy_new - fresh) < 0.03);
	assert_true(stats[0].anisotropy_old != stats[1].anisotropy_old);
	assert_memory_equal(&stats[1], &stats[2], sizeof *stats);
	/* Of two rows there is one pair: none is drawn with itself. */
	const struct hyper_rows_view two = { .floats = old, .count = 2, .width = WIDTH };
	for (size_t i = 0; i < NEW; i++)
		recipe.sources[i] = 0;
	assert_int_equal(hyper_row_stats(&recipe, &two, 1, 1, stats, NULL, &err), TOK_OK);
	assert_true(
	    near(stats->anisotropy_old,
		 dot(old, old + WIDTH) / sqrt(dot(old, old) * dot(old + WIDTH, old + WIDTH))));
	free(recipe.origins);
	free(recipe.sources);
	free(recipe.places);
	free(old);
}

/* ---- held out ----------------------------------------------------------------------- */

struct slow {
	double cosine, centred, distance, hit1, hit10, median;
};

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* What lies between two rows' cosines when rounded does not matter here: rows are random. */
static struct slow look(const float *made, const tok_id *truth, size_t count, const float *rows)
{
	struct slow s = { 0 };
	float *centred = malloc(OLD * WIDTH * sizeof *centred);
	double *ranks = malloc(count * sizeof *ranks);
	double mean[WIDTH] = { 0 };
	assert_true(centred && ranks);
	for (size_t i = 0; i < OLD * WIDTH; i++)
		mean[i % WIDTH] += (double)rows[i] / OLD;
	for (size_t i = 0; i < OLD * WIDTH; i++)
		centred[i] = (float)((double)rows[i] - mean[i % WIDTH]);
	for (size_t i = 0; i < count; i++) {
		const float *m = made + i * WIDTH, *t = rows + truth[i] * WIDTH;
		float c[WIDTH], apart[WIDTH];
		double mine = 0, better = 0, level = 0;
		for (size_t j = 0; j < WIDTH; j++) {
			c[j] = (float)((double)m[j] - mean[j]);
			apart[j] = m[j] - t[j];
		}
		const double length = sqrt(dot(c, c));
		for (size_t pass = 0; pass < 2; pass++)
			for (size_t r = 0; r < OLD; r++) {
				const float *row = centred + r * WIDTH;
				const double score =
				    length > 1e-4 ? dot(c, row) / length / sqrt(dot(row, row)) : 0;
				if (pass == 0 && r == truth[i])
					mine = score;
				better += pass && score > mine + 1e-6;
				level += pass && fabs(score - mine) <= 1e-6;
			}
		ranks[i] = 1 + better + (level - 1) / 2;
		s.cosine += dot(m, t) / sqrt(dot(m, m) * dot(t, t)) / (double)count;
		s.centred += mine / (double)count;
		s.distance += sqrt(dot(apart, apart) / dot(t, t)) / (double)count;
		s.hit1 += (ranks[i] <= 1) / (double)count;
		s.hit10 += (ranks[i] <= 10) / (double)count;
	}
	qsort(ranks, count, sizeof *ranks, by_size);
	s.median = (ranks[count / 2] + ranks[(count - 1) / 2]) / 2;
	free(centred);
	free(ranks);
	return s;
}

static void rows_are_found_again(void **state)
{
	static const size_t counts[] = { 1, 6, 300 };
	static const float noises[] = { 0, 0.5F, 1.5F };
	float *rows = make_rows(2, OLD);
	const struct hyper_rows_view view = { .floats = rows, .count = OLD, .width = WIDTH };
	const struct hyper_kernel *kernel;
	struct tok_error err = { 0 };
	(void)state;
	/* A row that is there three times. */
	memcpy(rows + 500 * WIDTH, rows + 11 * WIDTH, WIDTH * sizeof *rows);
	memcpy(rows + 600 * WIDTH, rows + 11 * WIDTH, WIDTH * sizeof *rows);
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, &err), TOK_OK);
	for (size_t n = 0; n < sizeof noises / sizeof *noises; n++)
		for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
			const size_t count = counts[c];
			float *made = malloc(count * WIDTH * sizeof *made);
			tok_id *truth = malloc(count * sizeof *truth);
			struct hyper_recovery got, again;
			assert_true(made && truth);
			for (size_t i = 0; i < count; i++) {
				truth[i] = (tok_id)((i * 37 + 11) % OLD);
				for (size_t j = 0; j < WIDTH; j++)
					made[i * WIDTH + j] = rows[truth[i] * WIDTH + j] +
							      noises[n] * number(3, i * WIDTH + j);
			}
			const struct slow slow = look(made, truth, count, rows);
			if (hyper_recovery(made, truth, count, &view, kernel, 1, &got, &err) !=
			    TOK_OK)
				fail_msg("%s", err.message);
			assert_int_equal(got.count, count);
			assert_true(fabs(got.cosine - slow.cosine) < 1e-6);
			assert_true(fabs(got.centred - slow.centred) < 1e-6);
			assert_true(fabs(got.distance - slow.distance) < 1e-6);
			assert_true(fabs(got.hit1 - slow.hit1) < 1e-9);
			assert_true(fabs(got.hit10 - slow.hit10) < 1e-9);
			assert_true(fabs(got.median_rank - slow.median) < 1e-9);
			if (n == 0)
				assert_true(got.centred > 0.999999 && got.median_rank <= 2);
			assert_int_equal(
			    hyper_recovery(made, truth, count, &view, kernel, 3, &again, &err),
			    TOK_OK);
			assert_memory_equal(&got, &again, sizeof got);
			free(made);
			free(truth);
		}
	free(rows);
}

/* The mean is near to no row in particular: by its own direction it would look good. */
static void the_mean_finds_nothing(void **state)
{
	float *rows = make_rows(4, OLD), made[2 * WIDTH] = { 0 };
	const struct hyper_rows_view view = { .floats = rows, .count = OLD, .width = WIDTH };
	const tok_id truth[] = { 3, 4 };
	const struct hyper_kernel *kernel;
	struct hyper_recovery r;
	struct tok_error err = { 0 };
	(void)state;
	for (size_t j = 0; j < WIDTH; j++) {
		double sum = 0;
		for (size_t i = 0; i < OLD; i++)
			sum += (double)rows[i * WIDTH + j];
		made[j] = made[WIDTH + j] = (float)(sum / OLD);
	}
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, &err), TOK_OK);
	assert_int_equal(hyper_recovery(made, truth, 2, &view, kernel, 1, &r, &err), TOK_OK);
	assert_true(r.cosine > 0.3);
	assert_true(r.centred == 0 && r.hit1 == 0 && r.hit10 == 0);
	assert_true(near(r.median_rank, 1 + (OLD - 1) / 2.));

	made[5] = INFINITY;
	assert_int_equal(hyper_recovery(made, truth, 2, &view, kernel, 1, &r, &err), TOK_EFORMAT);
	assert_int_equal(
	    hyper_recovery(made, (const tok_id[]){ OLD }, 1, &view, kernel, 1, &r, &err), TOK_EARG);
	assert_int_equal(hyper_recovery(made, truth, 0, &view, kernel, 1, &r, &err), TOK_OK);
	assert_int_equal(r.count, 0);
	free(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_and_faults_are_told),
		cmocka_unit_test(pairs_are_drawn_evenly),
		cmocka_unit_test(rows_are_found_again),
		cmocka_unit_test(the_mean_finds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
