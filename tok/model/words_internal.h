/*
 * words_internal.h - a bounded memory of words: what a short stretch of text
 * became when it was last met.
 *
 *	const struct tok_word_key key = tok_word_key(text, at, length);
 *	struct tok_word_slot *pair = tok_words_pair(&words, &key);
 *	struct tok_word_slot *slot = tok_words_find(pair, &key);
 *	if (!slot) {
 *		struct tok_word_slot made = { .key = key };
 *		...work the tokens out...
 *		slot = tok_words_put(pair, &made);
 *	}
 *
 * A word may lie in two slots, a cache line each.  A new one takes the second;
 * what it displaces moves to the first if it was found there at least once, so
 * that words met once do not push out words met often.  What the tokens mean,
 * and whether they may be used now, is the model's business.  One a thread; it
 * serves one model at a time (tok_words_claim).
 */
#ifndef TOK_MODEL_WORDS_INTERNAL_H
#define TOK_MODEL_WORDS_INTERNAL_H

#include <string.h>

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { TOK_WORD_BYTES = 23, TOK_WORD_TOKENS = 7, TOK_WORD_PAIR_BITS = 14 };

/* The bytes, then zeros; the length in place of the last one. */
struct tok_word_key {
	uint64_t parts[3];
};

struct tok_word_slot {
	struct tok_word_key key; /* all zero: free, since no word is empty */
	uint16_t count;
	uint16_t found; /* was it found since it was made? */
	uint32_t tokens[TOK_WORD_TOKENS];
	union {
		double limit;                  /* Unigram: see unigram_words.c */
		uint8_t ends[TOK_WORD_TOKENS]; /* WordPiece: of the tokens, in the word */
	} of;
};

struct tok_words {
	struct tok_word_slot *slots;
	void *memory;
	uint64_t owner; /* fingerprint of the model whose words these are */
};

/* False if memory is out. */
TOK_MUST_USE bool tok_words_init(struct tok_words *words);
void tok_words_release(struct tok_words *words);
void tok_words_forget(struct tok_words *words);

/* Forget everything unless it is of the model with this fingerprint. */
static inline void tok_words_claim(struct tok_words *words, uint64_t fingerprint)
{
	if (words->owner == fingerprint)
		return;
	if (words->owner != 0)
		tok_words_forget(words);
	words->owner = fingerprint;
}

/* Of text[at, at + length), 1 to TOK_WORD_BYTES long. */
static inline struct tok_word_key tok_word_key(struct tok_span text, size_t at, size_t length)
{
	enum { SHIFT = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 56 : 0 };
	static const uint8_t ones[2 * sizeof(struct tok_word_key)] = {
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	};
	uint64_t a, b, c;
	if (text.count - at >= 3 * sizeof a) {
		uint64_t masks[3];
		memcpy(masks, ones + sizeof masks - length, sizeof masks);
		memcpy(&a, text.bytes + at, sizeof a);
		memcpy(&b, text.bytes + at + 8, sizeof b);
		memcpy(&c, text.bytes + at + 16, sizeof c);
		a &= masks[0];
		b &= masks[1];
		c &= masks[2];
	} else {
		uint8_t bytes[3 * sizeof a] = { 0 };
		memcpy(bytes, text.bytes + at, length);
		memcpy(&a, bytes, sizeof a);
		memcpy(&b, bytes + 8, sizeof b);
		memcpy(&c, bytes + 16, sizeof c);
	}
	return (struct tok_word_key){ { a, b, c | (uint64_t)length << SHIFT } };
}

/* The two slots where the word may lie. */
static inline struct tok_word_slot *tok_words_pair(const struct tok_words *words,
						   const struct tok_word_key *key)
{
	uint64_t hash = key->parts[0] * UINT64_C(0x9E3779B97F4A7C15);
	hash = (hash ^ hash >> 32 ^ key->parts[1]) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 32 ^ key->parts[2]) * UINT64_C(0x94D049BB133111EB);
	return &words->slots[hash >> (64 - TOK_WORD_PAIR_BITS) << 1];
}

static inline bool tok_word_holds(const struct tok_word_slot *slot, const struct tok_word_key *key)
{
	return ((slot->key.parts[0] ^ key->parts[0]) | (slot->key.parts[1] ^ key->parts[1]) |
		(slot->key.parts[2] ^ key->parts[2])) == 0;
}

/* The slot that holds the word, or NULL. */
static inline struct tok_word_slot *tok_words_find(struct tok_word_slot *pair,
						   const struct tok_word_key *key)
{
	if (tok_word_holds(&pair[0], key))
		return &pair[0];
	if (!tok_word_holds(&pair[1], key))
		return NULL;
	pair[1].found = 1;
	return &pair[1];
}

/* Keep a word that is in neither slot. */
static inline struct tok_word_slot *tok_words_put(struct tok_word_slot *pair,
						  const struct tok_word_slot *word)
{
	if (pair[1].found)
		pair[0] = pair[1];
	pair[1] = *word;
	pair[1].found = 0;
	return &pair[1];
}

#endif
