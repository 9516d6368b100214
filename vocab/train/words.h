/*
 * words.h - words and how often each occurs: what every trainer learns from.
 *
 *	struct vocab_word word;
 *	while ((status = vocab_words_next(stream, &word, &err)) == TOK_OK && word.text.bytes)
 *		use(word.text, word.count);
 *
 * A word is a piece that a model would be asked for: what is left of a text when
 * special tokens are cut out, and normaliser and pre-tokenizer have run.  It may
 * hold any byte.  A stream gives each word once, in the order of its bytes
 * (memcmp, shorter first); its count is at least 1 and is added up in 64 bits.
 *
 * Where words come from - a file, a table in memory, several streams merged - is the
 * business of whoever made the stream; a stream is read by one thread.
 */
#ifndef VOCAB_TRAIN_WORDS_H
#define VOCAB_TRAIN_WORDS_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct vocab_word {
	struct tok_span text; /* until the next call; .bytes NULL: no further word */
	uint64_t count;
};

/* Of all that was counted; sums of disjoint shards add up to those of the whole. */
struct vocab_word_totals {
	uint64_t documents;
	uint64_t bytes;    /* of the texts, before normalisation */
	uint64_t words;    /* sum of counts */
	uint64_t distinct; /* words that differ: not a sum */
};

struct vocab_word_stream {
	/* How text became words: a tokenizer.json without vocabulary.  Only streams with
	 * the same bytes here may be merged.  Known from the beginning. */
	struct tok_span recipe;
	/* Known when the last word has been read. */
	struct vocab_word_totals totals;
	const char *name; /* for messages: of its file; NULL: none.  Borrowed */
	enum tok_status (*next)(struct vocab_word_stream *self, struct vocab_word *out,
				struct tok_error *err);
};

/* TOK_EFORMAT where a file is damaged or ends early, TOK_EIO, TOK_ENOMEM,
 * TOK_ELIMIT where a count or a total would pass 2^64 - 1. */
static inline enum tok_status vocab_words_next(struct vocab_word_stream *stream,
					       struct vocab_word *out, struct tok_error *err)
{
	return stream->next(stream, out, err);
}

#endif
