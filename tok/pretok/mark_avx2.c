/*
 * mark_avx2.c - marks with AVX2: two look-ups by half bytes tell any set of ASCII.
 */
#include "tok/base/bytes_avx2.h"
#include "tok/pretok/mark_block_internal.h"

SCAN_INLINE __m256i load_row(const uint8_t row[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)row));
}

/* The bit of each byte's upper half; 0 for the other half of the alphabet. */
SCAN_INLINE struct tok_bytes find_bits(struct tok_bytes b, bool ascii)
{
	const __m256i bits =
	    ascii
		? _mm256_set_epi64x(0, (int64_t)0x8040201008040201, 0, (int64_t)0x8040201008040201)
		: _mm256_set_epi64x((int64_t)0x8040201008040201, 0, (int64_t)0x8040201008040201, 0);
	const __m256i half = tok_bytes_fill(15);
	return (struct tok_bytes){
		_mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(b.low, 4), half)),
		_mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(b.high, 4), half)),
	};
}

/* Bytes whose bit is set in the row of their lower half. */
SCAN_INLINE uint64_t look_up(const uint8_t table[16], struct tok_bytes b, struct tok_bytes bits)
{
	const __m256i row = load_row(table), half = tok_bytes_fill(15),
		      none = _mm256_setzero_si256();
	const __m256i low = _mm256_shuffle_epi8(row, _mm256_and_si256(b.low, half));
	const __m256i high = _mm256_shuffle_epi8(row, _mm256_and_si256(b.high, half));
	return ~tok_bytes_join(_mm256_cmpeq_epi8(_mm256_and_si256(low, bits.low), none),
			       _mm256_cmpeq_epi8(_mm256_and_si256(high, bits.high), none));
}

SCAN_INLINE uint64_t find_letters(struct tok_bytes b)
{
	const struct mark_letters seen = {
		.e3 = tok_bytes_equal(b, 0xE3),
		.ea = tok_bytes_equal(b, 0xEA),
		.from_81_to_83 = tok_bytes_between(b, 0x81, 0x83),
		.from_b0 = tok_bytes_between(b, 0xB0, 0xBF),
		.is_82 = tok_bytes_equal(b, 0x82),
		.is_83 = tok_bytes_equal(b, 0x83),
		.a0 = tok_bytes_equal(b, 0xA0),
		.bb = tok_bytes_equal(b, 0xBB),
	};
	return mark_find_letters(&seen);
}

SCAN_INLINE void classify(const struct mark_set *set, struct tok_span text, size_t at,
			  struct mark_block *block)
{
	const uint8_t *p = text.bytes + at;
	uint8_t copy[SCAN_BLOCK];
	block->count = scan_block_count(p, text.count - at);
	if (block->count < SCAN_BLOCK) {
		scan_copy_block(copy, p, block->count);
		p = copy;
	}
	const struct tok_bytes b = tok_bytes_load(p), bits = find_bits(b, true);
	const uint64_t valid = scan_low_bits(block->count);
	block->left_out = look_up(set->left_out, b, bits) & valid;
	block->alone = look_up(set->alone, b, bits) & valid;
	block->first = block->last = block->alone;
	if (!tok_bytes_join(b.low, b.high))
		return;
	uint64_t asks = look_up(set->asks, b, find_bits(b, false));
	if (asks && !set->asks_letters)
		asks &= ~find_letters(b);
	mark_look_up(set, text, at, asks, block);
}

size_t mark_cut_avx2(const struct mark_set *set, struct tok_span text, size_t at,
		     struct mark_run *run)
{
	return mark_cut_blocks(set, text, at, run, classify, mark_write_each);
}
