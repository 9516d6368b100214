/*
 * words_file.h - a stream of words as a file, `.words`.
 *
 *	struct vocab_words_file *file;
 *	status = vocab_words_open(descriptor, &file, &err);     // a file or a pipe
 *	... vocab_words_next(vocab_words_stream(file), &word, &err) ...
 *	vocab_words_close(file);
 *
 *	status = vocab_words_write(stream, descriptor, &err);   // the same bytes for the same words
 *
 * Layout (numbers little-endian; see tok-formats(5)): "tokwords", u32 version, u32
 * bytes of the recipe, recipe, u64 XXH3 of all that; blocks of at most 64 KiB, or one
 * record: u32 records, u32 bytes, u64 XXH3 of them, records (varint bytes shared with the word
 * before, 0 for the first of a block; varint further bytes; those; varint count); a block of 0
 * records whose bytes are the totals.  Nothing in it depends on how, where or when the words were
 * counted: shards merged are the whole, byte for byte.  Both ways work over pipes: nothing is
 * sought.
 */
#ifndef VOCAB_TRAIN_WORDS_FILE_H
#define VOCAB_TRAIN_WORDS_FILE_H

#include "vocab/train/words.h"

struct vocab_words_file;

/* Reads the head.  Who sets .name of the stream has it in messages.  `descriptor` stays the
 * caller's and open until the close. */
TOK_API TOK_MUST_USE enum tok_status vocab_words_open(int descriptor, struct vocab_words_file **out,
						      struct tok_error *err);
TOK_API struct vocab_word_stream *vocab_words_stream(struct vocab_words_file *file);
TOK_API void vocab_words_close(struct vocab_words_file *file);

/* Writes all of `stream`.  On failure what was written is no valid file. */
TOK_API TOK_MUST_USE enum tok_status vocab_words_write(struct vocab_word_stream *stream,
						       int descriptor, struct tok_error *err);

#endif
