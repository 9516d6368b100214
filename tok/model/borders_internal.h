/*
 * borders_internal.h - which characters the tokens of a vocabulary hold side by
 * side: between two that none holds so, no token lies.
 *
 *	tok_borders_build(&borders, &arena, &lexicon, types, false, &err)
 *	if (tok_borders_between(&borders, 'x', 0x2581)) ... a text falls apart there
 *
 * Of ASCII and U+2581, which most borders are between, each pair is known.  Others
 * share the bits of a filter: a pair that falls on another's bit is taken for one
 * that some token holds, which is never wrong.
 */
#ifndef TOK_MODEL_BORDERS_INTERNAL_H
#define TOK_MODEL_BORDERS_INTERNAL_H

#include "tok/model/model_internal.h"
#include "tok/text/places.h"
#include "tok/text/utf8.h"

enum { TOK_NEAR = 129, TOK_NEAR_WORDS = 3, TOK_SPACE_MARK = 0x2581 };

struct tok_borders {
	/* Bit b of row a: none holds b behind a.  NULL: nothing is known. */
	uint64_t (*near)[TOK_NEAR_WORDS];
	const uint64_t *filter; /* a bit that is set: some token may */
	uint32_t filter_words;  /* a power of two */
};

/* From the tokens of the given types; `bytes`: of bytes, not characters. */
TOK_MUST_USE enum tok_status tok_borders_build(struct tok_borders *out, struct tok_arena *arena,
					       const struct tok_lexicon *lexicon, unsigned types,
					       bool bytes, struct tok_error *err);

/* In an image, under two tags. */
void tok_borders_save(const struct tok_borders *borders, uint32_t near_tag, uint32_t filter_tag,
		      struct tok_image_writer *writer);
/* False if they are no borders; without any, `near` is NULL. */
bool tok_borders_open(struct tok_borders *out, const struct tok_image *image, uint32_t near_tag,
		      uint32_t filter_tag);

/* The row of a character; TOK_NEAR: it has none. */
static inline uint32_t tok_near(uint32_t code)
{
	return code < TOK_NEAR - 1 ? code : code == TOK_SPACE_MARK ? TOK_NEAR - 1 : TOK_NEAR;
}

static inline uint64_t tok_borders_bit(uint32_t words, uint32_t before, uint32_t code)
{
	const uint32_t hash = before * UINT32_C(0x9E3779B1) + code * UINT32_C(0x85EBCA77);
	return (uint64_t)(hash ^ hash >> 15) * words * 64 >> 32;
}

static inline bool tok_borders_between(const struct tok_borders *borders, uint32_t before,
				       uint32_t code)
{
	const uint32_t a = tok_near(before), b = tok_near(code);
	if (a < TOK_NEAR && b < TOK_NEAR)
		return borders->near[a][b / 64] >> b % 64 & 1;
	const uint64_t bit = tok_borders_bit(borders->filter_words, before, code);
	return !(borders->filter[bit / 64] >> bit % 64 & 1);
}

/* Two characters side by side, on the way through the places of a piece. */
struct tok_neighbours {
	struct tok_span text;
	uint32_t begin; /* of the piece */
	uint32_t end;   /* of the second character */
	uint32_t before, code;
};

/* Go on to the one that begins at `place`, which is behind the beginning. */
static inline void tok_neighbours_move(struct tok_neighbours *n, uint32_t place)
{
	const uint8_t *p = n->text.bytes + place;
	if (n->end == place)
		n->before = n->code;
	else if (p[-1] < 0x80)
		n->before = p[-1];
	else
		n->before =
		    tok_utf8_before(tok_span_slice(n->text, n->begin, place), place - n->begin)
			.code;
	if (p[0] < 0x80) {
		n->code = p[0];
		n->end = place + 1;
		return;
	}
	const struct tok_char c = tok_utf8_at(n->text, place);
	n->code = c.code;
	n->end = place + c.length;
}

#endif
