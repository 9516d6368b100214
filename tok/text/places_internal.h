/*
 * places_internal.h - places by masks, one bit a byte: what the instruction sets
 * share.  Each gives the masks of a block and writes the numbers of bits.
 */
#ifndef TOK_TEXT_PLACES_INTERNAL_H
#define TOK_TEXT_PLACES_INTERNAL_H

#include <string.h>

#include "tok/text/places.h"

#define PLACES_INLINE static inline __attribute__((always_inline))

extern tok_places *const tok_places_scalar[TOK_PLACES_KIND_COUNT];
extern tok_places *const tok_places_avx2[TOK_PLACES_KIND_COUNT];
extern tok_places *const tok_places_avx512[TOK_PLACES_KIND_COUNT];
extern tok_places *const tok_places_neon[TOK_PLACES_KIND_COUNT];

/* U+2581 is the bytes E2 96 81. */
enum { PLACES_SPACE_0 = 0xE2, PLACES_SPACE_1 = 0x96, PLACES_SPACE_2 = 0x81, PLACES_SPACE = 3 };

struct places_masks {
	uint64_t space;  /* U+2581 begins here */
	uint64_t tail;   /* 80 to BF */
	uint64_t letter; /* a to z */
	uint64_t blank;  /* a space */
};

/* Fill the masks from the 64 bytes at `p` and the two behind them. */
typedef void places_classify(const uint8_t *p, struct places_masks *out);

/* Write base + the number of each bit in turn; may write 64 of them.  Returns how
 * many there are. */
typedef size_t places_flatten(uint64_t mask, uint32_t base, uint32_t *places);

static inline bool places_is_letter(uint8_t byte)
{
	return byte >= 'a' && byte <= 'z';
}

static inline bool places_is_space(const uint8_t *p)
{
	return p[0] == PLACES_SPACE_0 && p[1] == PLACES_SPACE_1 && p[2] == PLACES_SPACE_2;
}

/* Bits 0 to 2: where U+2581 that begins in front of `at` ends. */
PLACES_INLINE uint64_t places_behind_space(struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	const size_t left = text.count - at;
	uint64_t mask = 0;
	if (at >= 3 && p[-1] >= 0x80)
		mask |= (uint64_t)places_is_space(p - 3);
	if (at >= 2 && p[-2] == PLACES_SPACE_0 && left >= 1)
		mask |= (uint64_t)places_is_space(p - 2) << 1;
	if (at >= 1 && p[-1] == PLACES_SPACE_0 && left >= 2)
		mask |= (uint64_t)places_is_space(p - 1) << 2;
	return mask;
}

PLACES_INLINE size_t places_find(places_classify *classify, places_flatten *flatten,
				 enum tok_places_kind kind, struct tok_span text, size_t *at,
				 uint32_t *places)
{
	const size_t begin = *at, left = text.count - begin;
	const uint8_t *p = text.bytes + begin;
	uint8_t copy[TOK_PLACES_BLOCK + PLACES_SPACE - 1];
	struct places_masks m;
	uint64_t valid = UINT64_MAX;
	if (left < sizeof copy) {
		memset(copy, 0, sizeof copy);
		memcpy(copy, p, left);
		p = copy;
		if (left < TOK_PLACES_BLOCK)
			valid = (UINT64_C(1) << left) - 1;
	}
	classify(p, &m);
	*at = begin + (left < TOK_PLACES_BLOCK ? left : TOK_PLACES_BLOCK);
	if (kind == TOK_PLACES_SPACES)
		return flatten(m.space & valid, (uint32_t)begin, places);
	if (kind == TOK_PLACES_GAPS)
		return flatten((m.space | m.blank) & valid, (uint32_t)begin, places);
	const uint64_t behind_space = m.space << PLACES_SPACE | places_behind_space(text, begin);
	const uint64_t behind_letter =
	    m.letter << 1 | (begin > 0 && places_is_letter(text.bytes[begin - 1]));
	const uint64_t inside =
	    (m.letter & (behind_letter | behind_space)) | (m.space & behind_space) | m.tail;
	return flatten(~inside & valid, (uint32_t)begin, places);
}

/* Define `table`, what a kernel is to the others. */
#define PLACES_KERNEL(table, classify, flatten)                                                    \
	static size_t find_spaces(struct tok_span text, size_t *at, uint32_t *places)              \
	{                                                                                          \
		return places_find(classify, flatten, TOK_PLACES_SPACES, text, at, places);        \
	}                                                                                          \
	static size_t find_gaps(struct tok_span text, size_t *at, uint32_t *places)                \
	{                                                                                          \
		return places_find(classify, flatten, TOK_PLACES_GAPS, text, at, places);          \
	}                                                                                          \
	static size_t find_words(struct tok_span text, size_t *at, uint32_t *places)               \
	{                                                                                          \
		return places_find(classify, flatten, TOK_PLACES_WORDS, text, at, places);         \
	}                                                                                          \
	tok_places *const table[TOK_PLACES_KIND_COUNT] = {                                         \
		[TOK_PLACES_SPACES] = find_spaces,                                                 \
		[TOK_PLACES_GAPS] = find_gaps,                                                     \
		[TOK_PLACES_WORDS] = find_words,                                                   \
	};

#endif
