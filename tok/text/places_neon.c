/*
 * places_neon.c - places with NEON.
 */
#include "tok/text/places_internal.h"

#include <arm_neon.h>

/* 64 bytes. */
struct bytes {
	uint8x16_t part[4];
};

PLACES_INLINE struct bytes load(const uint8_t *p)
{
	return (
	    struct bytes){ { vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48) } };
}

/* One bit for each of 64 bytes that are 0 or 255. */
PLACES_INLINE uint64_t join(struct bytes b)
{
	static const uint8_t weights[16] = { 1, 2, 4, 8, 16, 32, 64, 128,
					     1, 2, 4, 8, 16, 32, 64, 128 };
	const uint8x16_t weight = vld1q_u8(weights);
	const uint8x16_t first =
	    vpaddq_u8(vandq_u8(b.part[0], weight), vandq_u8(b.part[1], weight));
	const uint8x16_t second =
	    vpaddq_u8(vandq_u8(b.part[2], weight), vandq_u8(b.part[3], weight));
	const uint8x16_t sums = vpaddq_u8(first, second);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

PLACES_INLINE uint64_t equal(struct bytes b, uint8_t byte)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vceqq_u8(b.part[i], vdupq_n_u8(byte));
	return join(b);
}

/* first <= byte <= first + more */
PLACES_INLINE uint64_t between(struct bytes b, uint8_t first, uint8_t more)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vcleq_u8(vsubq_u8(b.part[i], vdupq_n_u8(first)), vdupq_n_u8(more));
	return join(b);
}

PLACES_INLINE void classify(const uint8_t *p, struct places_masks *out)
{
	const struct bytes b = load(p);
	out->tail = between(b, 0x80, 0x3F);
	out->letter = between(b, 'a', 'z' - 'a');
	out->space = equal(b, PLACES_SPACE_0);
	if (out->space)
		out->space &=
		    equal(load(p + 1), PLACES_SPACE_1) & equal(load(p + 2), PLACES_SPACE_2);
}

PLACES_INLINE size_t flatten(uint64_t mask, uint32_t base, uint32_t *places)
{
	size_t count = 0;
	for (; mask; mask &= mask - 1)
		places[count++] = base + (uint32_t)__builtin_ctzll(mask);
	return count;
}

PLACES_KERNEL(tok_places_neon, classify, flatten)
