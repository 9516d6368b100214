/*
 * merger.h - dynamic tokenization: the most frequent neighbours of a batch become
 * tokens of their own, for this batch.
 *
 *	struct tok_merger *m = tok_merger_new(tokenizer, boundary);   // one per thread
 *	struct tok_merge_batch_options o = { .merges = 50 };
 *	for each batch, in a loop over prompts:
 *		status = tok_merge_batch(m, &o, &sequences, &out, &err);
 *		// row r of the batch: out.ids[out.offsets[r]] up to out.offsets[r + 1];
 *		// an id below tok_tokenizer_size() is a token, others are out.tokens[]
 *	tok_merger_free(m);
 *
 * Again and again: neighbours that may join (boundary.h) are counted over all
 * sequences, overlapping ones too ("aaa" is two); the most frequent pair, of equals the
 * one met first from the first sequence on and from left to right, is joined wherever
 * it stands, from left to right without overlap.  A token is what it spells: whichever
 * way it came to be, and if the vocabulary has it already, it is that one.
 *
 * Source: see boundary.h; the tie rule is the program's.  Counts are kept and not made anew:
 * O(n log n) in the ids of a batch, whatever the number of merges.
 */
#ifndef TOK_DYNAMIC_MERGER_H
#define TOK_DYNAMIC_MERGER_H

#include "tok/dynamic/boundary.h"

struct tok_sequences {
	const tok_id *ids;
	const size_t *offsets; /* one more than there are sequences; the first is 0 */
	size_t count;
};

#define TOK_MERGES_ALL SIZE_MAX

struct tok_merge_batch_options {
	size_t merges; /* at most; TOK_MERGES_ALL: as long as there are any */
	/* Instead, if above 0: as many as it takes to go so many percent of the way from no
	 * merge (0) to the shortest the boundary allows (100). */
	double reduce_percent;
};

/* A token that the vocabulary does not have; its id is tok_tokenizer_size() and its place. */
struct tok_dynamic_token {
	struct tok_span text; /* what it spells, as tok_tokenizer_entry does */
};

struct tok_merge_step {
	tok_id left, right, result;
	size_t count;  /* of the pair */
	size_t length; /* ids in all sequences after it */
};

struct tok_merged_batch {
	const tok_id *ids;
	const uint32_t *parts; /* of each id: how many ids of the input it stands for */
	const size_t *offsets; /* of `count` + 1 sequences */
	size_t count;
	const struct tok_dynamic_token *tokens;
	size_t token_count;
	const struct tok_merge_step *steps;
	size_t step_count;
	size_t shortest; /* ids in all with every merge; SIZE_MAX where not found out */
};

struct tok_merger;

/* Borrows both; NULL if memory is out. */
TOK_API struct tok_merger *tok_merger_new(const struct tok_tokenizer *tokenizer,
					  struct tok_boundary *boundary);
TOK_API void tok_merger_free(struct tok_merger *merger);

/* *out belongs to the merger and lives until its next call.  Up to 2^31 ids in all.  An id that
 * the tokenizer does not have fails with TOK_ETEXT. */
TOK_API TOK_MUST_USE enum tok_status tok_merge_batch(struct tok_merger *merger,
						     const struct tok_merge_batch_options *options,
						     const struct tok_sequences *batch,
						     struct tok_merged_batch *out,
						     struct tok_error *err);

#endif
