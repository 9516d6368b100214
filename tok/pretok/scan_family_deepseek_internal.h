/*
 * scan_family_deepseek_internal.h - DeepSeek's three patterns at once, as
 * algebra.  The rules in words: scan_deepseek.c.
 *
 * The third pattern sees nothing across an edge of han and kana, and nothing of
 * numbers: white space in front of one is taken to the end, as at the end of a
 * text.
 */
#ifndef TOK_PRETOK_SCAN_FAMILY_DEEPSEEK_INTERNAL_H
#define TOK_PRETOK_SCAN_FAMILY_DEEPSEEK_INTERNAL_H

#include "tok/pretok/scan_family_internal.h"

enum {
	DEEPSEEK_WORD = SCAN_MASK_OWN, /* letters and marks */
	DEEPSEEK_SIGN,
	DEEPSEEK_HAN_KANA,
	DEEPSEEK_ASCII_LETTER,
	DEEPSEEK_ASCII_SIGN,
	DEEPSEEK_MASK_COUNT
};

SCAN_INLINE void scan_keep_deepseek(const struct scan_block *block, uint64_t mask[SCAN_MASK_MOST])
{
	scan_keep_common(block, mask);
	mask[DEEPSEEK_WORD] = block->upper | block->lower | block->uncased | block->mark;
	mask[DEEPSEEK_SIGN] = block->sign;
	mask[DEEPSEEK_HAN_KANA] = block->han_kana;
	mask[DEEPSEEK_ASCII_LETTER] = block->ascii_letter;
	mask[DEEPSEEK_ASCII_SIGN] = block->ascii_sign;
}

SCAN_INLINE uint64_t scan_starts_deepseek(const struct scan_window *w, uint64_t *known)
{
	const uint64_t newline = w->mask[SCAN_MASK_NEWLINE];
	const uint64_t inner = w->mask[SCAN_MASK_INNER];
	const uint64_t word = w->mask[DEEPSEEK_WORD], sign = w->mask[DEEPSEEK_SIGN];
	const uint64_t han_kana = w->mask[DEEPSEEK_HAN_KANA];
	const uint64_t other =
	    w->valid & ~(word | sign | w->mask[SCAN_MASK_NUMBER] | w->mask[SCAN_MASK_WHITE]);
	const uint64_t taken = scan_rest_of_run(newline, newline & (sign & ~han_kana) << 1);
	const uint64_t white = w->mask[SCAN_MASK_WHITE] & ~taken;
	const uint64_t edge = han_kana ^ han_kana << 1;

	const uint64_t signs = sign & (~(sign << 1) | edge) & ~(w->mask[SCAN_MASK_SPACE] << 1);
	const uint64_t words = scan_run_starts(word);
	/* An ASCII sign takes ASCII letters along, and no more of the word. */
	const uint64_t named =
	    words & w->mask[DEEPSEEK_ASCII_LETTER] & (signs & w->mask[DEEPSEEK_ASCII_SIGN]) << 1;
	const uint64_t behind_named = scan_behind_run(w->mask[DEEPSEEK_ASCII_LETTER], named) & word;
	/* A character of no class is taken along, those in front of it are not. */
	const uint64_t front = scan_char_begin(other & (words & ~edge) >> 1, inner, 4);
	const uint64_t joined = (white & ~newline) << 1 | other << 1 | named;

	(void)known; /* all that white space leaves */
	return 1 | edge | signs | (words & ~joined) | behind_named | scan_run_starts(other) |
	       front | scan_number_starts(w) | scan_run_starts(white) |
	       scan_behind_newlines(white, newline & white) |
	       (scan_last_white(white, (word | sign | other) & ~han_kana, w) & ~newline);
}

SCAN_INLINE uint32_t scan_inside_deepseek(const struct scan_window *w)
{
	const uint32_t last = scan_last_char(w);
	if (w->mask[DEEPSEEK_WORD] >> last & 1) /* behind a sign: only while it is ASCII */
		return w->mask[DEEPSEEK_SIGN] & 1 ? 0 : last;
	return scan_inside_signs(w, w->mask[DEEPSEEK_SIGN]);
}

#endif
