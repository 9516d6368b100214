#include "tok/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t tok_strings_hash(struct tok_span key)
{
	return XXH3_64bits(key.bytes, key.count);
}

bool tok_strings_init(struct tok_strings *table, struct tok_arena *arena, size_t expected)
{
	size_t slots = 16;
	while (slots / 2 < expected) {
		if (slots > SIZE_MAX / 2)
			return false;
		slots *= 2;
	}
	*table = (struct tok_strings){ .mask = slots - 1 };
	table->slots = tok_arena_array(arena, slots, sizeof *table->slots);
	return table->slots != NULL;
}

/* The slot that holds `key`, or the free one where it would go. */
static struct tok_strings_slot *find_slot(const struct tok_strings *table, struct tok_span key,
					  uint64_t hash, uint32_t *tag)
{
	*tag = (uint32_t)(hash >> 32);
	for (size_t at = (size_t)hash & table->mask;; at = (at + 1) & table->mask) {
		struct tok_strings_slot *slot = &table->slots[at];
		if (!slot->key.bytes || (slot->tag == *tag && tok_span_equal(slot->key, key)))
			return slot;
	}
}

static void fill_slot(struct tok_strings *table, struct tok_strings_slot *slot, struct tok_span key,
		      uint32_t value, uint32_t tag)
{
	static const uint8_t empty;
	if (!slot->key.bytes)
		table->count++;
	if (!key.bytes)
		key.bytes = &empty; /* the empty string is a key too */
	*slot = (struct tok_strings_slot){ .key = key, .value = value, .tag = tag };
}

bool tok_strings_add(struct tok_strings *table, struct tok_span key, uint32_t value)
{
	uint32_t tag;
	struct tok_strings_slot *slot = find_slot(table, key, tok_strings_hash(key), &tag);
	if (slot->key.bytes)
		return false;
	fill_slot(table, slot, key, value, tag);
	return true;
}

void tok_strings_put(struct tok_strings *table, struct tok_span key, uint32_t value)
{
	uint32_t tag;
	struct tok_strings_slot *slot = find_slot(table, key, tok_strings_hash(key), &tag);
	fill_slot(table, slot, key, value, tag);
}

void tok_strings_expect(const struct tok_strings *table, struct tok_span key)
{
	tok_strings_expect_slot(table, tok_strings_hash(key));
}

uint32_t tok_strings_find(const struct tok_strings *table, struct tok_span key)
{
	return tok_strings_find_hashed(table, key, tok_strings_hash(key));
}

void tok_strings_expect_slot(const struct tok_strings *table, uint64_t hash)
{
	__builtin_prefetch(&table->slots[(size_t)hash & table->mask]);
}

/* Mostly it is the first one that is looked at. */
void tok_strings_expect_key(const struct tok_strings *table, uint64_t hash)
{
	__builtin_prefetch(table->slots[(size_t)hash & table->mask].key.bytes);
}

uint32_t tok_strings_find_hashed(const struct tok_strings *table, struct tok_span key,
				 uint64_t hash)
{
	uint32_t tag;
	const struct tok_strings_slot *slot = find_slot(table, key, hash, &tag);
	return slot->key.bytes ? slot->value : TOK_NO_ID;
}
