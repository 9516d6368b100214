/*
 * mark_block_internal.h - 64 bytes as masks of what is left out and what stands
 * alone, and from those to pieces: what each instruction set compiles with its own
 * way to compare bytes and to write numbers of bits.
 */
#ifndef TOK_PRETOK_MARK_BLOCK_INTERNAL_H
#define TOK_PRETOK_MARK_BLOCK_INTERNAL_H

#include "tok/pretok/mark_internal.h"
#include "tok/pretok/scan_block_internal.h"
#include "tok/text/utf8.h"

/* Every byte of a character has the character's bits.  A block ends with a
 * character, and has 61 to 64 bytes while text is left. */
struct mark_block {
	uint64_t left_out, alone;
	uint64_t first, last; /* bytes of the characters that stand alone */
	uint32_t count;       /* bytes in the block; no bit is set above */
};

typedef void mark_classify(const struct mark_set *set, struct tok_span text, size_t at,
			   struct mark_block *block);

/* Put down `begins`, and places behind `lasts`: they take turns, and an end comes
 * first if a piece is open.  May write beyond them, up to MARK_ROOM ranges. */
typedef void mark_write(struct mark_run *run, uint64_t begins, uint64_t lasts, size_t at);

/* Where some bytes stand, for telling letters from what has to be looked at. */
struct mark_letters {
	uint64_t e3, ea;                                       /* leads */
	uint64_t from_81_to_83, from_b0, is_82, is_83, a0, bb; /* those behind them */
};

/* Leads of kana, but for the two that are punctuation, and of Hangul.  Of bytes
 * that are no character after all nothing is marked either. */
SCAN_INLINE uint64_t mark_find_letters(const struct mark_letters *b)
{
	const uint64_t signs = (b->is_82 >> 1 & b->a0 >> 2) | (b->is_83 >> 1 & b->bb >> 2);
	return (b->e3 & b->from_81_to_83 >> 1 & ~signs) | (b->ea & b->from_b0 >> 1);
}

/* One by one, the characters that begin at the bits of `which`, first bytes of
 * what may be one of several bytes. */
SCAN_INLINE void mark_look_up(const struct mark_set *set, struct tok_span text, size_t at,
			      uint64_t which, struct mark_block *block)
{
	for (; which; which &= which - 1) {
		const uint32_t i = scan_lowest(which);
		const struct tok_char c = tok_utf8_at(text, at + i);
		const enum mark mark = mark_of(set, c.code);
		const uint64_t bit = (uint64_t)1 << i, bits = (bit << c.length) - bit;
		if (mark == MARK_LEFT_OUT)
			block->left_out |= bits;
		if (mark != MARK_ALONE)
			continue;
		block->alone |= bits;
		block->first |= bit;
		block->last |= bit << (c.length - 1);
	}
}

SCAN_INLINE void mark_add(struct mark_run *run, const struct mark_block *block, size_t at,
			  mark_write *write)
{
	const uint64_t valid = scan_low_bits(block->count);
	const uint64_t kept = valid & ~(block->left_out | block->alone);
	bool open = run->begun > run->ended;
	if (open && !(kept & 1)) {
		run->ranges[run->ended++].end = (uint32_t)at;
		open = false;
	}
	/* What is kept up to the end of the block stays open. */
	const uint64_t top = (uint64_t)1 << (block->count - 1);
	const uint64_t begins = (kept & ~(kept << 1 | open)) | block->first;
	const uint64_t lasts = (kept & ~(kept >> 1 | top)) | block->last;
	write(run, begins, lasts, at);
	run->begun += (size_t)__builtin_popcountll(begins);
	run->ended += (size_t)__builtin_popcountll(lasts);
}

/* A mark_write for sets that cannot write many numbers at once. */
SCAN_INLINE void mark_write_each(struct mark_run *run, uint64_t begins, uint64_t lasts, size_t at)
{
	for (struct tok_range *to = run->ranges + run->begun; begins; begins &= begins - 1)
		to++->begin = (uint32_t)at + scan_lowest(begins);
	for (struct tok_range *to = run->ranges + run->ended; lasts; lasts &= lasts - 1)
		to++->end = (uint32_t)at + scan_lowest(lasts) + 1;
}

SCAN_INLINE size_t mark_cut_blocks(const struct mark_set *set, struct tok_span text, size_t at,
				   struct mark_run *run, mark_classify *classify, mark_write *write)
{
	while (at < text.count && run->capacity - run->begun >= MARK_ROOM) {
		struct mark_block block;
		classify(set, text, at, &block);
		mark_add(run, &block, at, write);
		at += block.count;
	}
	return at;
}

#endif
