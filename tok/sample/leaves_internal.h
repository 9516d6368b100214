/*
 * leaves_internal.h - a document while its ids are split.
 *
 *	struct tok_leaves leaves = { 0 };
 *	if (!tok_leaves_start(&leaves, ids, count) || !tok_leaves_reserve(&leaves, 1))
 *		return tok_fail_memory(err);
 *	tok_leaves_split(&leaves, leaf, pair);
 *	out = tok_leaves_join(&leaves);    // leaves.count ids, or NULL
 *	tok_leaves_release(&leaves);
 *
 * Each id is the root of a tree, which splits make grow; the sequence is the leaves of
 * the first tree, then those of the second, and so on.  Leaves have numbers in the order
 * in which they came to be: leaf i of the first ones is id i, the left part of a split
 * keeps the number of what was split, the right part has a new one.  So a split takes
 * the same time anywhere, and a leaf drawn by its number is one place of the sequence,
 * as likely as each other one.
 */
#ifndef TOK_SAMPLE_LEAVES_INTERNAL_H
#define TOK_SAMPLE_LEAVES_INTERNAL_H

#include "tok/sample/splits.h"

struct tok_leaves {
	tok_id *ids;         /* of each leaf */
	uint32_t *next;      /* the leaf behind it in its tree; 0: none */
	uint64_t *grown;     /* bits: roots that were split; one bit more is written to */
	size_t count, roots; /* leaves, trees */
	size_t room;         /* leaves that there is memory for */
	tok_id *joined;
	size_t joined_room;
};

/* What was there before is forgotten, its memory used again.  False if memory is out:
 * there is no document then. */
TOK_MUST_USE bool tok_leaves_start(struct tok_leaves *leaves, const tok_id *ids, size_t count);

/* Room for `splits` more; false if memory is out. */
TOK_MUST_USE bool tok_leaves_reserve(struct tok_leaves *leaves, size_t splits);

static inline void tok_leaves_split(struct tok_leaves *leaves, size_t leaf, struct tok_pair pair)
{
	const size_t right = leaves->count++;
	const size_t bit = leaf < leaves->roots ? leaf : leaves->roots;
	leaves->ids[leaf] = pair.left;
	leaves->ids[right] = pair.right;
	leaves->next[right] = leaves->next[leaf];
	leaves->next[leaf] = (uint32_t)right;
	leaves->grown[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* The sequence, valid until the next call; NULL if memory is out. */
const tok_id *tok_leaves_join(struct tok_leaves *leaves);

void tok_leaves_release(struct tok_leaves *leaves);

#endif
