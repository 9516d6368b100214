/*
 * dropout_merge_internal.h - a piece between two merges: its symbols and the merges on
 * offer.  What the three methods share; how they choose is in dropout.c.
 *
 * A node is a symbol; its number is where the symbol begins among the first ones, so that
 * nodes keep their numbers as they merge.
 */
#ifndef TOK_SAMPLE_DROPOUT_MERGE_INTERNAL_H
#define TOK_SAMPLE_DROPOUT_MERGE_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/model/symbols.h"
#include "tok/sample/dropout_internal.h"
#include "tok/sample/dropout_order_internal.h"

#define TOK_DROPOUT_NONE UINT32_MAX

enum { TOK_DROPOUT_POWERS = 32 };

struct tok_dropout {
	const struct tok_model *model;
	enum tok_sample_method method;
	double p;
	double powers[TOK_DROPOUT_POWERS]; /* p to the power of 1, 2, 4, 8, ... */
};

struct tok_dropout_node {
	uint32_t symbol, length;
	uint32_t previous, next;
	/* With the next one; its rank is NONE where they do not join, and where that is not
	 * on offer any more. */
	struct tok_join join;
};

/* How an unused piece is taken apart: as the pair that was last seen to make it. */
struct tok_dropout_split {
	uint32_t result, left, right;
};

struct tok_dropout_scratch {
	struct tok_model_scratch *model;
	struct tok_symbols symbols; /* of the piece at hand */
	struct tok_dropout_node *nodes;
	size_t node_capacity;
	uint32_t count; /* of the nodes that are left */
	struct tok_order order;
	bool keeps_splits; /* also in the list below: who goes back and forth needs them */
	struct tok_dropout_split *splits; /* by result */
	size_t split_count, split_capacity;
};

void tok_dropout_init(struct tok_dropout *dropout, const struct tok_model *model,
		      enum tok_sample_method method, double p);

/* Rate a node with its next; what it makes is noted. */
TOK_MUST_USE bool tok_dropout_rate(const struct tok_dropout *dropout,
				   struct tok_dropout_scratch *scratch, uint32_t at);

/* scratch->symbols as nodes, and the merges that they offer.  False if memory is out, here
 * and below. */
TOK_MUST_USE bool tok_dropout_start(const struct tok_dropout *dropout,
				    struct tok_dropout_scratch *scratch);

/* Take the entry with so many before it.  Returns its node, or NONE if it is stale. */
uint32_t tok_dropout_take(struct tok_dropout_scratch *scratch, size_t before);

/* Join the node that was taken with its next.  Pairs that are no more are not on offer; in
 * Hugging Face's method their entries stay, as stale ones. */
TOK_MUST_USE bool tok_dropout_join(const struct tok_dropout *dropout,
				   struct tok_dropout_scratch *scratch, uint32_t at);

/* The nodes that are left, as the first of scratch->symbols. */
void tok_dropout_gather(struct tok_dropout_scratch *scratch);

#endif
