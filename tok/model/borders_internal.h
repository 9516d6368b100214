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

static inline bool tok_has_row(uint32_t before, uint32_t code)
{
	return tok_near(before) < TOK_NEAR && tok_near(code) < TOK_NEAR;
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

/* ---- cutting a piece ---- */

/*
 * How a piece is cut: at places, and a part longer than `long_bytes` also between two
 * small letters, which are no places.  The functions are inlined.
 */
struct tok_cutter {
	const void *model;
	tok_places *find;
	struct tok_span text; /* ends with the piece */
	uint32_t long_bytes;
	size_t count, capacity; /* of the parts that were put */
	void *parts;
};

/* May the model's texts be cut between the two? */
typedef bool tok_cutter_asks(const struct tok_cutter *cutter, uint32_t before, uint32_t code);

/* Put the part [begin, end), whose first character is given, at parts[count]. */
typedef void tok_cutter_puts(struct tok_cutter *cutter, uint32_t begin, uint32_t end,
			     struct tok_char first);

/* The character at `at`; most beyond ASCII have three bytes. */
static inline struct tok_char tok_borders_char(struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	if (p[0] < 0x80)
		return (struct tok_char){ p[0], 1 };
	if (p[0] > 0xE0 && p[0] < 0xED && text.count - at >= 3 && tok_utf8_is_tail(p[1]) &&
	    tok_utf8_is_tail(p[2]))
		return (struct tok_char){
			(p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu), 3
		};
	return tok_utf8_at(text, at);
}

/* The character in front of `at`, in a piece that begins at `begin`. */
static inline uint32_t tok_borders_before(struct tok_span text, size_t begin, size_t at)
{
	const uint8_t byte = text.bytes[at - 1];
	if (byte < 0x80)
		return byte;
	return tok_utf8_before(tok_span_slice(text, begin, at), at - begin).code;
}

/* A part, or several if it is long; false if there is no more room. */
static inline __attribute__((always_inline)) bool
tok_cutter_add(struct tok_cutter *c, tok_cutter_asks *is_border, tok_cutter_puts *put,
	       uint32_t begin, uint32_t end, struct tok_char first)
{
	const uint8_t *bytes = c->text.bytes;
	for (uint32_t at = begin + 1; end - begin > c->long_bytes && at < end; at++) {
		if (bytes[at - 1] >= 0x80 || bytes[at] >= 0x80 ||
		    !is_border(c, bytes[at - 1], bytes[at]))
			continue;
		if (c->count == c->capacity)
			return false;
		put(c, begin, at, first);
		c->count++;
		begin = at;
		first = (struct tok_char){ bytes[at], 1 };
	}
	if (c->count == c->capacity)
		return false;
	put(c, begin, end, first);
	c->count++;
	return true;
}

/* The parts of the piece that begins at `begin`, as many as there is room for; the last
 * one ends with the text when it is done. */
static inline __attribute__((always_inline)) void tok_cutter_run(struct tok_cutter *c,
								 tok_cutter_asks *is_border,
								 tok_cutter_puts *put,
								 uint32_t begin)
{
	uint32_t places[TOK_PLACES_BLOCK];
	struct tok_char now = tok_borders_char(c->text, begin), first = now;
	uint32_t last = begin, behind = begin + now.length; /* `now` ends there */
	for (size_t at = begin; at < c->text.count;) {
		const size_t count = c->find(c->text, &at, places);
		for (size_t i = 0; i < count; i++) {
			const uint32_t place = places[i];
			if (place <= begin)
				continue;
			const uint32_t before =
			    behind == place ? now.code : tok_borders_before(c->text, begin, place);
			now = tok_borders_char(c->text, place);
			behind = place + now.length;
			if (!is_border(c, before, now.code))
				continue;
			if (!tok_cutter_add(c, is_border, put, last, place, first))
				return;
			last = place;
			first = now;
		}
	}
	tok_cutter_add(c, is_border, put, last, (uint32_t)c->text.count, first);
}

#endif
