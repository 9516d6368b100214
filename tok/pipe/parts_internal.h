/*
 * parts_internal.h - a text in parts whose ids, one part after the other, are
 * the ids of the whole.
 */
#ifndef TOK_PIPE_PARTS_INTERNAL_H
#define TOK_PIPE_PARTS_INTERNAL_H

#include "tok/pipe/encoder.h"

/* As long as a part should be: enough that its cut costs nothing, few enough
 * bytes for what is made of them to stay in the processor's caches. */
#define TOK_PART_BYTES ((size_t)256 * 1024)

struct tok_parts {
	const struct tok_tokenizer *tokenizer;
	bool whole; /* the text is one part, however long it is */
	bool match_special;
};

/* Templates, truncation and padding are laid around a whole text. */
struct tok_parts tok_parts_for(const struct tok_tokenizer *tokenizer,
			       const struct tok_encode_options *options);

/* Length of the first part of `text`: at most `want` bytes, more where no cut is
 * nearer, all of it where there is none.  0 for an empty text only; never inside
 * a character. */
size_t tok_parts_first(const struct tok_parts *parts, struct tok_span text, size_t want);

/* Does a character of several bytes lie across `at`? */
bool tok_parts_splits_character(struct tok_span text, size_t at);

/* The ids of `part`, which begins at byte `begin` of its text: messages say so. */
TOK_MUST_USE enum tok_status tok_parts_encode(struct tok_encoder *encoder, struct tok_span part,
					      uint64_t begin,
					      const struct tok_encode_options *options,
					      struct tok_encoding *out, struct tok_error *err);

#endif
