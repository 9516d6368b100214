/*
 * unigram_internal.h - what a Unigram model compiles to, and the three ways
 * through a text: cut it into words that no token crosses, recall a word, or
 * search it.
 */
#ifndef TOK_MODEL_UNIGRAM_INTERNAL_H
#define TOK_MODEL_UNIGRAM_INTERNAL_H

#include "tok/model/borders_internal.h"
#include "tok/model/words_internal.h"
#include "tok/text/utf8.h"

/* SentencePiece moves the zero when a sum grows past what a float adds well. */
#define TOK_UNIGRAM_REBASE 100000.0

struct tok_unigram_token {
	float score; /* exact where single_precision */
	tok_id id;
};

static inline struct tok_char tok_unigram_char(struct tok_span text, uint32_t at)
{
	return text.bytes[at] < 0x80 ? (struct tok_char){ text.bytes[at], 1 }
				     : tok_utf8_at(text, at);
}

/* ---- unigram_cut.c: words that no token crosses ---- */

enum { TOK_UNIGRAM_PAGES = (TOK_BAD_BYTE >> 8) + 1 };

struct tok_unigram_cuts {
	struct tok_borders borders;
	uint8_t *held; /* by character: does a token hold it?  Pages of 256; the first is zero */
	uint16_t pages[TOK_UNIGRAM_PAGES];
	uint16_t page_count;
};

/* From the tokens of the given types. */
TOK_MUST_USE enum tok_status tok_unigram_cuts_build(struct tok_unigram_cuts *cuts,
						    struct tok_arena *arena,
						    const struct tok_lexicon *lexicon,
						    unsigned types, struct tok_error *err);

static inline bool tok_unigram_holds(const struct tok_unigram_cuts *cuts, uint32_t code)
{
	return cuts->held[(size_t)cuts->pages[code >> 8] << 8 | (code & 0xFF)];
}

struct tok_unigram_word {
	uint32_t begin, end;
	uint32_t place;             /* of a character that has one path; TOK_NO_ID: a word */
	struct tok_word_key key;    /* where there is a pair */
	struct tok_word_slot *pair; /* NULL: not to be remembered */
};

/* So many are cut before the first is looked up: their slots are on the way from
 * memory in the meantime. */
enum { TOK_UNIGRAM_BATCH = 128 };

/* ---- the compiled model ---- */

struct tok_unigram {
	struct tok_trie trie;
	const struct tok_unigram_token *tokens; /* by place */
	const double *scores;                   /* by place; NULL where single_precision */
	double unknown_score;
	double greatest;    /* |score| of the tokens that text can match */
	uint32_t longest;   /* bytes of such a token */
	uint32_t unk_place; /* TOK_NO_ID: none */
	bool single_precision, fuse_unk;
	uint64_t fingerprint; /* of all that decides what a word becomes */
	struct tok_unigram_cuts *cuts;
	uint32_t bytes[256]; /* what a byte becomes that is a word by itself; or TOK_NO_ID */
};

/* Cut up to TOK_UNIGRAM_BATCH words off the piece text[begin..], call for their slots,
 * and return how many they are; the last one ends with the text when it is done. */
size_t tok_unigram_cut(const struct tok_model *model, const struct tok_words *memory,
		       struct tok_span text, uint32_t begin, struct tok_unigram_word *words);

static inline double tok_unigram_score(const struct tok_unigram *u, uint32_t place)
{
	return u->scores ? u->scores[place] : (double)u->tokens[place].score;
}

static inline double tok_unigram_add(const struct tok_unigram *u, double token, double path)
{
	return u->single_precision ? (double)((float)token + (float)path) : token + path;
}

/* ---- the scratch, and writing ---- */

struct tok_unigram_step;

struct tok_unigram_scratch {
	struct tok_words words;
	struct tok_unigram_word batch[TOK_UNIGRAM_BATCH];
	struct tok_unigram_step *steps;
	size_t step_capacity;
};

struct tok_unigram_writer {
	const struct tok_model *model;
	struct tok_tokens *out;
	struct tok_span text;
	struct tok_range unknown; /* a run that is not written yet; empty: none */
	bool fuses;               /* may such a run grow? */
};

/* Write the token at `place` for bytes [begin, end) of the text. */
TOK_MUST_USE enum tok_status tok_unigram_write(struct tok_unigram_writer *writer, uint32_t place,
					       uint32_t begin, uint32_t end, struct tok_error *err);

/* ---- unigram_path.c: the search ---- */

/* Write the best path through `word` when *sum is the score of the path before
 * it; the score behind it comes back in *sum.  `origin` is what errors count
 * from. */
TOK_MUST_USE enum tok_status tok_unigram_search(struct tok_unigram_scratch *scratch,
						struct tok_unigram_writer *writer,
						struct tok_range word, uint32_t origin, double *sum,
						struct tok_error *err);

/* ---- unigram_words.c: what may be remembered ---- */

/* Fill `slot` with the best path through the word at hand, all but its key.
 * False if the word cannot be remembered. */
bool tok_unigram_learn(const struct tok_unigram *u, struct tok_span word,
		       struct tok_word_slot *slot);

#endif
