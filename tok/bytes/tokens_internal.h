/*
 * tokens_internal.h - the trie of the texts of tokens as arrays.
 *
 * Nodes are numbered level by level, in the order of their bytes: the children of a node are
 * [first[node], first[node + 1]).  Ids have a rank: their place in the order of the bytes of their
 * texts, behind which come those that are no text.  So those that pass through a node are a range
 * of ranks, which begins with those that end there.
 */
#ifndef TOK_BYTES_TOKENS_INTERNAL_H
#define TOK_BYTES_TOKENS_INTERNAL_H

#include "tok/base/arena.h"
#include "tok/bytes/tokens.h"

struct tok_byte_tokens {
	size_t size; /* ids of a row */
	enum tok_kernel kernel;
	uint8_t *kinds;
	struct tok_span *texts;
	struct tok_span forced_front;

	uint32_t nodes, levels;
	uint32_t *first;     /* nodes + 1 */
	uint8_t *bytes;      /* that leads to the node */
	uint32_t *rank;      /* of the first id that passes through the node */
	uint32_t *through;   /* how many do */
	uint32_t *ending;    /* how many of them end there */
	uint32_t roots[256]; /* children of the root by byte; 0: none */

	tok_id *by_rank;   /* of text ids */
	uint32_t *rank_of; /* of all ids */
	size_t text_count;
	tok_id *others; /* END and NONTEXT */
	size_t other_count;
	struct tok_arena arena;
};

/* Ranks of the ids that pass through a node, or go on from it. */
static inline struct tok_range tok_node_ranks(const struct tok_byte_tokens *t, uint32_t node)
{
	return (struct tok_range){ t->rank[node], t->rank[node] + t->through[node] };
}

static inline struct tok_range tok_node_below(const struct tok_byte_tokens *t, uint32_t node)
{
	return (struct tok_range){ t->rank[node] + t->ending[node],
				   t->rank[node] + t->through[node] };
}

/* What may be said of the ids of a row that are not among the best. */
struct tok_unseen {
	double rest;  /* of all of them */
	double least; /* of the best: none of them has more */
	double log_rest, log_least;
	double count;
};
struct tok_unseen tok_unseen_of(const struct tok_byte_tokens *tokens, const struct tok_lm_row *row);

/* Of `m` of them together. */
double tok_unseen_least(const struct tok_unseen *unseen, double m);
double tok_unseen_most(const struct tok_unseen *unseen, double m);
double tok_unseen_log_most(const struct tok_unseen *unseen, double m);

#endif
