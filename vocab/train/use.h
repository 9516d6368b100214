/*
 * use.h - how often each token of a model occurs in counted words.
 *
 *	struct vocab_use use;
 *	status = vocab_use_count(&base.model, stream, &control, &use, &err);
 *	... use.counts[id], use.tokens ...
 *	vocab_use_release(&use);
 */
#ifndef VOCAB_TRAIN_USE_H
#define VOCAB_TRAIN_USE_H

#include "vocab/train/learned.h"
#include "vocab/train/words.h"

struct vocab_use {
	uint64_t *counts; /* by id */
	size_t id_count;
	uint64_t tokens;
	uint64_t bytes; /* of the words: what it stands for may have been other text */
};

/* `model` has its texts as words have them: vocab_base_model.  A word that it fails to
 * encode, for want of an unknown token, has no tokens.  TOK_ELIMIT where a sum passes
 * 2^64. */
TOK_API TOK_MUST_USE enum tok_status vocab_use_count(const struct tok_model_spec *model,
						     struct vocab_word_stream *words,
						     struct vocab_train_control *control,
						     struct vocab_use *out, struct tok_error *err);
TOK_API void vocab_use_release(struct vocab_use *use);

#endif
