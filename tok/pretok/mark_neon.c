/*
 * mark_neon.c - marks with NEON: two look-ups by half bytes tell any set of ASCII.
 */
#include "tok/base/bytes_neon.h"
#include "tok/pretok/mark_block_internal.h"

/* The bit of each byte's upper half; 0 for the other half of the alphabet. */
SCAN_INLINE struct tok_bytes find_bits(struct tok_bytes b, bool ascii)
{
	static const uint8_t bits[24] = { 0,  0,  0,  0,   0, 0, 0, 0, 1, 2, 4, 8,
					  16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0 };
	const uint8x16_t row = vld1q_u8(bits + (ascii ? 8 : 0));
	for (int i = 0; i < 4; i++)
		b.part[i] = vqtbl1q_u8(row, vshrq_n_u8(b.part[i], 4));
	return b;
}

/* Bytes whose bit is set in the row of their lower half. */
SCAN_INLINE uint64_t look_up(const uint8_t table[16], struct tok_bytes b, struct tok_bytes bits)
{
	const uint8x16_t row = vld1q_u8(table), half = vdupq_n_u8(15);
	for (int i = 0; i < 4; i++)
		b.part[i] = vtstq_u8(vqtbl1q_u8(row, vandq_u8(b.part[i], half)), bits.part[i]);
	return tok_bytes_join(b);
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
