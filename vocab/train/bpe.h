/*
 * bpe.h - learn byte pair encoding from counted words.
 *
 *	struct vocab_bpe_options options = { .vocab_size = 32000, .bytes = true };
 *	struct vocab_learned learned;
 *	status = vocab_train_bpe(stream, &options, &control, &learned, &err);
 *	vocab_learned_release(&learned);
 *
 * Exact greedy BPE: in each step the pair with the highest count, which is the sum
 * over all words of count times occurrences (overlapping ones too: "aaa" has "aa"
 * twice), is joined everywhere, left to right.  Merges, ties and counts are those of
 * Hugging Face tokenizers 0.23 (src/models/bpe/trainer.rs) but for what it gets wrong:
 * counts have 64 bits, and where its ids come in the order of a hash table ours are
 * sorted.  The result does not depend on threads or memory.
 *
 * The same run continues a vocabulary: words are first taken apart by the model
 * `base`, as encoding does, and what is learned is new.  So a run is resumed from a
 * checkpoint, a vocabulary extended, a second stage trained.  (After a resume one thing
 * can differ from a run in one go: where a token was reached in two ways, HF goes on
 * counting a pair that it has joined, and that is forgotten.)
 */
#ifndef VOCAB_TRAIN_BPE_H
#define VOCAB_TRAIN_BPE_H

#include "vocab/train/learned.h"
#include "vocab/train/words.h"

/* Which of several pairs with the same count is joined first. */
enum vocab_tie {
	VOCAB_TIE_HF,    /* the smaller left id, then the smaller right id */
	VOCAB_TIE_BYTES, /* the greater pair (left bytes, right bytes), as max() finds it */
	VOCAB_TIE_RAW,   /* as HF, with the values of bytes as ids of the first 256 */
	VOCAB_TIE_SPM    /* the shorter joined text, then the lesser in byte order */
};

struct vocab_bpe_options {
	size_t vocab_size; /* training ends when the next id would be this */
	tok_id first_id;   /* of what is learned; those below it are special tokens' */
	enum vocab_tie tie;
	uint64_t min_frequency;  /* training ends when the best pair has less; 0 is 1 */
	size_t max_token_length; /* in first symbols, meant as it says; 0: no limit */
	/* First symbols are all 256 bytes; else the characters of the words, and a byte
	 * that is not UTF-8 is a character of its own. */
	bool bytes;
	/* Characters only: of those that occur the most frequent are kept, all in
	 * `alphabet` before any other; nothing is ever joined with one of the others, or
	 * across it.  0: no limit. */
	size_t limit_alphabet;
	const uint32_t *alphabet;
	size_t alphabet_count;
	struct tok_span prefix; /* of symbols that do not begin a word ("##") */
	struct tok_span suffix; /* of the symbol that ends a word ("</w>") */

	/* A BPE vocabulary to start from, its entries by rising id; NULL: none.  Its ids
	 * stay, those of new tokens are first_id and up, and it needs no alphabet, prefix or
	 * suffix: what it does not know is never joined with anything. */
	const struct tok_model_spec *base;
	/* Words are rows of the base's ids, four bytes each, little-endian, instead of text:
	 * its tokens are first symbols, and it takes nothing apart. */
	bool ids;

	/* May a new token with this text be made?  NULL: any may.  Pairs that are refused
	 * are left out and the next one is taken. */
	bool (*allows)(void *context, struct tok_span joined);
	void *allows_context;

	/* About what it may take in all.  The words are always in memory: two bytes a symbol
	 * (four where vocab_size is above 65,000 or symbols are characters) and some
	 * eighteen a word; of what else there is, lists of words go into a file.  0: no
	 * limit. */
	size_t memory_bytes;
	const char *spill_folder; /* NULL where there is no limit */
};

/* Entries and merges are those that are new, in the order of their making.  A corpus
 * that gives fewer than asked for is no failure.  TOK_ELIMIT for words
 * that take more than 32 GB, or counts whose sum passes 2^63. */
TOK_API TOK_MUST_USE enum tok_status vocab_train_bpe(struct vocab_word_stream *words,
						     const struct vocab_bpe_options *options,
						     struct vocab_train_control *control,
						     struct vocab_learned *out,
						     struct tok_error *err);

#endif
