#include "tok/sample/order_internal.h"

#include <stdlib.h>

/* ---- memory -------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

bool tok_leaf_order_reserve(struct tok_leaf_order *order, size_t splits)
{
	if (splits <= (order->nodes_room - order->count) / 2)
		return true;
	if (splits > SIZE_MAX / 64)
		return false;
	const size_t room =
	    larger(order->count + 2 * splits, order->nodes_room + order->nodes_room / 2);
	struct tok_leaf_order_node *nodes = realloc(order->nodes, room * sizeof *nodes);
	if (!nodes)
		return false;
	order->nodes = nodes;
	order->nodes_room = room;
	return true;
}

bool tok_leaf_order_start(struct tok_leaf_order *order, size_t count)
{
	order->roots = order->count = 0;
	if (!tok_leaf_order_reserve(order, count / 2 + 1))
		return false;
	if (order->sums_room < count + 1) {
		uint32_t *sums = realloc(order->sums, (count + 1) * sizeof *sums);
		if (!sums)
			return false;
		order->sums = sums;
		order->sums_room = count + 1;
	}
	for (size_t i = 0; i < count; i++) {
		order->sums[i + 1] = (uint32_t)((i + 1) & -(i + 1)); /* trees of one leaf */
		order->nodes[i] = (struct tok_leaf_order_node){ .value = (uint32_t)i };
	}
	order->roots = order->count = count;
	return true;
}

void tok_leaf_order_release(struct tok_leaf_order *order)
{
	free(order->sums);
	free(order->nodes);
	*order = (struct tok_leaf_order){ 0 };
}

/* ---- walking down -------------------------------------------------------------------- */

/* The tree that `place` is in; `place` becomes one of its own leaves. */
static size_t find_root(const struct tok_leaf_order *order, size_t *place)
{
	size_t root = 0, step = 1;
	while (step <= order->roots / 2)
		step *= 2;
	for (; step; step /= 2) {
		const size_t next = root + step;
		if (next <= order->roots && order->sums[next] <= *place) {
			root = next;
			*place -= order->sums[next];
		}
	}
	return root;
}

/* The child that `place` is below; `place` becomes one of its own leaves. */
static size_t find_child(const struct tok_leaf_order *order, size_t node, size_t *place)
{
	const size_t left = order->nodes[node].children;
	const size_t leaves = order->nodes[left].children ? order->nodes[left].value : 1;
	if (*place < leaves)
		return left;
	*place -= leaves;
	return left + 1;
}

size_t tok_leaf_order_leaf(const struct tok_leaf_order *order, size_t place)
{
	size_t node = find_root(order, &place);
	while (order->nodes[node].children)
		node = find_child(order, node, &place);
	return order->nodes[node].value;
}

void tok_leaf_order_split(struct tok_leaf_order *order, size_t place, size_t left, size_t right)
{
	size_t node = find_root(order, &place);
	for (size_t i = node + 1; i <= order->roots; i += i & -i)
		order->sums[i]++;
	while (order->nodes[node].children) {
		order->nodes[node].value++;
		node = find_child(order, node, &place);
	}
	order->nodes[order->count] = (struct tok_leaf_order_node){ .value = (uint32_t)left };
	order->nodes[order->count + 1] = (struct tok_leaf_order_node){ .value = (uint32_t)right };
	order->nodes[node] = (struct tok_leaf_order_node){ (uint32_t)order->count, 2 };
	order->count += 2;
}
