/*
 * unigram.h - learn a Unigram vocabulary from counted words by EM.
 *
 *	struct vocab_unigram_options options = { .vocab_size = 32000, .first_id = 3 };
 *	struct vocab_learned learned;
 *	status = vocab_train_unigram(stream, &options, &control, &learned, &err);
 *	vocab_learned_release(&learned);
 *
 * Kudo 2018, "Subword Regularization", section 3.2, as SentencePiece's
 * unigram_model_trainer.cc does it, over unique words with their counts: seeds are the
 * substrings of words with the greatest product of occurrences and characters, then
 * rounds of two EM steps and one of pruning, until 1.1 times vocab_size are left, of
 * which the best are kept, all characters among them.
 *
 * What differs from SentencePiece: the end of a word ends a substring, so that a word that
 * nothing else begins with can be a seed too, if it occurs five times; a word that it would skip,
 * of more than 4096 bytes, is learned from in parts of so many; expected counts are summed in fixed
 * point, so that the result does not depend on threads.
 */
#ifndef VOCAB_TRAIN_UNIGRAM_H
#define VOCAB_TRAIN_UNIGRAM_H

#include "vocab/train/learned.h"
#include "vocab/train/words.h"

struct vocab_unigram_options {
	size_t vocab_size; /* ids in all, those before first_id included */
	tok_id first_id;
	size_t seed_size;        /* 0: 1,000,000 */
	double shrinking;        /* what a pruning step leaves; 0: 0.75 */
	size_t em_steps;         /* in a round; 0: 2 */
	size_t max_piece_length; /* in characters, at most 1024; 0: 16 */
	/* The most frequent characters that make up so much of all text are pieces, and
	 * the others are unknown.  0: 1, all of them. */
	double coverage;
	/* Characters that are pieces whatever their use. */
	const uint32_t *required;
	size_t required_count;
	bool bytes; /* words are bytes instead of characters: all 256 are pieces */
	/* May a piece be made of this text?  NULL: any (of those that the words hold).
	 * A character that is refused is unknown.  Asked by one thread. */
	bool (*allows)(void *context, struct tok_span text);
	void *allows_context;
};

/* Entries by falling score, which is the logarithm of their probability.  A corpus that
 * gives fewer than asked for is no failure.  Bytes that are no character are unknown.
 * Stopped early, it is the best of what is left at that time, whole and valid.
 *
 * TOK_EARG where the characters alone are more than vocab_size; TOK_ELIMIT for more than
 * 4 GiB of distinct words, or counts that make more than
 * 2^53 characters. */
TOK_API TOK_MUST_USE enum tok_status
vocab_train_unigram(struct vocab_word_stream *words, const struct vocab_unigram_options *options,
		    struct vocab_train_control *control, struct vocab_learned *out,
		    struct tok_error *err);

#endif
