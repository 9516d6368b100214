/*
 * lanes_avx512_internal.h - vectors of numbers by AVX-512.
 *
 * The three lanes_X_internal.h offer the same to f32_block_internal.h and rows_lanes_internal.h;
 * of two vectors, + - * / are the compiler's.
 */
#ifndef HYPER_KERNEL_LANES_AVX512_INTERNAL_H
#define HYPER_KERNEL_LANES_AVX512_INTERNAL_H

#include <immintrin.h>
#include <stddef.h>

#define LANES 16
typedef __m512 lanes;

static inline lanes lanes_of(float x)
{
	return _mm512_set1_ps(x);
}

static inline lanes lanes_load(const float *from)
{
	return _mm512_loadu_ps(from);
}

static inline void lanes_store(float *to, lanes a)
{
	_mm512_storeu_ps(to, a);
}

static inline __mmask16 lanes_first(size_t count)
{
	return (__mmask16)((1u << count) - 1);
}

/* The first `count` numbers, less than LANES; the others are zero. */
static inline lanes lanes_load_part(const float *from, size_t count)
{
	return _mm512_maskz_loadu_ps(lanes_first(count), from);
}

static inline void lanes_store_part(float *to, lanes a, size_t count)
{
	_mm512_mask_storeu_ps(to, lanes_first(count), a);
}

static inline lanes lanes_keep(lanes a, size_t count)
{
	return _mm512_maskz_mov_ps(lanes_first(count), a);
}

/* a * b + c, rounded once. */
static inline lanes lanes_multiply_add(lanes a, lanes b, lanes c)
{
	return _mm512_fmadd_ps(a, b, c);
}

/* a where it lies within the bounds, else the nearer one; NaN stays. */
static inline lanes lanes_clamp(lanes a, float low, float high)
{
	return _mm512_min_ps(lanes_of(high), _mm512_max_ps(lanes_of(low), a));
}

/* a where x >= limit or x is NaN, else 0. */
static inline lanes lanes_zero_below(lanes a, lanes x, float limit)
{
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, lanes_of(limit), _CMP_NLT_UQ), a);
}

/* GCC without optimisation has a macro here, which gives a mask with a sign what has none. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static inline lanes lanes_round(lanes a)
{
	return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
#pragma GCC diagnostic pop

/* a 2^n, of whole n from -126 to 126. */
static inline lanes lanes_scale(lanes a, lanes n)
{
	return _mm512_scalef_ps(a, n);
}

static inline float lanes_sum(lanes a)
{
	return _mm512_reduce_add_ps(a);
}

static inline float lanes_largest(lanes a)
{
	return _mm512_reduce_max_ps(a);
}

#endif
