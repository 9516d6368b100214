#include "tok/model/bpe_internal.h"

bool tok_pairs_init(struct tok_pairs *pairs, struct tok_arena *arena, size_t count)
{
	const size_t slots = count + count / 4 + 8;
	*pairs = (struct tok_pairs){ .count = (uint32_t)slots };
	if (slots > UINT32_MAX / 2)
		return false;
	pairs->slots = tok_arena_array(arena, slots, sizeof *pairs->slots);
	if (pairs->slots)
		memset(pairs->slots, 0xFF, slots * sizeof *pairs->slots);
	return pairs->slots != NULL;
}

void tok_pairs_put(struct tok_pairs *pairs, struct tok_pair pair)
{
	uint32_t at = tok_pairs_home(pairs, pair.left, pair.right);
	while (pairs->slots[at].rank != TOK_RANK_NONE) {
		if (pairs->slots[at].left == pair.left && pairs->slots[at].right == pair.right)
			break;
		if (++at == pairs->count)
			at = 0;
	}
	pairs->slots[at] = pair;
}
