/*
 * scan_neon.c - block scanners with NEON.
 *
 * ASCII and what is letters throughout by its lead bytes (Han, Hangul) is
 * compared, other characters are looked up one by one.
 */
#include "tok/pretok/scan_families_internal.h"

#include <arm_neon.h>

/* 64 bytes. */
struct bytes {
	uint8x16_t part[4];
};

/* Bit 7 ... 0 of eight bytes that are 0 or 255, and so on: one bit a byte. */
SCAN_INLINE uint64_t join(struct bytes b)
{
	static const uint8_t weights[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
					     1, 2, 4, 8, 16, 32, 64, 128 };
	const uint8x16_t weight = vld1q_u8(weights);
	const uint8x16_t first =
	    vpaddq_u8(vandq_u8(b.part[0], weight), vandq_u8(b.part[1], weight));
	const uint8x16_t second =
	    vpaddq_u8(vandq_u8(b.part[2], weight), vandq_u8(b.part[3], weight));
	const uint8x16_t sums = vpaddq_u8(first, second);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

SCAN_INLINE uint64_t equal(struct bytes b, int byte)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vceqq_u8(b.part[i], vdupq_n_u8((uint8_t)byte));
	return join(b);
}

/* first <= byte <= last */
SCAN_INLINE uint64_t between(struct bytes b, int first, int last)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vcleq_u8(vsubq_u8(b.part[i], vdupq_n_u8((uint8_t)first)),
				     vdupq_n_u8((uint8_t)(last - first)));
	return join(b);
}

SCAN_INLINE void classify_ascii(struct bytes b, struct scan_block *block)
{
	struct bytes small;
	for (int i = 0; i < 4; i++)
		small.part[i] = vorrq_u8(b.part[i], vdupq_n_u8(0x20));
	const uint64_t control = between(b, '\t', '\r');

	block->upper = between(b, 'A', 'Z');
	block->lower = between(b, 'a', 'z');
	block->ascii_letter = block->upper | block->lower;
	block->number = between(b, '0', '9');
	block->newline = equal(b, '\n') | equal(b, '\r');
	block->space = equal(b, ' ');
	block->blank = (control & ~block->newline) | block->space;
	block->ascii_sign = between(b, '!', '~') & ~block->ascii_letter & ~block->number;
	block->sign = block->ascii_sign;
	block->apostrophe = equal(b, '\'');
	block->slash = equal(b, '/');
	block->contraction = block->ascii_letter & (between(small, 'r', 't') | equal(small, 'd') |
						    equal(small, 'v') | between(small, 'l', 'm'));
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
	return (
	    struct bytes){ { vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48) } };
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
	const uint64_t high = between(b, 0x80, 0xFF);
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
