/* Orthogonal matching pursuit beside its definition in F64, written another way: an orthonormal
 * basis by Gram and Schmidt, twice.  Whatever kernel, mode, threads, memory: the same rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "hypernet/transplant/omp.h"
#include "tests/unit/checked.h"

enum { WIDTH = 70, ROWS = 400, ANCHORS = 250, WANTED = 55, K = 12 };

struct made {
	float rows[ROWS * WIDTH];
	tok_id anchors[ANCHORS], sources[ANCHORS], wanted[WANTED];
};

/* splitmix64: number i of a stream, in [-1, 1). */
static float number(uint64_t stream, uint64_t i)
{
	uint64_t z = stream * 0xD1B54A32D192ED03u + (i + 1) * 0x9E3779B97F4A7C15u;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	z ^= z >> 31;
	return (float)((double)(z >> 11) * 0x1p-52 - 1);
}

/* Rows of unlike lengths about a common direction; anchors are not all rows, and called otherwise
 * in the model. */
static struct made *make(uint64_t stream)
{
	struct made *m = malloc(sizeof *m);
	assert_non_null(m);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t i = 0; i < WIDTH; i++)
			m->rows[r * WIDTH + i] =
			    (1 + 0.5F * number(stream + 1, r)) *
			    (number(stream, r * WIDTH + i) + 0.3F * number(stream + 2, i));
	for (size_t i = 0; i < ANCHORS; i++) {
		m->anchors[i] = (tok_id)(i + i / 5);
		m->sources[i] = (tok_id)(5000 - 7 * i);
	}
	for (size_t i = 0; i < WANTED; i++)
		m->wanted[i] = (tok_id)(ROWS - 1 - (i * 7) % 100);
	return m;
}

/* ---- the definition ----------------------------------------------------------------- */

struct oracle {
	size_t places[K];
	double factors[K];
};

static double dot(const double *a, const double *b)
{
	double sum = 0;
	for (size_t i = 0; i < WIDTH; i++)
		sum += a[i] * b[i];
	return sum;
}

static void row_of(const struct made *m, tok_id id, double *out)
{
	for (size_t i = 0; i < WIDTH; i++)
		out[i] = (double)m->rows[id * WIDTH + i];
}

static bool is_in(const size_t *places, size_t count, size_t place)
{
	for (size_t i = 0; i < count; i++)
		if (places[i] == place)
			return true;
	return false;
}

static size_t largest(const struct made *m, const double *left, const size_t *places, size_t held,
		      bool normalize)
{
	double best = -1;
	size_t place = 0;
	for (size_t j = 0; j < ANCHORS; j++) {
		double row[WIDTH];
		row_of(m, m->anchors[j], row);
		const double score = fabs(dot(left, row)) / (normalize ? sqrt(dot(row, row)) : 1);
		if (!is_in(places, held, j) && score > best) {
			best = score;
			place = j;
		}
	}
	return place;
}

static void pursue(const struct made *m, tok_id wanted, bool normalize, struct oracle *out)
{
	double x[WIDTH], left[WIDTH], basis[K][WIDTH], r[K][K] = { { 0 } };
	row_of(m, wanted, x);
	memcpy(left, x, sizeof left);
	for (size_t t = 0; t < K; t++) {
		double *q = basis[t];
		out->places[t] = largest(m, left, out->places, t, normalize);
		row_of(m, m->anchors[out->places[t]], q);
		for (size_t again = 0; again < 2; again++)
			for (size_t i = 0; i < t; i++) {
				const double c = dot(basis[i], q);
				r[i][t] += c;
				for (size_t d = 0; d < WIDTH; d++)
					q[d] -= c * basis[i][d];
			}
		r[t][t] = sqrt(dot(q, q));
		for (size_t d = 0; d < WIDTH; d++)
			q[d] /= r[t][t];
		const double c = dot(q, left);
		for (size_t d = 0; d < WIDTH; d++)
			left[d] -= c * q[d];
	}
	for (size_t t = K; t-- > 0;) {
		double value = dot(basis[t], x);
		for (size_t j = t + 1; j < K; j++)
			value -= r[t][j] * out->factors[j];
		out->factors[t] = value / r[t][t];
	}
}

/* ---- beside it ---------------------------------------------------------------------- */

static void run(const struct made *m, const struct hyper_omp_options *o, const char *kernel_name,
		size_t threads, struct hyper_weights *out, struct hyper_omp_report *report)
{
	const struct hyper_rows_view donor = { .floats = m->rows, .count = ROWS, .width = WIDTH };
	const struct hyper_kernel *kernel;
	struct tok_error err = { 0 };
	assert_int_equal(hyper_kernel_choose(kernel_name, &kernel, &err), TOK_OK);
	*out = (struct hyper_weights){ 0 };
	if (hyper_omp(&donor, m->wanted, WANTED, m->anchors, m->sources, ANCHORS, o, kernel,
		      threads, out, report, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(out->rows, WANTED);
}

static void check_oracle(const struct made *m, const struct hyper_omp_options *o,
			 const char *kernel, size_t threads, bool kept)
{
	struct hyper_weights w;
	struct hyper_omp_report report;
	run(m, o, kernel, threads, &w, &report);
	assert_int_equal(report.kept, kept);
	for (size_t i = 0; i < WANTED; i++) {
		struct oracle expected;
		pursue(m, m->wanted[i], o->normalize, &expected);
		const size_t begin = (size_t)hyper_weights_begin(&w, i);
		assert_int_equal(w.ends[i] - begin, K);
		for (size_t t = 0; t < K; t++) {
			assert_int_equal(w.sources[begin + t], m->sources[expected.places[t]]);
			assert_true(fabs((double)w.weights[begin + t] - expected.factors[t]) <
				    1e-6 * (1 + fabs(expected.factors[t])));
		}
	}
	hyper_weights_release(&w);
}

static void the_rows_of_the_definition(void **state)
{
	const size_t all = ANCHORS * ANCHORS * sizeof(float);
	struct made *m = make(1);
	(void)state;
	for (int normalize = 0; normalize < 2; normalize++) {
		struct hyper_omp_options o = { .k = K, .normalize = normalize };
		check_oracle(m, &o, "scalar", 1, false);
		check_oracle(m, &o, NULL, 3, false);
		o.memory = all;
		check_oracle(m, &o, NULL, 1, true);
		check_oracle(m, &o, NULL, 3, true);
		o.memory = all - 1;
		check_oracle(m, &o, NULL, 1, false);
		o.screen = ANCHORS;
		check_oracle(m, &o, NULL, 2, false);
	}
	for (size_t i = 0; i < hyper_kernel_count(); i++)
		for (int mode = HYPER_MODE_BF16X3; mode <= HYPER_MODE_BF16; mode++) {
			const struct hyper_omp_options o = { .k = K,
							     .mode = (enum hyper_mode)mode };
			if (hyper_kernel_runs(hyper_kernel_at(i)))
				check_oracle(m, &o, hyper_kernel_name(hyper_kernel_at(i)), 1,
					     false);
		}
	free(m);
}

/* Two rows whose products with x differ by less than F32 can tell, and a third that is the first
 * one again: F64 decides, then the lower id. */
static void near_ties_are_decided_in_f64(void **state)
{
	struct made *m = make(2);
	(void)state;
	for (size_t i = 0; i < WANTED; i++)
		for (size_t j = 0; j < 4; j++) {
			/* Anchors in places 20 and above, which nothing else comes near to. */
			const size_t at = 20 + (i * 4 + j);
			float *row = m->rows + m->anchors[at] * WIDTH;
			const float *x = m->rows + m->wanted[i] * WIDTH;
			for (size_t d = 0; d < WIDTH; d++)
				row[d] = 3 * x[d] + 2 * number(9, i * WIDTH + d);
			/* 0 is a little less than 1, which 2 is too; 3 is less than 0. */
			row[7] *= 1 + (j == 0 ? -1 : j == 3 ? -2 : 1) * 0x1p-22F;
		}
	struct hyper_omp_options o = { .k = K };
	check_oracle(m, &o, "scalar", 1, false);
	check_oracle(m, &o, NULL, 1, false);
	o.memory = SIZE_MAX;
	check_oracle(m, &o, NULL, 1, true);
	o.mode = HYPER_MODE_BF16;
	check_oracle(m, &o, NULL, 1, true);
	o.memory = 0;
	check_oracle(m, &o, NULL, 1, false);
	free(m);
}

static void the_same_whoever_works(void **state)
{
	struct made *m = make(3);
	struct hyper_weights first, again;
	struct hyper_omp_report report[2];
	(void)state;
	for (size_t screen = 0; screen <= 40; screen += 40) {
		const struct hyper_omp_options o = { .k = K, .screen = screen };
		run(m, &o, NULL, 1, &first, &report[0]);
		for (size_t threads = 2; threads < 9; threads += 3) {
			run(m, &o, NULL, threads, &again, &report[1]);
			assert_memory_equal(first.ends, again.ends, WANTED * sizeof *again.ends);
			assert_memory_equal(first.sources, again.sources,
					    first.ends[WANTED - 1] * sizeof *again.sources);
			assert_memory_equal(first.weights, again.weights,
					    first.ends[WANTED - 1] * sizeof *again.weights);
			assert_true(report[0].norm_mean == report[1].norm_mean);
			assert_true(report[0].cosine_min == report[1].cosine_min);
			hyper_weights_release(&again);
		}
		hyper_weights_release(&first);
	}
	free(m);
}

/* Candidates of a token are the rows with the largest first products: so the first one is as
 * without, and all are among those. */
static void screened_rows_are_candidates(void **state)
{
	struct made *m = make(4);
	struct hyper_weights all, some;
	struct hyper_omp_report report;
	struct hyper_omp_options o = { .k = K };
	enum { SCREEN = 30 };
	(void)state;
	run(m, &o, NULL, 1, &all, &report);
	o.screen = SCREEN;
	run(m, &o, NULL, 1, &some, &report);
	for (size_t i = 0; i < WANTED; i++) {
		double x[WIDTH];
		row_of(m, m->wanted[i], x);
		assert_int_equal(some.sources[i * K], all.sources[i * K]);
		for (size_t t = 0; t < K; t++) {
			double row[WIDTH];
			size_t better = 0;
			const size_t place = (5000 - some.sources[i * K + t]) / 7;
			row_of(m, m->anchors[place], row);
			const double mine = fabs(dot(x, row));
			for (size_t j = 0; j < ANCHORS; j++) {
				row_of(m, m->anchors[j], row);
				better += fabs(dot(x, row)) > mine;
			}
			assert_true(better < SCREEN);
		}
	}
	hyper_weights_release(&all);
	hyper_weights_release(&some);
	free(m);
}

static void what_is_used_up_ends(void **state)
{
	struct made *m = make(5);
	struct hyper_weights w;
	struct hyper_omp_report report;
	const struct hyper_omp_options o = { .k = K };
	(void)state;
	float *zero = m->rows + m->wanted[0] * WIDTH, *same = m->rows + m->wanted[1] * WIDTH;
	float *two = m->rows + m->wanted[2] * WIDTH, *far = m->rows + m->wanted[3] * WIDTH;
	memset(zero, 0, WIDTH * sizeof *zero);
	for (size_t i = 0; i < WIDTH; i++) {
		float *a = m->rows + m->anchors[40] * WIDTH, *b = m->rows + m->anchors[41] * WIDTH;
		a[i] *= 8; /* it is chosen first */
		b[i] *= 8;
		same[i] = -2 * a[i];
		two[i] = 2 * a[i] - b[i] / 2;
	}
	/* At right angles to all shared rows, and not. */
	for (size_t j = 0; j < ANCHORS; j++)
		m->rows[m->anchors[j] * WIDTH + 5] = 0;
	memset(far, 0, WIDTH * sizeof *far);
	far[5] = 3;
	same[5] = two[5] = 0;
	run(m, &o, NULL, 1, &w, &report);
	assert_int_equal(w.ends[0], 0);
	assert_int_equal(w.ends[1], 1);
	assert_int_equal(w.sources[0], m->sources[40]);
	assert_true(fabsf(w.weights[0] + 2) < 1e-6F);
	assert_true(w.ends[2] - w.ends[1] >= 2 && w.ends[2] - w.ends[1] < K);
	assert_int_equal(w.ends[3], w.ends[2]);
	assert_int_equal(w.ends[4] - w.ends[3], K);
	hyper_weights_release(&w);
	free(m);
}

/* The cosine of x and the sum, and the norm, from what comes back; ridge makes the latter less. */
static void the_report_is_true(void **state)
{
	struct made *m = make(6);
	double last = INFINITY;
	(void)state;
	for (int step = 0; step < 3; step++) {
		const double ridges[] = { 0, 0.01, 1 };
		const struct hyper_omp_options o = { .k = K, .ridge = ridges[step] };
		struct hyper_weights w;
		struct hyper_omp_report report;
		double norms = 0, cosines = 0, least = 1, most = 0;
		run(m, &o, NULL, 1, &w, &report);
		for (size_t i = 0; i < WANTED; i++) {
			double x[WIDTH], sum[WIDTH] = { 0 }, norm = 0;
			row_of(m, m->wanted[i], x);
			for (size_t t = i * K; t < (i + 1) * K; t++) {
				double row[WIDTH];
				row_of(m, m->anchors[(5000 - w.sources[t]) / 7], row);
				norm += fabs((double)w.weights[t]);
				for (size_t d = 0; d < WIDTH; d++)
					sum[d] += (double)w.weights[t] * row[d];
			}
			const double cosine = dot(x, sum) / sqrt(dot(x, x) * dot(sum, sum));
			norms += norm / WANTED;
			cosines += cosine / WANTED;
			least = fmin(least, cosine);
			most = fmax(most, norm);
			/* (G + r I) c = b */
			for (size_t t = i * K; t < (i + 1) * K; t++) {
				double row[WIDTH], mean = 0;
				for (size_t s = i * K; s < (i + 1) * K; s++) {
					row_of(m, m->anchors[(5000 - w.sources[s]) / 7], row);
					mean += dot(row, row) / K;
				}
				row_of(m, m->anchors[(5000 - w.sources[t]) / 7], row);
				assert_true(fabs(dot(row, sum) +
						 o.ridge * mean * (double)w.weights[t] -
						 dot(row, x)) < 1e-4);
			}
		}
		assert_true(fabs(report.norm_mean - norms) < 1e-5);
		assert_true(fabs(report.norm_max - most) < 1e-5);
		assert_true(fabs(report.cosine_mean - cosines) < 1e-6);
		assert_true(fabs(report.cosine_min - least) < 1e-6);
		assert_true(norms < last);
		last = norms;
		hyper_weights_release(&w);
	}
	free(m);
}

static void what_cannot_be_is_refused(void **state)
{
	struct made *m = make(7);
	const struct hyper_rows_view donor = { .floats = m->rows, .count = ROWS, .width = WIDTH };
	static const struct {
		const char *name;
		struct hyper_omp_options o;
		size_t anchors;
	} cases[] = {
		{ "none", { .k = 0 }, ANCHORS },
		{ "more than anchors", { .k = 6 }, 5 },
		{ "more than the width", { .k = WIDTH + 1 }, ANCHORS },
		{ "too rough", { .k = 3, .mode = HYPER_MODE_INT8 }, ANCHORS },
		{ "fewer candidates", { .k = 3, .screen = 2 }, ANCHORS },
		{ "more candidates", { .k = 3, .screen = ANCHORS + 1 }, ANCHORS },
	};
	const struct hyper_kernel *kernel;
	struct hyper_weights w = { 0 };
	struct hyper_omp_report report;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(hyper_kernel_choose(NULL, &kernel, &err), TOK_OK);
#define ASK(options, wanted_count, anchor_count)                                                   \
	hyper_omp(&donor, m->wanted, wanted_count, m->anchors, m->sources, anchor_count, options,  \
		  kernel, 1, &w, &report, &err)
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (ASK(&cases[i].o, 1, cases[i].anchors) != TOK_EARG)
			fail_msg("%s", cases[i].name);
	const struct hyper_omp_options o = { .k = 3 };
	assert_int_equal(ASK(&o, 0, ANCHORS), TOK_OK);
	assert_int_equal(w.rows, 0);
	m->wanted[0] = ROWS;
	assert_int_equal(ASK(&o, 1, ANCHORS), TOK_EARG);
	m->wanted[0] = ROWS - 1;
	m->anchors[3] = m->anchors[2];
	assert_int_equal(ASK(&o, 1, ANCHORS), TOK_EARG);
	m->anchors[3]++;
	m->rows[(ROWS - 1) * WIDTH] = NAN;
	assert_int_equal(ASK(&o, 1, ANCHORS), TOK_EFORMAT);
	assert_non_null(strstr(err.message, "row 399"));
	m->rows[(ROWS - 1) * WIDTH] = 1;
	m->rows[m->anchors[9] * WIDTH + 1] = 1e19F;
	assert_int_equal(ASK(&o, 1, ANCHORS), TOK_EFORMAT);
	assert_int_equal(w.rows, 0);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_of_the_definition),
		cmocka_unit_test(near_ties_are_decided_in_f64),
		cmocka_unit_test(the_same_whoever_works),
		cmocka_unit_test(screened_rows_are_candidates),
		cmocka_unit_test(what_is_used_up_ends),
		cmocka_unit_test(the_report_is_true),
		cmocka_unit_test(what_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
