/*
 * places_avx2.c - places with AVX2.
 */
#include "tok/text/places_internal.h"

#include <immintrin.h>

/* 64 bytes. */
struct bytes {
	__m256i low, high;
};

PLACES_INLINE struct bytes load(const uint8_t *p)
{
	return (struct bytes){ _mm256_loadu_si256((const __m256i *)p),
			       _mm256_loadu_si256((const __m256i *)(p + 32)) };
}

PLACES_INLINE uint64_t join(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							 << 32;
}

PLACES_INLINE uint64_t equal(struct bytes b, int byte)
{
	const __m256i all = _mm256_set1_epi8((char)byte);
	return join(_mm256_cmpeq_epi8(b.low, all), _mm256_cmpeq_epi8(b.high, all));
}

PLACES_INLINE __m256i letters(__m256i v)
{
	const __m256i off = _mm256_sub_epi8(v, _mm256_set1_epi8('a'));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(off, _mm256_set1_epi8('z' - 'a')), off);
}

/* As signed numbers, 80 to BF are below C0. */
PLACES_INLINE __m256i tails(__m256i v)
{
	return _mm256_cmpgt_epi8(_mm256_set1_epi8((char)0xC0), v);
}

PLACES_INLINE void classify(const uint8_t *p, struct places_masks *out)
{
	const struct bytes b = load(p);
	out->tail = join(tails(b.low), tails(b.high));
	out->letter = join(letters(b.low), letters(b.high));
	out->space = equal(b, PLACES_SPACE_0) & equal(load(p + 1), PLACES_SPACE_1) &
		     equal(load(p + 2), PLACES_SPACE_2);
}

PLACES_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *places)
{
	size_t count = 0;
	for (; mask; mask &= mask - 1)
		places[count++] = base + (uint32_t)__builtin_ctzll(mask);
	return count;
}

PLACES_KERNEL(tok_places_avx2, classify, flatten)
