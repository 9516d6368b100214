/*
 * trie_internal.h - a trie over bytes in one flat table of (node, byte) -> child.
 *
 * Nodes are numbers, the root is 0.  Open addressing at a load of at most one
 * half; eight bytes a slot.
 */
#ifndef TOK_MODEL_TRIE_INTERNAL_H
#define TOK_MODEL_TRIE_INTERNAL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { TOK_TRIE_ROOT = 0, TOK_TRIE_NODE_MAX = 1 << 24 };

struct tok_trie_slot {
	uint32_t key;   /* node * 256 + byte */
	uint32_t child; /* 0: free, since the root is nobody's child */
};

struct tok_trie {
	struct tok_trie_slot *slots;
	size_t mask;
	uint32_t *values; /* by node, TOK_NO_ID: no entry ends here */
	size_t count, capacity;
};

TOK_MUST_USE enum tok_status tok_trie_init(struct tok_trie *trie, struct tok_error *err);
TOK_MUST_USE enum tok_status tok_trie_add(struct tok_trie *trie, struct tok_span text,
					  uint32_t value, struct tok_error *err);
/* The same for the bytes of `text` from last to first. */
TOK_MUST_USE enum tok_status tok_trie_add_reversed(struct tok_trie *trie, struct tok_span text,
						   uint32_t value, struct tok_error *err);
void tok_trie_release(struct tok_trie *trie);

static inline size_t tok_trie_home(const struct tok_trie *trie, uint32_t key)
{
	return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & trie->mask;
}

/* The child, or 0. */
static inline uint32_t tok_trie_child(const struct tok_trie *trie, uint32_t node, uint8_t byte)
{
	const uint32_t key = node << 8 | byte;
	for (size_t at = tok_trie_home(trie, key);; at = (at + 1) & trie->mask) {
		const struct tok_trie_slot slot = trie->slots[at];
		if (slot.key == key || slot.child == 0)
			return slot.child;
	}
}

#endif
