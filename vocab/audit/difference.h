/*
 * difference.h - where two tokenizers are not the same: tokens as the bytes that they stand for,
 * whatever their files spell, special tokens, scores, merges.
 *
 *	struct vocab_differences d = { 0 };
 *	status = vocab_differences_find(&a, &b, &d, &err);
 *	for (size_t i = 0; i < d.count; i++)
 *		use(&d.items[i]);
 *	vocab_differences_release(&d);
 *
 * Of several tokens of the same bytes those of the same id are the same; then those of the same
 *kind and type by rising ids, then the others.  A and B may change places: what is told is the
 *same.
 *
 * Time and memory grow with the sizes of the two, not with their product.
 */
#ifndef VOCAB_AUDIT_DIFFERENCE_H
#define VOCAB_AUDIT_DIFFERENCE_H

#include "tok/pipe/tokenizer.h"
#include "vocab/convert/token_bytes.h"

enum vocab_difference_kind {
	VOCAB_DIFFERENCE_ID,     /* the same bytes, another id, or one more that has them */
	VOCAB_DIFFERENCE_ONLY_A, /* bytes that B has no token of */
	VOCAB_DIFFERENCE_ONLY_B,
	VOCAB_DIFFERENCE_SPECIAL, /* special in one, ordinary in the other */
	VOCAB_DIFFERENCE_ADDED,   /* found otherwise in a text: flags of added tokens */
	VOCAB_DIFFERENCE_TYPE,    /* pieces of another type, of two SentencePiece models */
	VOCAB_DIFFERENCE_SCORE,   /* another score: of Unigram, and of BPE that goes by scores */
	VOCAB_DIFFERENCE_KINDS
};

struct vocab_difference {
	uint8_t kind;          /* enum vocab_difference_kind */
	tok_id a, b;           /* TOK_NO_ID: there is none */
	struct tok_span bytes; /* of a special token its name */
	double score_a, score_b;
};

/* Merges as pairs of byte strings; of tokenizers that both have a list of them. */
struct vocab_merge_differences {
	bool compared;
	size_t in_a, in_b, only_a, only_b;
	size_t moved; /* of those in both: as few as have to move for the same order */
	size_t
	    first_a; /* the first of A that B has not, or not there: place in A; SIZE_MAX: none */
	struct tok_span left, right; /* of it */
};

struct vocab_differences {
	struct vocab_difference *items; /* those of A by id, then those that only B has */
	size_t count, capacity;
	size_t counts[VOCAB_DIFFERENCE_KINDS];
	size_t tokens_a, tokens_b; /* with special ones */
	size_t same;               /* tokens of A that are B's under the same id */
	struct vocab_merge_differences merges;
	struct vocab_token_bytes bytes_a, bytes_b; /* which spans point into */
};

struct vocab_difference_side {
	const struct tok_tokenizer *tokenizer;
	const struct tok_spec *spec; /* with entries and merges: as it was read */
};

TOK_API TOK_MUST_USE enum tok_status vocab_differences_find(const struct vocab_difference_side *a,
							    const struct vocab_difference_side *b,
							    struct vocab_differences *out,
							    struct tok_error *err);
TOK_API void vocab_differences_release(struct vocab_differences *differences);

/* "other id", "only in the first", ...; and as a key of JSON. */
TOK_API const char *vocab_difference_name(enum vocab_difference_kind kind);
TOK_API const char *vocab_difference_key(enum vocab_difference_kind kind);

#endif
