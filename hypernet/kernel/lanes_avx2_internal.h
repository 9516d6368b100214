/* lanes_avx2_internal.h - vectors of numbers by AVX2 and FMA: see lanes_avx512_internal.h. */
#ifndef HYPER_KERNEL_LANES_AVX2_INTERNAL_H
#define HYPER_KERNEL_LANES_AVX2_INTERNAL_H

#include <immintrin.h>
#include <stddef.h>

#define LANES 8
typedef __m256 lanes;

static inline lanes lanes_of(float x)
{
	return _mm256_set1_ps(x);
}

static inline lanes lanes_load(const float *from)
{
	return _mm256_loadu_ps(from);
}

static inline void lanes_store(float *to, lanes a)
{
	_mm256_storeu_ps(to, a);
}

static inline __m256i lanes_first(size_t count)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
				  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline lanes lanes_load_part(const float *from, size_t count)
{
	return _mm256_maskload_ps(from, lanes_first(count));
}

static inline void lanes_store_part(float *to, lanes a, size_t count)
{
	_mm256_maskstore_ps(to, lanes_first(count), a);
}

static inline lanes lanes_keep(lanes a, size_t count)
{
	return _mm256_and_ps(a, _mm256_castsi256_ps(lanes_first(count)));
}

static inline lanes lanes_multiply_add(lanes a, lanes b, lanes c)
{
	return _mm256_fmadd_ps(a, b, c);
}

static inline lanes lanes_clamp(lanes a, float low, float high)
{
	return _mm256_min_ps(lanes_of(high), _mm256_max_ps(lanes_of(low), a));
}

static inline lanes lanes_zero_below(lanes a, lanes x, float limit)
{
	return _mm256_and_ps(a, _mm256_cmp_ps(x, lanes_of(limit), _CMP_NLT_UQ));
}

static inline lanes lanes_round(lanes a)
{
	return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* The power is made as bits: exponents stand in bits 23 to 30, 127 too high. */
static inline lanes lanes_scale(lanes a, lanes n)
{
	const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
	return a * _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

static inline float lanes_sum(lanes a)
{
	const __m128 four = _mm256_castps256_ps128(a) + _mm256_extractf128_ps(a, 1);
	const __m128 two = four + _mm_movehl_ps(four, four);
	return _mm_cvtss_f32(two) + _mm_cvtss_f32(_mm_movehdup_ps(two));
}

static inline float lanes_largest(lanes a)
{
	const __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

#endif
