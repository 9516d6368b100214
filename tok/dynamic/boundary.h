/*
 * boundary.h - which tokens may be joined by dynamic merging.
 *
 *	status = tok_boundary_new(tokenizer, TOK_BOUNDARY_PRETOKENS, &b, &err);
 *	status = tok_boundary_allows(b, joined, &allowed, &err);
 *	tok_boundary_free(b);
 *
 * Asked of the text that two neighbours spell together.  Source: D. Feher, I. Vulic,
 * B. Minixhofer, "Retrofitting Large Language Models with Dynamic Tokenization"
 * (arXiv 2411.18553), and its program (Dynamic_BPE), whose rules these are:
 *
 *	pretokens    no space, tab or newline behind the first character, unless the text is
 *	             two newlines or nothing else than such; then: a text that is not UTF-8, part
 *	             of a character, or one piece for the tokenizer's pre-tokenizer alone
 *	word         one piece when split at white space
 *	word-hyphen  the same, and punctuation joins only if it is a hyphen
 *	sentence     anything that does not go on behind the end of a sentence
 *	none         anything
 *
 * Special tokens never join, whatever the rule.  One thread at a time.
 */
#ifndef TOK_DYNAMIC_BOUNDARY_H
#define TOK_DYNAMIC_BOUNDARY_H

#include "tok/pipe/tokenizer.h"

enum tok_boundary_kind {
	TOK_BOUNDARY_PRETOKENS,
	TOK_BOUNDARY_WORD,
	TOK_BOUNDARY_WORD_HYPHEN,
	TOK_BOUNDARY_SENTENCE,
	TOK_BOUNDARY_NONE
};

struct tok_boundary;

/* Borrows the tokenizer. */
TOK_API TOK_MUST_USE enum tok_status tok_boundary_new(const struct tok_tokenizer *tokenizer,
						      enum tok_boundary_kind kind,
						      struct tok_boundary **out,
						      struct tok_error *err);
TOK_API void tok_boundary_free(struct tok_boundary *boundary);

/* May tokens that spell `left` and `right`, in the tokenizer's raw bytes, be one? */
TOK_API TOK_MUST_USE enum tok_status tok_boundary_allows(struct tok_boundary *boundary,
							 struct tok_span left,
							 struct tok_span right, bool *out,
							 struct tok_error *err);

#endif
