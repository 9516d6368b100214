/*
 * pretok_internal.h - a pre-tokenizer as a list of operations.
 *
 * Each step of the specification becomes one to three operations: cuts, which
 * only change the list of pieces, and rewrites, which make a new text.
 */
#ifndef TOK_PRETOK_PRETOK_INTERNAL_H
#define TOK_PRETOK_PRETOK_INTERNAL_H

#include "tok/pretok/follow_internal.h"
#include "tok/pretok/mark_internal.h"
#include "tok/pretok/pretok.h"
#include "tok/pretok/scan_internal.h"
#include "tok/text/bytemap.h"

/* ---- characters that single steps ask for ---- */

/* Number of the script of `code` in the reference's eyes; 0 joins any. */
uint32_t pretok_script(uint32_t code);

struct pretok_codes {
	uint32_t first, last;
};
struct pretok_script_range {
	uint32_t first, last, number;
};
extern const struct pretok_codes pretok_punctuation_flips[], pretok_number_flips[];
extern const size_t pretok_punctuation_flips_count, pretok_number_flips_count;
extern const struct pretok_script_range pretok_scripts[];
extern const size_t pretok_scripts_count;

/* ---- operations ---- */

enum pretok_kind {
	PRETOK_CUT_SCAN,    /* at the matches of a scanner */
	PRETOK_CUT_REGEX,   /* at the matches of a regular expression */
	PRETOK_CUT_CLASS,   /* at the characters of a class */
	PRETOK_CUT_SCRIPTS, /* where the script changes */
	PRETOK_CUT_LENGTH,  /* every so many characters */
	PRETOK_CUT_LAST = PRETOK_CUT_LENGTH,
	PRETOK_ADD_SPACE, /* rewrite: a space in front of a piece that has none */
	PRETOK_ALPHABET,  /* rewrite: bytes as characters */
	PRETOK_METASPACE  /* rewrite: spaces as another character, one in front */
};

struct pretok_op {
	enum pretok_kind kind;
	enum tok_behavior behavior; /* of the first three */
	bool invert;                /* of the first three */
	const struct tok_scan *scan;
	struct tok_regex *regex;
	enum follow_threes threes; /* the regex is one of these */
	bool numbers;              /* ... or \p{N}+ */
	enum pretok_class which;
	uint32_t character; /* PRETOK_CHARACTER, PRETOK_METASPACE */
	uint32_t length;    /* in characters, at least 1 */
	enum tok_prepend prepend;
	uint32_t passes;       /* how many operations pretok_cut_marked does; 0: not this one */
	struct mark_set marks; /* of these operations together */
	bool spaced; /* with the next one: pretok_spaced does both, where nobody tracks origins */
	/* Of those that rewrite: how bytes change where origins are not tracked. */
	struct tok_bytemap map;
};

struct tok_pretokenizer {
	struct pretok_op *ops;
	size_t count;
	bool is_followed;
	struct tok_follow follow; /* if so */
};

/* The text under way. */
struct pretok_run {
	struct tok_text *text;
	struct tok_pieces *pieces; /* of `text` */
	struct tok_text *new_text; /* room for a rewrite */
	struct tok_pieces *new_pieces;
	struct tok_regex_scratch *regex;
	enum tok_kernel kernel;
	bool starts; /* the text begins the document */
	bool cut;    /* a cut was made: each piece knows where it began by its origin */
};

/* Find those that only leave characters out or set them apart: pretok_marked.c
 * does one, or two in this order, in one pass. */
void pretok_mark(struct pretok_op *ops, size_t count);
TOK_MUST_USE bool pretok_cut_marked(const struct pretok_op *ops, struct pretok_run *run);

/* Do one operation: the result is in `new_pieces` (cuts), and in `new_text` as
 * well (rewrites).  Both are empty on entry. */
TOK_MUST_USE enum tok_status pretok_cut(const struct pretok_op *op, struct pretok_run *run,
					struct tok_error *err);
void pretok_rewrite_prepare(struct pretok_op *op);
TOK_MUST_USE bool pretok_rewrite(const struct pretok_op *op, struct pretok_run *run);

/* Metaspace and the cut behind it in one pass; of a text that is not tracked. */
void pretok_find_spaced(struct pretok_op *ops, size_t count);
TOK_MUST_USE bool pretok_spaced(const struct pretok_op *op, struct pretok_run *run);

#endif
