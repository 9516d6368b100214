/*
 * mark_avx512.c - marks with AVX-512: two look-ups by half bytes tell any set of
 * ASCII, and numbers of bits are written sixteen at a time.
 */
#include "tok/pretok/mark_block_internal.h"

#include <immintrin.h>

SCAN_INLINE __m512i fill(int byte)
{
	return _mm512_set1_epi8((char)byte);
}

SCAN_INLINE uint64_t equal(__m512i v, int byte)
{
	return _mm512_cmpeq_epi8_mask(v, fill(byte));
}

/* first <= v <= last */
SCAN_INLINE uint64_t between(__m512i v, int first, int last)
{
	return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, fill(first)), fill(last - first));
}

/* The bit of each byte's upper half. */
SCAN_INLINE __m512i find_bits(__m512i v)
{
	const __m512i bits = _mm512_set1_epi64((int64_t)0x8040201008040201);
	return _mm512_shuffle_epi8(bits, _mm512_and_si512(_mm512_srli_epi16(v, 4), fill(15)));
}

/* Bytes whose bit is set in the row of their lower half. */
SCAN_INLINE uint64_t look_up(const uint8_t table[16], __m512i v, __m512i bits)
{
	const __m128i row = _mm_loadu_si128((const __m128i *)(const void *)table);
	const __m512i half = _mm512_and_si512(v, fill(15));
	return _mm512_test_epi8_mask(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(row), half), bits);
}

SCAN_INLINE uint64_t find_letters(__m512i v)
{
	const struct mark_letters seen = {
		.e3 = equal(v, 0xE3),
		.ea = equal(v, 0xEA),
		.from_81_to_83 = between(v, 0x81, 0x83),
		.from_b0 = between(v, 0xB0, 0xBF),
		.is_82 = equal(v, 0x82),
		.is_83 = equal(v, 0x83),
		.a0 = equal(v, 0xA0),
		.bb = equal(v, 0xBB),
	};
	return mark_find_letters(&seen);
}

SCAN_INLINE void classify(const struct mark_set *set, struct tok_span text, size_t at,
			  struct mark_block *block)
{
	const uint8_t *p = text.bytes + at;
	block->count = scan_block_count(p, text.count - at);
	const uint64_t valid = scan_low_bits(block->count);
	const __m512i v = _mm512_maskz_loadu_epi8(valid, p);
	const __m512i bits = find_bits(v);
	const uint64_t high = _mm512_movepi8_mask(v);
	block->left_out = look_up(set->left_out, v, bits) & ~high & valid;
	block->alone = look_up(set->alone, v, bits) & ~high & valid;
	block->first = block->last = block->alone;
	uint64_t asks = high ? look_up(set->asks, v, bits) & high : 0;
	if (asks && !set->asks_letters)
		asks &= ~find_letters(v);
	mark_look_up(set, text, at, asks, block);
}

/* The k-th to (k + 15)-th of up to 64 numbers, as places in the text. */
SCAN_INLINE __m512i widen(__m512i numbers, size_t k, size_t base)
{
	const __m512i lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
	const __m512i turn = _mm512_add_epi64(lanes, _mm512_set1_epi64((int64_t)(k / 8)));
	const __m512i some = k ? _mm512_permutexvar_epi64(turn, numbers) : numbers;
	return _mm512_add_epi32(_mm512_cvtepu8_epi32(_mm512_castsi512_si128(some)),
				_mm512_set1_epi32((int32_t)(uint32_t)base));
}

SCAN_INLINE void write_sixteens(struct mark_run *run, uint64_t begins, uint64_t lasts, size_t at)
{
	static const uint8_t numbers[64] = {
		0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	const __m512i low =
	    _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
	const bool open = run->begun > run->ended;
	const __m512i all = _mm512_loadu_si512(numbers);
	const __m512i b = _mm512_maskz_compress_epi8(begins, all);
	const __m512i e = _mm512_maskz_compress_epi8(lasts, all);
	const size_t count = (size_t)__builtin_popcountll(open ? lasts : begins);
	struct tok_range *to = run->ranges + run->ended;
	/* Ends behind beginnings, or the end of what is open and the beginnings behind. */
	uint32_t *out = open ? &to->end : &to->begin;
	for (size_t k = 0; k < count; k += 16, out += 32) {
		const __m512i x = open ? widen(e, k, at + 1) : widen(b, k, at);
		const __m512i y = open ? widen(b, k, at) : widen(e, k, at + 1);
		_mm512_storeu_si512(out, _mm512_permutex2var_epi32(x, low, y));
		_mm512_storeu_si512(out + 16, _mm512_permutex2var_epi32(x, high, y));
	}
}

size_t mark_cut_avx512(const struct mark_set *set, struct tok_span text, size_t at,
		       struct mark_run *run)
{
	return mark_cut_blocks(set, text, at, run, classify, write_sixteens);
}
