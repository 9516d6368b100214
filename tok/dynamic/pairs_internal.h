/*
 * pairs_internal.h - neighbours of a batch that may join: how often they stand where,
 * and which pair is the most frequent.
 *
 * A place is a number below 2^32; at[place] is the pair that begins there now, or
 * TOK_NO_PAIR.  A pair's places are kept in a heap of its own, which may hold places where it
 * stands no more, and some twice; at[] tells.  The pairs are in a heap by what they were
 * worth when they were offered: count, and of equals the first place.  That may be too
 * much, never too little; the one on top is looked at again before it is taken.  So
 * every change costs O(log n), and is paid for once.
 */
#ifndef TOK_DYNAMIC_PAIRS_INTERNAL_H
#define TOK_DYNAMIC_PAIRS_INTERNAL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

#define TOK_NO_PAIR UINT32_MAX

struct tok_pair {
	tok_id left, right;
	uint32_t count; /* places where it stands now */
	bool allowed;
	uint32_t place_count, place_capacity;
	size_t places;  /* where they begin in the pool */
	uint64_t offer; /* its key in the queue; UINT64_MAX: not there */
};

struct tok_pair_offer {
	uint64_t key; /* the smaller the better */
	uint32_t pair;
};

struct tok_pairs {
	struct tok_pair *items;
	size_t count, capacity;
	uint32_t *slots; /* open addressing, a power of two */
	size_t slot_count, slot_capacity;
	uint32_t *pool;
	size_t pool_count, pool_capacity;
	struct tok_pair_offer *queue;
	size_t queue_count, queue_capacity;
};

/* Forget all; room is kept.  False: memory is out. */
TOK_MUST_USE bool tok_pairs_clear(struct tok_pairs *pairs);
void tok_pairs_release(struct tok_pairs *pairs);

/* The number of (left, right), which is new if it is the last one.  False: memory is out. */
TOK_MUST_USE bool tok_pairs_find(struct tok_pairs *pairs, tok_id left, tok_id right, uint32_t *out);

/* Once all first places are counted: make room for them, then put them in with
 * tok_pairs_put, which counts no more. */
TOK_MUST_USE bool tok_pairs_lay_out(struct tok_pairs *pairs);
static inline void tok_pairs_put(struct tok_pairs *pairs, uint32_t pair, uint32_t place)
{
	struct tok_pair *p = &pairs->items[pair];
	pairs->pool[p->places + p->place_count++] = place;
}

/* One more place, counted.  False: memory is out. */
TOK_MUST_USE bool tok_pairs_add(struct tok_pairs *pairs, uint32_t pair, uint32_t place);

/* After a pair has gained: let it be considered.  False: memory is out. */
TOK_MUST_USE bool tok_pairs_offer(struct tok_pairs *pairs, uint32_t pair);

/* The most frequent pair, of equals the one that comes first, taken from the queue;
 * TOK_NO_PAIR if none stands anywhere. */
TOK_MUST_USE bool tok_pairs_best(struct tok_pairs *pairs, const uint32_t *at, uint32_t *out);

/* All places of a pair in order, into `out`, which has room for its place_count; returns how
 * many.  It has none then. */
size_t tok_pairs_take(struct tok_pairs *pairs, const uint32_t *at, uint32_t pair, uint32_t *out);

#endif
