/*
 * tokens_internal.h - the trie of the texts of tokens as arrays.
 *
 * Nodes are numbered level by level, in the order of their bytes: the children of a node are
 * [first[node], first[node + 1]), and those of neighbours [a, b) are [first[a], first[b]).  The ids
 * that end at a node lie likewise, so that a subtree is one range of nodes and one of ids a level.
 */
#ifndef TOK_BYTES_TOKENS_INTERNAL_H
#define TOK_BYTES_TOKENS_INTERNAL_H

#include "tok/base/arena.h"
#include "tok/bytes/tokens.h"

struct tok_byte_tokens {
	size_t size; /* ids of a row */
	uint8_t *kinds;
	struct tok_span *texts;
	struct tok_span forced_front;

	uint32_t nodes, levels;
	uint32_t *first;     /* nodes + 1 */
	uint32_t *ends_from; /* nodes + 1, into ends */
	tok_id *ends;
	uint8_t *bytes;      /* that leads to the node */
	uint32_t *below;     /* ids that pass through the node */
	uint32_t roots[256]; /* children of the root by byte; 0: none */
	tok_id *others;      /* END and NONTEXT */
	size_t other_count;
	struct tok_arena arena;
};

/* Nodes or ids [begin, end). */
struct tok_level {
	uint32_t begin, end;
};

static inline struct tok_level tok_level_of(uint32_t node)
{
	return (struct tok_level){ node, node + 1 };
}

/* The children of a level; empty behind the last one. */
static inline struct tok_level tok_level_below(const struct tok_byte_tokens *t,
					       struct tok_level level)
{
	return (struct tok_level){ t->first[level.begin], t->first[level.end] };
}

static inline struct tok_level tok_level_ends(const struct tok_byte_tokens *t,
					      struct tok_level level)
{
	return (struct tok_level){ t->ends_from[level.begin], t->ends_from[level.end] };
}

/* What may be said of the ids of a row that are not among the best. */
struct tok_unseen {
	double rest;  /* of all of them */
	double least; /* of the best: none of them has more */
	double count;
};
struct tok_unseen tok_unseen_of(const struct tok_byte_tokens *tokens, const struct tok_lm_row *row);

/* Of `m` of them together. */
double tok_unseen_least(const struct tok_unseen *unseen, double m);
double tok_unseen_most(const struct tok_unseen *unseen, double m);

#endif
