#include "tok/dynamic/pairs_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

enum { SLOTS_LEAST = 1024 };

/* ---- from two ids to a number ------------------------------------------------ */

static size_t slot_of(const struct tok_pairs *pairs, tok_id left, tok_id right)
{
	uint64_t h = ((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u;
	h ^= h >> 32;
	h *= 0xD6E8FEB86659FD93u;
	return (size_t)(h >> 32) & (pairs->slot_count - 1);
}

static bool set_slots(struct tok_pairs *pairs, size_t count)
{
	if (!tok_grow(&pairs->slots, &pairs->slot_capacity, count, sizeof *pairs->slots))
		return false;
	pairs->slot_count = count;
	memset(pairs->slots, 0xFF, count * sizeof *pairs->slots);
	for (size_t i = 0; i < pairs->count; i++) {
		size_t slot = slot_of(pairs, pairs->items[i].left, pairs->items[i].right);
		while (pairs->slots[slot] != TOK_NO_PAIR)
			slot = (slot + 1) & (count - 1);
		pairs->slots[slot] = (uint32_t)i;
	}
	return true;
}

bool tok_pairs_clear(struct tok_pairs *pairs)
{
	pairs->count = pairs->pool_count = pairs->queue_count = 0;
	return set_slots(pairs, SLOTS_LEAST);
}

void tok_pairs_release(struct tok_pairs *pairs)
{
	free(pairs->items);
	free(pairs->slots);
	free(pairs->pool);
	free(pairs->queue);
	*pairs = (struct tok_pairs){ 0 };
}

bool tok_pairs_find(struct tok_pairs *pairs, tok_id left, tok_id right, uint32_t *out)
{
	size_t slot = slot_of(pairs, left, right);
	for (; pairs->slots[slot] != TOK_NO_PAIR; slot = (slot + 1) & (pairs->slot_count - 1)) {
		const struct tok_pair *pair = &pairs->items[pairs->slots[slot]];
		if (pair->left == left && pair->right == right) {
			*out = pairs->slots[slot];
			return true;
		}
	}
	if (!tok_grow(&pairs->items, &pairs->capacity, pairs->count + 1, sizeof *pairs->items))
		return false;
	*out = (uint32_t)pairs->count;
	pairs->slots[slot] = *out;
	pairs->items[pairs->count++] =
	    (struct tok_pair){ .left = left, .right = right, .offer = UINT64_MAX };
	return pairs->count <= pairs->slot_count / 2 || set_slots(pairs, 2 * pairs->slot_count);
}

/* ---- places: a heap with the first one on top ---------------------------------- */

static void sink(uint32_t *heap, size_t count, uint32_t place)
{
	size_t i = 0, child;
	while ((child = 2 * i + 1) < count) {
		child += child + 1 < count && heap[child + 1] < heap[child];
		if (heap[child] >= place)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = place;
}

static void drop_first(struct tok_pairs *pairs, struct tok_pair *pair)
{
	uint32_t *heap = pairs->pool + pair->places;
	const uint32_t last = heap[--pair->place_count];
	if (pair->place_count > 0)
		sink(heap, pair->place_count, last);
}

bool tok_pairs_lay_out(struct tok_pairs *pairs)
{
	size_t total = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		struct tok_pair *pair = &pairs->items[i];
		pair->places = total;
		pair->place_capacity = pair->count;
		total += pair->count;
	}
	pairs->pool_count = total;
	return tok_grow(&pairs->pool, &pairs->pool_capacity, total, sizeof *pairs->pool);
}

/* Room for twice as many, at the end of the pool; what is left behind is lost until the
 * next batch, and is never more than what there is. */
static bool widen(struct tok_pairs *pairs, struct tok_pair *pair)
{
	const uint32_t capacity = pair->place_capacity ? 2 * pair->place_capacity : 1;
	if (!tok_grow(&pairs->pool, &pairs->pool_capacity, pairs->pool_count + capacity,
		      sizeof *pairs->pool))
		return false;
	uint32_t *to = pairs->pool + pairs->pool_count;
	for (uint32_t i = 0; i < pair->place_count; i++)
		to[i] = pairs->pool[pair->places + i];
	pair->places = pairs->pool_count;
	pair->place_capacity = capacity;
	pairs->pool_count += capacity;
	return true;
}

bool tok_pairs_add(struct tok_pairs *pairs, uint32_t number, uint32_t place)
{
	struct tok_pair *pair = &pairs->items[number];
	if (pair->place_count == pair->place_capacity && !widen(pairs, pair))
		return false;
	uint32_t *heap = pairs->pool + pair->places;
	size_t i = pair->place_count++;
	for (; i > 0 && heap[(i - 1) / 2] > place; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = place;
	pair->count++;
	return true;
}

static bool is_rising(const uint32_t *places, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (places[i - 1] > places[i])
			return false;
	return true;
}

size_t tok_pairs_take(struct tok_pairs *pairs, const uint32_t *at, uint32_t number, uint32_t *out)
{
	struct tok_pair *pair = &pairs->items[number];
	const uint32_t *heap = pairs->pool + pair->places;
	size_t count = 0;
	if (is_rising(heap, pair->place_count)) { /* as they are at first */
		for (size_t i = 0; i < pair->place_count; i++)
			if (at[heap[i]] == number)
				out[count++] = heap[i];
		pair->place_count = 0;
		return count;
	}
	for (; pair->place_count > 0; drop_first(pairs, pair))
		if (at[heap[0]] == number)
			out[count++] = heap[0];
	return count;
}

/* ---- the queue ------------------------------------------------------------------- */

/* `pair` stands somewhere.  Where its first place is one of the past, the key is
 * too good. */
static uint64_t key_of(const struct tok_pairs *pairs, const struct tok_pair *pair)
{
	return (uint64_t)(UINT32_MAX - pair->count) << 32 | pairs->pool[pair->places];
}

bool tok_pairs_offer(struct tok_pairs *pairs, uint32_t number)
{
	struct tok_pair *pair = &pairs->items[number];
	if (pair->count == 0)
		return true;
	const uint64_t key = key_of(pairs, pair);
	if (key >= pair->offer)
		return true; /* an offer that is as good is there */
	if (!tok_grow(&pairs->queue, &pairs->queue_capacity, pairs->queue_count + 1,
		      sizeof *pairs->queue))
		return false;
	struct tok_pair_offer *queue = pairs->queue;
	size_t i = pairs->queue_count++;
	for (; i > 0 && queue[(i - 1) / 2].key > key; i = (i - 1) / 2)
		queue[i] = queue[(i - 1) / 2];
	queue[i] = (struct tok_pair_offer){ key, number };
	pair->offer = key;
	return true;
}

static void drop_offer(struct tok_pairs *pairs)
{
	struct tok_pair_offer *queue = pairs->queue;
	const struct tok_pair_offer last = queue[--pairs->queue_count];
	const size_t count = pairs->queue_count;
	size_t i = 0, child;
	while ((child = 2 * i + 1) < count) {
		child += child + 1 < count && queue[child + 1].key < queue[child].key;
		if (queue[child].key >= last.key)
			break;
		queue[i] = queue[child];
		i = child;
	}
	queue[i] = last;
}

bool tok_pairs_best(struct tok_pairs *pairs, const uint32_t *at, uint32_t *out)
{
	*out = TOK_NO_PAIR;
	while (pairs->queue_count > 0) {
		const struct tok_pair_offer offer = pairs->queue[0];
		struct tok_pair *pair = &pairs->items[offer.pair];
		drop_offer(pairs);
		if (pair->offer != offer.key)
			continue; /* a better one was made later, and has been taken */
		pair->offer = UINT64_MAX;
		if (pair->count == 0)
			continue;
		while (at[pairs->pool[pair->places]] != offer.pair)
			drop_first(pairs, pair);
		if (key_of(pairs, pair) == offer.key) {
			*out = offer.pair;
			return true;
		}
		if (!tok_pairs_offer(pairs, offer.pair))
			return false;
	}
	return true;
}
