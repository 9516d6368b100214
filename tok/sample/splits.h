/*
 * splits.h - into which two tokens each token of a vocabulary may be split.
 *
 *	struct tok_splits_options o = { .pairs = TOK_SPLIT_ANY };
 *	status = tok_splits_new(tokenizer, &o, &splits, &err);
 *	const struct tok_pair *pairs;
 *	const size_t count = tok_splits_of(splits, id, &pairs);
 *	tok_splits_free(splits);
 *
 * The pairs (a, b) of a token t are those whose surfaces (surfaces.h), joined, are that
 * of t, where a may stand where t stands and b behind it; in the order of rising length
 * of a.  A pair that the tokenizer's decoder would read otherwise than t is left out,
 * so that decoding does not see a split.
 *
 * Source: A. Sims et al., "StochasTok" (2025), and its program; the program's comment
 * says that parts are earlier in the vocabulary, its code takes any.  Immutable; shared
 * by threads; needs the tokenizer only while it is made.
 */
#ifndef TOK_SAMPLE_SPLITS_H
#define TOK_SAMPLE_SPLITS_H

#include "tok/pipe/tokenizer.h"

enum tok_split_pairs {
	TOK_SPLIT_ANY,    /* any two tokens: what the published program does */
	TOK_SPLIT_MERGES, /* the two that BPE joins last when it makes the token; BPE only */
	TOK_SPLIT_EARLIER /* any two with smaller ids than the token */
};

struct tok_splits_options {
	enum tok_split_pairs pairs;
	size_t min_piece_bytes; /* no part spells fewer bytes; 0: no limit */
	bool utf8_safe;         /* never inside a character */
	/* Borrowed: ids of the tokenizer that are not split, besides those that surfaces.h
	 * leaves alone or whole. */
	const tok_id *keep;
	size_t keep_count;
};

struct tok_pair {
	tok_id left, right;
};

struct tok_splits;

/* TOK_EARG where the options do not suit the tokenizer. */
TOK_API TOK_MUST_USE enum tok_status tok_splits_new(const struct tok_tokenizer *tokenizer,
						    const struct tok_splits_options *options,
						    struct tok_splits **out, struct tok_error *err);
TOK_API void tok_splits_free(struct tok_splits *splits);

/* The pairs of `id`, which may be any number: 0 where it cannot be split. */
TOK_API size_t tok_splits_of(const struct tok_splits *splits, tok_id id,
			     const struct tok_pair **out);

/* Tokens that can be split, and pairs in all. */
TOK_API size_t tok_splits_token_count(const struct tok_splits *splits);
TOK_API size_t tok_splits_pair_count(const struct tok_splits *splits);

/* One more than the largest id of the tokenizer. */
TOK_API size_t tok_splits_size(const struct tok_splits *splits);

#endif
