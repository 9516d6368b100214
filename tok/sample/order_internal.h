/*
 * order_internal.h - which leaf stands at a place of the sequence.
 *
 *	struct tok_leaf_order order = { 0 };
 *	if (!tok_leaf_order_start(&order, count) || !tok_leaf_order_reserve(&order, 1))
 *		return tok_fail_memory(err);
 *	leaf = tok_leaf_order_leaf(&order, place);
 *	tok_leaf_order_split(&order, place, leaf, leaves.count); // before the leaves are split
 *	tok_leaf_order_release(&order);
 *
 * For generators whose numbers mean places of the sequence and not leaves
 * (leaves_internal.h).  A Fenwick tree has the number of leaves of each tree of splits
 * (P. Fenwick, "A new data structure for cumulative frequency tables", 1994), a node of
 * such a tree the number below it: both are walked down, in time O(log count + length of
 * a token).
 */
#ifndef TOK_SAMPLE_ORDER_INTERNAL_H
#define TOK_SAMPLE_ORDER_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_leaf_order_node {
	uint32_t children; /* the left one's number, the right one's is one more; 0: a leaf */
	uint32_t value;    /* of a leaf: its number; else how many leaves are below */
};

struct tok_leaf_order {
	uint32_t *sums; /* Fenwick's: element i is of the trees up to the i-th, from 1 */
	struct tok_leaf_order_node *nodes; /* roots first */
	size_t roots, count;               /* trees, nodes */
	size_t sums_room, nodes_room;
};

/* As tok_leaves_start, tok_leaves_reserve. */
TOK_MUST_USE bool tok_leaf_order_start(struct tok_leaf_order *order, size_t count);
TOK_MUST_USE bool tok_leaf_order_reserve(struct tok_leaf_order *order, size_t splits);

/* `place` is below the number of leaves. */
size_t tok_leaf_order_leaf(const struct tok_leaf_order *order, size_t place);

/* The leaf at `place` becomes two: `left`, `right`. */
void tok_leaf_order_split(struct tok_leaf_order *order, size_t place, size_t left, size_t right);

void tok_leaf_order_release(struct tok_leaf_order *order);

#endif
