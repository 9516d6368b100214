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
 * and with rows for the new tokens, made from those of the model (rows.h, fvt.h); of a row
 * of merges each makes a token, most of which stand nowhere in the end and need none:
 *
 *		for (size_t i = 0; i < out.token_count; i++)
 *			if (out.tokens[i].parts)
 *				texts[out.tokens[i].number] = out.tokens[i].text;
 *		status = tok_rows_get(rows, texts, out.used_count,
 *				      tok_fvt_make, &fvt, slots, &err);
 *
 *		// for an id of out.ids
 *		const float *row = embeddings + id * width;
 *		if (id >= size)
 *			row = tok_rows_at(rows, slots[out.tokens[id - size].number]);
 *
 * Again and again: neighbours that may join (boundary.h) are counted over all
 * sequences, overlapping ones too ("aaa" is two); the most frequent pair, of equals the
 * one met first from the first sequence on and from left to right, is joined wherever
 * it stands, from left to right without overlap.  A token is what it spells: whichever
 * way it came to be, and if the vocabulary has it already, it is that one, unless that
 * one may not be made of text: special tokens, tokens that only the list of added tokens
 * has, unknown, control and unused ones neither join nor come of joining, byte pieces do
 * not come of it.  Nor do two join where the text would have a mark that neither has: "##" in
 * front of what did not begin with it, or SentencePiece's mark for a space from its bytes.
 *
 * Source: see boundary.h; the tie rule is the program's.  Counts are kept and not made anew:
 * O(n log n) in the ids of a batch, whatever the number of merges, times the length of what
 * the tokens spell at worst.  What is taken is kept for the next batch: up to 400 bytes an id
 * where every merge makes another token, as of ids by chance in one row without a boundary,
 * much less of words; and the texts of the tokens made, which share memory only where one
 * begins with the one made before it.
 */
#ifndef TOK_DYNAMIC_MERGER_H
#define TOK_DYNAMIC_MERGER_H

#include "tok/dynamic/boundary.h"

struct tok_sequences {
	const tok_id *ids;
	const size_t *offsets; /* one more than there are sequences, none falls; the first is 0 */
	size_t count;
};

#define TOK_MERGES_ALL SIZE_MAX

/* Ids, and sequences, that one batch may have. */
#define TOK_MERGE_BATCH_MAX ((size_t)1 << 30)

/* Two tokens that are written with more bytes than this do not join: a row without any
 * boundary is no square of its length. */
enum { TOK_DYNAMIC_TOKEN_MAX = 4096 };

struct tok_merge_batch_options {
	size_t merges; /* at most; TOK_MERGES_ALL: as long as there are any */
	/* Instead, if above 0: as many as it takes to go so many percent of the way from no
	 * merge (0) to the shortest the boundary allows (100). */
	double reduce_percent;
};

/* A token that the vocabulary does not have; its id is tok_tokenizer_size() and its place. */
struct tok_dynamic_token {
	/* What it spells, written as tok_tokenizer_entry writes tokens; of byte pieces the
	 * bytes. */
	struct tok_span text;
	/* Ids of the batch, of which it came to be where it stands first in the result; NULL: it
	 * stands nowhere there and only led to others. */
	const tok_id *parts;
	size_t part_count;
	size_t number; /* how many of those before it have parts */
	size_t step;   /* that made it first */
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
	size_t token_count, used_count; /* used: those that have parts */
	const struct tok_merge_step *steps;
	size_t step_count;
	size_t shortest; /* ids in all with every merge; SIZE_MAX where not found out */
};

struct tok_merger;

/* Borrows both, of which `boundary` is of that tokenizer; NULL if memory is out. */
TOK_API struct tok_merger *tok_merger_new(const struct tok_tokenizer *tokenizer,
					  struct tok_boundary *boundary);
TOK_API void tok_merger_free(struct tok_merger *merger);

/* *out belongs to the merger and lives until its next call.  An id that the tokenizer does
 * not have fails with TOK_ETEXT, a larger batch than TOK_MERGE_BATCH_MAX with TOK_ELIMIT, a
 * percentage outside of 0 to 100 with TOK_EARG. */
TOK_API TOK_MUST_USE enum tok_status tok_merge_batch(struct tok_merger *merger,
						     const struct tok_merge_batch_options *options,
						     const struct tok_sequences *batch,
						     struct tok_merged_batch *out,
						     struct tok_error *err);

/* The bytes that a token of tok_dynamic_token spells, in place of what `out` holds: without marks
 * of place, a space for SentencePiece's mark, and one in front of what begins a word of WordPiece.
 * What a hypernetwork is asked about.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_dynamic_bytes(const struct tok_tokenizer *tokenizer,
					    struct tok_span text, struct tok_buffer *out);

#define TOK_NO_LENGTH UINT32_MAX

/* Bytes of text that each token spells, to measure batches by, into `lengths`, which has
 * room for tok_tokenizer_size(): without marks of place, a space for SentencePiece's mark, one
 * for a byte piece; of those that never join their names'.  TOK_NO_LENGTH: no token has the
 * id.  TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status tok_dynamic_lengths(const struct tok_tokenizer *tokenizer,
							 uint32_t *lengths, struct tok_error *err);

#endif
