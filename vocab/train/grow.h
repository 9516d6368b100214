/*
 * grow.h - more tokens for a BPE vocabulary, every one of which text can become.
 *
 *	struct vocab_grow_options options = { .count = 8000 };
 *	struct vocab_grown grown;
 *	status = vocab_grow(&spec, words, &options, &control, &grown, &err);
 *
 * Training goes on from the vocabulary (base.h): no id moves, and what is new comes behind
 * the largest.  A trainer joins the pairs that it has chosen.  Where a vocabulary has no
 * list of merges - ranks, scores - any two neighbours are joined whose text is a token, so
 * that a token can come to be that in its own text another one takes apart: where the base
 * has tokens that no text becomes, or pieces that are always taken whole.  So, when all are
 * learned, each new token's text is merged; those that do not come out are dropped, and
 * others are learned on what is left, until all do.
 */
#ifndef VOCAB_TRAIN_GROW_H
#define VOCAB_TRAIN_GROW_H

#include "vocab/train/bpe.h"
#include "vocab/train/words_kept.h"

struct vocab_grow_options {
	size_t count;           /* new tokens */
	uint64_t min_frequency; /* as in struct vocab_bpe_options, and those that follow */
	size_t max_token_length;
	enum vocab_tie tie;
	size_t memory_bytes;
	const char *spill_folder;
	/* NULL, or which new tokens may be made besides (bytes, where words are bytes). */
	bool (*allows)(void *context, struct tok_span joined);
	void *allows_context;
};

struct vocab_grown {
	tok_id first_id;
	size_t count;   /* of those asked for */
	size_t dropped; /* that text could not become */
};

/* `words` were made by the recipe of `spec`.  A stopped run has what it got to.  On failure
 * `spec` is only to be released.  Tokens of a vocabulary with a prefix or suffix, or of
 * more than 4096 symbols, are not looked at in the end.  TOK_EARG as from vocab_base_of;
 * TOK_ELIMIT where there would be too many tokens. */
TOK_API TOK_MUST_USE enum tok_status vocab_grow(struct tok_spec *spec,
						struct vocab_words_kept *words,
						const struct vocab_grow_options *options,
						struct vocab_train_control *control,
						struct vocab_grown *out, struct tok_error *err);

#endif
