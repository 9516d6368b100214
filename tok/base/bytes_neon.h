/*
 * bytes_neon.h - 64 bytes in registers, and what is asked of each: for kernels with
 * NEON, which alone include it.
 */
#ifndef TOK_BASE_BYTES_NEON_H
#define TOK_BASE_BYTES_NEON_H

#include <arm_neon.h>

#include "tok/base/span.h"

#define TOK_BYTES_INLINE static inline __attribute__((always_inline))

struct tok_bytes {
	uint8x16_t part[4];
};

TOK_BYTES_INLINE struct tok_bytes tok_bytes_load(const uint8_t *p)
{
	return (struct tok_bytes){ { vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32),
				     vld1q_u8(p + 48) } };
}

/* Bytes that are 0 or 255: one bit a byte. */
TOK_BYTES_INLINE uint64_t tok_bytes_join(struct tok_bytes b)
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

TOK_BYTES_INLINE uint64_t tok_bytes_equal(struct tok_bytes b, int byte)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vceqq_u8(b.part[i], vdupq_n_u8((uint8_t)byte));
	return tok_bytes_join(b);
}

/* first <= byte <= last */
TOK_BYTES_INLINE uint64_t tok_bytes_between(struct tok_bytes b, int first, int last)
{
	for (int i = 0; i < 4; i++)
		b.part[i] = vcleq_u8(vsubq_u8(b.part[i], vdupq_n_u8((uint8_t)first)),
				     vdupq_n_u8((uint8_t)(last - first)));
	return tok_bytes_join(b);
}

#endif
