/*
 * int8_avx2.c - products of bytes, widened to 16 bits, by VPMADDWD: four inputs of four outputs at
 * once.  (VPMADDUBSW would take the bytes as they are, but what it adds can be too large for it.)
 */
#include "hypernet/kernel/narrow_internal.h"

#include <immintrin.h>

/* GROUP rows by the 16 outputs of HALF a panel are 12 registers of sums, two for each output: of
 * the first two of four inputs, and of the others. */
enum { PANEL = HYPER_NARROW_PANEL, HALF = PANEL / 2, GROUP = 3, BLOCK_ROWS = 32 * GROUP };

static uint32_t find_magnitude(const float *x, size_t in)
{
	const __m256i no_sign = _mm256_set1_epi32(0x7FFFFFFF);
	const size_t whole = in / 8 * 8;
	__m256i most = _mm256_setzero_si256();
	for (size_t i = 0; i < whole; i += 8) {
		const __m256i bits = _mm256_castps_si256(_mm256_loadu_ps(x + i));
		most = _mm256_max_epu32(most, _mm256_and_si256(bits, no_sign));
	}
	uint32_t lanes[8], all = hyper_magnitude(x + whole, in - whole);
	_mm256_storeu_si256((__m256i *)lanes, most);
	for (size_t i = 0; i < 8; i++)
		all = lanes[i] > all ? lanes[i] : all;
	return all;
}

/* Eight numbers as signed words of 16 bits. */
static __m128i narrow_part(const float *x, __m256 inverse)
{
	const __m256i whole = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
	return _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
}

/* Rows as bytes are, but each in 16 bits. */
static void narrow_rows(const float *x, size_t x_stride, size_t rows, size_t in, int16_t *to,
			size_t to_stride, float *scales)
{
	const size_t end = hyper_round_up(in, HYPER_INT8_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride, to += to_stride) {
		const struct hyper_int8_scale s = hyper_int8_scale_of(find_magnitude(x, in));
		const size_t whole = in / 8 * 8;
		const __m256 inverse = _mm256_set1_ps(s.inverse);
		for (size_t i = 0; i < whole; i += 8)
			_mm_store_si128((__m128i *)(to + i), narrow_part(x + i, inverse));
		for (size_t i = whole; i < end; i++)
			to[i] = i < in ? hyper_int8_of(x[i], s.inverse) : 0;
		scales[r] = s.scale;
	}
}

/* What is multiplied: rows of `stride` words each. */
struct block {
	const int16_t *x;
	const float *scales;
	size_t stride, rows, count;
};

/* Sums of four outputs, of which `pairs` has two each. */
static __m128i add_pairs(__m256i pairs)
{
	const __m256i sums = _mm256_hadd_epi32(pairs, pairs);
	return _mm256_castsi256_si128(_mm256_permute4x64_epi64(sums, 0x08));
}

static void store_row(const __m256i sum[4], float scale, const float *weight_scales, float *p)
{
	for (size_t c = 0; c < 4; c++) {
		const __m128 whole = _mm_cvtepi32_ps(add_pairs(sum[c]));
		const __m128 scaled = _mm_mul_ps(whole, _mm_set1_ps(scale));
		_mm_store_ps(p + 4 * c, _mm_mul_ps(scaled, _mm_load_ps(weight_scales + 4 * c)));
	}
}

/* Rows of `b` from `at` on, of which those past the end are not stored, by half a panel. */
static inline __attribute__((always_inline)) void multiply_group(const struct block *b, size_t at,
								 const int8_t *half,
								 const float *weight_scales,
								 float *p, size_t p_stride)
{
	const int16_t *x = b->x + at * b->stride;
	__m256i sum[GROUP][4];
	for (size_t r = 0; r < GROUP; r++)
		for (size_t c = 0; c < 4; c++)
			sum[r][c] = _mm256_setzero_si256();
	for (size_t k = 0; k < b->count; k += 4, half += 4 * PANEL) {
		__m256i four[GROUP];
		for (size_t r = 0; r < GROUP; r++) {
			const __m128i words =
			    _mm_loadl_epi64((const __m128i *)(x + r * b->stride + k));
			four[r] = _mm256_broadcastq_epi64(words);
		}
#pragma GCC unroll 4
		for (size_t c = 0; c < 4; c++) {
			const __m128i *bytes = (const __m128i *)(half + 16 * c);
			const __m256i w = _mm256_cvtepi8_epi16(_mm_load_si128(bytes));
			for (size_t r = 0; r < GROUP; r++)
				sum[r][c] =
				    _mm256_add_epi32(sum[r][c], _mm256_madd_epi16(four[r], w));
		}
	}
	for (size_t r = 0; r < GROUP && at + r < b->rows; r++)
		store_row(sum[r], b->scales[at + r], weight_scales, p + (at + r) * p_stride);
}

static size_t row_words(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_INT8_UNIT) + HYPER_NARROW_GAP / sizeof(int16_t);
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * (row_words(m) * sizeof(int16_t) + sizeof(float));
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const size_t stride = row_words(m), all = hyper_round_up(rows, GROUP);
	int16_t *words = scratch;
	float *scales = (float *)(words + BLOCK_ROWS * stride);
	narrow_rows(x, x_stride, rows, m->in, words, stride, scales);
	memset(words + rows * stride, 0, (all - rows) * stride * sizeof *words);
	const struct block b = { .x = words,
				 .scales = scales,
				 .stride = stride,
				 .rows = rows,
				 .count = hyper_round_up(m->in, 4) };
	for (size_t o = 0; o < m->out; o += HALF) {
		const int8_t *half = hyper_int8_panel(m, o / PANEL) + o % PANEL * 4;
		for (size_t r = 0; r < rows; r += GROUP)
			multiply_group(&b, r, half, m->scales + o, p + o, p_stride);
	}
}

const struct hyper_product hyper_int8_avx2 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.longest = HYPER_INT8_LONGEST,
	.bytes = hyper_int8_bytes,
	.pack = hyper_int8_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
