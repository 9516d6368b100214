/*
 * merge_embed.h - rows for the tokens that batches make: tok merge --embed.
 *
 *	struct merge_embed *e;
 *	status = merge_embed_open(&options, tokenizer, &e, &err);
 *	status = merge_embed_batch(e, &merged, &rows, &err);   // rows[i]: of the new token number i
 *	status = merge_embed_commit(e, &err);                  // or not
 *	merge_embed_free(e);
 *
 * Rows go to an array of numpy as they are made, F32, one behind the other; a token's row is told
 * by its place there.  A token that comes again has its row again, from a cache of so many rows; if
 * that had to give it up, it is made, and written, anew.  One batch after the other.
 */
#ifndef CMD_MERGE_EMBED_H
#define CMD_MERGE_EMBED_H

#include "cmd/cli_hypernet.h"
#include "tok/dynamic/merger.h"

struct merge_embed_options {
	const char *method; /* "fvt", "hypernet:FOLDER"; NULL: no rows */
	const char *model;  /* whose rows they are made of */
	const char *output;
	uint64_t cache; /* rows */
	struct cli_hypernet_options hypernet;
};

struct merge_embed;

TOK_MUST_USE enum tok_status merge_embed_open(const struct merge_embed_options *options,
					      const struct tok_tokenizer *tokenizer,
					      struct merge_embed **out, struct tok_error *err);
void merge_embed_free(struct merge_embed *embed); /* NULL is fine */

/* *rows lives until the next call: a number for each of merged->used_count. */
TOK_MUST_USE enum tok_status merge_embed_batch(struct merge_embed *embed,
					       const struct tok_merged_batch *merged,
					       const uint64_t **rows, struct tok_error *err);

/* Has a row that was made not come to its place?  The file can then not be finished. */
bool merge_embed_is_lost(const struct merge_embed *embed);

/* The file takes its place. */
TOK_MUST_USE enum tok_status merge_embed_commit(struct merge_embed *embed, struct tok_error *err);

/* Rows that were found, and that were made. */
uint64_t merge_embed_hits(const struct merge_embed *embed);
uint64_t merge_embed_made(const struct merge_embed *embed);

#endif
