#include "tok/model/bpe_internal.h"

bool tok_pairs_init(struct tok_pairs *pairs, struct tok_arena *arena, size_t count)
{
	unsigned bits = 4;
	while (bits < 40 && ((size_t)1 << bits) / 2 < count)
		bits++;
	const size_t slots = (size_t)1 << bits;
	*pairs = (struct tok_pairs){ .shift = 64 - bits, .mask = slots - 1 };
	pairs->slots = tok_arena_array(arena, slots, sizeof *pairs->slots);
	if (pairs->slots)
		memset(pairs->slots, 0xFF, slots * sizeof *pairs->slots);
	return pairs->slots != NULL;
}

void tok_pairs_put(struct tok_pairs *pairs, struct tok_pair pair)
{
	size_t at = tok_pairs_home(pairs, pair.left, pair.right);
	for (; pairs->slots[at].rank != TOK_RANK_NONE; at = (at + 1) & pairs->mask) {
		if (pairs->slots[at].left == pair.left && pairs->slots[at].right == pair.right)
			break;
	}
	pairs->slots[at] = pair;
}
