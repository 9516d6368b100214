/*
 * narrow_scalar.c - products of numbers of 16 and 8 bits, as everybody else is held against.
 */
#include "hypernet/kernel/narrow_internal.h"

/* As in f32_scalar.c, sums of STEP products are added to one another. */
enum { PANEL = HYPER_NARROW_PANEL, STEP = 256, BLOCK_ROWS = 32 };

/* The byte `i` of row r. */
static void *find_byte(const struct hyper_narrow_rows *to, size_t r, size_t i)
{
	return (char *)to->at + r * to->row + i / 64 * to->unit + i % 64;
}

void hyper_bf16_rows_scalar(const float *x, size_t x_stride, size_t rows, size_t in,
			    const struct hyper_narrow_rows *to)
{
	const size_t end = hyper_round_up(in, HYPER_BF16_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride)
		for (size_t i = 0; i < end; i++)
			*(uint16_t *)find_byte(to, r, 2 * i) = i < in ? hyper_bf16_of(x[i]) : 0;
}

void hyper_bf16x3_rows_scalar(const float *x, size_t x_stride, size_t rows, size_t in,
			      const struct hyper_narrow_rows *to)
{
	const size_t end = hyper_round_up(in, HYPER_BF16_UNIT);
	hyper_bf16_rows_scalar(x, x_stride, rows, in, to);
	for (size_t r = 0; r < rows; r++, x += x_stride)
		for (size_t i = 0; i < end; i++) {
			const uint16_t *high = find_byte(to, r, 2 * i);
			uint16_t *low = (uint16_t *)((char *)find_byte(to, r, 2 * i) + to->part);
			*low = i < in ? hyper_bf16_of(x[i] - hyper_bf16_value(*high)) : 0;
		}
}

void hyper_int8_rows_scalar(const float *x, size_t x_stride, size_t rows, size_t in,
			    const struct hyper_narrow_rows *to, float *scales)
{
	const size_t end = hyper_round_up(in, HYPER_INT8_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride) {
		const struct hyper_int8_scale s = hyper_int8_scale_of(hyper_magnitude(x, in));
		for (size_t i = 0; i < end; i++)
			*(int8_t *)find_byte(to, r, i) =
			    i < in ? hyper_int8_of(x[i], s.inverse) : 0;
		scales[r] = s.scale;
	}
}

/* sum[o] += x w[o] over a row of packed inputs; `count` of them, which is even. */
static void add_products(const uint16_t *x, const uint16_t *w, size_t count, float *sum)
{
	for (size_t from = 0; from < count; from += STEP) {
		const size_t to = count - from < STEP ? count : from + STEP;
		float part[PANEL] = { 0 };
		for (size_t i = from; i < to; i++)
			for (size_t o = 0; o < PANEL; o++)
				part[o] += hyper_bf16_value(x[i]) *
					   hyper_bf16_value(w[i / 2 * 2 * PANEL + 2 * o + i % 2]);
		for (size_t o = 0; o < PANEL; o++)
			sum[o] += part[o];
	}
}

static size_t bf16_row_bytes(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_BF16_UNIT) * sizeof(uint16_t);
}

static size_t bf16_scratch(const struct hyper_matrix *m)
{
	return bf16_row_bytes(m);
}

static void multiply_bf16(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = bf16_row_bytes(m);
	const struct hyper_narrow_rows to = { .at = scratch, .unit = 64 };
	for (size_t r = 0; r < rows; r++) {
		hyper_bf16_rows_scalar(x + r * x_stride, x_stride, 1, m->in, &to);
		memset(p + r * p_stride, 0, hyper_round_up(m->out, PANEL) * sizeof *p);
		for (size_t o = 0; o < m->out; o += PANEL)
			add_products(scratch, hyper_bf16_panel(m, o / PANEL), bytes / 2,
				     p + r * p_stride + o);
	}
}

const struct hyper_product hyper_bf16_scalar = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = bf16_scratch,
	.multiply = multiply_bf16,
};

static size_t bf16x3_scratch(const struct hyper_matrix *m)
{
	return 2 * bf16_row_bytes(m);
}

static void multiply_bf16x3(const struct hyper_matrix *m, const float *x, size_t x_stride,
			    size_t rows, float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = bf16_row_bytes(m), count = bytes / 2;
	const uint16_t *high = scratch, *low = high + count;
	const struct hyper_narrow_rows to = { .at = scratch, .unit = 64, .part = bytes };
	for (size_t r = 0; r < rows; r++) {
		hyper_bf16x3_rows_scalar(x + r * x_stride, x_stride, 1, m->in, &to);
		memset(p + r * p_stride, 0, hyper_round_up(m->out, PANEL) * sizeof *p);
		for (size_t o = 0; o < m->out; o += PANEL) {
			const uint16_t *w = hyper_bf16_panel(m, o / PANEL);
			float *sum = p + r * p_stride + o;
			add_products(high, w, count, sum);
			add_products(low, w, count, sum);
			add_products(high, w + PANEL * count, count, sum);
		}
	}
}

const struct hyper_product hyper_bf16x3_scalar = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16x3_bytes,
	.pack = hyper_bf16x3_pack,
	.scratch = bf16x3_scratch,
	.multiply = multiply_bf16x3,
};

static size_t int8_scratch(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_INT8_UNIT);
}

static void add_bytes(const int8_t *x, const int8_t *panel, size_t count, int32_t *sum)
{
	for (size_t i = 0; i < count; i++)
		for (size_t o = 0; o < PANEL; o++)
			sum[o] += x[i] * panel[i / 4 * 4 * PANEL + 4 * o + i % 4];
}

void hyper_int8_scale_scalar(const void *sums, size_t sum_stride, size_t rows, const float *scales,
			     const float *weight_scales, float *p, size_t p_stride)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t o = 0; o < PANEL; o++) {
			int32_t sum;
			memcpy(&sum, (const char *)sums + r * sum_stride + o * sizeof sum,
			       sizeof sum);
			p[r * p_stride + o] = (float)sum * scales[r] * weight_scales[o];
		}
}

static void multiply_int8(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const struct hyper_narrow_rows to = { .at = scratch, .unit = 64 };
	for (size_t r = 0; r < rows; r++) {
		float scale;
		hyper_int8_rows_scalar(x + r * x_stride, x_stride, 1, m->in, &to, &scale);
		for (size_t o = 0; o < m->out; o += PANEL) {
			int32_t sum[PANEL] = { 0 };
			add_bytes(scratch, hyper_int8_panel(m, o / PANEL), m->in, sum);
			hyper_int8_scale_scalar(sum, 0, 1, &scale, m->scales + o,
						p + r * p_stride + o, 0);
		}
	}
}

const struct hyper_product hyper_int8_scalar = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.longest = HYPER_INT8_LONGEST,
	.bytes = hyper_int8_bytes,
	.pack = hyper_int8_pack,
	.scratch = int8_scratch,
	.multiply = multiply_int8,
};
