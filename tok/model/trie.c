#include "tok/model/trie_internal.h"

#include <stdlib.h>

#include "tok/base/buffer.h"

enum { FIRST_SLOTS = 1024 };

enum tok_status tok_trie_init(struct tok_trie *trie, struct tok_error *err)
{
	*trie = (struct tok_trie){ .mask = FIRST_SLOTS - 1, .count = 1 };
	trie->slots = calloc(FIRST_SLOTS, sizeof *trie->slots);
	if (!trie->slots || !tok_grow(&trie->values, &trie->capacity, 1, sizeof *trie->values))
		return tok_fail_memory(err);
	trie->values[TOK_TRIE_ROOT] = TOK_NO_ID;
	return TOK_OK;
}

void tok_trie_release(struct tok_trie *trie)
{
	free(trie->slots);
	free(trie->values);
	*trie = (struct tok_trie){ 0 };
}

static void put_slot(struct tok_trie *trie, struct tok_trie_slot slot)
{
	size_t at = tok_trie_home(trie, slot.key);
	while (trie->slots[at].child)
		at = (at + 1) & trie->mask;
	trie->slots[at] = slot;
}

static bool double_slots(struct tok_trie *trie)
{
	struct tok_trie wider = { .mask = 2 * trie->mask + 1 };
	wider.slots = calloc(wider.mask + 1, sizeof *wider.slots);
	if (!wider.slots)
		return false;
	for (size_t at = 0; at <= trie->mask; at++) {
		if (trie->slots[at].child)
			put_slot(&wider, trie->slots[at]);
	}
	free(trie->slots);
	trie->slots = wider.slots;
	trie->mask = wider.mask;
	return true;
}

/* The child of `node`, made if it is not there. */
static enum tok_status reach_child(struct tok_trie *trie, uint32_t *node, uint8_t byte,
				   struct tok_error *err)
{
	const uint32_t child = tok_trie_child(trie, *node, byte);
	if (child) {
		*node = child;
		return TOK_OK;
	}
	if (trie->count >= TOK_TRIE_NODE_MAX)
		return tok_fail(err, TOK_ELIMIT, "the vocabulary needs more than %d trie nodes",
				TOK_TRIE_NODE_MAX);
	if (2 * trie->count > trie->mask && !double_slots(trie))
		return tok_fail_memory(err);
	if (!tok_grow(&trie->values, &trie->capacity, trie->count + 1, sizeof *trie->values))
		return tok_fail_memory(err);
	const uint32_t made = (uint32_t)trie->count++;
	trie->values[made] = TOK_NO_ID;
	put_slot(trie, (struct tok_trie_slot){ *node << 8 | byte, made });
	*node = made;
	return TOK_OK;
}

enum tok_status tok_trie_add(struct tok_trie *trie, struct tok_span text, uint32_t value,
			     struct tok_error *err)
{
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t i = 0; i < text.count; i++) {
		const enum tok_status status = reach_child(trie, &node, text.bytes[i], err);
		if (status != TOK_OK)
			return status;
	}
	trie->values[node] = value;
	return TOK_OK;
}

enum tok_status tok_trie_add_reversed(struct tok_trie *trie, struct tok_span text, uint32_t value,
				      struct tok_error *err)
{
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t i = text.count; i-- > 0;) {
		const enum tok_status status = reach_child(trie, &node, text.bytes[i], err);
		if (status != TOK_OK)
			return status;
	}
	trie->values[node] = value;
	return TOK_OK;
}
