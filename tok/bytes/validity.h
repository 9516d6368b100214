/*
 * validity.h - which rows of tokens the tokenizer itself could have made.
 *
 * A row of tokens is valid if it is the beginning of the encoding of some text that goes on
 * (brief: extensibly valid).  Decided token by token and byte by byte, while the byte machine
 * walks: a state says what must not happen any more.
 *
 *	BPE            a pair of neighbours is valid if it is what the two texts together
 *	               encode to (proof: tok/model/spine.c); with ignore_merges a piece that is
 *	               itself a token is valid as that one alone
 *	longest match  no longer token may match into the bytes that follow: open matches are
 *	               walked along, and a row dies when one of them completes
 *	Unigram        the best path to each place, with the encoder's rule for ties
 *
 * Pieces of the pre-tokenizer: at their borders neighbours are not asked, and no token lies
 * across.  Where borders depend on what follows (contractions, blanks before a word, digits
 * in threes) a state holds several guesses, which later bytes prove wrong (tok/pretok/follow.h); a
 * row is valid while one of them lives.
 *
 * Added tokens that are not special, and SentencePiece's user-defined pieces, are cut out of the
 * text, and what lies between them is text by itself.  Texts of special tokens are ordinary text.
 *
 * Supported: BPE of bytes behind the pre-tokenizers that follow.h lists; BPE of characters
 * (SentencePiece, Llama 2, Gemma), also in words (Metaspace), where no piece is unused;
 * Unigram, also in words; longest match (WordPiece) where a whole text is one word.  All
 * else is refused by name, TOK_EARG: other pre-tokenizers; normalisers that look at what stands
 * around; added tokens with single_word, lstrip or rstrip, some before and some behind the
 * normaliser, behind which a space is put, or which the text of a special token may overlap.
 * Text is what the model sees: that there are texts which no normaliser writes is not known here.
 *
 * What the answers mean:
 *	tok_validity_token  false: no text whatever is encoded as a row with this beginning.
 *	                    True: some text is, with an exception inside one character, where
 *	                    a row may live on a few bytes longer, and where no token of the
 *	                    vocabulary may stand behind the last one in the same piece
 *	tok_validity_byte   false: no valid row goes on with these bytes
 *	tok_validity_end    true exactly if the row is the encoding of its text
 *
 * Sources: Phan et al. 2024 (arXiv 2410.09303), Hayase et al. 2025 (2506.14123), Vieira et al.
 * 2025.  One thread at a time: it remembers pairs that it was asked about.  Borrows tokenizer and
 * tokens.
 */
#ifndef TOK_BYTES_VALIDITY_H
#define TOK_BYTES_VALIDITY_H

#include "tok/bytes/tokens.h"

struct tok_validity;

/* A value, compared and copied as it is: two rows with equal states have equal futures. */
enum { TOK_VALID_WORDS = 22 };
struct tok_valid_state {
	uint64_t words[TOK_VALID_WORDS];
};

TOK_API TOK_MUST_USE enum tok_status tok_validity_new(const struct tok_tokenizer *tokenizer,
						      const struct tok_byte_tokens *tokens,
						      struct tok_validity **out,
						      struct tok_error *err);
TOK_API void tok_validity_free(struct tok_validity *validity);

/* At the beginning of a text. */
TOK_API struct tok_valid_state tok_validity_start(const struct tok_validity *validity);

/* A token ends here: false if it may not stand behind what `state` is of.  *next is the state
 * behind it. */
TOK_API bool tok_validity_token(const struct tok_validity *validity,
				const struct tok_valid_state *state, tok_id id,
				struct tok_valid_state *next);

/* The text goes on by a byte, inside a token or not: false if the row has become invalid. */
TOK_API bool tok_validity_byte(const struct tok_validity *validity, struct tok_valid_state *state,
			       uint8_t byte);

/* May the text end behind the last token?  Asked of a state that tok_validity_token gave, or of
 * the first one. */
TOK_API bool tok_validity_end(const struct tok_validity *validity,
			      const struct tok_valid_state *state);

#endif
