/*
 * A B-tree whose branches count what is below each child.  Splitting full nodes on the
 * way down, it inserts without going back up; what is removed leaves room, and nodes are
 * never joined: a piece of text inserts at most three times as many keys as it has
 * symbols, and then the tree is started anew.
 */
#include "tok/sample/dropout_order_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

enum { LEAF_KEYS = 31, BRANCH_CHILDREN = 24 };

struct tok_order_leaf {
	uint64_t keys[LEAF_KEYS];
	uint32_t used;
};

struct tok_order_branch {
	uint64_t keys[BRANCH_CHILDREN]; /* no key of the child is below; of the first, unused */
	uint32_t counts[BRANCH_CHILDREN], children[BRANCH_CHILDREN];
	uint32_t used;
};

void tok_order_start(struct tok_order *order)
{
	order->total = order->leaf_count = order->branch_count = 0;
	order->root = order->height = 0;
}

void tok_order_release(struct tok_order *order)
{
	free(order->leaves);
	free(order->branches);
	*order = (struct tok_order){ 0 };
}

/* Room for all that one insertion may add, so that it cannot fail half way. */
static bool reserve_nodes(struct tok_order *order)
{
	const size_t leaves = order->leaf_count + 2;
	const size_t branches = order->branch_count + order->height + 1;
	return (leaves <= order->leaf_capacity ||
		tok_grow(&order->leaves, &order->leaf_capacity, leaves, sizeof *order->leaves)) &&
	       (branches <= order->branch_capacity ||
		tok_grow(&order->branches, &order->branch_capacity, branches,
			 sizeof *order->branches));
}

static uint32_t open_leaf(struct tok_order *order)
{
	order->leaves[order->leaf_count].used = 0;
	return (uint32_t)order->leaf_count++;
}

static uint32_t open_branch(struct tok_order *order)
{
	order->branches[order->branch_count].used = 0;
	return (uint32_t)order->branch_count++;
}

static bool is_full(const struct tok_order *order, unsigned level, uint32_t node)
{
	return level == 0 ? order->leaves[node].used == LEAF_KEYS
			  : order->branches[node].used == BRANCH_CHILDREN;
}

/* The last child whose keys may begin at or below `key`. */
static uint32_t find_child(const struct tok_order_branch *branch, uint64_t key)
{
	uint32_t child = 0;
	for (uint32_t i = 1; i < branch->used; i++)
		child += branch->keys[i] <= key;
	return child;
}

static uint32_t find_key(const struct tok_order_leaf *leaf, uint64_t key)
{
	uint32_t below = 0;
	for (uint32_t i = 0; i < leaf->used; i++)
		below += leaf->keys[i] < key;
	return below;
}

/* The upper half of a full node into a new one; what separates them, how much moved. */
static uint32_t halve_leaf(struct tok_order *order, uint32_t node, uint64_t *key, uint32_t *moved)
{
	const uint32_t made = open_leaf(order), kept = LEAF_KEYS / 2;
	struct tok_order_leaf *from = &order->leaves[node], *to = &order->leaves[made];
	to->used = from->used - kept;
	memcpy(to->keys, from->keys + kept, to->used * sizeof *to->keys);
	from->used = kept;
	*key = to->keys[0];
	*moved = to->used;
	return made;
}

static uint32_t halve_branch(struct tok_order *order, uint32_t node, uint64_t *key, uint32_t *moved)
{
	const uint32_t made = open_branch(order), kept = BRANCH_CHILDREN / 2;
	struct tok_order_branch *from = &order->branches[node], *to = &order->branches[made];
	to->used = from->used - kept;
	memcpy(to->keys, from->keys + kept, to->used * sizeof *to->keys);
	memcpy(to->counts, from->counts + kept, to->used * sizeof *to->counts);
	memcpy(to->children, from->children + kept, to->used * sizeof *to->children);
	from->used = kept;
	*key = to->keys[0];
	*moved = 0;
	for (uint32_t i = 0; i < to->used; i++)
		*moved += to->counts[i];
	return made;
}

/* Halve child `at` of a branch that is not full and stands at `level`. */
static void halve_child(struct tok_order *order, unsigned level, uint32_t node, uint32_t at)
{
	struct tok_order_branch *branch = &order->branches[node];
	const uint32_t behind = branch->used - at - 1;
	uint64_t key;
	uint32_t moved;
	const uint32_t made = level == 1 ? halve_leaf(order, branch->children[at], &key, &moved)
					 : halve_branch(order, branch->children[at], &key, &moved);
	memmove(branch->keys + at + 2, branch->keys + at + 1, behind * sizeof *branch->keys);
	memmove(branch->counts + at + 2, branch->counts + at + 1, behind * sizeof *branch->counts);
	memmove(branch->children + at + 2, branch->children + at + 1,
		behind * sizeof *branch->children);
	branch->keys[at + 1] = key;
	branch->counts[at] -= moved;
	branch->counts[at + 1] = moved;
	branch->children[at + 1] = made;
	branch->used++;
}

static void raise_root(struct tok_order *order)
{
	const uint32_t made = open_branch(order);
	struct tok_order_branch *branch = &order->branches[made];
	branch->keys[0] = 0;
	branch->counts[0] = (uint32_t)order->total;
	branch->children[0] = order->root;
	branch->used = 1;
	order->root = made;
	order->height++;
}

bool tok_order_insert(struct tok_order *order, uint64_t key)
{
	if (!reserve_nodes(order))
		return false;
	if (order->leaf_count == 0)
		order->root = open_leaf(order);
	if (is_full(order, order->height, order->root))
		raise_root(order);

	uint32_t node = order->root;
	for (unsigned level = order->height; level > 0; level--) {
		struct tok_order_branch *branch = &order->branches[node];
		uint32_t at = find_child(branch, key);
		if (is_full(order, level - 1, branch->children[at])) {
			halve_child(order, level, node, at);
			at += branch->keys[at + 1] <= key;
		}
		branch->counts[at]++;
		node = branch->children[at];
	}
	struct tok_order_leaf *leaf = &order->leaves[node];
	const uint32_t at = find_key(leaf, key);
	memmove(leaf->keys + at + 1, leaf->keys + at, (leaf->used - at) * sizeof *leaf->keys);
	leaf->keys[at] = key;
	leaf->used++;
	order->total++;
	return true;
}

static uint32_t skip_children(const struct tok_order_branch *branch, size_t *before)
{
	uint32_t at = 0;
	while (*before >= branch->counts[at])
		*before -= branch->counts[at++];
	return at;
}

uint64_t tok_order_at(const struct tok_order *order, size_t before)
{
	uint32_t node = order->root;
	for (unsigned level = order->height; level > 0; level--) {
		const struct tok_order_branch *branch = &order->branches[node];
		node = branch->children[skip_children(branch, &before)];
	}
	return order->leaves[node].keys[before];
}

static void close_gap(struct tok_order *order, uint32_t node, size_t at)
{
	struct tok_order_leaf *leaf = &order->leaves[node];
	leaf->used--;
	memmove(leaf->keys + at, leaf->keys + at + 1, (leaf->used - at) * sizeof *leaf->keys);
	order->total--;
}

uint64_t tok_order_take(struct tok_order *order, size_t before)
{
	uint32_t node = order->root;
	for (unsigned level = order->height; level > 0; level--) {
		struct tok_order_branch *branch = &order->branches[node];
		const uint32_t at = skip_children(branch, &before);
		branch->counts[at]--;
		node = branch->children[at];
	}
	const uint64_t key = order->leaves[node].keys[before];
	close_gap(order, node, before);
	return key;
}

void tok_order_remove(struct tok_order *order, uint64_t key)
{
	uint32_t node = order->root;
	for (unsigned level = order->height; level > 0; level--) {
		struct tok_order_branch *branch = &order->branches[node];
		const uint32_t at = find_child(branch, key);
		branch->counts[at]--;
		node = branch->children[at];
	}
	close_gap(order, node, find_key(&order->leaves[node], key));
}
