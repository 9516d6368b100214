/*
 * scan_neon.c - block scanners with NEON.
 *
 * ASCII and what is letters throughout by its lead bytes (Han, Hangul) is
 * compared, other characters are looked up one by one.
 */
#include "tok/base/bytes_neon.h"
#include "tok/pretok/scan_families_internal.h"

SCAN_INLINE void classify_ascii(struct tok_bytes b, struct scan_block *block)
{
	struct tok_bytes small;
	for (int i = 0; i < 4; i++)
		small.part[i] = vorrq_u8(b.part[i], vdupq_n_u8(0x20));
	const uint64_t control = tok_bytes_between(b, '\t', '\r');

	block->upper = tok_bytes_between(b, 'A', 'Z');
	block->lower = tok_bytes_between(b, 'a', 'z');
	block->ascii_letter = block->upper | block->lower;
	block->number = tok_bytes_between(b, '0', '9');
	block->newline = tok_bytes_equal(b, '\n') | tok_bytes_equal(b, '\r');
	block->space = tok_bytes_equal(b, ' ');
	block->blank = (control & ~block->newline) | block->space;
	block->ascii_sign = tok_bytes_between(b, '!', '~') & ~block->ascii_letter & ~block->number;
	block->sign = block->ascii_sign;
	block->apostrophe = tok_bytes_equal(b, '\'');
	block->slash = tok_bytes_equal(b, '/');
	block->contraction = block->ascii_letter &
			     (tok_bytes_between(small, 'r', 't') | tok_bytes_equal(small, 'd') |
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
	const uint64_t high = tok_bytes_between(b, 0x80, 0xFF);
	classify_ascii(b, block);
	if (high && !classify_others(p, b, high, block))
		tok_scan_classify_bad(text, at, block);
}

SCAN_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *ends)
{
	size_t count = 0;
	for (; mask; mask &= mask - 1)
		ends[count++] = base + scan_lowest(mask);
	return count;
}

SCAN_KERNEL(tok_scan_neon, classify, flatten)
