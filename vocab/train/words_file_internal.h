/*
 * words_file_internal.h - a stretch of a file as a stream of words: runs lie one
 * behind the other in a file of their own.
 */
#ifndef VOCAB_TRAIN_WORDS_FILE_INTERNAL_H
#define VOCAB_TRAIN_WORDS_FILE_INTERNAL_H

#include "vocab/train/words_file.h"

/* Bytes [begin, end) of a regular file, wherever its descriptor stands. */
TOK_MUST_USE enum tok_status words_open_stretch(int descriptor, uint64_t begin, uint64_t end,
						struct vocab_words_file **out,
						struct tok_error *err);

#endif
