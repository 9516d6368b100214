/*
 * bf16_avx512.c - products of bf16 where there is no instruction for them: widened, which is
 * exact, and then by FMA.  Half the memory of F32, at nearly its speed.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <immintrin.h>

/* As in bf16_avx512bf16.c. */
enum { PANEL = HYPER_NARROW_PANEL, OUTPUTS = PANEL, GROUP = 12, FEW = 4, BLOCK_ROWS = 8 * GROUP };

/* hyper_bf16_value(hyper_bf16_of(x)) of each number. */
static __m512 round_numbers(__m512 x)
{
	const __m512i bits = _mm512_castps_si512(x);
	const __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7FFFFFFF));
	const __mmask16 tiny = _mm512_cmplt_epi32_mask(magnitude, _mm512_set1_epi32(0x00800000));
	const __mmask16 nan = _mm512_cmpgt_epi32_mask(magnitude, _mm512_set1_epi32(0x7F800000));
	const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
	__m512i up = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
	up = _mm512_mask_and_epi32(up, tiny, bits, _mm512_set1_epi32(INT32_MIN));
	up = _mm512_mask_or_epi32(up, nan, bits, _mm512_set1_epi32(0x00400000));
	return _mm512_castsi512_ps(_mm512_and_si512(up, _mm512_set1_epi32((int)0xFFFF0000)));
}

/* Rounded, but F32. */
static void round_rows(const float *x, size_t x_stride, size_t rows, size_t in, float *to,
		       size_t to_stride)
{
	const size_t end = hyper_round_up(in, HYPER_BF16_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride, to += to_stride)
		for (size_t i = 0; i < end; i += 16) {
			const size_t left = i < in ? in - i : 0;
			const __mmask16 there = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xFFFF);
			_mm512_store_ps(to + i, round_numbers(_mm512_maskz_loadu_ps(there, x + i)));
		}
}

static __m512 widen_even(__m512i pairs)
{
	return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}

static __m512 widen_odd(__m512i pairs)
{
	return _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32((int)0xFFFF0000)));
}

/* `live` of `rows` rows of x by a panel. */
static inline __attribute__((always_inline)) void
multiply_group(const float *x, size_t stride, size_t count, const uint16_t *panel, float *p,
	       size_t p_stride, const size_t rows, size_t live)
{
	__m512 sum[GROUP][2];
	for (size_t r = 0; r < rows; r++)
		sum[r][0] = sum[r][1] = _mm512_setzero_ps();
	for (size_t k = 0; k < count; k += 2, panel += 2 * PANEL) {
		const __m512i first = _mm512_load_si512(panel);
		const __m512i second = _mm512_load_si512(panel + PANEL);
		__m512 low = widen_even(first), high = widen_even(second);
#pragma GCC unroll 12
		for (size_t r = 0; r < rows; r++) {
			const __m512 even = _mm512_set1_ps(x[r * stride + k]);
			sum[r][0] = _mm512_fmadd_ps(even, low, sum[r][0]);
			sum[r][1] = _mm512_fmadd_ps(even, high, sum[r][1]);
		}
		low = widen_odd(first), high = widen_odd(second);
#pragma GCC unroll 12
		for (size_t r = 0; r < rows; r++) {
			const __m512 odd = _mm512_set1_ps(x[r * stride + k + 1]);
			sum[r][0] = _mm512_fmadd_ps(odd, low, sum[r][0]);
			sum[r][1] = _mm512_fmadd_ps(odd, high, sum[r][1]);
		}
	}
#pragma GCC unroll 12
	for (size_t r = 0; r < rows; r++)
		if (r < live) {
			_mm512_store_ps(p + r * p_stride, sum[r][0]);
			_mm512_store_ps(p + r * p_stride + 16, sum[r][1]);
		}
}

#include "hypernet/kernel/bf16_widen_internal.h"

const struct hyper_product hyper_bf16_avx512 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
