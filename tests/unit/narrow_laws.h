/*
 * narrow_laws.h - what products of 16 and of 8 bits owe to their definition, by any instruction
 * set.  Each law returns how often it was broken, and says where first.
 *
 * The definition is computed here anew, in double: bf16 by scaling and rounding whole numbers,
 * bytes likewise.  What the sums of F32 may be off by is told from the sum of the magnitudes.
 */
#ifndef TESTS_UNIT_NARROW_LAWS_H
#define TESTS_UNIT_NARROW_LAWS_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypernet/kernel/narrow_internal.h"
#include "tests/unit/checked.h"

static size_t narrow_fault(const struct hyper_kernel *kernel, enum hyper_mode mode,
			   const char *what, size_t row, size_t o, double is, double should)
{
	static size_t said;
	if (said++ < 8)
		printf("%s, mode %d: %s: row %zu, output %zu: %.9g, not %.9g\n",
		       hyper_kernel_name(kernel), (int)mode, what, row, o, is, should);
	return 1;
}

/* Numbers in (-1, 1), of several magnitudes. */
static float narrow_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	const int32_t a = (int32_t)(*state >> 40) - (1 << 23);
	return ldexpf((float)a, -23 - (int)(*state >> 33 & 3));
}

static float *narrow_numbers(size_t count, uint64_t seed)
{
	float *x = malloc((count ? count : 1) * sizeof *x);
	for (size_t i = 0; x && i < count; i++)
		x[i] = narrow_random(&seed);
	return x;
}

/* The nearest number of 8 significant bits. */
static double narrow_bf16(double x)
{
	int exponent;
	if (x == 0 || !isfinite(x))
		return x;
	const double fraction = frexp(x, &exponent);
	if (exponent < -125)
		return 0;
	const double rounded = ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
	return fabs(rounded) < 0x1p128 ? rounded : copysign(INFINITY, x);
}

static float narrow_most(const float *x, size_t count)
{
	float most = 0;
	for (size_t i = 0; i < count; i++)
		most = fmaxf(most, fabsf(x[i]));
	return most;
}

/* Sum and sum of magnitudes of x w as `mode` has it; `exact`: the sum must be these bits. */
struct narrow_answer {
	double sum, magnitudes;
	bool exact;
};

static struct narrow_answer narrow_int8_answer(const float *x, const float *w, size_t in)
{
	const float x_most = narrow_most(x, in), w_most = narrow_most(w, in);
	const float x_inverse = x_most > 0 ? 127 / x_most : 0;
	const float w_inverse = w_most > 0 ? 127 / w_most : 0;
	int64_t sum = 0;
	for (size_t i = 0; i < in; i++)
		sum +=
		    (int64_t)nearbyintf(x[i] * x_inverse) * (int64_t)nearbyintf(w[i] * w_inverse);
	const float answer = (float)sum * (x_most / 127) * (w_most / 127);
	return (struct narrow_answer){ .sum = answer, .exact = true };
}

static struct narrow_answer narrow_answer(enum hyper_mode mode, const float *x, const float *w,
					  size_t in)
{
	struct narrow_answer a = { 0 };
	if (mode == HYPER_MODE_INT8)
		return narrow_int8_answer(x, w, in);
	for (size_t i = 0; i < in; i++) {
		const double xh = narrow_bf16(x[i]), wh = narrow_bf16(w[i]);
		const double xl = narrow_bf16(x[i] - xh), wl = narrow_bf16(w[i] - wh);
		a.sum += mode == HYPER_MODE_BF16 ? xh * wh : xh * wh + xl * wh + xh * wl;
		a.magnitudes += fabs((double)x[i] * w[i]);
	}
	return a;
}

/* y = x w', by hyper_gemm; NULL: memory is out. */
static float *narrow_gemm(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows)
{
	float *y = malloc(rows * m->out * sizeof *y);
	void *scratch = hyper_scratch_new(hyper_gemm_scratch(m, rows));
	if (y && scratch)
		hyper_gemm(m, x, x_stride, rows, y, m->out, NULL, scratch);
	free(scratch);
	return y;
}

/* A problem of one size: x, w, the packed w and y. */
struct narrow_case {
	const struct hyper_kernel *kernel;
	enum hyper_mode mode;
	size_t rows, out, in;
	float *x, *w, *y;
	struct hyper_matrix m;
};

static bool narrow_pack(struct narrow_case *c)
{
	struct tok_error err;
	return hyper_matrix_pack(c->kernel, c->mode, c->w, c->out, c->in, &c->m, &err) == TOK_OK;
}

static bool narrow_begin(struct narrow_case *c, const struct hyper_kernel *kernel,
			 enum hyper_mode mode, size_t rows, size_t out, size_t in)
{
	*c = (struct narrow_case){
		.kernel = kernel, .mode = mode, .rows = rows, .out = out, .in = in
	};
	c->x = narrow_numbers(rows * in, rows * 31 + in);
	c->w = narrow_numbers(out * in, out * 17 + in + 5);
	return c->x && c->w && narrow_pack(c) && (c->y = narrow_gemm(&c->m, c->x, in, rows));
}

static void narrow_end(struct narrow_case *c)
{
	hyper_matrix_release(&c->m);
	free(c->x);
	free(c->w);
	free(c->y);
}

/* Other instruction sets than the one that defines it may be nearer to the product of the numbers
 * themselves in BF16X3 (narrow_internal.h): by what is neglected, a part in 2^16 each. */
static double narrow_tolerance(enum hyper_mode mode, const struct hyper_kernel *kernel)
{
	const bool by_f32 =
	    mode == HYPER_MODE_BF16X3 &&
	    hyper_product_of(kernel, mode) == hyper_product_of(kernel, HYPER_MODE_F32);
	return by_f32 ? 5e-5 : 5e-7;
}

static size_t narrow_law_answers(const struct narrow_case *c)
{
	const double tolerance = narrow_tolerance(c->mode, c->kernel);
	size_t wrong = 0;
	for (size_t r = 0; r < c->rows; r++)
		for (size_t o = 0; o < c->out; o++) {
			const struct narrow_answer a =
			    narrow_answer(c->mode, c->x + r * c->in, c->w + o * c->in, c->in);
			const double is = c->y[r * c->out + o];
			const double off = a.exact ? 0 : tolerance * a.magnitudes;
			if (!(fabs(is - a.sum) <= off))
				wrong +=
				    narrow_fault(c->kernel, c->mode, "answer", r, o, is, a.sum);
		}
	return wrong;
}

/* Rows from `first` on alone, and with room between them: the same bits. */
static size_t narrow_law_alone(const struct narrow_case *c, size_t first, size_t count)
{
	const size_t stride = c->in + 3;
	float *x = narrow_numbers(count * stride, 99);
	for (size_t r = 0; x && r < count; r++)
		memcpy(x + r * stride, c->x + (first + r) * c->in, c->in * sizeof *x);
	float *y = x ? narrow_gemm(&c->m, x, stride, count) : NULL;
	size_t wrong = !y;
	for (size_t i = 0; y && i < count * c->out; i++) {
		const size_t at = first * c->out + i;
		if (memcmp(&y[i], &c->y[at], sizeof *y) != 0)
			wrong += narrow_fault(c->kernel, c->mode, "alone", at / c->out, at % c->out,
					      y[i], c->y[at]);
	}
	free(x);
	free(y);
	return wrong;
}

/* Zero rows and weights give zero; one bad row is nobody else's concern, and INT8 says NaN of all
 * of it. */
static size_t narrow_law_special(struct narrow_case *c)
{
	static const float bad[] = { INFINITY, -INFINITY, NAN };
	size_t wrong = 0;
	if (c->rows < 4 || c->out < 2)
		return 0;
	memset(c->x + c->in, 0, c->in * sizeof *c->x);
	for (size_t i = 0; i < c->in; i++)
		c->x[2 * c->in + i] = 0x1p-140f;
	memset(c->w, 0, c->in * sizeof *c->w);
	hyper_matrix_release(&c->m);
	free(c->y);
	if (!narrow_pack(c) || !(c->y = narrow_gemm(&c->m, c->x, c->in, c->rows)))
		return 1;
	const float nothing = c->mode == HYPER_MODE_INT8 ? 0 : 0x1p-120f;
	for (size_t o = 0; o < c->out; o++)
		for (size_t r = 1; r < 3; r++)
			if (!(fabsf(c->y[r * c->out + o]) <= nothing))
				wrong += narrow_fault(c->kernel, c->mode, "zero row", r, o,
						      c->y[r * c->out + o], 0);
	for (size_t r = 0; r < c->rows; r++)
		if (c->y[r * c->out] != 0)
			wrong += narrow_fault(c->kernel, c->mode, "zero weights", r, 0,
					      c->y[r * c->out], 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const size_t places[] = { 0, c->in - 1, c->in / 2 };
		c->x[3 * c->in + places[i]] = bad[i];
		float *y = narrow_gemm(&c->m, c->x, c->in, c->rows);
		wrong += !y;
		for (size_t at = 0; y && at < c->rows * c->out; at++) {
			const bool hit = at / c->out == 3;
			const bool right = !hit ? memcmp(&y[at], &c->y[at], sizeof *y) == 0
					   : c->mode == HYPER_MODE_INT8 ? isnan(y[at])
					   : at % c->out == 1           ? !isfinite(y[at])
									: true;
			if (!right)
				wrong +=
				    narrow_fault(c->kernel, c->mode, "beside what is not finite",
						 at / c->out, at % c->out, y[at], c->y[at]);
		}
		free(y);
	}
	return wrong;
}

static size_t narrow_law_size(const struct hyper_kernel *kernel, enum hyper_mode mode, size_t rows,
			      size_t out, size_t in)
{
	struct narrow_case c;
	size_t wrong = !narrow_begin(&c, kernel, mode, rows, out, in);
	if (!wrong) {
		wrong += narrow_law_answers(&c);
		wrong += narrow_law_alone(&c, 0, 1);
		wrong += narrow_law_alone(&c, rows / 3, rows - rows / 3);
		wrong += narrow_law_alone(&c, rows - 1, 1);
		wrong += narrow_law_special(&c);
	}
	narrow_end(&c);
	return wrong;
}

/* Sizes around what is multiplied at once: 12, 32 and 96 rows or so; 16, 32 and 64 outputs; 2, 32,
 * 64 inputs, and as many as make AMX change runs. */
static size_t narrow_law_sizes(const struct hyper_kernel *kernel, enum hyper_mode mode)
{
	static const size_t some_rows[] = { 1, 2, 3, 4, 5, 6, 11, 12, 13, 17, 31, 32, 33, 97, 130 };
	static const size_t some_outs[] = { 1, 2, 16, 31, 32, 33, 70 };
	static const size_t some_ins[] = { 1, 2, 3, 7, 16, 31, 33, 63, 64, 65, 130 };
	enum {
		ROWS = sizeof some_rows / sizeof *some_rows,
		OUTS = sizeof some_outs / sizeof *some_outs,
		INS = sizeof some_ins / sizeof *some_ins
	};
	size_t wrong = 0;
	for (size_t i = 0; i < (CHECKED ? ROWS : 2 * ROWS); i++)
		wrong += narrow_law_size(kernel, mode, some_rows[i % ROWS],
					 some_outs[(i + i / ROWS) % OUTS],
					 some_ins[(i * 3 + i / ROWS) % INS]);
	wrong += narrow_law_size(kernel, mode, 35, 33, 1100);
	return wrong;
}

/* The greatest sums that INT8 can have. */
static inline size_t narrow_law_extremes(const struct hyper_kernel *kernel)
{
	const size_t in = HYPER_INT8_LONGEST;
	struct narrow_case c = {
		.kernel = kernel, .mode = HYPER_MODE_INT8, .rows = 1, .out = 2, .in = in
	};
	c.x = malloc(in * sizeof *c.x);
	c.w = malloc(2 * in * sizeof *c.w);
	size_t wrong = !c.x || !c.w;
	for (size_t i = 0; !wrong && i < in; i++) {
		c.x[i] = -127;
		c.w[i] = -127;
		c.w[in + i] = 127;
	}
	wrong += wrong || !narrow_pack(&c) || !(c.y = narrow_gemm(&c.m, c.x, in, 1));
	const float should = (float)(127 * 127 * (int64_t)in);
	if (!wrong && (c.y[0] != should || c.y[1] != -should))
		wrong += narrow_fault(kernel, c.mode, "greatest sum", 0, 0, c.y[0], should);
	narrow_end(&c);
	return wrong;
}

/* By weights of 1, what rounding does to a number is seen: all upper halves of numbers, with lower
 * halves around a tie, each alone in a row of zeros, at one of its places. */
static inline size_t narrow_law_rounding(const struct hyper_kernel *kernel)
{
	static const uint32_t lower[] = { 0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF };
	enum {
		LOWER = sizeof lower / sizeof *lower,
		STEP = CHECKED ? 7 : 1, /* of the upper halves */
		ROWS = 65536 / STEP * LOWER,
		IN = 17
	};
	float ones[IN];
	for (size_t i = 0; i < IN; i++)
		ones[i] = 1;
	struct narrow_case c = { .kernel = kernel,
				 .mode = HYPER_MODE_BF16,
				 .rows = ROWS,
				 .out = 1,
				 .in = IN,
				 .x = calloc(ROWS * IN, sizeof(float)) };
	struct tok_error err;
	size_t wrong = !c.x || hyper_matrix_pack(kernel, c.mode, ones, 1, IN, &c.m, &err) != TOK_OK;
	for (size_t i = 0; !wrong && i < ROWS; i++) {
		const uint32_t bits = (uint32_t)(i / LOWER * STEP) << 16 | lower[i % LOWER];
		memcpy(&c.x[i * IN + i % IN], &bits, sizeof bits);
	}
	wrong += wrong || !(c.y = narrow_gemm(&c.m, c.x, IN, ROWS));
	for (size_t i = 0; !wrong && i < ROWS; i++) {
		const double should = narrow_bf16(c.x[i * IN + i % IN]);
		if (isnan(should) ? !isnan(c.y[i]) : (double)c.y[i] != should)
			wrong += narrow_fault(kernel, c.mode, "rounding", i, 0, c.y[i], should);
	}
	narrow_end(&c);
	return wrong;
}

static size_t narrow_law_modes(const struct hyper_kernel *kernel)
{
	return narrow_law_sizes(kernel, HYPER_MODE_BF16X3) +
	       narrow_law_sizes(kernel, HYPER_MODE_BF16) +
	       narrow_law_sizes(kernel, HYPER_MODE_INT8);
}

#endif
