#include <stdlib.h>
#include <xxhash.h>

#include "vocab/train/bpe_internal.h"

void bpe_tokens_release(struct bpe_tokens *tokens)
{
	tok_buffer_release(&tokens->text);
	free(tokens->items);
	free(tokens->slots);
	*tokens = (struct bpe_tokens){ 0 };
}

struct tok_span bpe_token_text(const struct bpe_tokens *tokens, uint32_t symbol)
{
	const struct bpe_token *token = &tokens->items[symbol];
	return (struct tok_span){ tokens->text.bytes + token->begin, token->length };
}

/* The slot that holds `text`, or the free one where it belongs. */
static size_t find_slot(const struct bpe_tokens *tokens, struct tok_span text)
{
	size_t at = (size_t)XXH3_64bits(text.bytes, text.count) & tokens->mask;
	while (tokens->slots[at] &&
	       !tok_span_equal(bpe_token_text(tokens, tokens->slots[at] - 1), text))
		at = (at + 1) & tokens->mask;
	return at;
}

uint32_t bpe_tokens_find(const struct bpe_tokens *tokens, struct tok_span text)
{
	if (!tokens->slots)
		return BPE_END;
	const uint32_t slot = tokens->slots[find_slot(tokens, text)];
	return slot ? slot - 1 : BPE_END;
}

/* Twice as many slots as there are tokens, at least. */
static bool grow_slots(struct bpe_tokens *tokens)
{
	if (tokens->slots && (tokens->count + 1) * 2 <= tokens->mask + 1)
		return true;
	const size_t slots = tokens->slots ? 2 * (tokens->mask + 1) : 1024;
	uint32_t *fresh = calloc(slots, sizeof *fresh);
	if (!fresh)
		return false;
	free(tokens->slots);
	tokens->slots = fresh;
	tokens->mask = slots - 1;
	for (uint32_t i = 0; i < tokens->count; i++)
		tokens->slots[find_slot(tokens, bpe_token_text(tokens, i))] = i + 1;
	return true;
}

bool bpe_tokens_add(struct bpe_tokens *tokens, struct tok_span text, uint32_t units)
{
	if (!grow_slots(tokens) ||
	    !tok_grow(&tokens->items, &tokens->capacity, tokens->count + 1, sizeof *tokens->items))
		return false;
	const uint64_t begin = tokens->text.count;
	if (!tok_buffer_add(&tokens->text, text.bytes, text.count))
		return false;
	tokens->items[tokens->count++] = (struct bpe_token){ begin, (uint32_t)text.count, units };
	const struct tok_span kept = bpe_token_text(tokens, (uint32_t)tokens->count - 1);
	tokens->slots[find_slot(tokens, kept)] = (uint32_t)tokens->count;
	return true;
}
