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
	if (!tok_grow(&made->starts, &made->start_capacity, 1, sizeof *made->starts))
		return false;
	made->starts[0] = 0;
	return set_slots(made, SLOTS_LEAST);
}

void tok_made_release(struct tok_made *made)
{
	tok_buffer_release(&made->texts);
	tok_buffer_release(&made->room);
	free(made->starts);
	free(made->slots);
	free(made->tokens);
	*made = (struct tok_made){ 0 };
}

/* In a slot that is free. */
static bool add(struct tok_made *made, size_t slot, struct tok_span text)
{
	if (!tok_grow(&made->starts, &made->start_capacity, made->count + 2, sizeof *made->starts) ||
	    !tok_buffer_add(&made->texts, text.bytes, text.count))
		return false;
	made->slots[slot] = (uint32_t)made->count++;
	made->starts[made->count] = made->texts.count;
	return made->count <= made->slot_count / 2 || set_slots(made, 2 * made->slot_count);
}

bool tok_made_name(struct tok_made *made, const struct tok_spelling *spelling,
		   struct tok_span text, tok_id *out)
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
		made->tokens[i].text = tok_made_at(made, i);
	return true;
}
