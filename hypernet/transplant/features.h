/*
 * features.h - what tokens of both vocabularies are like, as vectors that can be compared, without
 * any neural model: TokenAdapt's "auxiliary embedding", FOCUS's fastText.
 *
 *	struct hyper_features f = { 0 };
 *	status = hyper_features_ngrams(&source, &target, 1024, threads, &f, &err);
 *	...
 *	hyper_features_release(&f);
 *
 *	ngrams   hashed n-grams, n = 1 to 5, of a token's bytes between two marks, signed, weight n:
 *		 FNV-1a (64 bit) over symbols, 256 and 257 the marks, mixed by the last steps of
 *		 SplitMix64; the lowest bit is the sign (0: minus), the others modulo the width the
 *		 place.  A mark alone is none.
 *	cooc     positive PMI of tokens in a text (window 4, weight 1/distance; both vocabularies'
 *		 tokens in one space, each spelling one row and column), by randomised SVD, times
 *		 the roots of the singular values
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
	size_t parts;                          /* that were joined; 1 of what was not */
};

TOK_API void hyper_features_release(struct hyper_features *features);

TOK_API TOK_MUST_USE enum tok_status hyper_features_ngrams(const struct hyper_vocab *source,
							   const struct hyper_vocab *target,
							   size_t width, size_t threads,
							   struct hyper_features *out,
							   struct tok_error *err);

struct hyper_cooc_options {
	size_t width;     /* 64 to 128 */
	size_t window;    /* 4; 1 to 10 */
	uint64_t minimum; /* spellings that occur less often in each half have no row; 10 */
	uint64_t seed;
	size_t memory; /* bytes that the counts may take, more is TOK_ELIMIT; 0: no limit */
};

/* `texts` are documents, each encoded by both tokenizers, special tokens as ordinary text; no
 * token is a neighbour of another document's.  Beside the counts (4 bytes a token of the text,
 * twice for each tokenizer, 8 a pair that is kept) it takes 8 (width + 16) bytes a spelling.
 * TOK_EARG for a window that is none, and what encoding fails with. */
TOK_API TOK_MUST_USE enum tok_status
hyper_features_cooc(const struct hyper_vocab *source, const struct hyper_vocab *target,
		    const struct tok_span *texts, size_t count,
		    const struct hyper_cooc_options *options, const struct hyper_kernel *kernel,
		    size_t threads, struct hyper_features *out, struct tok_error *err);

/* Rows of one vocabulary's ids given, the other vocabulary's tokens as means of their pieces' rows:
 * the source's rows (self) or the target's (donor); exactly one is not NULL.  A token spelt like
 * one with a row has that row.  TOK_EFORMAT for a row that is not finite. */
TOK_API TOK_MUST_USE enum tok_status hyper_features_rows(const struct hyper_vocab *source,
							 const struct hyper_vocab *target,
							 const struct hyper_rows_view *source_rows,
							 const struct hyper_rows_view *target_rows,
							 size_t threads, struct hyper_features *out,
							 struct tok_error *err);

/* A .vec text of fastText and word2vec: a line of two numbers, count and width, or none; then a
 * token and its numbers a line, parted by spaces (which a token may hold too, but not in the first
 * line of a file without the two numbers).  Tokens are looked for by their bytes, a space in front
 * also written as U+2581 or U+0120; or, where more tokens with other than ASCII are found so, as
 * they are written in the byte-level alphabet (tok_char_to_byte).  Of lines of the same token the
 * first counts.  The file is read twice.  TOK_EFORMAT with the line, also for fewer vectors than
 * the first line says; TOK_EIO, also for what is no file but a pipe. */
TOK_API TOK_MUST_USE enum tok_status
hyper_features_vec(const struct hyper_vocab *source, const struct hyper_vocab *target,
		   const char *path, struct hyper_features *out, struct tok_error *err);

/* `more` beside what is there: each part has length 1, and all that were joined weigh alike; then
 * all together have length 1.  What has no row in one has all of it in the other. */
TOK_API TOK_MUST_USE enum tok_status hyper_features_join(struct hyper_features *features,
							 const struct hyper_features *more,
							 struct tok_error *err);

#endif
