/*
 * scan_family_letters_internal.h - GPT-2, cl100k, Llama 3, Qwen as algebra:
 * words are runs of letters.  The rules in words: scan_words.c.
 */
#ifndef TOK_PRETOK_SCAN_FAMILY_LETTERS_INTERNAL_H
#define TOK_PRETOK_SCAN_FAMILY_LETTERS_INTERNAL_H

#include "tok/pretok/scan_family_internal.h"

enum {
	LETTERS_LETTER = SCAN_MASK_OWN,
	LETTERS_APOSTROPHE,
	LETTERS_CONTRACTION, /* letters that may follow the apostrophe */
	LETTERS_MASK_COUNT
};

SCAN_INLINE void scan_keep_letters(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST])
{
	scan_keep_common(block, mask);
	mask[LETTERS_LETTER] = block->upper | block->lower | block->uncased;
	mask[LETTERS_APOSTROPHE] = block->apostrophe;
	mask[LETTERS_CONTRACTION] = block->contraction;
}

SCAN_INLINE uint64_t scan_rest_of_letters(const struct scan_window *w)
{
	return w->valid &
	       ~(w->mask[LETTERS_LETTER] | w->mask[SCAN_MASK_NUMBER] | w->mask[SCAN_MASK_WHITE]);
}

/*
 * GPT-2.  A piece that begins with a space takes the word behind it along.  An
 * apostrophe that begins a piece and a contraction ends it behind that.
 */
SCAN_INLINE uint64_t scan_starts_gpt2(const struct scan_window *w, uint64_t *known)
{
	(void)known; /* all that white space leaves */
	const uint64_t white = w->mask[SCAN_MASK_WHITE];
	const uint64_t letter = w->mask[LETTERS_LETTER], number = w->mask[SCAN_MASK_NUMBER];
	const uint64_t rest = scan_rest_of_letters(w);
	const uint64_t solid = letter | number | rest;
	const uint64_t runs =
	    scan_run_starts(letter) | scan_run_starts(number) | scan_run_starts(rest);
	const uint64_t words = runs & ~(w->mask[SCAN_MASK_SPACE] << 1);
	uint64_t starts = 1 | words | scan_run_starts(white) | scan_last_white(white, solid, w);

	uint64_t quotes =
	    words & rest & w->mask[LETTERS_APOSTROPHE] & w->mask[LETTERS_CONTRACTION] >> 1;
	for (; quotes; quotes &= quotes - 1) {
		const uint32_t at = scan_lowest(quotes);
		const size_t length =
		    tok_scan_contraction(w->text, w->at + at, false) - (w->at + at);
		if (length == 0)
			continue;
		starts &= ~((uint64_t)2 << at);
		starts |= at + length < SCAN_BLOCK ? (uint64_t)1 << (at + length) : 0;
	}
	return starts;
}

/* cl100k and those like it.  One character of the rest, or a blank, goes with
 * the letters behind it if a piece begins there. */
SCAN_INLINE uint64_t scan_starts_letters(const struct scan_window *w, bool single_numbers,
					 bool trailing)
{
	const uint64_t letter = w->mask[LETTERS_LETTER];
	const uint64_t newline = w->mask[SCAN_MASK_NEWLINE];
	const uint64_t inner = w->mask[SCAN_MASK_INNER];
	const uint64_t rest = scan_rest_of_letters(w);
	/* Newlines that signs take along are no white space any more. */
	const uint64_t taken = scan_rest_of_run(newline, newline & rest << 1);
	const uint64_t white = w->mask[SCAN_MASK_WHITE] & ~taken;
	const uint64_t blank = white & ~newline;
	const uint64_t solid = letter | w->mask[SCAN_MASK_NUMBER] | rest;

	const uint64_t signs = scan_run_starts(rest) & ~(w->mask[SCAN_MASK_SPACE] << 1);
	const uint64_t joined = blank << 1 | scan_next_char(signs, inner);
	uint64_t behind = scan_behind_newlines(white, newline & white);
	if (trailing && w->ends_text) /* white space at the end is one piece */
		behind &= solid ? scan_low_bits(scan_highest(solid)) : 0;

	uint64_t starts = 1 | signs | (scan_run_starts(letter) & ~joined) | scan_run_starts(white) |
			  behind | (scan_last_white(white, solid, w) & ~newline);
	starts |= single_numbers ? w->mask[SCAN_MASK_NUMBER] & ~inner : scan_number_starts(w);

	uint64_t quotes = signs & w->mask[LETTERS_APOSTROPHE] & w->mask[LETTERS_CONTRACTION] >> 1;
	for (; quotes; quotes &= quotes - 1) {
		const size_t at = scan_lowest(quotes);
		const size_t end = tok_scan_contraction(w->text, w->at + at, true) - w->at;
		if (end > at && end < SCAN_BLOCK)
			starts |= (uint64_t)1 << end;
	}
	return starts;
}

SCAN_INLINE uint64_t scan_starts_cl100k(const struct scan_window *w, uint64_t *known)
{
	(void)known;
	return scan_starts_letters(w, false, false);
}

SCAN_INLINE uint64_t scan_starts_cl100k_trailing(const struct scan_window *w, uint64_t *known)
{
	(void)known;
	return scan_starts_letters(w, false, true);
}

SCAN_INLINE uint64_t scan_starts_qwen(const struct scan_window *w, uint64_t *known)
{
	(void)known;
	return scan_starts_letters(w, true, false);
}

SCAN_INLINE uint32_t scan_inside_letters(const struct scan_window *w)
{
	const uint32_t last = scan_last_char(w);
	if ((w->mask[LETTERS_LETTER] | w->mask[SCAN_MASK_NUMBER]) >> last & 1)
		return last;
	return scan_inside_signs(w, scan_rest_of_letters(w));
}

#endif
