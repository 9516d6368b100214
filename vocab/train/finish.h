/*
 * finish.h - a tokenizer of what was learned and of the recipe that its words were made
 * by.
 *
 *	status = vocab_read_bytes(stream->recipe, NULL, &spec, &err);
 *	status = vocab_finish_begin(&options, &spec, &first_id, &err);
 *	... learn, ids from first_id on ...
 *	status = vocab_finish(&options, &learned, &spec, &err);
 *
 * Ids: special tokens in the order of the recipe, with byte fallback 256 bytes, then
 * what was learned.
 */
#ifndef VOCAB_TRAIN_FINISH_H
#define VOCAB_TRAIN_FINISH_H

#include "vocab/train/learned.h"

enum vocab_train_model { VOCAB_TRAIN_BPE, VOCAB_TRAIN_WORDPIECE, VOCAB_TRAIN_UNIGRAM };
#define VOCAB_TRAIN_MODEL_NAMES "bpe|wordpiece|unigram"

struct vocab_finish_options {
	enum vocab_train_model model;
	struct tok_span unk; /* what stands for unknown text; .bytes NULL: nothing, which only
			      * BPE can do */
	bool byte_fallback;  /* unknown text becomes tokens of its bytes, <0x00> to <0xFF> */
	/* That the symbols of BPE and WordPiece were given; .bytes NULL: none. */
	struct tok_span prefix, suffix;
};

/* Make the unknown token special, if it is not, and tell the first id that is free.
 * TOK_EARG where the options contradict each other or the recipe. */
TOK_API TOK_MUST_USE enum tok_status vocab_finish_begin(const struct vocab_finish_options *options,
							struct tok_spec *spec, tok_id *first_id,
							struct tok_error *err);

/* Put the model in: `spec` is then a whole tokenizer and holds copies of everything. */
TOK_API TOK_MUST_USE enum tok_status vocab_finish(const struct vocab_finish_options *options,
						  const struct vocab_learned *learned,
						  struct tok_spec *spec, struct tok_error *err);

/* The vocabulary that the same run would have given with `vocab_size`: a view of the
 * front of `learned`, BPE only. */
TOK_API struct vocab_learned vocab_learned_front(const struct vocab_learned *learned,
						 size_t vocab_size);

#endif
