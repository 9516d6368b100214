/*
 * scan_avx2.c - block scanners with AVX2 and the bit instructions of its time.
 *
 * ASCII and what is letters throughout by its lead bytes (Han, Hangul) is
 * compared, other characters are looked up one by one.
 */
#include "tok/base/bytes_avx2.h"
#include "tok/pretok/scan_families_internal.h"

/* Shifted by a bit, what was bit 5 is bit 6, and so on: is bit 7 - by set? */
SCAN_INLINE uint64_t has_bit(struct tok_bytes b, int by)
{
	return tok_bytes_join(_mm256_slli_epi16(b.low, by), _mm256_slli_epi16(b.high, by));
}

SCAN_INLINE void classify_ascii(struct tok_bytes b, struct scan_block *block)
{
	const struct tok_bytes small = { _mm256_or_si256(b.low, tok_bytes_fill(0x20)),
					 _mm256_or_si256(b.high, tok_bytes_fill(0x20)) };
	const uint64_t letter = tok_bytes_between(small, 'a', 'z');
	const uint64_t is_small = has_bit(b, 2);
	const uint64_t control = tok_bytes_between(b, '\t', '\r');

	block->ascii_letter = letter;
	block->upper = letter & ~is_small;
	block->lower = letter & is_small;
	block->number = tok_bytes_between(b, '0', '9');
	block->newline = tok_bytes_equal(b, '\n') | tok_bytes_equal(b, '\r');
	block->space = tok_bytes_equal(b, ' ');
	block->blank = (control & ~block->newline) | block->space;
	block->ascii_sign = tok_bytes_between(b, '!', '~') & ~letter & ~block->number;
	block->sign = block->ascii_sign;
	block->apostrophe = tok_bytes_equal(b, '\'');
	block->slash = tok_bytes_equal(b, '/');
	/* t and d, s and r differ in one bit, and l and m: but only as letters */
	block->contraction =
	    letter & (tok_bytes_equal(small, 's') | tok_bytes_equal(small, 'd') |
		      tok_bytes_equal(small, 't') | tok_bytes_equal(small, 'r') |
		      tok_bytes_equal(small, 'v') | tok_bytes_between(small, 'l', 'm'));
	block->uncased = block->mark = block->han_kana = block->inner = 0;
}

/* What is not ASCII in a block, if it is UTF-8. */
SCAN_INLINE bool classify_others(const uint8_t *p, struct tok_bytes b, uint64_t high,
				 struct scan_block *block)
{
	const struct scan_leads leads = {
		.two = tok_bytes_between(b, 0xC2, 0xDF),
		.three = tok_bytes_between(b, 0xE0, 0xEF),
		.four = tok_bytes_between(b, 0xF0, 0xF4),
		.tail = tok_bytes_between(b, 0x80, 0xBF),
	};
	const uint64_t all = leads.two | leads.three | leads.four;
	struct scan_planes planes = { 0 };

	if ((all | leads.tail) != high || !scan_leads_match(&leads))
		return false;
	uint64_t uncased = 0;
	if (leads.three) {
		const struct scan_uncased seen = {
			.e3 = tok_bytes_equal(b, 0xE3),
			.e4 = tok_bytes_equal(b, 0xE4),
			.e4_to_e9 = tok_bytes_between(b, 0xE4, 0xE9),
			.e9 = tok_bytes_equal(b, 0xE9),
			.ea = tok_bytes_equal(b, 0xEA),
			.ea_to_ec = tok_bytes_between(b, 0xEA, 0xEC),
			.ed = tok_bytes_equal(b, 0xED),
			.b7 = tok_bytes_equal(b, 0xB7),
			.be = tok_bytes_equal(b, 0xBE),
			.bf = tok_bytes_equal(b, 0xBF),
			.from_90 = tok_bytes_between(b, 0x90, 0xBF),
			.from_9e = tok_bytes_between(b, 0x9E, 0xBF),
			.from_b0 = tok_bytes_between(b, 0xB0, 0xBF),
			.from_b8 = tok_bytes_between(b, 0xB8, 0xBF),
		};
		uncased = scan_find_uncased(&seen) & leads.three;
		planes.han_kana = scan_find_han(&seen, uncased);
	}
	planes.plane[0] = planes.plane[1] = uncased;
	scan_look_up(p, all & ~uncased, &leads, &planes);
	scan_add_planes(&planes, &leads, block);
	return true;
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
	const struct tok_bytes b = tok_bytes_load(p);
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
