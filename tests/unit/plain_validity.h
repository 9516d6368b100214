/*
 * plain_validity.h - validity of the longest match, for vocabularies of short tokens: from where a
 * token ended, a longer one that begins as it does must not be completed by the bytes behind.
 *
 *	const struct tok_validity validity = { .trie = tokens };
 *
 * For one source file of a test, which then does not use the library's validity.
 */
#ifndef TESTS_UNIT_PLAIN_VALIDITY_H
#define TESTS_UNIT_PLAIN_VALIDITY_H

#include <stdlib.h>

#include "tok/bytes/validity_mask_internal.h"

struct tok_validity {
	const struct tok_byte_tokens *trie;
};

/* Nodes that are walked along, in rising order; 0: none. */
enum { WATCHES = 8 };

static inline void watches_read(const struct tok_valid_state *state, uint32_t *watches)
{
	memcpy(watches, state->words, WATCHES * sizeof *watches);
}

static inline void watches_add(uint32_t *watches, size_t *count, uint32_t node)
{
	size_t at = *count;
	for (size_t i = 0; i < *count; i++)
		if (watches[i] == node)
			return;
	if (*count == WATCHES)
		abort();
	for (; at > 0 && watches[at - 1] > node; at--)
		watches[at] = watches[at - 1];
	watches[at] = node;
	++*count;
}

struct tok_valid_state tok_validity_start(const struct tok_validity *validity)
{
	(void)validity;
	return (struct tok_valid_state){ { 0 } };
}

bool tok_validity_end(const struct tok_validity *validity, const struct tok_valid_state *state)
{
	(void)validity;
	(void)state;
	return true;
}

/* Every state is asked itself. */
enum tok_status tok_valid_shared_new(const struct tok_validity *validity,
				     const struct tok_byte_tokens *tokens,
				     struct tok_valid_shared **out, struct tok_error *err)
{
	(void)validity, (void)tokens, (void)err;
	*out = NULL;
	return TOK_OK;
}

void tok_valid_shared_free(struct tok_valid_shared *shared)
{
	(void)shared;
}

size_t tok_valid_split(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		       struct tok_valid_state out[TOK_VALID_SPLIT_MAX])
{
	(void)shared, (void)state, (void)out;
	return 0;
}

bool tok_valid_relax(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		     struct tok_valid_state *out)
{
	(void)shared, (void)state, (void)out;
	return false;
}

void tok_valid_confirm(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		       uint64_t *bits)
{
	(void)shared, (void)state, (void)bits;
}

bool tok_validity_token(const struct tok_validity *validity, const struct tok_valid_state *state,
			tok_id id, struct tok_valid_state *next)
{
	const struct tok_span text = tok_byte_tokens_text(validity->trie, id);
	uint32_t old[WATCHES], watches[WATCHES + 1] = { 0 }, node = 0;
	const tok_id *ids;
	size_t count = 0;
	for (size_t i = 0; i < text.count; i++)
		node = tok_byte_tokens_child(validity->trie, node, text.bytes[i]);
	/* Of ids that add the same bytes the encoder takes one. */
	if (tok_byte_tokens_ends(validity->trie, node, &ids) > 0 && ids[0] != id)
		return false;
	watches_read(state, old);
	for (size_t i = 0; i < WATCHES; i++)
		if (old[i])
			watches_add(watches, &count, old[i]);
	watches_add(watches, &count, node);
	*next = (struct tok_valid_state){ { 0 } };
	memcpy(next->words, watches, WATCHES * sizeof *watches);
	return true;
}

bool tok_validity_byte(const struct tok_validity *validity, struct tok_valid_state *state,
		       uint8_t byte)
{
	uint32_t old[WATCHES], watches[WATCHES + 1] = { 0 };
	const tok_id *ids;
	size_t count = 0;
	watches_read(state, old);
	for (size_t i = 0; i < WATCHES; i++) {
		if (!old[i])
			continue;
		const uint32_t node = tok_byte_tokens_child(validity->trie, old[i], byte);
		if (node && tok_byte_tokens_ends(validity->trie, node, &ids) > 0)
			return false;
		if (node)
			watches_add(watches, &count, node);
	}
	memcpy(state->words, watches, WATCHES * sizeof *watches);
	return true;
}

#endif
