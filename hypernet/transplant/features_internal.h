/*
 * features_internal.h - what all kinds of features are made with.
 */
#ifndef HYPER_TRANSPLANT_FEATURES_INTERNAL_H
#define HYPER_TRANSPLANT_FEATURES_INTERNAL_H

#include "hypernet/transplant/features.h"
#include "tok/base/hash.h"

/* Rows of zeros for both vocabularies.  TOK_ENOMEM, TOK_EARG for a width of 0. */
TOK_MUST_USE enum tok_status hyper_features_new(const struct hyper_vocab *source,
						const struct hyper_vocab *target, size_t width,
						struct hyper_features *out, struct tok_error *err);

/* Every row gets length 1, those that are zero are counted.  TOK_EFORMAT for a row that has no
 * finite length, by its token's id. */
TOK_MUST_USE enum tok_status hyper_features_finish(const struct hyper_vocab *source,
						   const struct hyper_vocab *target, size_t threads,
						   struct hyper_features *features,
						   struct tok_error *err);

/* The distinct bytes of two vocabularies' tokens, numbered; `places` is of the source's ids and
 * then of the target's, UINT32_MAX of ids without a token. */
struct hyper_spellings {
	uint32_t *places;
	uint32_t *firsts; /* of each spelling: the first such place in `places` */
	size_t source_count, target_count;
	size_t count;
	struct tok_strings table;
	struct tok_arena arena; /* holds all of this */
};

TOK_MUST_USE enum tok_status hyper_spellings_new(const struct hyper_vocab *source,
						 const struct hyper_vocab *target,
						 struct hyper_spellings *out,
						 struct tok_error *err);
void hyper_spellings_release(struct hyper_spellings *spellings);

/* The row of the first token with a spelling; hyper_features_spread copies it to the others. */
float *hyper_features_of(const struct hyper_features *features,
			 const struct hyper_spellings *spellings, uint32_t spelling);
void hyper_features_spread(struct hyper_features *features,
			   const struct hyper_spellings *spellings);

/* ---- co-occurrence ---------------------------------------------------------------- */

/* Rows [first, first + count) of a sparse symmetric matrix. */
struct hyper_sparse_block {
	uint64_t *ends; /* of each row */
	uint32_t *columns;
	float *values;
};

enum { HYPER_SPARSE_ROWS = 256 }; /* of a block */

struct hyper_sparse {
	struct hyper_sparse_block *blocks;
	size_t count; /* rows and columns */
};

void hyper_sparse_release(struct hyper_sparse *matrix);

/* out: count x width, row i of U sqrt(S) of the truncated SVD U S V' of the matrix; columns that it
 * has not so many directions for are zero.  By N. Halko, P. Martinsson, J. Tropp, "Finding
 * structure with randomness" (arXiv 0909.4061), 4.4 and 5.3, 16 directions more, four powers. */
TOK_MUST_USE enum tok_status hyper_sparse_directions(const struct hyper_sparse *matrix,
						     size_t width, uint64_t seed,
						     const struct hyper_kernel *kernel,
						     size_t threads, float *out,
						     struct tok_error *err);

#endif
