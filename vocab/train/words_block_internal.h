/*
 * words_block_internal.h - records of a block of words: see words_file.h.
 *
 * A packer makes the records of a block, one word at a time; an unpacker takes them
 * apart and believes nothing.  Equal words give equal blocks: how much a record
 * shares with the one before, how long numbers are and where a block ends is fixed.
 */
#ifndef VOCAB_TRAIN_WORDS_BLOCK_INTERNAL_H
#define VOCAB_TRAIN_WORDS_BLOCK_INTERNAL_H

#include "tok/base/buffer.h"
#include "vocab/train/words.h"

/* A block ends before the record that would make it longer, unless it is the first. */
#define WORDS_BLOCK_BYTES ((size_t)1 << 16)

/* Longest word, in bytes: that of a document, and what a block may hold. */
#define WORDS_LENGTH_MAX (((size_t)1 << 32) - 64)

struct words_packer {
	struct tok_buffer bytes; /* of the block */
	uint32_t records;
	struct tok_buffer last; /* the word before */
};

/* Add a word, which comes after the one before.  *full: it was not added, as the block
 * is full; take it, begin the next one (words_packer_begin) and come again.  False if
 * memory is out. */
TOK_MUST_USE bool words_packer_add(struct words_packer *packer, const struct vocab_word *word,
				   bool *full);
void words_packer_begin(struct words_packer *packer);
void words_packer_release(struct words_packer *packer);

struct words_unpacker {
	struct tok_span rest; /* of the block */
	uint32_t records;     /* left in it */
	bool first;           /* of its block */
	struct tok_buffer word;
};

void words_unpacker_begin(struct words_unpacker *unpacker, struct tok_span block, uint32_t records);

/* The next word of the block, of which records are left.  TOK_EFORMAT where it is
 * damaged or not in order; TOK_ENOMEM. */
TOK_MUST_USE enum tok_status words_unpacker_next(struct words_unpacker *unpacker,
						 struct vocab_word *out, struct tok_error *err);
void words_unpacker_release(struct words_unpacker *unpacker);

/* memcmp, the shorter first. */
int words_compare(struct tok_span a, struct tok_span b);

#endif
