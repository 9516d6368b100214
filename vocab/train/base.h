/*
 * base.h - a tokenizer that training goes on from, and what it becomes.
 *
 *	struct vocab_base base;
 *	status = vocab_base_of(&spec, &base, &err);
 *	options.base = &base.model;
 *	options.first_id = base.next_id;
 *	... vocab_train_bpe ...
 *	status = vocab_base_extend(&spec, &learned, &err);
 *	vocab_base_release(&base);
 *
 * No id moves: what is new comes behind the largest id, of added tokens too.
 */
#ifndef VOCAB_TRAIN_BASE_H
#define VOCAB_TRAIN_BASE_H

#include "vocab/train/learned.h"

struct vocab_base {
	struct tok_arena arena;
	struct tok_model_spec model; /* its texts as words have them: bytes, if they are bytes */
	tok_id next_id;
};

/* `spec` is borrowed and outlives `out`.  TOK_EARG where its model is not BPE. */
TOK_API TOK_MUST_USE enum tok_status vocab_base_of(const struct tok_spec *spec,
						   struct vocab_base *out, struct tok_error *err);
TOK_API void vocab_base_release(struct vocab_base *base);

/* Put what was learned on that base into `spec`, as copies. */
TOK_API TOK_MUST_USE enum tok_status vocab_base_extend(struct tok_spec *spec,
						       const struct vocab_learned *learned,
						       struct tok_error *err);

#endif
