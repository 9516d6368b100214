/*
 * count.h - how many tokens a text has, and how much of it fits a budget.
 *
 *	const struct tok_encode_options o = { 0 };
 *	size_t count;
 *	struct tok_budget budget;
 *	status = tok_count(encoder, text, &o, &count, &err);
 *	status = tok_count_to(encoder, text, &o, 1000, &budget, &err);
 *	text.count = budget.clean_bytes;  // the front that 1000 tokens hold
 *
 * The answers are those of tok_encode of the whole text, but no ids are kept:
 * the text is taken in parts of at most 256 KiB wherever tok_tokenizer_cut finds
 * a place to cut, so that memory is bounded and a text may be longer than
 * TOK_DOCUMENT_MAX.  Where there is no such place, all of it is encoded at once.
 *
 * To count a slice, pass the slice: it is counted as a text of its own.
 *
 * Both use the encoder, and what its last tok_encode returned is gone.
 * .offsets and .tokens of the options are not looked at.
 */
#ifndef TOK_PIPE_COUNT_H
#define TOK_PIPE_COUNT_H

#include "tok/pipe/encoder.h"

/* The tokens of `text`.  With a template, truncation or padding, theirs too;
 * such a text is encoded at once.  Fails as tok_encode does. */
TOK_API TOK_MUST_USE enum tok_status tok_count(struct tok_encoder *encoder, struct tok_span text,
					       const struct tok_encode_options *options,
					       size_t *count, struct tok_error *err);

/* The front of a text that a number of tokens hold. */
struct tok_budget {
	size_t count; /* tokens: as many as allowed, or all there are */
	size_t bytes; /* where the last of them ends; all of the text if all fit */
	/* The same for the largest number of tokens, at most `count`, that do not
	 * end inside a character and share none with a later token (as tokens
	 * of single bytes do, and those of a character that became several):
	 * a text that people see is cut here. */
	size_t clean_count, clean_bytes;
	bool all; /* the whole text fits */
};

/* The first `limit` tokens of `text`.  Reads little more of it than they cover,
 * if there is a place to cut.
 *
 * The tokens are those of the whole text.  The front alone nearly always has the
 * same; it may not where a splitter or normaliser looks ahead and now sees an
 * end.  Who needs a hard limit counts the front again.
 *
 * TOK_EARG for .add_special and .truncate: take the tokens of the template,
 * which are those of an empty text, off the limit first. */
TOK_API TOK_MUST_USE enum tok_status tok_count_to(struct tok_encoder *encoder, struct tok_span text,
						  const struct tok_encode_options *options,
						  size_t limit, struct tok_budget *out,
						  struct tok_error *err);

#endif
