/*
 * base.h - a tokenizer that training goes on from, and what it becomes.
 *
 *	struct vocab_base base;
 *	status = vocab_base_of(&spec, &base, &err);
 *	vocab_base_set(&base, &options);
 *	... vocab_train_bpe ...
 *	status = vocab_base_extend(&spec, &learned, &err);
 *	vocab_base_release(&base);
 *
 * No id moves: what is new comes behind the largest id, of added tokens too.
 */
#ifndef VOCAB_TRAIN_BASE_H
#define VOCAB_TRAIN_BASE_H

#include "tok/base/hash.h"
#include "vocab/train/bpe.h"

struct vocab_base {
	struct tok_arena arena;
	/* Entries by rising id, their texts as words have them: bytes, if they are bytes. */
	struct tok_model_spec model;
	bool bytes;
	tok_id next_id;
	struct tok_strings taken; /* texts that mean something else than what they say */
};

/* A model of any kind, to be asked about words.  `spec` is borrowed and outlives `out`. */
TOK_API TOK_MUST_USE enum tok_status
vocab_base_model(const struct tok_spec *spec, struct vocab_base *out, struct tok_error *err);

/* Can training go on from it?  TOK_EARG where it is not BPE, or puts a prefix or a suffix
 * on bytes. */
TOK_API TOK_MUST_USE enum tok_status vocab_base_accepts(const struct tok_spec *spec,
							struct tok_error *err);

/* The same of one that training goes on from; fails as vocab_base_accepts. */
TOK_API TOK_MUST_USE enum tok_status vocab_base_of(const struct tok_spec *spec,
						   struct vocab_base *out, struct tok_error *err);

/* Say in `options` that this is where it goes on: what is new comes behind all ids, and
 * nothing is made whose text is that of an added token, of a byte token or of a piece that
 * no text becomes.  `base` outlives the run. */
TOK_API void vocab_base_set(struct vocab_base *base, struct vocab_bpe_options *options);

/* May a token with this text be made?  `base` is a struct vocab_base. */
TOK_API bool vocab_base_allows(void *base, struct tok_span joined);

TOK_API void vocab_base_release(struct vocab_base *base);

/* Put what was learned on that base into `spec`, as copies. */
TOK_API TOK_MUST_USE enum tok_status vocab_base_extend(struct tok_spec *spec,
						       const struct vocab_learned *learned,
						       struct tok_error *err);

#endif
