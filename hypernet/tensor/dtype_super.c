/* Blocks of 256 numbers in 8 groups of 32 or 16 of 16: each group has a small scale of its own,
 * for some a small number to subtract, and the block scales those. */
#include "hypernet/tensor/dtype_internal.h"

enum { SUPER = 256, F16_BYTES = 2 };

/* Of 128 numbers with 2 bits each in 32 bytes: the i-th. */
static int pair_at(const uint8_t *pairs, size_t i)
{
	return pairs[i % 32] >> 2 * (i / 32) & 3;
}

/* scales[16], pairs[64], scale of scales, scale of what is subtracted: 84 bytes */
void dtype_read_q2_k(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 84, to += SUPER) {
		const uint8_t *pairs = from + 16;
		const float scale = dtype_half(from + 80), least = dtype_half(from + 82);
		for (size_t i = 0; i < SUPER; i++) {
			const uint8_t group = from[i / 16];
			const int number = pair_at(pairs + i / 128 * 32, i % 128);
			to[i] = scale * (float)(group & 15) * (float)number -
				least * (float)(group >> 4);
		}
	}
}

/* Sixteen scales of 6 bits in 12 bytes: the low four in the nibbles of the first 8, the high two
 * in the last 4. */
static int scale_of_six(const uint8_t *scales, size_t i)
{
	const int low = i < 8 ? scales[i] & 15 : scales[i - 8] >> 4;
	return (low | (scales[8 + i % 4] >> 2 * (i / 4) & 3) << 4) - 32;
}

/* third bits[32], pairs[64], scales[12], scale: 110 bytes */
void dtype_read_q3_k(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 110, to += SUPER) {
		const uint8_t *pairs = from + 32, *scales = from + 96;
		const float scale = dtype_half(from + 108);
		for (size_t i = 0; i < SUPER; i++) {
			const int low = pair_at(pairs + i / 128 * 32, i % 128);
			const int high = from[i % 32] >> i / 32 & 1;
			to[i] = scale * (float)scale_of_six(scales, i / 16) *
				(float)(low + 4 * high - 4);
		}
	}
}

/* Eight scales and eight numbers to subtract, of 6 bits each, in 12 bytes: the first four of both
 * in the low bits of the first 8, the others' low bits in the last 4 and their high bits above the
 * first ones. */
static void scales_of_pairs(const uint8_t *packed, uint8_t *scales, uint8_t *leasts)
{
	for (size_t i = 0; i < 4; i++) {
		scales[i] = packed[i] & 63;
		leasts[i] = packed[4 + i] & 63;
		scales[4 + i] = (uint8_t)((packed[8 + i] & 15) | packed[i] >> 6 << 4);
		leasts[4 + i] = (uint8_t)(packed[8 + i] >> 4 | packed[4 + i] >> 6 << 4);
	}
}

/* Of 256 numbers with 4 bits each in 128 bytes: the i-th; 32 bytes hold 64 of them. */
static int nibble_at(const uint8_t *nibbles, size_t i)
{
	return nibbles[i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15;
}

/* scale, scale of what is subtracted, scales[12], nibbles[128]: 144 bytes */
void dtype_read_q4_k(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 144, to += SUPER) {
		const float scale = dtype_half(from), least = dtype_half(from + F16_BYTES);
		uint8_t scales[8], leasts[8];
		scales_of_pairs(from + 4, scales, leasts);
		for (size_t i = 0; i < SUPER; i++)
			to[i] = scale * scales[i / 32] * (float)nibble_at(from + 16, i) -
				least * leasts[i / 32];
	}
}

/* the same with fifth bits[32] before the nibbles: 176 bytes */
void dtype_read_q5_k(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 176, to += SUPER) {
		const float scale = dtype_half(from), least = dtype_half(from + F16_BYTES);
		const uint8_t *fifth = from + 16;
		uint8_t scales[8], leasts[8];
		scales_of_pairs(from + 4, scales, leasts);
		for (size_t i = 0; i < SUPER; i++) {
			const int high = fifth[i % 32] >> i / 32 & 1;
			to[i] =
			    scale * scales[i / 32] * (float)(nibble_at(from + 48, i) + 16 * high) -
			    least * leasts[i / 32];
		}
	}
}

/* low nibbles[128], high pairs[64], signed scales[16], scale: 210 bytes; 64 bytes of nibbles hold
 * 128 numbers */
void dtype_read_q6_k(const uint8_t *from, size_t blocks, float *to)
{
	for (; blocks; blocks--, from += 210, to += SUPER) {
		const uint8_t *pairs = from + 128, *scales = from + 192;
		const float scale = dtype_half(from + 208);
		for (size_t i = 0; i < SUPER; i++) {
			const int low = from[i / 128 * 64 + i % 64] >> i / 64 % 2 * 4 & 15;
			const int high = pair_at(pairs + i / 128 * 32, i % 128);
			to[i] =
			    scale * (float)(int8_t)scales[i / 16] * (float)((low | high << 4) - 32);
		}
	}
}
