/*
 * words_merge.h - several streams of words as one: counts of the same word are
 * added, totals too.  Associative and commutative: any grouping and order give the
 * same words.
 *
 *	struct vocab_words_merge *merge;
 *	status = vocab_words_merge_new(streams, count, &merge, &err);
 *	... vocab_words_next(vocab_words_merge_stream(merge), &word, &err) ...
 *	vocab_words_merge_free(merge);
 *
 * The streams are borrowed.  Memory: the current word of each.
 */
#ifndef VOCAB_TRAIN_WORDS_MERGE_H
#define VOCAB_TRAIN_WORDS_MERGE_H

#include <stddef.h>

#include "vocab/train/words.h"

struct vocab_words_merge;

/* TOK_EARG where the recipes differ; the message says which stream.  `count` >= 1. */
TOK_API TOK_MUST_USE enum tok_status vocab_words_merge_new(struct vocab_word_stream *const *streams,
							   size_t count,
							   struct vocab_words_merge **out,
							   struct tok_error *err);
TOK_API struct vocab_word_stream *vocab_words_merge_stream(struct vocab_words_merge *merge);
TOK_API void vocab_words_merge_free(struct vocab_words_merge *merge);

#endif
