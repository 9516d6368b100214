/*
 * scan_internal.h - the splitting patterns of well-known tokenizers, by hand.
 *
 *	const struct tok_scan *scan = tok_scan_find(pattern, dialect);
 *	if (scan)
 *		while (scan->next(text, at, &match)) ...
 *
 * A scanner gives exactly the matches of its pattern, in time linear in the
 * text.  The functions here define what is right for faster versions of them.
 * Bad bytes (utf8.h) match the classes that are written with [^...] and \S.
 */
#ifndef TOK_PRETOK_SCAN_INTERNAL_H
#define TOK_PRETOK_SCAN_INTERNAL_H

#include "tok/text/regex.h"

struct tok_scan {
	/* The first match at or after `from`; false if there is none.  Matches are
	 * never empty. */
	bool (*next)(struct tok_span text, size_t from, struct tok_range *match);
	bool gapless; /* each match begins where the one before ended */
	/* A match, or the gap before one, ends between an ASCII letter or digit and
	 * a space that an ASCII letter follows. */
	bool breaks_words;
};

/* The scanner for exactly this pattern, or NULL. */
const struct tok_scan *tok_scan_find(struct tok_span pattern, enum tok_regex_dialect dialect);

extern const struct tok_scan tok_scan_gpt2;  /* ByteLevel's own pattern */
extern const struct tok_scan tok_scan_words; /* Whitespace: \w+|[^\w\s]+ */

/* ---- what the families share: characters by class ---- */

enum {
	SCAN_UPPER = 1,   /* Lu Lt */
	SCAN_LOWER = 2,   /* Ll */
	SCAN_UNCASED = 4, /* Lm Lo */
	SCAN_MARK = 8,
	SCAN_NUMBER = 16,
	SCAN_BLANK = 32,   /* white space that is no newline */
	SCAN_NEWLINE = 64, /* \r \n */
	SCAN_PUNCTUATION = 128,
	SCAN_SYMBOL = 256,
	SCAN_OTHER = 512,

	SCAN_LETTER = SCAN_UPPER | SCAN_LOWER | SCAN_UNCASED,
	SCAN_SPACE = SCAN_BLANK | SCAN_NEWLINE,
	/* [^\s\p{L}\p{N}] */
	SCAN_REST = SCAN_MARK | SCAN_PUNCTUATION | SCAN_SYMBOL | SCAN_OTHER
};

struct tok_scan_char {
	uint32_t kind; /* one of the bits above; 0 behind the end of the text */
	uint32_t length;
};

struct tok_scan_char tok_scan_at(struct tok_span text, size_t at);

/* Where the characters of `kinds` that begin at `at` end. */
size_t tok_scan_run(struct tok_span text, size_t at, uint32_t kinds);

/* ... but at most `limit` of them. */
size_t tok_scan_some(struct tok_span text, size_t at, uint32_t kinds, size_t limit);

/* How a family takes white space that no letter or sign claims. */
enum tok_scan_space {
	SCAN_SPACE_PLAIN,    /* \s+(?!\S)|\s+ */
	SCAN_SPACE_NEWLINE,  /* \s*[\r\n]+|\s+(?!\S)|\s+ */
	SCAN_SPACE_TRAILING, /* \s++$|\s*[\r\n]|\s+(?!\S)|\s */
};

/* End of the white space taken from `at` on; `at` where there is none. */
size_t tok_scan_space(struct tok_span text, size_t at, enum tok_scan_space rule);

/* End of 's 't 're 've 'm 'll 'd; `at` where there is none.  `fold` takes them
 * in any case, which makes U+017F an s. */
size_t tok_scan_contraction(struct tok_span text, size_t at, bool fold);

/* Scanners that the table in scan.c names. */
extern const struct tok_scan tok_scan_cl100k, tok_scan_cl100k_trailing, tok_scan_qwen;
extern const struct tok_scan tok_scan_o200k, tok_scan_tekken;
extern const struct tok_scan tok_scan_deepseek, tok_scan_han_kana;
/* What DeepSeek's three Splits do one after the other: \p{N}{1,3}, han and kana,
 * and its own.  Without gaps, for a gap is a piece. */
extern const struct tok_scan tok_scan_deepseek_steps;
extern const struct tok_scan tok_scan_number, tok_scan_number3;

#endif
