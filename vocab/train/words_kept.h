/*
 * words_kept.h - words that are read several times: a stream kept in a file without a
 * name.
 *
 *	struct vocab_words_kept *kept;
 *	status = vocab_words_keep(stream, "/var/tmp", &kept, &err);
 *	status = vocab_words_again(kept, &stream, &err);   // from the beginning
 *	...
 *	vocab_words_kept_free(kept);
 */
#ifndef VOCAB_TRAIN_WORDS_KEPT_H
#define VOCAB_TRAIN_WORDS_KEPT_H

#include "vocab/train/words.h"

struct vocab_words_kept;

/* Reads `stream` to its end. */
TOK_API TOK_MUST_USE enum tok_status vocab_words_keep(struct vocab_word_stream *stream,
						      const char *folder,
						      struct vocab_words_kept **out,
						      struct tok_error *err);

/* The stream lives until the next call; there is one at a time. */
TOK_API TOK_MUST_USE enum tok_status vocab_words_again(struct vocab_words_kept *kept,
						       struct vocab_word_stream **out,
						       struct tok_error *err);
TOK_API void vocab_words_kept_free(struct vocab_words_kept *kept);

#endif
