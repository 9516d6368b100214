/*
 * kernel_laws.h - what every table of hypernet/kernel has to obey in F32, without cmocka, for
 * machines that are only emulated, too.  A law returns how often it was broken, and prints it.
 *
 * The references are in double precision, or long double, and share nothing with the kernels.
 */
#ifndef TESTS_UNIT_KERNEL_LAWS_H
#define TESTS_UNIT_KERNEL_LAWS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/kernel/kernel.h"
#include "tests/unit/checked.h"

/* 1 where everything is slow: fewer sizes, the same kinds. */
#ifndef LAW_FEW
#define LAW_FEW CHECKED
#endif
#define LAW_TOLERANCE 1e-5 /* of the largest */
#define LAW_GAP       12345.5F

static inline float law_draw(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (float)((double)(*state >> 33) / (double)(1u << 30) - 1);
}

static inline float *law_rows(uint64_t *state, size_t rows, size_t width, size_t stride)
{
	float *made = hyper_scratch_new(rows * stride * sizeof *made + 64);
	if (!made)
		exit(2);
	for (size_t i = 0; i < rows * stride; i++)
		made[i] = i % stride < width ? law_draw(state) : LAW_GAP;
	return made;
}

static inline double *law_doubles(size_t count)
{
	double *made = count < (1u << 26) ? calloc(count, sizeof *made) : NULL;
	if (!made)
		exit(2);
	return made;
}

/* Are `got` and `want` equal to rounding, and the gaps behind rows as they were? */
static inline size_t law_near(const char *what, const struct hyper_kernel *kernel, const float *got,
			      const double *want, size_t rows, size_t width, size_t stride)
{
	double largest = 0, worst = 0;
	size_t gaps = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < width; i++)
			largest = fmax(largest, fabs(want[r * width + i]));
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < stride; i++)
			if (i >= width)
				gaps += got[r * stride + i] != LAW_GAP;
			else
				worst = fmax(worst,
					     isnan(got[r * stride + i])
						 ? INFINITY
						 : fabs(got[r * stride + i] - want[r * width + i]));
	if (worst <= LAW_TOLERANCE * largest && gaps == 0)
		return 0;
	printf("%s, %s: %zu x %zu: off by %g of %g, %zu gaps written\n", hyper_kernel_name(kernel),
	       what, rows, width, worst, largest, gaps);
	return 1;
}

/* The epilogue in long double, of one row. */
struct law_row {
	size_t width;
	const struct hyper_epilogue *e;
	const float *residual;
	long double *v;
};

static inline long double law_gelu(enum hyper_activation activation, long double x)
{
	if (activation == HYPER_LINEAR)
		return x;
	if (isinf(x))
		return x < 0 ? 0 : x;
	if (activation == HYPER_GELU_ERF)
		return x / 2 * erfcl(-x / sqrtl(2));
	const long double pi = 3.14159265358979323846264338327950288L;
	return x / (1 + expl(-2 * sqrtl(2 / pi) * (x + 0.044715L * x * x * x)));
}

static inline void law_finish(const struct law_row *row)
{
	const struct hyper_epilogue *e = row->e;
	long double mean = 0, variance = 0;
	const long double width = (long double)row->width;
	for (size_t i = 0; i < row->width; i++) {
		const long double sum = row->v[i] + (e->bias ? e->bias[i] : 0);
		row->v[i] = law_gelu(e->activation, sum) + (row->residual ? row->residual[i] : 0);
		mean += row->v[i] / width;
	}
	for (size_t i = 0; i < row->width; i++)
		variance += (row->v[i] - mean) * (row->v[i] - mean) / width;
	for (size_t i = 0; i < row->width; i++) {
		if (e->norm_weight)
			row->v[i] = (row->v[i] - mean) / sqrtl(variance + e->norm_epsilon) *
					e->norm_weight[i] +
				    (e->norm_bias ? e->norm_bias[i] : 0);
		row->v[i] = row->v[i] * (e->scale ? e->scale[i] : 1) + (e->shift ? e->shift[i] : 0);
	}
}

/* Products and epilogues: every second one with all steps, and y as the residual. */
struct law_product {
	size_t rows, out, in;
};

static inline void law_want(struct law_product s, const float *x, size_t x_stride, const float *w,
			    const struct hyper_epilogue *e, double *want)
{
	long double *v = calloc(s.out, sizeof *v);
	if (!v)
		exit(2);
	for (size_t r = 0; r < s.rows; r++) {
		for (size_t o = 0; o < s.out; o++) {
			double sum = 0;
			for (size_t i = 0; i < s.in; i++)
				sum += (double)x[r * x_stride + i] * w[o * s.in + i];
			v[o] = sum;
		}
		law_finish(&(struct law_row){
		    s.out, e, e->residual ? e->residual + r * e->residual_stride : NULL, v });
		for (size_t o = 0; o < s.out; o++)
			want[r * s.out + o] = (double)v[o];
	}
	free(v);
}

static inline void law_multiply(const struct hyper_kernel *kernel, struct law_product s,
				const float *w, const float *x, size_t x_stride, float *y,
				size_t y_stride, const struct hyper_epilogue *e)
{
	struct hyper_matrix m;
	struct tok_error err;
	if (hyper_kernel_enter(kernel, &err) != TOK_OK ||
	    hyper_matrix_pack(kernel, HYPER_MODE_F32, w, s.out, s.in, &m, &err) != TOK_OK)
		exit(2);
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(&m, s.rows));
	if (!scratch)
		exit(2);
	hyper_gemm(&m, x, x_stride, s.rows, y, y_stride, e, scratch);
	free(scratch);
	hyper_matrix_release(&m);
}

static inline size_t law_product(const struct hyper_kernel *kernel, struct law_product s, bool all)
{
	uint64_t state = s.rows * 131 + s.out * 17 + s.in;
	const size_t x_stride = s.in + s.rows % 5, y_stride = s.out + s.in % 7;
	float *w = law_rows(&state, s.out, s.in, s.in);
	float *x = law_rows(&state, s.rows, s.in, x_stride);
	float *y = law_rows(&state, s.rows, s.out, y_stride);
	float *row = law_rows(&state, 5, s.out, s.out);
	struct hyper_epilogue e = { 0 };
	if (all)
		e = (struct hyper_epilogue){
			.bias = row,
			.activation = s.out % 2 ? HYPER_GELU_ERF : HYPER_GELU_TANH,
			.residual = y,
			.residual_stride = y_stride,
			.norm_weight = row + s.out,
			.norm_bias = s.in % 3 ? row + 2 * s.out : NULL,
			.norm_epsilon = 1e-3F,
			.scale = row + 3 * s.out,
			.shift = row + 4 * s.out,
		};
	double *want = law_doubles(s.rows * s.out);
	law_want(s, x, x_stride, w, &e, want);
	law_multiply(kernel, s, w, x, x_stride, y, y_stride, all ? &e : NULL);
	const size_t wrong = law_near(all ? "product and epilogue" : "product", kernel, y, want,
				      s.rows, s.out, y_stride);
	free(w);
	free(x);
	free(y);
	free(row);
	free(want);
	return wrong;
}

static inline size_t law_products(const struct hyper_kernel *kernel)
{
	static const size_t odd[] = { 1, 7, 17, 63, 65, 129 };
	static const struct law_product large[] = {
		{ 3, 767, 769 }, { 130, 33, 1537 }, { 117, 96, 770 }, { 2, 16, 2500 }
	};
	size_t wrong = 0;
	for (size_t rows = 1; rows <= 70; rows += LAW_FEW ? 5 : 1) {
		const size_t out = odd[rows % 6], in = odd[rows / 6 % 6];
		wrong += law_product(kernel, (struct law_product){ rows, out, in }, rows % 2);
		wrong += law_product(kernel, (struct law_product){ rows, in, out }, rows % 3 == 0);
	}
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		wrong += law_product(kernel, large[i], i % 2);
	return wrong;
}

/* A row's bits are its own, whatever is beside it. */
static inline size_t law_alone(const struct hyper_kernel *kernel)
{
	enum { ROWS = 130, OUT = 70, IN = 801 };
	uint64_t state = 5;
	size_t wrong = 0;
	float *w = law_rows(&state, OUT, IN, IN), *x = law_rows(&state, ROWS, IN, IN);
	float *all = law_rows(&state, ROWS, OUT, OUT), *some = law_rows(&state, ROWS, OUT, OUT);
	float *row = law_rows(&state, 1, OUT, OUT);
	const struct hyper_epilogue e = {
		.bias = row, .activation = HYPER_GELU_ERF, .norm_weight = row, .norm_epsilon = 1e-5F
	};
	law_multiply(kernel, (struct law_product){ ROWS, OUT, IN }, w, x, IN, all, OUT, &e);
	for (size_t count = 1; count < 32; count += 1 + count / 9)
		for (size_t from = 0; from + count <= ROWS; from += LAW_FEW ? 61 : 19) {
			law_multiply(kernel, (struct law_product){ count, OUT, IN }, w,
				     x + from * IN, IN, some, OUT, &e);
			wrong += memcmp(some, all + from * OUT, count * OUT * sizeof *all) != 0;
		}
	if (wrong)
		printf("%s: rows depend on their neighbours, %zu times\n",
		       hyper_kernel_name(kernel), wrong);
	free(w);
	free(x);
	free(all);
	free(some);
	free(row);
	return wrong;
}

/* GELU of one number within 1e-7 and two units of the last place. */
static inline size_t law_gelu_at(const struct hyper_kernel *kernel,
				 enum hyper_activation activation, float x, float got)
{
	const long double want = law_gelu(activation, x);
	const float near = (float)want;
	if (isnan(x) ? isnan(got) : isinf(want) ? got == near : 0)
		return 0;
	const long double ulp = nextafterf(fabsf(near), INFINITY) - fabsf(near);
	if (fabsl(got - want) <= 1e-7L + 2 * ulp || (!isnan(got) && got == near))
		return 0;
	printf("%s: GELU %d of %a is %a, not %a\n", hyper_kernel_name(kernel), activation, x, got,
	       near);
	return 1;
}

static inline size_t law_gelus_of(const struct hyper_kernel *kernel, const float *x, size_t count)
{
	static const enum hyper_activation both[] = { HYPER_GELU_TANH, HYPER_GELU_ERF };
	float y[257];
	size_t wrong = 0;
	for (size_t a = 0; a < 2; a++) {
		const struct hyper_epilogue e = { .activation = both[a] };
		memcpy(y, x, count * sizeof *x);
		hyper_rows_finish(kernel, y, count, 1, count, &e);
		for (size_t i = 0; i < count; i++)
			wrong += law_gelu_at(kernel, both[a], x[i], y[i]);
	}
	return wrong;
}

/* Over all of float by its bits, and closely where it bends. */
static inline size_t law_gelus(const struct hyper_kernel *kernel)
{
	const float odd[] = {
		0,  -0.0F,       INFINITY,    -INFINITY, NAN,           1e-45F,        -1e-45F,
		-6, -5.9999995F, -6.0000005F, 6,         3.4028235e38F, -3.4028235e38F
	};
	const size_t blocks = LAW_FEW ? 20 : 400;
	size_t wrong = law_gelus_of(kernel, odd, sizeof odd / sizeof *odd);
	for (size_t b = 0; b < blocks && wrong < 20; b++) {
		float x[257];
		for (size_t i = 0; i < 257; i++) {
			const uint32_t bits =
			    (uint32_t)((b * 257 + i) * (UINT32_MAX / (blocks * 257)));
			memcpy(&x[i], &bits, sizeof bits);
		}
		wrong += law_gelus_of(kernel, x, 257);
		for (size_t i = 0; i < 257; i++)
			x[i] = -8 + 16 * (float)(b * 257 + i) / (float)(blocks * 257);
		wrong += law_gelus_of(kernel, x, 257);
	}
	return wrong;
}

/* Of a row whose numbers are all the same, nothing but the bias remains. */
static inline size_t law_constant_rows(const struct hyper_kernel *kernel)
{
	static const float values[] = { 0, 1, -3.7F, 12345.678F, 1e-20F, 0.1F };
	static const size_t widths[] = { 1, 7, 16, 63, 768 };
	float y[768], weight[768], bias[768];
	size_t wrong = 0;
	for (size_t v = 0; v < sizeof values / sizeof *values; v++)
		for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
			const struct hyper_epilogue e = { .norm_weight = weight,
							  .norm_bias = bias,
							  .norm_epsilon = 1e-12F };
			for (size_t i = 0; i < widths[w]; i++) {
				y[i] = values[v];
				weight[i] = 1 + (float)i;
				bias[i] = (float)i - 3;
			}
			hyper_rows_finish(kernel, y, 768, 1, widths[w], &e);
			for (size_t i = 0; i < widths[w]; i++)
				wrong += y[i] != bias[i];
		}
	if (wrong)
		printf("%s: %zu numbers of constant rows are not the bias\n",
		       hyper_kernel_name(kernel), wrong);
	return wrong;
}

struct law_attention {
	size_t queries, count, length, heads, head;
	float scale; /* of q: 0: all scores are equal */
};

/* One query of one head in double precision. */
static inline void law_attend(const struct law_attention *a, const float *q, const float *k,
			      const float *v, size_t stride, double *out)
{
	double weights[HYPER_ATTEND_LONGEST], sum = 0, largest = -INFINITY;
	for (size_t j = 0; j < a->length; j++) {
		weights[j] = 0;
		for (size_t i = 0; i < a->head; i++)
			weights[j] += (double)q[i] * k[j * stride + i] / sqrt((double)a->head);
		largest = fmax(largest, weights[j]);
	}
	for (size_t j = 0; j < a->length; j++)
		sum += weights[j] = exp(weights[j] - largest);
	for (size_t i = 0; i < a->head; i++) {
		out[i] = 0;
		for (size_t j = 0; j < a->length; j++)
			out[i] += weights[j] / sum * v[j * stride + i];
	}
}

static inline size_t law_attention(const struct hyper_kernel *kernel, struct law_attention a)
{
	const size_t width = a.heads * a.head, stride = 2 * width + 3;
	const size_t q_rows = a.count * a.queries, q_stride = width + 5, out_stride = width + 1;
	uint64_t state = a.length * 7 + a.head;
	float *q = law_rows(&state, q_rows, width, q_stride);
	float *k = law_rows(&state, a.count * a.length, stride, stride);
	float *out = law_rows(&state, q_rows, width, out_stride);
	double *want = law_doubles(q_rows * width);
	for (size_t i = 0; i < q_rows * q_stride; i++)
		q[i] *= a.scale;
	for (size_t r = 0; r < q_rows; r++)
		for (size_t h = 0; h < a.heads; h++) {
			const float *first = k + r / a.queries * a.length * stride + h * a.head;
			law_attend(&a, q + r * q_stride + h * a.head, first, first + width, stride,
				   want + r * width + h * a.head);
		}
	hyper_attend(kernel, q, q_stride, a.queries, k, k + width, stride, a.count, a.length,
		     a.heads, a.head, out, out_stride);
	const size_t wrong = law_near("attention", kernel, out, want, q_rows, width, out_stride);
	free(q);
	free(k);
	free(out);
	free(want);
	return wrong;
}

static inline size_t law_attentions(const struct hyper_kernel *kernel)
{
	static const size_t heads[] = { 1, 7, 16, 24, 64, 100 };
	size_t wrong = 0;
	for (size_t length = 1; length <= HYPER_ATTEND_LONGEST; length += LAW_FEW ? 7 : 1) {
		const size_t head = heads[length % 6];
		const float scale = length % 5 == 0 ? 0 : length % 5 == 1 ? 100 : 2;
		wrong +=
		    law_attention(kernel, (struct law_attention){ 1, 3, length, 2, head, scale });
		wrong += law_attention(kernel,
				       (struct law_attention){ length, 2, length, 3, head, scale });
	}
	return wrong;
}

static inline size_t law_kernel(const struct hyper_kernel *kernel)
{
	return law_products(kernel) + law_alone(kernel) + law_gelus(kernel) +
	       law_constant_rows(kernel) + law_attentions(kernel);
}

#endif
