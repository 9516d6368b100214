#include "tok/sample/dropout_merge_internal.h"

#include <stdlib.h>

struct tok_dropout_scratch *tok_dropout_scratch_new(void)
{
	struct tok_dropout_scratch *scratch = calloc(1, sizeof *scratch);
	if (!scratch)
		return NULL;
	scratch->model = tok_model_scratch_new();
	if (!scratch->model) {
		free(scratch);
		return NULL;
	}
	return scratch;
}

void tok_dropout_scratch_free(struct tok_dropout_scratch *scratch)
{
	if (!scratch)
		return;
	tok_model_scratch_free(scratch->model);
	tok_order_release(&scratch->order);
	free(scratch->nodes);
	free(scratch->splits);
	free(scratch);
}

static bool keep_split(struct tok_dropout_scratch *scratch, struct tok_dropout_split split)
{
	size_t at = 0;
	while (at < scratch->split_count && scratch->splits[at].result < split.result)
		at++;
	if (at == scratch->split_count || scratch->splits[at].result != split.result) {
		if (!tok_grow(&scratch->splits, &scratch->split_capacity, scratch->split_count + 1,
			      sizeof *scratch->splits))
			return false;
		memmove(scratch->splits + at + 1, scratch->splits + at,
			(scratch->split_count - at) * sizeof *scratch->splits);
		scratch->split_count++;
	}
	scratch->splits[at] = split;
	return true;
}

bool tok_dropout_rate(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
		      uint32_t at)
{
	struct tok_dropout_node *node = &scratch->nodes[at];
	const uint32_t left = node->symbol, right = scratch->nodes[node->next].symbol;
	if (!tok_symbols_join(dropout->model, scratch->model, left, right, &node->join))
		node->join.rank = TOK_DROPOUT_NONE;
	else if (node->join.unused && scratch->keeps_splits)
		return keep_split(scratch,
				  (struct tok_dropout_split){ node->join.result, left, right });
	return true;
}

static bool offer(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
		  uint32_t at)
{
	if (!tok_dropout_rate(dropout, scratch, at))
		return false;
	const uint32_t rank = scratch->nodes[at].join.rank;
	return rank == TOK_DROPOUT_NONE ||
	       tok_order_insert(&scratch->order, tok_order_key(rank, at));
}

bool tok_dropout_start(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch)
{
	const uint32_t count = (uint32_t)scratch->symbols.count;
	if (!tok_grow(&scratch->nodes, &scratch->node_capacity, count, sizeof *scratch->nodes))
		return false;
	for (uint32_t i = 0; i < count; i++)
		scratch->nodes[i] = (struct tok_dropout_node){
			.symbol = scratch->symbols.symbols[i],
			.length = scratch->symbols.lengths[i],
			.previous = i == 0 ? TOK_DROPOUT_NONE : i - 1,
			.next = i + 1 == count ? TOK_DROPOUT_NONE : i + 1,
			.join.rank = TOK_DROPOUT_NONE,
		};
	scratch->count = count;
	scratch->split_count = 0;
	tok_order_start(&scratch->order);
	for (uint32_t i = 0; i + 1 < count; i++) {
		if (!offer(dropout, scratch, i))
			return false;
	}
	return true;
}

uint32_t tok_dropout_take(struct tok_dropout_scratch *scratch, size_t before)
{
	const uint64_t key = tok_order_take(&scratch->order, before);
	if (tok_order_is_stale(key))
		return TOK_DROPOUT_NONE;
	const uint32_t at = tok_order_place(key);
	scratch->nodes[at].join.rank = TOK_DROPOUT_NONE;
	return at;
}

/* The pair of a node and its next is no more. */
static bool withdraw(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
		     uint32_t at)
{
	struct tok_join *join = &scratch->nodes[at].join;
	if (join->rank == TOK_DROPOUT_NONE)
		return true;
	const uint64_t key = tok_order_key(join->rank, at);
	join->rank = TOK_DROPOUT_NONE;
	tok_order_remove(&scratch->order, key);
	return dropout->method != TOK_SAMPLE_BPE_DROPOUT_HF ||
	       tok_order_insert(&scratch->order, tok_order_stale(key));
}

bool tok_dropout_join(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
		      uint32_t at)
{
	struct tok_dropout_node *nodes = scratch->nodes, *left = &nodes[at];
	const struct tok_dropout_node *right = &nodes[left->next];
	if (left->previous != TOK_DROPOUT_NONE && !withdraw(dropout, scratch, left->previous))
		return false;
	if (!withdraw(dropout, scratch, left->next))
		return false;

	left->symbol = left->join.result;
	left->length += right->length;
	left->next = right->next;
	scratch->count--;
	if (left->next != TOK_DROPOUT_NONE)
		nodes[left->next].previous = at;
	if (left->previous != TOK_DROPOUT_NONE && !offer(dropout, scratch, left->previous))
		return false;
	return left->next == TOK_DROPOUT_NONE || offer(dropout, scratch, at);
}

void tok_dropout_gather(struct tok_dropout_scratch *scratch)
{
	size_t count = 0;
	for (uint32_t at = scratch->count ? 0 : TOK_DROPOUT_NONE; at != TOK_DROPOUT_NONE;
	     at = scratch->nodes[at].next) {
		scratch->symbols.symbols[count] = scratch->nodes[at].symbol;
		scratch->symbols.lengths[count++] = scratch->nodes[at].length;
	}
}
