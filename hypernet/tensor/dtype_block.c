/* Blocks of 32 numbers: a scale, for some a number to add, and 32 small whole numbers.  Of those
 * with 4 or 5 bits a byte holds two: the low half one of the first 16, the high half one of the
 * last. */
#include "hypernet/tensor/dtype_internal.h"

#include <math.h>

enum { BLOCK = 32, HALF = 16, F16_BYTES = 2 };

void dtype_read_q8_0(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += F16_BYTES + BLOCK, to += BLOCK) {
		const float scale = dtype_half(from);
		for (size_t i = 0; i < BLOCK; i++)
			to[i] = scale * (float)(int8_t)from[F16_BYTES + i];
	}
}

/* As ggml's own writer: the greatest magnitude becomes 127; halves are rounded away from 0. */
void dtype_write_q8_0(const float *from, size_t blocks, uint8_t *to)
{
	for (; blocks; blocks--, from += BLOCK, to += F16_BYTES + BLOCK) {
		float greatest = 0;
		for (size_t i = 0; i < BLOCK; i++)
			greatest = fmaxf(greatest, fabsf(from[i]));
		const float scale = greatest / 127;
		const float inverse = scale != 0 ? 1 / scale : 0;
		dtype_write_f16(&scale, 1, to);
		for (size_t i = 0; i < BLOCK; i++)
			to[F16_BYTES + i] = (uint8_t)(int8_t)roundf(from[i] * inverse);
	}
}

static void read_nibbles(const uint8_t *nibbles, float scale, int less, float add, float *to)
{
	for (size_t i = 0; i < HALF; i++) {
		to[i] = scale * (float)((nibbles[i] & 15) - less) + add;
		to[HALF + i] = scale * (float)((nibbles[i] >> 4) - less) + add;
	}
}

void dtype_read_q4_0(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += F16_BYTES + HALF, to += BLOCK)
		read_nibbles(from + F16_BYTES, dtype_half(from), 8, 0, to);
}

void dtype_read_q4_1(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 2 * F16_BYTES + HALF, to += BLOCK)
		read_nibbles(from + 2 * F16_BYTES, dtype_half(from), 0,
			     dtype_half(from + F16_BYTES), to);
}

/* The fifth bits of all 32 come first, in 4 bytes. */
static void read_fives(const uint8_t *fives, float scale, int less, float add, float *to)
{
	const uint8_t *nibbles = fives + 4;
	uint32_t high;
	memcpy(&high, fives, sizeof high);
	for (size_t i = 0; i < HALF; i++) {
		const int first = (nibbles[i] & 15) | (int)(high >> i & 1) << 4;
		const int last = nibbles[i] >> 4 | (int)(high >> (HALF + i) & 1) << 4;
		to[i] = scale * (float)(first - less) + add;
		to[HALF + i] = scale * (float)(last - less) + add;
	}
}

void dtype_read_q5_0(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += F16_BYTES + 4 + HALF, to += BLOCK)
		read_fives(from + F16_BYTES, dtype_half(from), 16, 0, to);
}

void dtype_read_q5_1(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 2 * F16_BYTES + 4 + HALF, to += BLOCK)
		read_fives(from + 2 * F16_BYTES, dtype_half(from), 0, dtype_half(from + F16_BYTES),
			   to);
}
