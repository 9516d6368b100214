/*
 * unigram.h - learn a Unigram vocabulary from counted words by EM.
 *
 * Kudo 2018, "Subword Regularization", section 3.2, as SentencePiece's
 * unigram_model_trainer.cc does it, over unique words with their counts: seeds are
 * the substrings of words that occur most (a suffix array over all words), then
 * rounds of two EM steps and a pruning step, until 1.1 times vocab_size are left,
 * of which the best are kept.  Sums are taken in a fixed order: the result does not
 * depend on threads.
 */
#ifndef VOCAB_TRAIN_UNIGRAM_H
#define VOCAB_TRAIN_UNIGRAM_H

#include "vocab/train/learned.h"
#include "vocab/train/words.h"

struct vocab_unigram_options {
	size_t vocab_size; /* ids in all, those before first_id included */
	tok_id first_id;
	size_t seed_size;        /* 0: 1,000,000 */
	double shrinking;        /* 0: 0.75 */
	size_t em_steps;         /* in a round; 0: 2 */
	size_t max_piece_length; /* in characters; 0: 16 */
	/* Characters that must be pieces, whatever their use; chosen by the caller, who
	 * has applied its character coverage. */
	const uint32_t *required;
	size_t required_count;
	bool bytes; /* first symbols are bytes instead of characters */
	/* May a piece be made of this text?  NULL: any (of those that the words hold). */
	bool (*allows)(void *context, struct tok_span text);
	void *allows_context;
};

TOK_API TOK_MUST_USE enum tok_status
vocab_train_unigram(struct vocab_word_stream *words, const struct vocab_unigram_options *options,
		    struct vocab_train_control *control, struct vocab_learned *out,
		    struct tok_error *err);

#endif
