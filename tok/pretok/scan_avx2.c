/*
 * scan_avx2.c - block scanners with AVX2 and the bit instructions of its time.
 *
 * ASCII and what is letters throughout by its lead bytes (Han, Hangul) is
 * compared, other characters are looked up one by one.
 */
#include "tok/pretok/scan_families_internal.h"

#include <immintrin.h>

/* 64 bytes. */
struct bytes {
	__m256i low, high;
};

SCAN_INLINE uint64_t join(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
							 << 32;
}

SCAN_INLINE __m256i fill(int byte)
{
	return _mm256_set1_epi8((char)byte);
}

SCAN_INLINE uint64_t equal(struct bytes b, int byte)
{
	return join(_mm256_cmpeq_epi8(b.low, fill(byte)), _mm256_cmpeq_epi8(b.high, fill(byte)));
}

SCAN_INLINE __m256i in_range(__m256i v, int first, int last)
{
	const __m256i off = _mm256_sub_epi8(v, fill(first));
	return _mm256_cmpeq_epi8(_mm256_min_epu8(off, fill(last - first)), off);
}

/* first <= byte <= last */
SCAN_INLINE uint64_t between(struct bytes b, int first, int last)
{
	return join(in_range(b.low, first, last), in_range(b.high, first, last));
}

/* Shifted by a bit, what was bit 5 is bit 6, and so on: is bit 7 - by set? */
SCAN_INLINE uint64_t has_bit(struct bytes b, int by)
{
	return join(_mm256_slli_epi16(b.low, by), _mm256_slli_epi16(b.high, by));
}

SCAN_INLINE void classify_ascii(struct bytes b, struct scan_block *block)
{
	const struct bytes small = { _mm256_or_si256(b.low, fill(0x20)),
				     _mm256_or_si256(b.high, fill(0x20)) };
	const uint64_t letter = between(small, 'a', 'z');
	const uint64_t is_small = has_bit(b, 2);
	const uint64_t control = between(b, '\t', '\r');

	block->ascii_letter = letter;
	block->upper = letter & ~is_small;
	block->lower = letter & is_small;
	block->number = between(b, '0', '9');
	block->newline = equal(b, '\n') | equal(b, '\r');
	block->space = equal(b, ' ');
	block->blank = (control & ~block->newline) | block->space;
	block->ascii_sign = between(b, '!', '~') & ~letter & ~block->number;
	block->sign = block->ascii_sign;
	block->apostrophe = equal(b, '\'');
	block->slash = equal(b, '/');
	/* t and d, s and r differ in one bit, and l and m: but only as letters */
	block->contraction =
	    letter & (equal(small, 's') | equal(small, 'd') | equal(small, 't') |
		      equal(small, 'r') | equal(small, 'v') | between(small, 'l', 'm'));
	block->uncased = block->mark = block->han_kana = block->inner = 0;
}

/* What is not ASCII in a block, if it is UTF-8. */
SCAN_INLINE bool classify_others(const uint8_t *p, struct bytes b, uint64_t high,
				 struct scan_block *block)
{
	const struct scan_leads leads = {
		.two = between(b, 0xC2, 0xDF),
		.three = between(b, 0xE0, 0xEF),
		.four = between(b, 0xF0, 0xF4),
		.tail = between(b, 0x80, 0xBF),
	};
	const uint64_t all = leads.two | leads.three | leads.four;
	struct scan_planes planes = { 0 };

	if ((all | leads.tail) != high || !scan_leads_match(&leads))
		return false;
	uint64_t uncased = 0;
	if (leads.three) {
		const struct scan_uncased seen = {
			.e3 = equal(b, 0xE3),
			.e4 = equal(b, 0xE4),
			.e4_to_e9 = between(b, 0xE4, 0xE9),
			.e9 = equal(b, 0xE9),
			.ea = equal(b, 0xEA),
			.ea_to_ec = between(b, 0xEA, 0xEC),
			.ed = equal(b, 0xED),
			.b7 = equal(b, 0xB7),
			.be = equal(b, 0xBE),
			.bf = equal(b, 0xBF),
			.from_90 = between(b, 0x90, 0xBF),
			.from_9e = between(b, 0x9E, 0xBF),
			.from_b0 = between(b, 0xB0, 0xBF),
			.from_b8 = between(b, 0xB8, 0xBF),
		};
		uncased = scan_find_uncased(&seen) & leads.three;
		planes.han_kana = scan_find_han(&seen, uncased);
	}
	planes.plane[0] = planes.plane[1] = uncased;
	scan_look_up(p, all & ~uncased, &leads, &planes);
	scan_add_planes(&planes, &leads, block);
	return true;
}

SCAN_INLINE struct bytes load(const uint8_t *p)
{
	return (struct bytes){ _mm256_loadu_si256((const __m256i *)(const void *)p),
			       _mm256_loadu_si256((const __m256i *)(const void *)(p + 32)) };
}

SCAN_INLINE void classify(struct tok_span text, size_t at, struct scan_block *block)
{
	const size_t left = text.count - at;
	const uint8_t *p = text.bytes + at;
	uint8_t copy[SCAN_BLOCK];

	block->count = scan_block_count(p, left);
	if (block->count < SCAN_BLOCK) {
		scan_copy_block(copy, p, block->count);
		p = copy;
	}
	const struct bytes b = load(p);
	const uint64_t high = has_bit(b, 0);
	classify_ascii(b, block);
	if (high && !classify_others(p, b, high, block))
		tok_scan_classify_bad(text, at, block);
}

SCAN_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *ends)
{
	const size_t count = (size_t)__builtin_popcountll(mask);
	/* Eight at a time, without asking whether they are there. */
	for (uint32_t *to = ends; mask; to += 8)
		for (int i = 0; i < 8; i++, mask &= mask - 1)
			to[i] = base + (uint32_t)_tzcnt_u64(mask);
	return count;
}

SCAN_KERNEL(tok_scan_avx2, classify, flatten)
