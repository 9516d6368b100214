#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

static struct bpe_pair_slot *new_slots(size_t count)
{
	struct bpe_pair_slot *slots = malloc(count * sizeof *slots);
	for (size_t i = 0; slots && i < count; i++)
		slots[i] = (struct bpe_pair_slot){ BPE_NO_PAIR, 0 };
	return slots;
}

bool bpe_pairs_init(struct bpe_pairs *pairs, size_t expected)
{
	size_t slots = 1024;
	while (slots < expected * 3 / 2)
		slots *= 2;
	*pairs = (struct bpe_pairs){ .slots = new_slots(slots), .mask = slots - 1 };
	return pairs->slots != NULL;
}

void bpe_pairs_release(struct bpe_pairs *pairs)
{
	free(pairs->slots);
	*pairs = (struct bpe_pairs){ 0 };
}

static struct bpe_pair_slot *insert(struct bpe_pairs *pairs, uint64_t pair, int64_t count)
{
	size_t at = bpe_pair_hash(pair) & pairs->mask;
	while (pairs->slots[at].pair != BPE_NO_PAIR)
		at = (at + 1) & pairs->mask;
	pairs->slots[at] = (struct bpe_pair_slot){ pair, count };
	pairs->count++;
	return &pairs->slots[at];
}

/* The same pairs, those of at least `floor`, in a table of `slots` slots. */
static bool rebuild(struct bpe_pairs *pairs, size_t slots, int64_t floor)
{
	struct bpe_pairs fresh = { .slots = new_slots(slots), .mask = slots - 1 };
	if (!fresh.slots)
		return false;
	for (size_t i = 0; i <= pairs->mask; i++) {
		const struct bpe_pair_slot *slot = &pairs->slots[i];
		if (slot->pair != BPE_NO_PAIR && slot->count >= floor)
			insert(&fresh, slot->pair, slot->count);
	}
	bpe_pairs_release(pairs);
	*pairs = fresh;
	return true;
}

struct bpe_pair_slot *bpe_pairs_get(struct bpe_pairs *pairs, uint64_t pair)
{
	struct bpe_pair_slot *slot = bpe_pairs_find(pairs, pair);
	if (slot)
		return slot;
	if ((pairs->count + 1) * 4 > (pairs->mask + 1) * 3 &&
	    !rebuild(pairs, 2 * (pairs->mask + 1), INT64_MIN))
		return NULL;
	return insert(pairs, pair, 0);
}

bool bpe_pairs_purge(struct bpe_pairs *pairs, int64_t floor)
{
	size_t kept = 0;
	for (size_t i = 0; i <= pairs->mask; i++)
		kept += pairs->slots[i].pair != BPE_NO_PAIR && pairs->slots[i].count >= floor;
	size_t slots = 1024;
	while (slots < kept * 2)
		slots *= 2;
	return rebuild(pairs, slots, floor);
}
