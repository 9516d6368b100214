/*
 * made_internal.h - the tokens that a batch has made, found by how they are written.
 */
#ifndef TOK_DYNAMIC_MADE_INTERNAL_H
#define TOK_DYNAMIC_MADE_INTERNAL_H

#include "tok/dynamic/merger.h"
#include "tok/dynamic/spelling_internal.h"

struct tok_made_text {
	size_t begin, count; /* bytes of tok_made.texts; they may overlap */
};

struct tok_made {
	struct tok_buffer texts;
	struct tok_made_text *items;
	size_t count, capacity;
	uint32_t *slots; /* open addressing, a power of two */
	size_t slot_count, slot_capacity;
	struct tok_dynamic_token *tokens;
	size_t token_capacity;
	struct tok_buffer room;
};

/* Forget all; room is kept.  False, here and below: memory is out. */
TOK_MUST_USE bool tok_made_clear(struct tok_made *made);
void tok_made_release(struct tok_made *made);

/* The id of what is written so: of the vocabulary, made before, or made now. */
TOK_MUST_USE bool tok_made_name(struct tok_made *made, const struct tok_spelling *spelling,
				struct tok_span written, tok_id *out);

/* Until the next one is made. */
static inline struct tok_span tok_made_at(const struct tok_made *made, size_t i)
{
	const struct tok_made_text *text = &made->items[i];
	return (struct tok_span){ made->texts.bytes + text->begin, text->count };
}

/* Fill made->tokens. */
TOK_MUST_USE bool tok_made_list(struct tok_made *made);

#endif
