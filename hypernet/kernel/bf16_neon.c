/*
 * bf16_neon.c - products of bf16, widened, by what every 64-bit ARM has.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <arm_neon.h>

/* GROUP rows by half a panel are 16 sums. */
enum {
	PANEL = HYPER_NARROW_PANEL,
	OUTPUTS = PANEL / 2,
	GROUP = 4,
	FEW = 2,
	BLOCK_ROWS = 16 * GROUP
};

/* hyper_bf16_value(hyper_bf16_of(x)) of each number. */
static float32x4_t round_numbers(float32x4_t x)
{
	const uint32x4_t bits = vreinterpretq_u32_f32(x);
	const uint32x4_t magnitude = vandq_u32(bits, vdupq_n_u32(0x7FFFFFFF));
	const uint32x4_t tiny = vcltq_u32(magnitude, vdupq_n_u32(0x00800000));
	const uint32x4_t nan = vcgtq_u32(magnitude, vdupq_n_u32(0x7F800000));
	const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
	const uint32x4_t up = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
	const uint32x4_t zero = vandq_u32(bits, vdupq_n_u32(0x80000000));
	const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x00400000));
	const uint32x4_t high = vbslq_u32(nan, quiet, vbslq_u32(tiny, zero, up));
	return vreinterpretq_f32_u32(vandq_u32(high, vdupq_n_u32(0xFFFF0000)));
}

/* Rounded, but F32. */
static void round_rows(const float *x, size_t x_stride, size_t rows, size_t in, float *to,
		       size_t to_stride)
{
	const size_t end = hyper_round_up(in, HYPER_BF16_UNIT), whole = in / 4 * 4;
	for (size_t r = 0; r < rows; r++, x += x_stride, to += to_stride) {
		for (size_t i = 0; i < whole; i += 4)
			vst1q_f32(to + i, round_numbers(vld1q_f32(x + i)));
		for (size_t i = whole; i < end; i++)
			to[i] = i < in ? hyper_bf16_value(hyper_bf16_of(x[i])) : 0;
	}
}

/* The weights of an even input, or of the odd one behind it, of four outputs. */
static float32x4_t widen(const uint16_t *pairs, size_t odd)
{
	const uint32x4_t both = vreinterpretq_u32_u16(vld1q_u16(pairs));
	return vreinterpretq_f32_u32(odd ? vandq_u32(both, vdupq_n_u32(0xFFFF0000))
					 : vshlq_n_u32(both, 16));
}

/* `live` of `rows` rows of x by half a panel. */
static inline __attribute__((always_inline)) void multiply_group(const float *x, size_t stride,
								 size_t count, const uint16_t *half,
								 float *p, size_t p_stride,
								 const size_t rows, size_t live)
{
	float32x4_t sum[GROUP][4];
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < 4; c++)
			sum[r][c] = vdupq_n_f32(0);
	for (size_t k = 0; k < count; k++) {
		const uint16_t *pairs = half + k / 2 * 2 * PANEL;
		for (size_t c = 0; c < 4; c++) {
			const float32x4_t w = widen(pairs + 8 * c, k % 2);
			for (size_t r = 0; r < rows; r++)
				sum[r][c] = vfmaq_n_f32(sum[r][c], w, x[r * stride + k]);
		}
	}
	for (size_t r = 0; r < rows && r < live; r++)
		for (size_t c = 0; c < 4; c++)
			vst1q_f32(p + r * p_stride + 4 * c, sum[r][c]);
}

#include "hypernet/kernel/bf16_widen_internal.h"

const struct hyper_product hyper_bf16_neon = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
