/*
 * pretokens.h - a tokenizer's pre-tokenizer alone, asked about short texts.
 *
 *	struct tok_pretokens *p = tok_pretokens_new(tokenizer); // one per thread
 *	status = tok_pretokens_count(p, text, &count, &err);
 *	tok_pretokens_free(p);
 *
 * Neither normalised nor searched for added tokens.
 */
#ifndef TOK_PIPE_PRETOKENS_H
#define TOK_PIPE_PRETOKENS_H

#include "tok/pipe/tokenizer.h"

struct tok_pretokens;

/* Borrows the tokenizer; NULL if memory is out. */
TOK_API struct tok_pretokens *tok_pretokens_new(const struct tok_tokenizer *tokenizer);
TOK_API void tok_pretokens_free(struct tok_pretokens *pretokens);

/* How many pieces `text` falls into, which is normalised already and goes on behind
 * another text: nothing is put in front of it.  Raw bytes where the last step is
 * ByteLevel. */
TOK_API TOK_MUST_USE enum tok_status tok_pretokens_count(struct tok_pretokens *pretokens,
							 struct tok_span text, size_t *out,
							 struct tok_error *err);

/* The character that stands for a space in the texts of the vocabulary: a space, or a mark
 * such as SentencePiece's U+2581. */
TOK_API uint32_t tok_pretokens_space(const struct tok_tokenizer *tokenizer);

#endif
