/*
 * boundary.h - which tokens may be joined by dynamic merging.
 *
 *	status = tok_boundary_new(tokenizer, TOK_BOUNDARY_PRETOKENS, &b, &err);
 *	status = tok_boundary_allows(b, left, right, &allowed, &err);
 *	tok_boundary_free(b);
 *
 * Asked of the text that two neighbours spell together.  Source: D. Feher, I. Vulic,
 * B. Minixhofer, "Retrofitting Large Language Models with Dynamic Tokenization"
 * (arXiv 2411.18553), and its program (Dynamic_BPE), whose rules the first three are:
 *
 *	pretokens    no space, tab or newline behind the first character, unless the text is
 *	             nothing else than such, and not two newlines; then: a text that is not
 *	             UTF-8, part of a character, or one piece for the tokenizer's
 *	             pre-tokenizer alone
 *	word         the same, but one piece when split at white space
 *	word-hyphen  the same as word, and of punctuation only a hyphen joins what is before it,
 *	             unless that is punctuation too.  A token is punctuation if the vocabulary has
 *	             it, and it has some of ASCII's but for '#', and no digit
 *	sentence     anything that does not go on behind the end of a sentence: behind a newline,
 *	             behind . ! ? or their like and white space, behind a full stop of Chinese
 *	             and Japanese.  (The program asks for spaces first here too, so that its
 *	             sentences are hardly longer than words.)
 *	none         anything
 *
 * What a token spells follows from the kind of the vocabulary.  SentencePiece's mark for a
 * space is a space for all of this; where it stands at the end of words, "behind the
 * first" is "before the last".  WordPiece's "##" and BPE's prefix and suffix are marks of
 * place and no text: "##b" goes on with what is before it, a token without the prefix
 * begins a word of its own, and is joined - where that is allowed at all - with a space, as
 * decoding does.  A piece of byte fallback spells its byte.  The pre-tokenizer sees a text
 * that goes on behind another one: it puts no space in front (the published program lets it).
 *
 * Special tokens never join, whatever the rule, nor do tokens whose text would have a mark
 * that neither has: the merger sees to it.  One thread at a time.
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

/* May tokens that are written `left` and `right` be one?  Written as tok_tokenizer_entry
 * says, pieces of byte fallback as their byte. */
TOK_API TOK_MUST_USE enum tok_status tok_boundary_allows(struct tok_boundary *boundary,
							 struct tok_span left,
							 struct tok_span right, bool *out,
							 struct tok_error *err);

#endif
