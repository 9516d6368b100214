/*
 * places.h - where a text in SentencePiece's way of writing may fall apart: the
 * places in front of its white space, U+2581, and of whatever is no inside of a
 * word.  64 bytes are looked at together.
 *
 *	tok_places *find = tok_places_of(TOK_PLACES_WORDS, kernel);
 *	for (size_t at = begin; at < text.count;) {
 *		count = find(text, &at, places);
 *		... text[places[i]] begins a character ...
 *	}
 *
 * It says nothing about what a vocabulary does there: whoever cuts asks it.
 */
#ifndef TOK_TEXT_PLACES_H
#define TOK_TEXT_PLACES_H

#include "tok/base/cpu.h"
#include "tok/base/span.h"

enum tok_places_kind {
	/* Each U+2581. */
	TOK_PLACES_SPACES,
	/* Each U+2581, and each space that is still one. */
	TOK_PLACES_GAPS,
	/* Each byte that continues no character, except a small letter of ASCII behind
	 * another one or behind U+2581, and U+2581 behind itself.  (In text that is not UTF-8 a
	 * byte that continues nothing is no place either.) */
	TOK_PLACES_WORDS,
	TOK_PLACES_KIND_COUNT
};

enum { TOK_PLACES_BLOCK = 64 };

/* Write the places among the up to TOK_PLACES_BLOCK bytes at *at, which is before
 * the end of the text, in order; `places` has room for that many, all of which may
 * be written to.  Returns how many they are; *at goes behind those bytes.  What is
 * in front of *at is looked at, and nothing outside of the text, which is shorter
 * than 4 GiB.  The places of a text do not depend on where it is begun. */
typedef size_t tok_places(struct tok_span text, size_t *at, uint32_t *places);

/* By a kernel that runs here; by the scalar one, which defines the places, where it
 * was not built. */
TOK_API tok_places *tok_places_of(enum tok_places_kind kind, enum tok_kernel kernel);

#endif
