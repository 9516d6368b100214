#include "tok/model/words_internal.h"

#include <stdlib.h>

#define SLOT_COUNT ((size_t)2 << TOK_WORD_PAIR_BITS)

_Static_assert(sizeof(struct tok_word_slot) == 64, "a slot is a cache line");

bool tok_words_init(struct tok_words *words)
{
	enum { PAIR = 2 * sizeof(struct tok_word_slot) };
	*words = (struct tok_words){ .block = calloc(SLOT_COUNT + 2, PAIR / 2) };
	if (words->block)
		words->slots = (struct tok_word_slot *)(((uintptr_t)words->block + PAIR - 1) /
							PAIR * PAIR);
	return words->block != NULL;
}

void tok_words_release(struct tok_words *words)
{
	free(words->block);
	*words = (struct tok_words){ 0 };
}

void tok_words_claim(struct tok_words *words, uint64_t fingerprint)
{
	if (words->owner == fingerprint)
		return;
	memset(words->slots, 0, SLOT_COUNT * sizeof *words->slots);
	words->owner = fingerprint;
}
