/*
 * int8_avx512.c - products of bytes by VPDPBUSD, four to a lane; and the rounding of rows, for AMX
 * too.
 *
 * The instruction multiplies unsigned bytes by signed ones.  So inputs are taken with 128 added,
 * and sums begin at what that adds, negated: 128 times the sum of an output's weights.  Sums are
 * modulo 2^32 on the way and right at the end.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <immintrin.h>

/* As in bf16_avx512bf16.c. */
enum { PANEL = HYPER_NARROW_PANEL, GROUP = 12, FEW = 4, BLOCK_ROWS = 8 * GROUP };

/* Which of the 16 numbers from i on there are. */
static __mmask16 mask_part(size_t i, size_t in)
{
	const size_t left = i < in ? in - i : 0;
	return (__mmask16)(left < 16 ? (1u << left) - 1 : 0xFFFF);
}

static uint32_t find_magnitude(const float *x, size_t in)
{
	const __m512i no_sign = _mm512_set1_epi32(0x7FFFFFFF);
	__m512i most = _mm512_setzero_si512();
	for (size_t i = 0; i < in; i += 16) {
		const __m512i bits = _mm512_maskz_loadu_epi32(mask_part(i, in), x + i);
		most = _mm512_max_epu32(most, _mm512_and_si512(bits, no_sign));
	}
	return _mm512_reduce_max_epu32(most);
}

/* As hyper_int8_rows_avx512; the bits of `flip` are changed in every byte. */
static inline void narrow_rows(const float *x, size_t x_stride, size_t rows, size_t in,
			       const struct hyper_narrow_rows *to, float *scales, __m128i flip)
{
	const size_t end = hyper_round_up(in, HYPER_INT8_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride) {
		const struct hyper_int8_scale s = hyper_int8_scale_of(find_magnitude(x, in));
		const __m512 inverse = _mm512_set1_ps(s.inverse);
		char *row = (char *)to->at + r * to->row;
		for (size_t i = 0; i < end; i += 16) {
			const __m512 part = _mm512_maskz_loadu_ps(mask_part(i, in), x + i);
			const __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(part, inverse));
			_mm_store_si128((__m128i *)(row + i / 64 * to->unit + i % 64),
					_mm_xor_si128(_mm512_cvtepi32_epi8(whole), flip));
		}
		scales[r] = s.scale;
	}
}

void hyper_int8_rows_avx512(const float *x, size_t x_stride, size_t rows, size_t in,
			    const struct hyper_narrow_rows *to, float *scales)
{
	narrow_rows(x, x_stride, rows, in, to, scales, _mm_setzero_si128());
}

void hyper_int8_scale_avx512(const void *sums, size_t sum_stride, size_t rows, const float *scales,
			     const float *weight_scales, float *p, size_t p_stride)
{
	const __m512 first = _mm512_load_ps(weight_scales);
	const __m512 second = _mm512_load_ps(weight_scales + 16);
	for (size_t r = 0; r < rows; r++) {
		const int32_t *sum = (const int32_t *)((const char *)sums + r * sum_stride);
		const __m512 scale = _mm512_set1_ps(scales[r]);
		const __m512 a = _mm512_cvtepi32_ps(_mm512_load_si512(sum));
		const __m512 b = _mm512_cvtepi32_ps(_mm512_load_si512(sum + 16));
		_mm512_store_ps(p + r * p_stride, _mm512_mul_ps(_mm512_mul_ps(a, scale), first));
		_mm512_store_ps(p + r * p_stride + 16,
				_mm512_mul_ps(_mm512_mul_ps(b, scale), second));
	}
}

/* What is multiplied: rows of bytes with 128 added, `stride` fours apart. */
struct block {
	const uint32_t *x;
	const float *scales;
	size_t stride, rows, fours;
};

static __m512 scale_sum(__m512i sum, float scale, const float *weight_scales)
{
	return _mm512_mul_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(scale)),
			     _mm512_load_ps(weight_scales));
}

/* Rows of `b` from `at` on, `rows` of which the ones of the block are stored, by the panel of
 * outputs from `o` on. */
static inline __attribute__((always_inline)) void multiply_group(const struct hyper_matrix *m,
								 const struct block *b, size_t at,
								 size_t o, float *p,
								 size_t p_stride, const size_t rows)
{
	const uint32_t *x = b->x + at * b->stride;
	const size_t stride = b->stride;
	const int8_t *panel = hyper_int8_panel(m, o / PANEL);
	const __m512i shift = _mm512_set1_epi32(-128);
	const int32_t *sums = hyper_int8_sums(m) + o;
	__m512i sum[GROUP][2];
	for (size_t r = 0; r < rows; r++) {
		sum[r][0] = _mm512_mullo_epi32(shift, _mm512_load_si512(sums));
		sum[r][1] = _mm512_mullo_epi32(shift, _mm512_load_si512(sums + 16));
	}
	for (size_t k = 0; k < b->fours; k++, panel += 4 * PANEL) {
		const __m512i first = _mm512_load_si512(panel);
		const __m512i second = _mm512_load_si512(panel + 2 * PANEL);
#pragma GCC unroll 12
		for (size_t r = 0; r < rows; r++) {
			const __m512i four = _mm512_set1_epi32((int)x[r * stride + k]);
			sum[r][0] = _mm512_dpbusd_epi32(sum[r][0], four, first);
			sum[r][1] = _mm512_dpbusd_epi32(sum[r][1], four, second);
		}
	}
#pragma GCC unroll 12
	for (size_t r = 0; r < rows; r++)
		if (at + r < b->rows) {
			float *to = p + (at + r) * p_stride + o;
			const float scale = b->scales[at + r];
			_mm512_store_ps(to, scale_sum(sum[r][0], scale, m->scales + o));
			_mm512_store_ps(to + 16, scale_sum(sum[r][1], scale, m->scales + o + 16));
		}
}

static void multiply_panel(const struct hyper_matrix *m, const struct block *b, size_t o, float *p,
			   size_t p_stride)
{
	size_t r = 0;
	for (; r + GROUP <= b->rows; r += GROUP)
		multiply_group(m, b, r, o, p, p_stride, GROUP);
	for (; r < b->rows; r += FEW)
		multiply_group(m, b, r, o, p, p_stride, FEW);
}

static size_t row_bytes(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_INT8_UNIT) + HYPER_NARROW_GAP;
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * (row_bytes(m) + sizeof(float));
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = row_bytes(m);
	uint8_t *narrow = scratch;
	float *scales = (float *)(narrow + BLOCK_ROWS * bytes);
	const struct hyper_narrow_rows to = { .at = narrow, .row = bytes, .unit = 64 };
	narrow_rows(x, x_stride, rows, m->in, &to, scales, _mm_set1_epi8(INT8_MIN));
	memset(narrow + rows * bytes, 0, (hyper_round_up(rows, FEW) - rows) * bytes);
	const struct block b = { .x = scratch,
				 .scales = scales,
				 .stride = bytes / sizeof(uint32_t),
				 .rows = rows,
				 .fours = hyper_round_up(m->in, HYPER_INT8_UNIT) / 4 };
	for (size_t o = 0; o < m->out; o += PANEL)
		multiply_panel(m, &b, o, p, p_stride);
}

const struct hyper_product hyper_int8_avx512 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.longest = HYPER_INT8_LONGEST,
	.bytes = hyper_int8_bytes,
	.pack = hyper_int8_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
