/*
 * places_avx512.c - places with AVX-512 BW and VBMI2.
 */
#include "tok/text/places_internal.h"

#include <immintrin.h>

PLACES_INLINE __m512i fill(int byte)
{
	return _mm512_set1_epi8((char)byte);
}

PLACES_INLINE uint64_t equal(const uint8_t *p, int byte)
{
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), fill(byte));
}

PLACES_INLINE void classify(const uint8_t *p, struct places_masks *out)
{
	const __m512i b = _mm512_loadu_si512(p);
	const __m512i off = _mm512_sub_epi8(b, fill('a'));
	out->tail = _mm512_cmplt_epi8_mask(b, fill(0xC0)); /* signed */
	out->letter = _mm512_cmple_epu8_mask(off, fill('z' - 'a'));
	out->blank = equal(p, ' ');
	out->space = equal(p, PLACES_SPACE_0);
	if (out->space)
		out->space &= equal(p + 1, PLACES_SPACE_1) & equal(p + 2, PLACES_SPACE_2);
}

PLACES_INLINE void write_sixteen(__m512i numbers, uint32_t base, uint32_t *places)
{
	const __m512i wide = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(numbers));
	_mm512_storeu_si512(places, _mm512_add_epi32(wide, _mm512_set1_epi32((int32_t)base)));
}

PLACES_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *places)
{
	static const uint8_t numbers[TOK_PLACES_BLOCK] = {
		0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	const __m512i set = _mm512_maskz_compress_epi8(mask, _mm512_loadu_si512(numbers));
	const size_t count = (size_t)__builtin_popcountll(mask);
	write_sixteen(set, base, places);
	if (count > 16)
		write_sixteen(_mm512_shuffle_i64x2(set, set, 1), base, places + 16);
	if (count > 32) {
		write_sixteen(_mm512_shuffle_i64x2(set, set, 2), base, places + 32);
		write_sixteen(_mm512_shuffle_i64x2(set, set, 3), base, places + 48);
	}
	return count;
}

PLACES_KERNEL(tok_places_avx512, classify, flatten)
