/*
 * match.h - which token of the old vocabulary a token of the new one is.
 *
 *	struct hyper_matches m = { 0 };
 *	status = hyper_match(&source, &target, &options, &m, &err);
 *	if (m.classes[id] != HYPER_MATCH_NEW)
 *		use(m.source[id]);
 *	hyper_matches_release(&m);
 *
 * Tokens are compared as raw bytes, in classes; the first that fits counts:
 *
 *	exact   the same bytes, and of the same kind: a text, a byte, a special token
 *	role    of the same role (bos, eos, pad, ...)
 *	byte    a byte's own token on one side, a text of that one byte on the other
 *	space   a text without the space that it begins with, else with one more in front
 *	case    the same but for capitals
 *	prefix  the longest text of the old vocabulary that it begins with, of two bytes at least
 *	new     none of these
 *
 * Only the classes that are asked for are used; exact always is.  Where several old tokens fit,
 * the lowest id wins, and both vocabularies' duplicates are counted.  Pairs that are given come
 * before all of it, and count as role.
 *
 * Source: mergekit's tokensurgeon (a6e4028) for the classes, less its collision of all additional
 * special tokens in one key, and its exchange of input and output for prefix and byte.
 */
#ifndef HYPER_TRANSPLANT_MATCH_H
#define HYPER_TRANSPLANT_MATCH_H

#include "hypernet/transplant/vocab.h"

enum hyper_match_class {
	HYPER_MATCH_EXACT,
	HYPER_MATCH_ROLE,
	HYPER_MATCH_BYTE,
	HYPER_MATCH_SPACE,
	HYPER_MATCH_CASE,
	HYPER_MATCH_PREFIX,
	HYPER_MATCH_NEW,
	HYPER_MATCH_NONE, /* no token of the new vocabulary has this id */
	HYPER_MATCH_COUNT
};
#define HYPER_MATCH_WORDS "exact,role,byte,space,case,prefix"

/* Names of special tokens, or of any others, that take each other's place. */
struct hyper_special_pair {
	struct tok_span target, source;
};

struct hyper_match_options {
	unsigned classes; /* 1 << enum hyper_match_class, of those that are used */
	/* Ids of the old vocabulary from here on have no row in the model: never matched, and
	 * counted.  SIZE_MAX: all have one. */
	size_t source_rows;
	const struct hyper_special_pair *pairs;
	size_t pair_count;
};

struct hyper_matches {
	tok_id *source;   /* of each new id; TOK_NO_ID where it is new or none */
	uint8_t *classes; /* enum hyper_match_class */
	size_t count;     /* new ids */
	size_t counts[HYPER_MATCH_COUNT];
	size_t source_duplicates, target_duplicates; /* tokens whose bytes a lower id has too */
	/* Old tokens without a row in the model that a new one, which has found neither its like
	 * nor its role elsewhere, is exactly or by its role. */
	size_t beyond;
};

/* TOK_EARG for a pair that names no token, or none with a row, saying which side; TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_match(const struct hyper_vocab *source,
						 const struct hyper_vocab *target,
						 const struct hyper_match_options *options,
						 struct hyper_matches *out, struct tok_error *err);
TOK_API void hyper_matches_release(struct hyper_matches *matches);

TOK_API const char *hyper_match_name(enum hyper_match_class class);
/* "exact,role,space" as bits; false at an unknown word. */
TOK_API TOK_MUST_USE bool hyper_match_classes(const char *words, unsigned *out);

/* How digits are cut: of "7", "42", "123", "1234", "12345", "1234567" and " 12".  What is unknown
 * as a whole has no cuts, and is free. */
enum hyper_digits {
	HYPER_DIGITS_SINGLE, /* each on its own */
	HYPER_DIGITS_LEFT,   /* threes from the left */
	HYPER_DIGITS_RIGHT,  /* threes from the right */
	HYPER_DIGITS_FREE    /* as the merges fall */
};
TOK_API TOK_MUST_USE enum tok_status hyper_digits_of(const struct tok_tokenizer *tokenizer,
						     enum hyper_digits *out, struct tok_error *err);
TOK_API const char *hyper_digits_name(enum hyper_digits digits);

#endif
