/*
 * follow_internal.h - a family of patterns as an automaton over characters, and the steps
 * that cut the text before it.
 */
#ifndef TOK_PRETOK_FOLLOW_INTERNAL_H
#define TOK_PRETOK_FOLLOW_INTERNAL_H

#include "tok/pretok/follow.h"
#include "tok/pretok/scan_internal.h"

enum { FOLLOW_ANY_KIND = SCAN_LETTER | SCAN_NUMBER | SCAN_SPACE | SCAN_REST };

/* Promises that reach further than the next character's kind. */
enum follow_debt {
	DEBT_RUN = 1,   /* if white space is next, something else comes behind it */
	DEBT_GO_ON = 2, /* the text does not end here */
	DEBT_APOS = 4,  /* the end of a contraction is not next, behind its apostrophe */
	DEBT_NOT_E = 8, /* ... nor its last letter */
	DEBT_NOT_L = 16,
	DEBT_BEHIND = 32,     /* no contraction is next */
	DEBT_NO_NEWLINE = 64, /* none in the white space that is next */
	DEBT_CAPS = 128,      /* no small letter behind the capitals that are next */
	DEBT_NOT_SLASH = 256,
	DEBT_NOT_ASCII = 512, /* no ASCII letter is next */
	DEBT_WORD = 1024,     /* behind what no pattern takes, if that is next, comes a word */
	DEBT_SPACE = 2048     /* if anything is next, it is ' ' */
};

/* What a piece has been so far: numbers, of which each family has some. */
enum {
	PIECE_EMPTY,
	PIECE_SPACE1,      /* one ' ' */
	PIECE_BLANK1,      /* one other white space (GPT-2: newlines too) */
	PIECE_BLANKS,      /* two or more */
	PIECE_NEWLINES,    /* white space that ends with a newline */
	PIECE_NEWLINES_UP, /* ... and blanks behind it: another one must come */
	PIECE_NUMBER,      /* without limit, or the first of some digits */
	PIECE_NUMBER2,
	PIECE_NUMBER_FULL,
	PIECE_REST1, /* one sign, which a word may begin with */
	PIECE_REST,
	PIECE_REST_TAIL, /* with newlines behind */
	PIECE_APOS,      /* "'" at the front */
	PIECE_APOS_RV,   /* 'r or 'v */
	PIECE_APOS_L,
	PIECE_DONE, /* nothing may join */
	PIECE_LETTERS,
	PIECE_UPPER,      /* capitals only */
	PIECE_LOWER,      /* has come to letters of D+ */
	PIECE_BOTH,       /* the last one is in both classes */
	PIECE_BOTH_UPPER, /* ... was, before some capitals */
	PIECE_MARK,       /* one mark at the front */
	PIECE_MARK_UPPER,
	PIECE_ADDED_APOS, /* a contraction behind a word, under way */
	PIECE_ADDED_RV,
	PIECE_ADDED_L,
	PIECE_SIGN1, /* DeepSeek: an ASCII sign, which ASCII letters may follow */
	PIECE_ASCII, /* ... have followed */
	PIECE_GAP1,  /* one character that no pattern takes unless a word is behind it */
	PIECE_GAP,   /* some of them */
	PIECE_DEAD
};

struct follow_char {
	uint32_t kind; /* SCAN_...; OTHER for a bad byte */
	uint32_t code;
};

/* Steps before the last: each piece that they leave is a text of its own to it. */
enum follow_numbers {
	NUMBERS_STAY,
	NUMBERS_ALONE, /* \p{N} */
	NUMBERS_RUN,   /* \p{N}+ */
	NUMBERS_THREE  /* \p{N}{1,3} */
};

enum follow_threes {
	THREES_NONE,
	THREES_RIGHT,   /* (?=(\d{3})+(?!\d)): before each three digits, counted from the right */
	THREES_BOUNDARY /* \d{1,3}(?=(?:\d{3})*\b): also around them; unless a word goes on */
};

struct follow_outer {
	enum follow_numbers numbers;
	enum follow_threes threes;
	bool numeric;  /* numbers are those of the step Digits */
	bool han_kana; /* [\u4E00-\u9FA5\u3040-\u30FF]+ */
	bool some;     /* any of these */
};

struct tok_follow {
	/* What the piece is with one more character. */
	unsigned (*step)(const struct tok_follow *follow, unsigned piece, struct follow_char c);
	/* What it promises if it ends here: false if it cannot. */
	bool (*close)(const struct tok_follow *follow, unsigned piece,
		      struct tok_follow_state *debt);
	const struct tok_scan *scan; /* the same, where all text is at hand */
	struct follow_outer outer;
	bool whole;    /* never ends a piece */
	bool utf8;     /* a bad byte is in no text */
	bool apart;    /* a step before must have cut out numbers */
	bool fold;     /* contractions in any case */
	bool behind;   /* ... stand behind words, not before */
	bool slashes;  /* among newlines behind signs */
	bool trailing; /* white space that ends the text is one piece */
	uint8_t digits;
};

extern const struct tok_follow follow_families[];
extern const size_t follow_family_count;
extern const struct tok_follow follow_none, follow_text, follow_marked;

/* ---- the steps before the last (follow_outer.c) ---- */

/* Whether they cut the text between the last character and `c`: they may, or may not, or
 * what is to come tells; and what is then known of it. */
struct outer_choice {
	bool may_cut, may_keep;
	uint8_t cut, keep; /* tok_follow_state.run, if they do and if they do not */
};

struct outer_choice follow_choose(const struct follow_outer *outer, uint8_t run,
				  struct follow_char c);

/* May the text end here? */
bool follow_run_may_end(const struct follow_outer *outer, uint8_t run);

/* Can any character follow without being cut off? */
bool follow_run_may_go_on(const struct follow_outer *outer, uint8_t run);

/* Can an end here turn out right?  `inner`: it may be one that the last step makes; `digit`: also
 * before a digit. */
bool follow_run_may_close(const struct follow_outer *outer, uint8_t run, bool inner, bool digit);

/* Which of them a pattern is. */
enum follow_threes follow_threes_of(struct tok_span pattern);

/* What a pre-tokenizer's operations are; false: nothing that can be followed. */
bool follow_of_operations(const struct tok_pretokenizer *pretokenizer, struct tok_follow *out);

static inline bool follow_is_ascii_letter(struct follow_char c)
{
	return (c.code | 0x20) >= 'a' && (c.code | 0x20) <= 'z';
}

/* The letter of a contraction, as it is compared: small where case is folded, and
 * U+017F is an s. */
static inline uint32_t follow_letter(const struct tok_follow *follow, uint32_t code)
{
	if (!follow->fold)
		return code;
	return code == 0x17F ? 's' : code < 0x80 ? code | 0x20 : code;
}

#endif
