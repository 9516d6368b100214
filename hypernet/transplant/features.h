/*
 * features.h - what tokens of both vocabularies are like, as vectors that can be compared, without
 * any neural model: TokenAdapt's "auxiliary embedding", FOCUS's fastText.
 *
 *	struct hyper_features f = { 0 };
 *	status = hyper_features_ngrams(&source, &target, 1024, threads, &f, &err);
 *	...
 *	hyper_features_release(&f);
 *
 *	ngrams   hashed n-grams, n = 1 to 5, of a token's bytes between two marks, signed, weight n
 *	cooc     positive PMI of tokens in a text (window 4, weight 1/distance; both vocabularies'
 *		 tokens in one space), by randomised SVD, times the roots of the singular values
 *	self     the mean of the source's rows of a token's pieces; an old token's own row
 *	donor    rows of a model that has the target's tokenizer; old tokens by the target's pieces
 *	file     vectors somebody made elsewhere, by token: .vec text, or an array of rows by id
 *	A+B      several, each of length 1, side by side over the root of their number
 *
 * Rows have length 1, or are all zero where there is none (a token that the text lacks: cooc says
 * so in `missing`).  Deterministic for any number of threads.
 */
#ifndef HYPER_TRANSPLANT_FEATURES_H
#define HYPER_TRANSPLANT_FEATURES_H

#include "hypernet/ann/nearest.h"
#include "hypernet/transplant/pieces.h"

/* F32, row by row, an id each. */
struct hyper_features {
	float *source, *target;
	size_t source_count, target_count, width;
	size_t source_missing, target_missing; /* rows that are zero, holes not counted */
};

TOK_API void hyper_features_release(struct hyper_features *features);

TOK_API TOK_MUST_USE enum tok_status hyper_features_ngrams(const struct hyper_vocab *source,
							   const struct hyper_vocab *target,
							   size_t width, size_t threads,
							   struct hyper_features *out,
							   struct tok_error *err);

struct hyper_cooc_options {
	size_t width;     /* 64 to 128 */
	size_t window;    /* 4 */
	uint64_t minimum; /* tokens with fewer occurrences have no row; 10 */
	uint64_t seed;
	size_t memory; /* bytes that counting may take: what is more is spilled or refused */
};

/* `texts` are documents, each encoded by both tokenizers. */
TOK_API TOK_MUST_USE enum tok_status
hyper_features_cooc(const struct hyper_vocab *source, const struct hyper_vocab *target,
		    const struct tok_span *texts, size_t count,
		    const struct hyper_cooc_options *options, const struct hyper_kernel *kernel,
		    size_t threads, struct hyper_features *out, struct tok_error *err);

/* Rows of one vocabulary's ids given, the other vocabulary's tokens as means of their pieces' rows:
 * `given` are the source's rows (self) or the target's (donor); exactly one is not NULL.  A token
 * that matches one with a row has that row. */
TOK_API TOK_MUST_USE enum tok_status hyper_features_rows(const struct hyper_vocab *source,
							 const struct hyper_vocab *target,
							 const struct hyper_rows_view *source_rows,
							 const struct hyper_rows_view *target_rows,
							 size_t threads, struct hyper_features *out,
							 struct tok_error *err);

/* A .vec text of fastText and word2vec: a line of two numbers, count and width, or none; then a
 * token and its numbers a line.  Tokens are looked for by their bytes, a space in front written as
 * U+2581 or U+0120.  TOK_EFORMAT with the line, TOK_EIO. */
TOK_API TOK_MUST_USE enum tok_status
hyper_features_vec(const struct hyper_vocab *source, const struct hyper_vocab *target,
		   const char *path, struct hyper_features *out, struct tok_error *err);

/* `more` beside what is there: each part has length 1, then all together. */
TOK_API TOK_MUST_USE enum tok_status hyper_features_join(struct hyper_features *features,
							 const struct hyper_features *more,
							 struct tok_error *err);

#endif
