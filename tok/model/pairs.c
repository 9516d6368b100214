#include "tok/model/bpe_internal.h"

enum { FILTER_BITS_A_PAIR = 8 };

bool tok_pairs_init(struct tok_pairs *pairs, struct tok_arena *arena, size_t count)
{
	const size_t slots = count + count / 4 + 8;
	unsigned log = 4;
	*pairs = (struct tok_pairs){ .count = (uint32_t)slots };
	if (slots > UINT32_MAX / 2)
		return false;
	while (((size_t)64 << log) < count * FILTER_BITS_A_PAIR)
		log++;
	pairs->filter_shift = 64 - log;
	pairs->filter = tok_arena_array(arena, (size_t)1 << log, sizeof *pairs->filter);
	pairs->slots = tok_arena_array(arena, slots, sizeof *pairs->slots);
	if (!pairs->slots || !pairs->filter)
		return false;
	memset(pairs->slots, 0xFF, slots * sizeof *pairs->slots);
	return true;
}

void tok_pairs_expect(const struct tok_pairs *pairs, uint32_t left, uint32_t right)
{
	const uint64_t hash = tok_pairs_hash(left, right);
	__builtin_prefetch(&pairs->slots[tok_pairs_home(pairs, hash)], 1);
	__builtin_prefetch(&pairs->filter[hash >> pairs->filter_shift], 1);
}

void tok_pairs_put(struct tok_pairs *pairs, struct tok_pair pair)
{
	const uint64_t hash = tok_pairs_hash(pair.left, pair.right);
	uint32_t at = tok_pairs_home(pairs, hash);
	while (pairs->slots[at].rank != TOK_RANK_NONE) {
		if (pairs->slots[at].left == pair.left && pairs->slots[at].right == pair.right)
			break;
		if (++at == pairs->count)
			at = 0;
	}
	pairs->slots[at] = pair;
	pairs->filter[hash >> pairs->filter_shift] |= tok_pairs_bits(hash);
}
