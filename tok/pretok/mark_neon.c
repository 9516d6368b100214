/*
 * mark_neon.c - marks with NEON: two look-ups by half bytes tell any set of ASCII.
 */
#include "tok/pretok/mark_block_internal.h"

#include <arm_neon.h>

/* 64 bytes. */
struct bytes {
	uint8x16_t part[4];
};

/* Bytes that are 0 or 255: one bit a byte. */
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

/* The bit of each byte's upper half; 0 for the other half of the alphabet. */
SCAN_INLINE struct bytes find_bits(struct bytes b, bool ascii)
{
	static const uint8_t bits[24] = { 0,  0,  0,  0,   0, 0, 0, 0, 1, 2, 4, 8,
					  16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0 };
	const uint8x16_t row = vld1q_u8(bits + (ascii ? 8 : 0));
	for (int i = 0; i < 4; i++)
		b.part[i] = vqtbl1q_u8(row, vshrq_n_u8(b.part[i], 4));
	return b;
}

/* Bytes whose bit is set in the row of their lower half. */
SCAN_INLINE uint64_t look_up(const uint8_t table[16], struct bytes b, struct bytes bits)
{
	const uint8x16_t row = vld1q_u8(table), half = vdupq_n_u8(15);
	for (int i = 0; i < 4; i++)
		b.part[i] = vtstq_u8(vqtbl1q_u8(row, vandq_u8(b.part[i], half)), bits.part[i]);
	return join(b);
}

SCAN_INLINE uint64_t find_letters(struct bytes b)
{
	const struct mark_letters seen = {
		.e3 = equal(b, 0xE3),
		.ea = equal(b, 0xEA),
		.from_81_to_83 = between(b, 0x81, 0x83),
		.from_b0 = between(b, 0xB0, 0xBF),
		.is_82 = equal(b, 0x82),
		.is_83 = equal(b, 0x83),
		.a0 = equal(b, 0xA0),
		.bb = equal(b, 0xBB),
	};
	return mark_find_letters(&seen);
}

SCAN_INLINE struct bytes load(const uint8_t *p)
{
	return (
	    struct bytes){ { vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48) } };
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
	const struct bytes b = load(p), bits = find_bits(b, true);
	const uint64_t valid = scan_low_bits(block->count);
	block->left_out = look_up(set->left_out, b, bits) & valid;
	block->alone = look_up(set->alone, b, bits) & valid;
	block->first = block->last = block->alone;
	uint64_t asks = look_up(set->asks, b, find_bits(b, false));
	if (asks && !set->asks_letters)
		asks &= ~find_letters(b);
	mark_look_up(set, text, at, asks, block);
}

size_t mark_cut_neon(const struct mark_set *set, struct tok_span text, size_t at,
		     struct mark_run *run)
{
	return mark_cut_blocks(set, text, at, run, classify, mark_write_each);
}
