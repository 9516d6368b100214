#include <stdlib.h>

#include "vocab/train/bpe_internal.h"

static size_t symbol_bytes(const struct bpe_words *words)
{
	return words->wide ? sizeof(uint32_t) : sizeof(uint16_t);
}

/* A row that begins here; its place must be less than 4 G behind that of its base. */
static bool begin_row(struct bpe_words *words, uint64_t weight)
{
	const size_t base = words->count / BPE_WORDS_PER_BASE;
	if (!tok_grow(&words->bases, &words->base_capacity, base + 1, sizeof *words->bases) ||
	    !tok_grow(&words->starts, &words->start_capacity, words->count + 1,
		      sizeof *words->starts) ||
	    !tok_grow(&words->counts, &words->count_capacity, words->count + 1,
		      sizeof *words->counts))
		return false;
	if (words->count % BPE_WORDS_PER_BASE == 0)
		words->bases[base] = words->symbol_count;
	words->starts[words->count] = (uint32_t)(words->symbol_count - words->bases[base]);
	words->counts[words->count++] = weight;
	return true;
}

static bool add_row(struct bpe_words *words, const uint32_t *symbols, size_t count, uint64_t weight)
{
	if (!tok_grow(&words->symbols, &words->symbol_capacity, words->symbol_count + count + 1,
		      symbol_bytes(words)) ||
	    !begin_row(words, weight))
		return false;
	for (size_t i = 0; i < count; i++)
		bpe_symbol_set(words->symbols, words->wide, words->symbol_count++, symbols[i]);
	bpe_symbol_set(words->symbols, words->wide, words->symbol_count++, BPE_END);
	return true;
}

bool bpe_words_add(struct bpe_words *words, const uint32_t *symbols, size_t count, uint64_t weight)
{
	if (count < 2)
		return true;
	/* Behind a giant, empty rows lead to the next base. */
	while (words->count % BPE_WORDS_PER_BASE != 0 &&
	       words->symbol_count - words->bases[words->count / BPE_WORDS_PER_BASE] > UINT32_MAX)
		if (!add_row(words, NULL, 0, 0))
			return false;
	return add_row(words, symbols, count, weight);
}

void bpe_words_release(struct bpe_words *words)
{
	free(words->symbols);
	free(words->bases);
	free(words->starts);
	free(words->counts);
	*words = (struct bpe_words){ 0 };
}
