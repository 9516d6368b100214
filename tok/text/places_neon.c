/*
 * places_neon.c - places with NEON.
 */
#include "tok/base/bytes_neon.h"
#include "tok/text/places_internal.h"

PLACES_INLINE void classify(const uint8_t *p, struct places_masks *out)
{
	const struct tok_bytes b = tok_bytes_load(p);
	out->tail = tok_bytes_between(b, 0x80, 0xBF);
	out->letter = tok_bytes_between(b, 'a', 'z');
	out->blank = tok_bytes_equal(b, ' ');
	out->space = tok_bytes_equal(b, PLACES_SPACE_0);
	if (out->space)
		out->space &= tok_bytes_equal(tok_bytes_load(p + 1), PLACES_SPACE_1) &
			      tok_bytes_equal(tok_bytes_load(p + 2), PLACES_SPACE_2);
}

PLACES_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *places)
{
	size_t count = 0;
	for (; mask; mask &= mask - 1)
		places[count++] = base + (uint32_t)__builtin_ctzll(mask);
	return count;
}

PLACES_KERNEL(tok_places_neon, classify, flatten)
