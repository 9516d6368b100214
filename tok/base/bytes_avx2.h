/*
 * bytes_avx2.h - 64 bytes in registers, and what is asked of each: for kernels with
 * AVX2, which alone include it.
 */
#ifndef TOK_BASE_BYTES_AVX2_H
#define TOK_BASE_BYTES_AVX2_H

#include <immintrin.h>

#include "tok/base/span.h"

#define TOK_BYTES_INLINE static inline __attribute__((always_inline))

struct tok_bytes {
	__m256i low, high;
};

TOK_BYTES_INLINE struct tok_bytes tok_bytes_load(const uint8_t *p)
{
	return (struct tok_bytes){ _mm256_loadu_si256((const __m256i *)(const void *)p),
				   _mm256_loadu_si256((const __m256i *)(const void *)(p + 32)) };
}

/* The highest bit of each byte. */
TOK_BYTES_INLINE uint64_t tok_bytes_join(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							 << 32;
}

TOK_BYTES_INLINE __m256i tok_bytes_fill(int byte)
{
	return _mm256_set1_epi8((char)byte);
}

TOK_BYTES_INLINE uint64_t tok_bytes_equal(struct tok_bytes b, int byte)
{
	return tok_bytes_join(_mm256_cmpeq_epi8(b.low, tok_bytes_fill(byte)),
			      _mm256_cmpeq_epi8(b.high, tok_bytes_fill(byte)));
}

TOK_BYTES_INLINE __m256i tok_bytes_in_range(__m256i v, int first, int last)
{
	const __m256i off = _mm256_sub_epi8(v, tok_bytes_fill(first));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(off, tok_bytes_fill(last - first)), off);
}

/* first <= byte <= last */
TOK_BYTES_INLINE uint64_t tok_bytes_between(struct tok_bytes b, int first, int last)
{
	return tok_bytes_join(tok_bytes_in_range(b.low, first, last),
			      tok_bytes_in_range(b.high, first, last));
}

#endif
