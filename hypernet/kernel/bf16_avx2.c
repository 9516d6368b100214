/*
 * bf16_avx2.c - products of bf16: widened, which is exact, and then by FMA.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <immintrin.h>

/* GROUP rows by half a panel are 10 sums, which leaves registers for what is multiplied (at 6, GCC
 * runs out of them); what rows are left go in groups of FEW. */
enum {
	PANEL = HYPER_NARROW_PANEL,
	OUTPUTS = PANEL / 2,
	GROUP = 5,
	FEW = 2,
	BLOCK_ROWS = 12 * GROUP
};

/* hyper_bf16_value(hyper_bf16_of(x)) of each number. */
static __m256 round_numbers(__m256 x)
{
	const __m256i bits = _mm256_castps_si256(x);
	const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7FFFFFFF));
	const __m256i tiny = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x00800000), magnitude);
	const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7F800000));
	const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
	const __m256i up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
	const __m256i zero = _mm256_and_si256(bits, _mm256_set1_epi32(INT32_MIN));
	const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
	const __m256i high = _mm256_blendv_epi8(_mm256_blendv_epi8(up, zero, tiny), quiet, nan);
	return _mm256_castsi256_ps(_mm256_and_si256(high, _mm256_set1_epi32((int)0xFFFF0000)));
}

/* Rounded, but F32. */
static void round_rows(const float *x, size_t x_stride, size_t rows, size_t in, float *to,
		       size_t to_stride)
{
	const size_t end = hyper_round_up(in, HYPER_BF16_UNIT), whole = in / 8 * 8;
	for (size_t r = 0; r < rows; r++, x += x_stride, to += to_stride) {
		for (size_t i = 0; i < whole; i += 8)
			_mm256_store_ps(to + i, round_numbers(_mm256_loadu_ps(x + i)));
		for (size_t i = whole; i < end; i++)
			to[i] = i < in ? hyper_bf16_value(hyper_bf16_of(x[i])) : 0;
	}
}

static __m256 widen_even(const uint16_t *pairs)
{
	const __m256i both = _mm256_load_si256((const __m256i *)pairs);
	return _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
}

static __m256 widen_odd(const uint16_t *pairs)
{
	const __m256i both = _mm256_load_si256((const __m256i *)pairs);
	return _mm256_castsi256_ps(_mm256_and_si256(both, _mm256_set1_epi32((int)0xFFFF0000)));
}

/* `live` of `rows` rows of x by half a panel. */
static inline __attribute__((always_inline)) void multiply_group(const float *x, size_t stride,
								 size_t count, const uint16_t *half,
								 float *p, size_t p_stride,
								 const size_t rows, size_t live)
{
	__m256 sum[GROUP][2];
	for (size_t r = 0; r < rows; r++)
		sum[r][0] = sum[r][1] = _mm256_setzero_ps();
	for (size_t k = 0; k < count; k += 2, half += 2 * PANEL) {
		__m256 low = widen_even(half), high = widen_even(half + OUTPUTS);
#pragma GCC unroll 5
		for (size_t r = 0; r < rows; r++) {
			const __m256 even = _mm256_broadcast_ss(x + r * stride + k);
			sum[r][0] = _mm256_fmadd_ps(even, low, sum[r][0]);
			sum[r][1] = _mm256_fmadd_ps(even, high, sum[r][1]);
		}
		low = widen_odd(half), high = widen_odd(half + OUTPUTS);
#pragma GCC unroll 5
		for (size_t r = 0; r < rows; r++) {
			const __m256 odd = _mm256_broadcast_ss(x + r * stride + k + 1);
			sum[r][0] = _mm256_fmadd_ps(odd, low, sum[r][0]);
			sum[r][1] = _mm256_fmadd_ps(odd, high, sum[r][1]);
		}
	}
#pragma GCC unroll 5
	for (size_t r = 0; r < rows; r++)
		if (r < live) {
			_mm256_store_ps(p + r * p_stride, sum[r][0]);
			_mm256_store_ps(p + r * p_stride + 8, sum[r][1]);
		}
}

#include "hypernet/kernel/bf16_widen_internal.h"

const struct hyper_product hyper_bf16_avx2 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
