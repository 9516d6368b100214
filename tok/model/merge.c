/*
 * The merge loop.  Both ways do the same: always join the pair of least rank,
 * the leftmost of equals.  Pairs are rated in the order in which SentencePiece
 * rates them (left neighbour first), since the last pair that makes an unused
 * piece is how that piece is taken apart again.
 */
#include <stdlib.h>

#include "tok/model/bpe_internal.h"

enum { SHORT_MAX = 40 };
#define NO_NODE UINT32_MAX

struct tok_merge_node {
	uint32_t symbol, length;
	uint32_t previous, next;
	uint32_t rank, result; /* of the pair with the next; NONE: does not merge, or gone */
};

/* A few symbols: look through all ranks for each merge. */
static void merge_short(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	uint32_t *symbols = scratch->symbols, *lengths = scratch->lengths;
	uint32_t ranks[SHORT_MAX], results[SHORT_MAX];
	size_t count = scratch->count;
	for (size_t i = 0; i + 1 < count; i++) {
		const struct tok_pair pair =
		    tok_bpe_rate_pair(bpe, scratch, symbols[i], symbols[i + 1]);
		ranks[i] = pair.rank;
		results[i] = pair.result;
	}
	while (count > 1) {
		size_t at = 0;
		for (size_t i = 1; i + 1 < count; i++)
			at = ranks[i] < ranks[at] ? i : at;
		if (ranks[at] == TOK_RANK_NONE)
			break;

		scratch->last = (struct tok_merge_split){ symbols[at], symbols[at + 1] };
		symbols[at] = results[at];
		lengths[at] += lengths[at + 1];
		count--;
		for (size_t i = at + 1; i < count; i++) {
			symbols[i] = symbols[i + 1];
			lengths[i] = lengths[i + 1];
			ranks[i - 1] = ranks[i];
			results[i - 1] = results[i];
		}
		if (at > 0) {
			const struct tok_pair pair =
			    tok_bpe_rate_pair(bpe, scratch, symbols[at - 1], symbols[at]);
			ranks[at - 1] = pair.rank;
			results[at - 1] = pair.result;
		}
		if (at + 1 < count) {
			const struct tok_pair pair =
			    tok_bpe_rate_pair(bpe, scratch, symbols[at], symbols[at + 1]);
			ranks[at] = pair.rank;
			results[at] = pair.result;
		}
	}
	scratch->count = count;
}

/* Rate the pair of `at` and its next, and queue it. */
static bool queue_pair(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch, uint32_t at)
{
	struct tok_merge_node *node = &scratch->nodes[at];
	const struct tok_pair pair =
	    tok_bpe_rate_pair(bpe, scratch, node->symbol, scratch->nodes[node->next].symbol);
	node->rank = pair.rank;
	node->result = pair.result;
	return pair.rank == TOK_RANK_NONE || tok_queue_push(&scratch->queue, pair.rank, at);
}

static bool start_nodes(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	const uint32_t count = (uint32_t)scratch->count;
	if (!tok_grow(&scratch->nodes, &scratch->node_capacity, count, sizeof *scratch->nodes))
		return false;
	for (uint32_t i = 0; i < count; i++)
		scratch->nodes[i] = (struct tok_merge_node){
			.symbol = scratch->symbols[i],
			.length = scratch->lengths[i],
			.previous = i == 0 ? NO_NODE : i - 1,
			.next = i + 1 == count ? NO_NODE : i + 1,
			.rank = TOK_RANK_NONE,
		};
	tok_queue_start(&scratch->queue, bpe->rank_limit);
	for (uint32_t i = 0; i + 1 < count; i++) {
		if (!queue_pair(bpe, scratch, i))
			return false;
	}
	return true;
}

/* Is the candidate still there?  One whose pair has changed since may stay only
 * if it makes the same token, which exact merges rule out. */
static bool is_current(const struct tok_bpe *bpe, const struct tok_merge_node *node, uint32_t rank)
{
	if (bpe->exact)
		return node->rank == rank;
	return node->rank != TOK_RANK_NONE && node->result == bpe->results[rank];
}

static bool join_nodes(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch, uint32_t at)
{
	struct tok_merge_node *nodes = scratch->nodes, *left = &nodes[at];
	struct tok_merge_node *right = &nodes[left->next];
	scratch->last = (struct tok_merge_split){ left->symbol, right->symbol };
	left->symbol = left->result;
	left->length += right->length;
	left->next = right->next;
	left->rank = TOK_RANK_NONE;
	right->rank = TOK_RANK_NONE;
	if (left->next != NO_NODE)
		nodes[left->next].previous = at;
	if (left->previous != NO_NODE && !queue_pair(bpe, scratch, left->previous))
		return false;
	return left->next == NO_NODE || queue_pair(bpe, scratch, at);
}

static bool merge_long(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	if (!start_nodes(bpe, scratch))
		return false;
	for (;;) {
		uint64_t item;
		switch (tok_queue_pop(&scratch->queue, &item)) {
		case TOK_QUEUE_NOMEM:
			return false;
		case TOK_QUEUE_ITEM: {
			const uint32_t at = (uint32_t)item;
			if (is_current(bpe, &scratch->nodes[at], (uint32_t)(item >> 32)) &&
			    !join_nodes(bpe, scratch, at))
				return false;
			continue;
		}
		case TOK_QUEUE_EMPTY:
			break;
		}
		break;
	}

	size_t count = 0;
	for (uint32_t at = 0; at != NO_NODE; at = scratch->nodes[at].next) {
		scratch->symbols[count] = scratch->nodes[at].symbol;
		scratch->lengths[count++] = scratch->nodes[at].length;
	}
	scratch->count = count;
	return true;
}

bool tok_bpe_reserve_splits(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	return !bpe->has_split || tok_grow(&scratch->splits, &scratch->split_capacity,
					   bpe->symbol_count, sizeof *scratch->splits);
}

bool tok_bpe_merge(const struct tok_bpe *bpe, struct tok_bpe_scratch *scratch)
{
	if (scratch->count < 2)
		return true;
	if (!tok_bpe_reserve_splits(bpe, scratch))
		return false;
	if (!bpe->exact || scratch->count > SHORT_MAX)
		return merge_long(bpe, scratch);
	merge_short(bpe, scratch);
	return true;
}
