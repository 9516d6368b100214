#include "tok/sample/dropout_future_internal.h"

#include <stdlib.h>

/* What a pair that is looked up costs. */
enum { TRY_WORK = 4 };

struct tok_future_span {
	uint32_t end, symbol;
	size_t other; /* of the same beginning and end, before it: its place + 1 */
};

struct tok_future_join {
	uint32_t middle, end, rank;
};

void tok_future_release(struct tok_future *future)
{
	free(future->spans);
	free(future->joins);
	free(future->first_spans);
	free(future->first_joins);
	free(future->ends);
	free(future->keys);
	free(future->begins);
	*future = (struct tok_future){ 0 };
}

/* `first`: of the spans of this beginning. */
static bool add_span(struct tok_future *future, size_t first, uint32_t end, uint32_t symbol)
{
	for (size_t i = future->ends[end]; i > first; i = future->spans[i - 1].other)
		if (future->spans[i - 1].symbol == symbol)
			return true;
	if (!tok_grow(&future->spans, &future->span_capacity, future->span_count + 1,
		      sizeof *future->spans))
		return false;
	future->spans[future->span_count++] =
	    (struct tok_future_span){ end, symbol, future->ends[end] };
	future->ends[end] = future->span_count;
	return true;
}

/* What begins at a symbol, all behind it being known.  Of a beginning the spans are those
 * from its first to the first of the beginning before. */
static bool add_beginning(struct tok_future *future, const struct tok_dropout *dropout,
			  struct tok_dropout_scratch *scratch, uint32_t begin)
{
	const uint32_t count = (uint32_t)scratch->symbols.count;
	const size_t first = future->span_count;
	future->first_spans[begin] = first;
	future->first_joins[begin] = future->join_count;
	if (!add_span(future, first, begin + 1, scratch->symbols.symbols[begin]))
		return false;
	for (size_t i = first; i < future->span_count && future->work <= future->most; i++) {
		const struct tok_future_span left = future->spans[i];
		if (left.end == count)
			continue;
		const size_t last = future->first_spans[left.end - 1];
		future->work += TRY_WORK * (last - future->first_spans[left.end]);
		for (size_t j = future->first_spans[left.end]; j < last; j++) {
			const struct tok_future_span right = future->spans[j];
			struct tok_join join;
			if (!tok_symbols_join(dropout->model, scratch->model, left.symbol,
					      right.symbol, &join))
				continue;
			if (!tok_grow(&future->joins, &future->join_capacity,
				      future->join_count + 1, sizeof *future->joins) ||
			    !add_span(future, first, right.end, join.result))
				return false;
			future->joins[future->join_count++] =
			    (struct tok_future_join){ left.end, right.end, join.rank };
		}
	}
	return true;
}

bool tok_future_init(struct tok_future *future, const struct tok_dropout *dropout,
		     struct tok_dropout_scratch *scratch, size_t most)
{
	const size_t count = scratch->symbols.count;
	*future = (struct tok_future){ .most = most };
	future->first_spans = calloc(count + 1, sizeof *future->first_spans);
	future->first_joins = calloc(count + 1, sizeof *future->first_joins);
	future->ends = calloc(count + 1, sizeof *future->ends);
	future->begins = calloc(count + 1, 1);
	if (!future->first_spans || !future->first_joins || !future->ends || !future->begins)
		return false;
	for (size_t begin = count; begin-- > 0 && future->work <= most;)
		if (!add_beginning(future, dropout, scratch, (uint32_t)begin))
			return false;
	return true;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

bool tok_future_look(struct tok_future *future, const struct tok_dropout_scratch *scratch)
{
	const struct tok_dropout_node *nodes = scratch->nodes;
	const size_t count = scratch->symbols.count;
	future->key_count = 0;
	if (count == 0)
		return true;
	memset(future->begins, 0, count);
	future->begins[count] = 1;
	for (uint32_t at = 0; at != TOK_DROPOUT_NONE; at = nodes[at].next)
		future->begins[at] = 1;
	for (uint32_t at = 0; at != TOK_DROPOUT_NONE; at = nodes[at].next) {
		const size_t last = at ? future->first_joins[at - 1] : future->join_count;
		future->work += last - future->first_joins[at];
		for (size_t i = future->first_joins[at]; i < last; i++) {
			const struct tok_future_join *join = &future->joins[i];
			if (!future->begins[join->middle] || !future->begins[join->end])
				continue;
			if (!tok_grow(&future->keys, &future->key_capacity, future->key_count + 1,
				      sizeof *future->keys))
				return false;
			future->keys[future->key_count++] = tok_order_key(join->rank, at);
		}
	}
	for (size_t left = future->key_count; left > 0; left /= 2) /* to sort them */
		future->work += future->key_count;
	if (future->key_count)
		qsort(future->keys, future->key_count, sizeof *future->keys, compare_keys);
	return true;
}

uint64_t tok_future_place(const struct tok_future *future, uint64_t stale)
{
	size_t low = 0, high = future->key_count; /* keys below `low` stand before it */
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (future->keys[middle] < stale)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? 0 : tok_order_stale(future->keys[low - 1]);
}
