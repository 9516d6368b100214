/*
 * hash.h - a read-only table from byte strings to 32-bit values.
 *
 * Built once, then shared by all threads.  The strings are borrowed and must
 * outlive the table.  XXH3 (64 bit) with open addressing at a load of at most
 * one half; a hostile set of keys can slow a look-up down, never make it wrong.
 */
#ifndef TOK_BASE_HASH_H
#define TOK_BASE_HASH_H

#include "tok/base/arena.h"

struct tok_strings_slot {
	struct tok_span key; /* .bytes NULL: free slot */
	uint32_t value;
	uint32_t tag; /* high bits of the hash */
};

struct tok_strings {
	struct tok_strings_slot *slots;
	size_t mask; /* slots - 1, a power of two less one */
	size_t count;
};

/* Room for `expected` keys, in `arena`.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_strings_init(struct tok_strings *table, struct tok_arena *arena,
					   size_t expected);

/* Add a key, at most `expected` of them in all.  Returns false, changing
 * nothing, if the key is there already. */
TOK_API bool tok_strings_add(struct tok_strings *table, struct tok_span key, uint32_t value);

/* Add a key or replace its value (the last one wins). */
TOK_API void tok_strings_put(struct tok_strings *table, struct tok_span key, uint32_t value);

/* `key` will be asked for soon: have the memory fetched meanwhile. */
TOK_API void tok_strings_expect(const struct tok_strings *table, struct tok_span key);

/* The value, or TOK_NO_ID. */
TOK_API uint32_t tok_strings_find(const struct tok_strings *table, struct tok_span key);

/*
 * The same in steps, for who asks for many keys and knows some of them ahead: no step
 * waits for memory if the one before was taken a while ago.
 */
TOK_API uint64_t tok_strings_hash(struct tok_span key);
TOK_API void tok_strings_expect_slot(const struct tok_strings *table, uint64_t hash);
TOK_API void tok_strings_expect_key(const struct tok_strings *table, uint64_t hash);
TOK_API uint32_t tok_strings_find_hashed(const struct tok_strings *table, struct tok_span key,
					 uint64_t hash);

#endif
