/*
 * words_internal.h - a bounded memory of words: what a short stretch of text
 * became when it was last met.
 *
 *	const struct tok_word_key key = tok_word_key(text, at, length);
 *	struct tok_word_slot *slot = tok_words_slot(&words, &key);
 *	if (tok_word_holds(slot, &key))
 *		...use slot->tokens...
 *	else
 *		...work them out, then fill the slot, its key last...
 *
 * Direct-mapped: a word has one slot and displaces what was there.  A slot is
 * one cache line.  What the tokens mean, and whether they may be used now, is
 * the model's business.  One a thread; it serves one model at a time
 * (tok_words_claim).
 */
#ifndef TOK_MODEL_WORDS_INTERNAL_H
#define TOK_MODEL_WORDS_INTERNAL_H

#include <string.h>

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { TOK_WORD_BYTES = 23, TOK_WORD_TOKENS = 7, TOK_WORD_SLOT_BITS = 14 };

/* The bytes, then zeros; the length in place of the last one. */
struct tok_word_key {
	uint64_t parts[3];
};

struct tok_word_slot {
	struct tok_word_key key; /* all zero: free, since no word is empty */
	uint32_t count;
	uint32_t tokens[TOK_WORD_TOKENS];
	union {
		double limit;                  /* Unigram: see unigram_words.c */
		uint8_t ends[TOK_WORD_TOKENS]; /* WordPiece: of the tokens, in the word */
	} of;
};

struct tok_words {
	struct tok_word_slot *slots; /* NULL: memory was out */
	void *block;
	uint64_t owner; /* fingerprint of the model whose words these are */
};

/* False if memory is out. */
TOK_MUST_USE bool tok_words_init(struct tok_words *words);
void tok_words_release(struct tok_words *words);
/* Forget everything unless it is of the model with this fingerprint. */
void tok_words_claim(struct tok_words *words, uint64_t fingerprint);

/* Of text[at, at + length), 1 to TOK_WORD_BYTES long. */
static inline struct tok_word_key tok_word_key(struct tok_span text, size_t at, size_t length)
{
	enum { SHIFT = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 56 : 0 };
	static const uint8_t ones[2 * sizeof(struct tok_word_key)] = {
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	};
	struct tok_word_key key = { { 0 } };
	if (text.count - at >= sizeof key) {
		struct tok_word_key mask;
		memcpy(&key, text.bytes + at, sizeof key);
		memcpy(&mask, ones + sizeof key - length, sizeof mask);
		for (size_t i = 0; i < 3; i++)
			key.parts[i] &= mask.parts[i];
	} else {
		memcpy(&key, text.bytes + at, length);
	}
	key.parts[2] |= (uint64_t)length << SHIFT;
	return key;
}

static inline struct tok_word_slot *tok_words_slot(const struct tok_words *words,
						   const struct tok_word_key *key)
{
	uint64_t hash = key->parts[0] * UINT64_C(0x9E3779B97F4A7C15);
	hash = (hash ^ hash >> 32 ^ key->parts[1]) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 32 ^ key->parts[2]) * UINT64_C(0x94D049BB133111EB);
	return &words->slots[hash >> (64 - TOK_WORD_SLOT_BITS)];
}

static inline bool tok_word_holds(const struct tok_word_slot *slot, const struct tok_word_key *key)
{
	return ((slot->key.parts[0] ^ key->parts[0]) | (slot->key.parts[1] ^ key->parts[1]) |
		(slot->key.parts[2] ^ key->parts[2])) == 0;
}

#endif
