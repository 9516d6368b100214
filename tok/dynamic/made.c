#include "tok/dynamic/made_internal.h"

#include <stdlib.h>
#include <xxhash.h>

enum { SLOTS_LEAST = 256 };
#define FREE_SLOT UINT32_MAX

/* Where `text` is, or the free slot where it would be. */
static size_t slot_of(const struct tok_made *made, struct tok_span text)
{
	const size_t mask = made->slot_count - 1;
	size_t slot = (size_t)XXH3_64bits(text.bytes, text.count) & mask;
	while (made->slots[slot] != FREE_SLOT &&
	       !tok_span_equal(tok_made_at(made, made->slots[slot]), text))
		slot = (slot + 1) & mask;
	return slot;
}

static bool set_slots(struct tok_made *made, size_t count)
{
	if (!tok_grow(&made->slots, &made->slot_capacity, count, sizeof *made->slots))
		return false;
	made->slot_count = count;
	memset(made->slots, 0xFF, count * sizeof *made->slots);
	for (size_t i = 0; i < made->count; i++)
		made->slots[slot_of(made, tok_made_at(made, i))] = (uint32_t)i;
	return true;
}

bool tok_made_clear(struct tok_made *made)
{
	made->count = 0;
	tok_buffer_clear(&made->texts);
	return set_slots(made, SLOTS_LEAST);
}

void tok_made_release(struct tok_made *made)
{
	tok_buffer_release(&made->texts);
	tok_buffer_release(&made->room);
	free(made->items);
	free(made->slots);
	free(made->tokens);
	*made = (struct tok_made){ 0 };
}

/* Where all is joined from left to right, each token begins with the one made before, which is
 * the end of the texts: what they share is kept once, or the texts of a long row would be
 * its square. */
static size_t shared_with_last(const struct tok_made *made, struct tok_span text)
{
	if (made->count == 0)
		return 0;
	const struct tok_span last = tok_made_at(made, made->count - 1);
	return tok_span_starts(text, last) ? last.count : 0;
}

/* In a slot that is free. */
static bool add(struct tok_made *made, size_t slot, struct tok_span text)
{
	const size_t shared = shared_with_last(made, text);
	const size_t begin = made->texts.count - shared;
	if (!tok_grow(&made->items, &made->capacity, made->count + 1, sizeof *made->items) ||
	    !tok_buffer_add(&made->texts, text.bytes + shared, text.count - shared))
		return false;
	made->items[made->count] = (struct tok_made_text){ begin, text.count };
	made->slots[slot] = (uint32_t)made->count++;
	return made->count <= made->slot_count / 2 || set_slots(made, 2 * made->slot_count);
}

bool tok_made_name(struct tok_made *made, const struct tok_spelling *spelling, struct tok_span text,
		   tok_id *out)
{
	if (!tok_spelling_find(spelling, text, &made->room, out))
		return false;
	if (*out != TOK_NO_ID)
		return true;
	const size_t slot = slot_of(made, text);
	const uint32_t known = made->slots[slot];
	if (known == FREE_SLOT && !add(made, slot, text))
		return false;
	const size_t number = known == FREE_SLOT ? made->count - 1 : known;
	*out = (tok_id)(tok_tokenizer_size(spelling->tokenizer) + number);
	return true;
}

bool tok_made_list(struct tok_made *made)
{
	if (!tok_grow(&made->tokens, &made->token_capacity, made->count, sizeof *made->tokens))
		return false;
	for (size_t i = 0; i < made->count; i++)
		made->tokens[i] = (struct tok_dynamic_token){ .text = tok_made_at(made, i) };
	return true;
}
