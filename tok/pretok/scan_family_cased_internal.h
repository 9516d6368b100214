/*
 * scan_family_cased_internal.h - o200k, Harmony and tekken as algebra: words
 * are capitals and then small letters.  The rules in words: scan_words.c.
 *
 * "Either" is a letter without case or a mark, which may stand among the
 * capitals of a word as well as among its small letters.
 */
#ifndef TOK_PRETOK_SCAN_FAMILY_CASED_INTERNAL_H
#define TOK_PRETOK_SCAN_FAMILY_CASED_INTERNAL_H

#include "tok/pretok/scan_family_internal.h"

enum {
	CASED_UPPER = SCAN_MASK_OWN,
	CASED_LOWER,
	CASED_UNCASED,
	CASED_MARK,
	CASED_SLASH,
	CASED_APOSTROPHE,
	CASED_CONTRACTION, /* letters that may follow the apostrophe */
	CASED_MASK_COUNT,
	TEKKEN_MASK_COUNT = CASED_APOSTROPHE
};

SCAN_INLINE void scan_keep_tekken(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST])
{
	scan_keep_common(block, mask);
	mask[CASED_UPPER] = block->upper;
	mask[CASED_LOWER] = block->lower;
	mask[CASED_UNCASED] = block->uncased;
	mask[CASED_MARK] = block->mark;
	mask[CASED_SLASH] = block->slash;
}

SCAN_INLINE void scan_keep_o200k(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST])
{
	scan_keep_tekken(block, mask);
	mask[CASED_APOSTROPHE] = block->apostrophe;
	mask[CASED_CONTRACTION] = block->contraction;
}

SCAN_INLINE uint64_t scan_either_case(const struct scan_window *w)
{
	return w->mask[CASED_UNCASED] | w->mask[CASED_MARK];
}

SCAN_INLINE uint64_t scan_word_chars(const struct scan_window *w)
{
	return w->mask[CASED_UPPER] | w->mask[CASED_LOWER] | scan_either_case(w);
}

/* What is in no class; the marks that belong to it are found later. */
SCAN_INLINE uint64_t scan_rest_of_cased(const struct scan_window *w)
{
	return w->valid &
	       ~(scan_word_chars(w) | w->mask[SCAN_MASK_NUMBER] | w->mask[SCAN_MASK_WHITE]);
}

/* Newlines and slashes that signs take along: from the first newline behind a
 * sign on.  A slash is a sign, too, unless it is taken itself. */
SCAN_INLINE uint64_t scan_taken_by_signs(const struct scan_window *w)
{
	const uint64_t newline = w->mask[SCAN_MASK_NEWLINE], slash = w->mask[CASED_SLASH];
	const uint64_t rest = scan_rest_of_cased(w);
	const uint64_t tail = newline | slash;
	const uint64_t behind_sign = newline & (rest & ~slash) << 1;
	/* In each run of both, the first slashes that are signs ... */
	const uint64_t free_newlines = newline & ~(tail << 1) & ~behind_sign;
	const uint64_t slashes =
	    (slash & ~(tail << 1)) | (scan_behind_run(newline, free_newlines) & slash);
	/* ... and the newline behind them. */
	return scan_rest_of_run(tail, behind_sign | (scan_behind_run(slash, slashes) & newline));
}

/* What contractions behind words make of a window. */
struct scan_suffixes {
	uint64_t bytes; /* of contractions that end a word */
	uint64_t ends;  /* where they end */
};

/* A word takes one contraction; the next begins a word of its own. */
SCAN_INLINE struct scan_suffixes scan_find_suffixes(const struct scan_window *w)
{
	struct scan_suffixes found = { 0, 0 };
	size_t last_end = 0;
	uint64_t quotes =
	    w->mask[CASED_APOSTROPHE] & scan_word_chars(w) << 1 & w->mask[CASED_CONTRACTION] >> 1;
	for (; quotes; quotes &= quotes - 1) {
		const size_t at = scan_lowest(quotes);
		const size_t end = tok_scan_contraction(w->text, w->at + at, true) - w->at;
		if (end == at || at == last_end)
			continue;
		found.bytes |= scan_low_bits((uint32_t)end) & ~scan_low_bits((uint32_t)at);
		found.ends |= end < SCAN_BLOCK ? (uint64_t)1 << end : 0;
		last_end = end;
	}
	return found;
}

/* Where a word ends because a capital follows, without the bytes of `suffixes`.
 * Sets *known to the bits that can be told, where it is not all. */
SCAN_INLINE uint64_t scan_case_borders(const struct scan_window *w, uint64_t suffixes,
				       uint64_t *known)
{
	const uint64_t upper = w->mask[CASED_UPPER] & ~suffixes;
	const uint64_t lower = w->mask[CASED_LOWER] & ~suffixes;
	const uint64_t either = scan_either_case(w) & ~suffixes;
	uint64_t borders = upper & lower << 1;
	uint64_t open = upper & either << 1;
	if (!open)
		return borders;

	/* Behind a small letter, "either" is small. */
	borders |= scan_behind_run(either, either & lower << 1) & upper;
	/* Elsewhere it is a capital, if more than capitals follows in the word. */
	for (open &= ~borders; open; open &= open - 1) {
		const uint32_t at = scan_lowest(open);
		const uint64_t behind = ~upper & ~scan_low_bits(at);
		const uint32_t end = behind ? scan_lowest(behind) : SCAN_BLOCK;
		if (end >= w->count && !w->ends_text)
			*known &= scan_low_bits(at);
		else if (end >= w->count || !(scan_word_chars(w) >> end & 1))
			borders |= (uint64_t)1 << at;
	}
	return borders;
}

SCAN_INLINE uint64_t scan_starts_cased(const struct scan_window *w, bool contractions,
				       bool single_numbers, uint64_t *known)
{
	const uint64_t newline = w->mask[SCAN_MASK_NEWLINE];
	const uint64_t inner = w->mask[SCAN_MASK_INNER];
	const uint64_t word = scan_word_chars(w), rest = scan_rest_of_cased(w);
	const uint64_t taken = scan_taken_by_signs(w);
	const uint64_t sign = rest & ~taken, white = w->mask[SCAN_MASK_WHITE] & ~taken;
	const uint64_t solid = word | w->mask[SCAN_MASK_NUMBER] | rest;

	const uint64_t signs = scan_run_starts(sign) & ~(w->mask[SCAN_MASK_SPACE] << 1);
	const uint64_t behind_one_sign = scan_next_char(signs, inner);
	const uint64_t words = scan_run_starts(word);
	uint64_t starts = 1 | signs | (words & ~((white & ~newline) << 1 | behind_one_sign)) |
			  scan_run_starts(white) | scan_behind_newlines(white, newline & white) |
			  (scan_last_white(white, solid, w) & ~newline);
	starts |= single_numbers ? w->mask[SCAN_MASK_NUMBER] & ~inner : scan_number_starts(w);

	struct scan_suffixes suffixes = { 0, 0 };
	if (contractions) {
		suffixes = scan_find_suffixes(w);
		if (!w->ends_text) /* an apostrophe there may begin a contraction */
			*known &= scan_low_bits(w->count - 1);
	}
	starts |= scan_case_borders(w, suffixes.bytes, known);
	starts = (starts & ~suffixes.bytes) | suffixes.ends;

	/* Signs take the marks behind them along unless they are one sign in front
	 * of a word: seldom seen, and given up in front of them. */
	const uint64_t stray = words & w->mask[CASED_MARK] & sign << 1 & ~behind_one_sign;
	if (stray) {
		const uint64_t before = starts & scan_low_bits(scan_lowest(stray));
		*known &= scan_low_bits(scan_highest(before) + 1);
	}
	return starts;
}

SCAN_INLINE uint64_t scan_starts_o200k(const struct scan_window *w, uint64_t *known)
{
	return scan_starts_cased(w, true, false, known);
}

SCAN_INLINE uint64_t scan_starts_tekken(const struct scan_window *w, uint64_t *known)
{
	return scan_starts_cased(w, false, true, known);
}

SCAN_INLINE uint32_t scan_inside_cased(const struct scan_window *w)
{
	const uint64_t begins = w->valid & ~w->mask[SCAN_MASK_INNER];
	const uint64_t first = scan_next_char(1, w->mask[SCAN_MASK_INNER]) - 1;
	const uint64_t lower = w->mask[CASED_LOWER] & begins;
	const uint32_t last = scan_highest(begins);

	if (w->valid & ~first & ~scan_word_chars(w))
		return scan_inside_signs(w, scan_rest_of_cased(w) & ~scan_taken_by_signs(w));
	if (lower) /* from there on, it is small letters that matter */
		return scan_highest(lower);
	/* No small letter yet: what counts is whether "either" came before capitals. */
	const bool after_capitals = scan_either_case(w) >> last & 1;
	return after_capitals || !scan_either_case(w) ? last : 0;
}

#endif
