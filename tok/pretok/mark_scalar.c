/*
 * mark_scalar.c - marks by the definition, one character at a time.
 */
#include "tok/pretok/mark_block_internal.h"

SCAN_INLINE void classify(const struct mark_set *set, struct tok_span text, size_t at,
			  struct mark_block *block)
{
	const uint8_t *p = text.bytes + at;
	uint64_t others = 0;
	*block = (struct mark_block){ .count = scan_block_count(p, text.count - at) };
	for (uint32_t i = 0; i < block->count; i++) {
		const uint32_t row = p[i] & 15, shift = p[i] >> 4 & 7;
		const uint64_t ascii = p[i] < 0x80;
		block->left_out |= (ascii & set->left_out[row] >> shift) << i;
		block->alone |= (ascii & set->alone[row] >> shift) << i;
		others |= (uint64_t)(p[i] >= 0xC2) << i;
	}
	block->first = block->last = block->alone;
	mark_look_up(set, text, at, others, block);
}

size_t mark_cut_scalar(const struct mark_set *set, struct tok_span text, size_t at,
		       struct mark_run *run)
{
	return mark_cut_blocks(set, text, at, run, classify, mark_write_each);
}
