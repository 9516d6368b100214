/*
 * dropout_order_internal.h - merges on offer, in order, each found by how many come before.
 *
 *	struct tok_order o = { 0 };
 *	tok_order_start(&o);
 *	if (!tok_order_insert(&o, tok_order_key(rank, place))) return tok_fail_memory(err);
 *	key = tok_order_take(&o, 2);   // the third of them
 *	tok_order_release(&o);
 *
 * Each call takes time logarithmic in how many were inserted.
 */
#ifndef TOK_SAMPLE_DROPOUT_ORDER_INTERNAL_H
#define TOK_SAMPLE_DROPOUT_ORDER_INTERNAL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_order_leaf;
struct tok_order_branch;

struct tok_order {
	size_t total; /* how many there are */
	/* private */
	struct tok_order_leaf *leaves;
	struct tok_order_branch *branches;
	size_t leaf_count, leaf_capacity, branch_count, branch_capacity;
	uint32_t root;
	unsigned height; /* 0: the root is a leaf */
};

/* By rank, which is below 2^31, then by place. */
static inline uint64_t tok_order_key(uint32_t rank, uint32_t place)
{
	return (uint64_t)rank << 33 | (uint64_t)place << 1;
}

/* The same of a merge that cannot be made any more: right behind it. */
static inline uint64_t tok_order_stale(uint64_t key)
{
	return key | 1;
}

static inline bool tok_order_is_stale(uint64_t key)
{
	return key & 1;
}

static inline uint32_t tok_order_place(uint64_t key)
{
	return (uint32_t)(key >> 1);
}

void tok_order_start(struct tok_order *order); /* it holds nothing, and keeps its room */
void tok_order_release(struct tok_order *order);

TOK_MUST_USE bool tok_order_insert(struct tok_order *order, uint64_t key);

/* The one with `before` others before it, fewer than total.  The second also removes it. */
uint64_t tok_order_at(const struct tok_order *order, size_t before);
uint64_t tok_order_take(struct tok_order *order, size_t before);

/* Remove a key that is there.  Not where equal ones have been there at the same time: they
 * may lie in several nodes, and are found by tok_order_take only. */
void tok_order_remove(struct tok_order *order, uint64_t key);

#endif
