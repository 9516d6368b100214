/*
 * scan_family_internal.h - the families as algebra on masks.
 *
 * A window is up to 64 bytes of text, seen as masks, whose first byte begins a
 * piece.  Because the patterns never look back, what stands in front is of no
 * concern, and the window alone tells where pieces begin in it - up to a place
 * behind which the answer hangs on text that is not in the window yet.
 *
 * The rules are those of scan_words.c and scan_gaps.c, in other words; a bit
 * stands for "a piece begins here".  Where rare text would need more algebra
 * than it deserves, a window gives up in front of it, and the caller asks those
 * functions.
 */
#ifndef TOK_PRETOK_SCAN_FAMILY_INTERNAL_H
#define TOK_PRETOK_SCAN_FAMILY_INTERNAL_H

#include "tok/pretok/scan_block_internal.h"
#include "tok/pretok/scan_internal.h"

/* What every family keeps of a block; its own masks follow. */
enum scan_mask {
	SCAN_MASK_NUMBER,
	SCAN_MASK_WHITE,
	SCAN_MASK_NEWLINE,
	SCAN_MASK_SPACE,
	SCAN_MASK_INNER,
	SCAN_MASK_OWN,
	SCAN_MASK_MOST = SCAN_MASK_OWN + 7
};

struct scan_window {
	uint64_t mask[SCAN_MASK_MOST];
	struct tok_span text;
	size_t at;      /* of the window in the text */
	uint32_t count; /* bytes in it, at least 1 */
	uint64_t valid; /* a bit for each */
	bool ends_text;
};

/* Where pieces begin in the window (bit 0 always); bits beyond the window mean
 * nothing.  *known comes in as the bits that white space at the window's end
 * leaves decided; clears those at which it cannot tell for another reason. */
typedef uint64_t scan_starts(const struct scan_window *window, uint64_t *known);

/* A whole window inside one piece: a later character of it, as the distance
 * from the window's begin, from which the piece would end at the same place;
 * 0 where there is none. */
typedef uint32_t scan_inside(const struct scan_window *window);

/* What a family keeps of a block. */
typedef void scan_keep(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST]);

struct scan_family {
	const struct tok_scan *scan; /* the definition */
	uint32_t mask_count;
	scan_keep *keep;
	scan_starts *starts;
	scan_inside *inside;
};

SCAN_INLINE void scan_keep_common(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST])
{
	mask[SCAN_MASK_NUMBER] = block->number;
	mask[SCAN_MASK_WHITE] = block->blank | block->newline;
	mask[SCAN_MASK_NEWLINE] = block->newline;
	mask[SCAN_MASK_SPACE] = block->space;
	mask[SCAN_MASK_INNER] = block->inner;
}

/* ---- parts of the algebra ---- */

SCAN_INLINE uint64_t scan_run_starts(uint64_t mask)
{
	return mask & ~(mask << 1);
}

/* First bytes of the characters behind those that begin at `begins`. */
SCAN_INLINE uint64_t scan_next_char(uint64_t begins, uint64_t inner)
{
	const uint64_t next = begins << 1;
	return (next | (inner + (next & inner))) & ~inner;
}

/* From last bytes of characters of up to `bytes` bytes to their first. */
SCAN_INLINE uint64_t scan_char_begin(uint64_t last, uint64_t inner, int bytes)
{
	for (; bytes > 1 && (last & inner); bytes--)
		last = (last & ~inner) | (last & inner) >> 1;
	return last;
}

/* Runs of `set` that hold a bit of `from`, from that bit on; one bit a run. */
SCAN_INLINE uint64_t scan_rest_of_run(uint64_t set, uint64_t from)
{
	return set & ~(set + from);
}

/* Bits at which runs of `set` stop that have a bit of `from`, one a run. */
SCAN_INLINE uint64_t scan_behind_run(uint64_t set, uint64_t from)
{
	return (set + from) & ~set;
}

/* What can be told although white space that reaches the window's end may go
 * on: all but what follows its first byte. */
SCAN_INLINE uint64_t scan_known(const struct scan_window *w)
{
	const uint64_t solid = w->valid & ~w->mask[SCAN_MASK_WHITE];
	if (w->ends_text)
		return w->valid;
	return solid ? w->valid & scan_low_bits(scan_highest(solid) + 2) : 1;
}

/* The last character of each run of white space, where `followed` comes next. */
SCAN_INLINE uint64_t scan_last_white(uint64_t white, uint64_t followed, const struct scan_window *w)
{
	return scan_char_begin(white & followed >> 1, w->mask[SCAN_MASK_INNER], 3);
}

/* Blanks behind the last newline of their run of white space.  `newline` is
 * part of `white`. */
SCAN_INLINE uint64_t scan_behind_newlines(uint64_t white, uint64_t newline)
{
	const uint64_t blank = white & ~newline;
	uint64_t begins = newline << 1 & blank;
	uint64_t bad = scan_behind_run(blank, begins) & newline;
	for (; bad; bad &= bad - 1) { /* another newline comes: seldom */
		const uint64_t before = ~blank & scan_low_bits(scan_lowest(bad));
		begins &= ~((uint64_t)2 << scan_highest(before));
	}
	return begins;
}

/* Numbers in pieces of three. */
SCAN_INLINE uint64_t scan_number_starts(const struct scan_window *w)
{
	const uint64_t n = w->mask[SCAN_MASK_NUMBER];
	const uint64_t inner = w->mask[SCAN_MASK_INNER];
	uint64_t all = scan_run_starts(n);
	if (n & n << 1 & n << 2 & n << 3) {
		for (uint64_t group = all; group; all |= group)
			for (int i = 0; i < 3; i++)
				group = scan_next_char(group, inner) & n;
	}
	return all;
}

/* Where the last character of the window begins. */
SCAN_INLINE uint32_t scan_last_char(const struct scan_window *w)
{
	return scan_highest(w->valid & ~w->mask[SCAN_MASK_INNER]);
}

/* Inside a run of signs: the last character but one, so that none of the rules
 * for a single sign in front of letters applies.  0 if they are not of `set`. */
SCAN_INLINE uint32_t scan_inside_signs(const struct scan_window *w, uint64_t set)
{
	const uint64_t begins = w->valid & ~w->mask[SCAN_MASK_INNER];
	const uint32_t last = scan_highest(begins);
	const uint64_t before = begins & scan_low_bits(last);
	if (!before || !(set >> last & 1) || !(set >> scan_highest(before) & 1))
		return 0;
	return scan_highest(before);
}

#endif
