/*
 * scan_ends_internal.h - from blocks to ends of pieces: the loop that each
 * instruction set compiles once a family, with its own way to classify a block
 * and to write numbers of bits.
 *
 * The window slides over two blocks.  It always begins where a piece does, or
 * inside a long one at a place from which that piece ends no otherwise; so
 * nothing has to be remembered from one window to the next.
 */
#ifndef TOK_PRETOK_SCAN_ENDS_INTERNAL_H
#define TOK_PRETOK_SCAN_ENDS_INTERNAL_H

#include "tok/pretok/scan_family_internal.h"

/* Write base + the number of each bit in turn; may write 64 of them.  Returns
 * how many there are. */
typedef size_t scan_flatten(uint64_t mask, uint32_t base, uint32_t *ends);

/* Two blocks on end. */
struct scan_pair {
	struct {
		uint64_t mask[SCAN_MASK_MOST];
		uint32_t count;
	} block[2];
	uint32_t first; /* which of the two comes first */
	size_t next;    /* where in the text the second ends */
};

SCAN_INLINE void scan_load(const struct scan_family *family, scan_classify *classify,
			   struct tok_span text, struct scan_pair *pair, uint32_t which)
{
	struct scan_block block;
	classify(text, pair->next, &block);
	family->keep(&block, pair->block[which].mask);
	pair->block[which].count = block.count;
	pair->next += block.count;
}

/* The window that begins `skip` bytes into the first block.  Not a return value: a
 * compiler may copy that by wide loads, which wait for the narrow stores before them. */
SCAN_INLINE void scan_look(const struct scan_family *family, const struct scan_pair *pair,
			   uint32_t skip, size_t at, struct scan_window *w)
{
	const uint32_t first = pair->first;
	const uint32_t there = pair->block[first].count - skip;
	const uint32_t both = there + pair->block[1 - first].count;
	w->at = at;
	w->count = both < SCAN_BLOCK ? both : SCAN_BLOCK;
	w->ends_text = at + both == w->text.count && both <= SCAN_BLOCK;
	w->valid = scan_low_bits(w->count);
#pragma GCC unroll 12
	for (uint32_t i = 0; i < family->mask_count; i++)
		w->mask[i] = pair->block[first].mask[i] >> skip | pair->block[1 - first].mask[i]
								      << 1 << (there - 1);
}

/* One piece by the definition. */
SCAN_INLINE size_t scan_one(const struct scan_family *family, struct tok_span text, size_t from)
{
	struct tok_range match;
	return family->scan->next(text, from, &match) ? match.end : text.count;
}

SCAN_INLINE size_t scan_ends(const struct scan_family *family, scan_classify *classify,
			     scan_flatten *flatten, struct tok_span text, size_t from,
			     uint32_t *ends, size_t capacity)
{
	struct scan_window w = { .text = text };
	size_t count = 0;
	while (from < text.count && capacity - count >= SCAN_BLOCK) {
		struct scan_pair pair = { .next = from };
		scan_load(family, classify, text, &pair, 0);
		scan_load(family, classify, text, &pair, 1);
		size_t at = from;
		uint32_t skip = 0;
		for (;;) {
			scan_look(family, &pair, skip, at, &w);
			uint64_t known = scan_known(&w);
			const uint64_t all = family->starts(&w, &known) & w.valid;
			const uint64_t starts = all & known;
			count += flatten(starts & ~(uint64_t)1, (uint32_t)at, ends + count);
			if (w.ends_text && known == w.valid) {
				ends[count++] = (uint32_t)text.count;
				return count;
			}
			uint32_t step = scan_highest(starts | 1);
			if (all == 1)
				step = family->inside(&w);
			if (step == 0)
				break;
			at += step;
			skip += step;
			if (capacity - count < SCAN_BLOCK)
				return count;
			if (skip >= pair.block[pair.first].count) {
				skip -= pair.block[pair.first].count;
				scan_load(family, classify, text, &pair, pair.first);
				pair.first = 1 - pair.first;
			}
		}
		/* Some rare thing begins at `at`. */
		from = scan_one(family, text, at);
		ends[count++] = (uint32_t)from;
	}
	return count;
}

#endif
