/*
 * surfaces.h - what each token of a tokenizer spells, and where in a word it may stand:
 * what splitting and sampling go by.
 *
 *	status = tok_surfaces_new(tokenizer, &surfaces, &err);
 *	const struct tok_surface *s = tok_surfaces_at(surfaces, id);
 *	if (s->text.bytes && s->places & TOK_PLACE_INNER) ...
 *	tok_surfaces_free(surfaces);
 *
 * A text is spelled by a row of tokens if their surfaces, one behind the other, are the
 * text and each stands where it may.  In most vocabularies every token may stand
 * anywhere.  WordPiece's "##b" spells "b" and stands behind another token; CLIP's
 * "b</w>" spells "b" and is the last of its word, "b" is not.  The mark for a space in
 * SentencePiece's vocabularies is a character like others.
 *
 * Left alone, with .text.bytes NULL: ids that no token has, special and control tokens,
 * unknown, unused and byte pieces, tokens that only the list of added tokens has, and
 * tokens that spell nothing.  Immutable; may be shared by threads; borrows the tokenizer.
 *
 * A token of a WordLevel vocabulary is a word, first and last.  Where a byte-level
 * vocabulary has marks of place, as CLIP's, surfaces are in its printable alphabet: that
 * is what its model matches.
 */
#ifndef TOK_SAMPLE_SURFACES_H
#define TOK_SAMPLE_SURFACES_H

#include "tok/pipe/tokenizer.h"

/* Where a token may stand among those of a word; some of these together. */
enum {
	TOK_PLACE_FIRST = 1,    /* as the first */
	TOK_PLACE_INNER = 2,    /* behind another one */
	TOK_PLACE_LAST = 4,     /* as the last */
	TOK_PLACE_NOT_LAST = 8, /* before another one */
	TOK_PLACE_ANY = 15
};

struct tok_surface {
	struct tok_span text; /* bytes that the model matches, without marks of place */
	uint32_t places;
	/* It is found before others are, wherever it stands: a user-defined piece, or one that
	 * is in the list of added tokens as well.  Nothing that is whole is taken apart. */
	bool whole;
};

struct tok_surfaces;

/* Fails with TOK_ENOMEM only. */
TOK_API TOK_MUST_USE enum tok_status tok_surfaces_new(const struct tok_tokenizer *tokenizer,
						      struct tok_surfaces **out,
						      struct tok_error *err);
TOK_API void tok_surfaces_free(struct tok_surfaces *surfaces);

/* As many as tok_tokenizer_size says. */
TOK_API size_t tok_surfaces_count(const struct tok_surfaces *surfaces);

/* Of an id below the count, with those of the following ids behind it; lives as long as
 * the surfaces. */
TOK_API const struct tok_surface *tok_surfaces_at(const struct tok_surfaces *surfaces, tok_id id);

/* Do the surfaces consist of bytes, so that a place between any two of them is one
 * between symbols?  Else symbols are characters. */
TOK_API bool tok_surfaces_are_bytes(const struct tok_surfaces *surfaces);

#endif
