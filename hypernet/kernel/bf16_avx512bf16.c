/*
 * bf16_avx512bf16.c - products of bf16 by VDPBF16PS, two to a lane; and the rounding of rows, for
 * AMX too.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <immintrin.h>

/* GROUP rows by the 32 outputs of a panel are 24 sums, as many as hide what a product waits for
 * and leave room for what is multiplied.  What rows are left go in groups of FEW. */
enum { PANEL = HYPER_NARROW_PANEL, GROUP = 12, FEW = 4, BLOCK_ROWS = 8 * GROUP };

static __m512i round_pair(__m512 first, __m512 second)
{
	return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

/* Numbers [i, i + 16) of a row of `in`, zeros behind its end. */
static __m512 load_part(const float *x, size_t i, size_t in)
{
	if (i >= in)
		return _mm512_setzero_ps();
	const size_t left = in - i;
	return _mm512_maskz_loadu_ps((__mmask16)(left < 16 ? (1u << left) - 1 : 0xFFFF), x + i);
}

void hyper_bf16_rows_avx512bf16(const float *x, size_t x_stride, size_t rows, size_t in,
				const struct hyper_narrow_rows *to)
{
	for (size_t r = 0; r < rows; r++, x += x_stride) {
		char *unit = (char *)to->at + r * to->row;
		for (size_t i = 0; i < in; i += HYPER_BF16_UNIT, unit += to->unit)
			_mm512_storeu_si512(
			    unit, round_pair(load_part(x, i, in), load_part(x, i + 16, in)));
	}
}

/* What rounding leaves over of 16 numbers, `high` being their bf16. */
static __m512 leave_over(__m512 x, __m256i high)
{
	const __m512i wide = _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16);
	return _mm512_sub_ps(x, _mm512_castsi512_ps(wide));
}

void hyper_bf16x3_rows_avx512bf16(const float *x, size_t x_stride, size_t rows, size_t in,
				  const struct hyper_narrow_rows *to)
{
	for (size_t r = 0; r < rows; r++, x += x_stride) {
		char *unit = (char *)to->at + r * to->row;
		for (size_t i = 0; i < in; i += HYPER_BF16_UNIT, unit += to->unit) {
			const __m512 a = load_part(x, i, in), b = load_part(x, i + 16, in);
			const __m512i high = round_pair(a, b);
			const __m512 low_a = leave_over(a, _mm512_castsi512_si256(high));
			const __m512 low_b = leave_over(b, _mm512_extracti64x4_epi64(high, 1));
			_mm512_storeu_si512(unit, high);
			_mm512_storeu_si512(unit + to->part, round_pair(low_a, low_b));
		}
	}
}

/* `live` of `rows` rows of x, `stride` pairs apart, by a panel. */
static inline __attribute__((always_inline)) void
multiply_group(const uint32_t *x, size_t stride, size_t pairs, const uint16_t *panel, float *p,
	       size_t p_stride, const size_t rows, size_t live)
{
	__m512 sum[GROUP][2];
	for (size_t r = 0; r < rows; r++)
		sum[r][0] = sum[r][1] = _mm512_setzero_ps();
	for (size_t k = 0; k < pairs; k++, panel += 2 * PANEL) {
		const __m512bh first = (__m512bh)_mm512_load_si512(panel);
		const __m512bh second = (__m512bh)_mm512_load_si512(panel + PANEL);
#pragma GCC unroll 12
		for (size_t r = 0; r < rows; r++) {
			const __m512bh pair = (__m512bh)_mm512_set1_epi32((int)x[r * stride + k]);
			sum[r][0] = _mm512_dpbf16_ps(sum[r][0], pair, first);
			sum[r][1] = _mm512_dpbf16_ps(sum[r][1], pair, second);
		}
	}
#pragma GCC unroll 12
	for (size_t r = 0; r < rows; r++)
		if (r < live) {
			_mm512_store_ps(p + r * p_stride, sum[r][0]);
			_mm512_store_ps(p + r * p_stride + 16, sum[r][1]);
		}
}

static void multiply_panel(const uint32_t *x, size_t stride, size_t rows, size_t pairs,
			   const uint16_t *panel, float *p, size_t p_stride)
{
	size_t r = 0;
	for (; r + GROUP <= rows; r += GROUP)
		multiply_group(x + r * stride, stride, pairs, panel, p + r * p_stride, p_stride,
			       GROUP, GROUP);
	for (; r < rows; r += FEW)
		multiply_group(x + r * stride, stride, pairs, panel, p + r * p_stride, p_stride,
			       FEW, rows - r);
}

static size_t row_bytes(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_BF16_UNIT) * sizeof(uint16_t) + HYPER_NARROW_GAP;
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * row_bytes(m);
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = row_bytes(m), pairs = hyper_round_up(m->in, HYPER_BF16_UNIT) / 2;
	const struct hyper_narrow_rows to = { .at = scratch, .row = bytes, .unit = 64 };
	hyper_bf16_rows_avx512bf16(x, x_stride, rows, m->in, &to);
	memset((char *)scratch + rows * bytes, 0, (hyper_round_up(rows, FEW) - rows) * bytes);
	for (size_t o = 0; o < m->out; o += PANEL)
		multiply_panel(scratch, bytes / sizeof(uint32_t), rows, pairs,
			       hyper_bf16_panel(m, o / PANEL), p + o, p_stride);
}

const struct hyper_product hyper_bf16_avx512bf16 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
