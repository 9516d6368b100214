/*
 * narrow_neon.c - products of bf16, widened, and of bytes, by what every 64-bit ARM has.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <arm_neon.h>

/* GROUP rows by HALF a panel are 16 sums of bf16's products.  Of the bytes' there are two for each
 * output: of the first two of four inputs, and of the others. */
enum { PANEL = HYPER_NARROW_PANEL, HALF = PANEL / 2, GROUP = 4, FEW = 2, BLOCK_ROWS = 16 * GROUP };

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

static void multiply_half(const float *x, size_t stride, size_t rows, size_t count,
			  const uint16_t *half, float *p, size_t p_stride)
{
	size_t r = 0;
	for (; r + GROUP <= rows; r += GROUP)
		multiply_group(x + r * stride, stride, count, half, p + r * p_stride, p_stride,
			       GROUP, GROUP);
	for (; r < rows; r += FEW)
		multiply_group(x + r * stride, stride, count, half, p + r * p_stride, p_stride, FEW,
			       rows - r);
}

/* In numbers. */
static size_t bf16_stride(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_BF16_UNIT) + HYPER_NARROW_GAP / sizeof(float);
}

static size_t bf16_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * bf16_stride(m) * sizeof(float);
}

static void multiply_bf16(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const size_t stride = bf16_stride(m), count = hyper_round_up(m->in, HYPER_BF16_UNIT);
	float *rounded = scratch;
	round_rows(x, x_stride, rows, m->in, rounded, stride);
	memset(rounded + rows * stride, 0,
	       (hyper_round_up(rows, FEW) - rows) * stride * sizeof *rounded);
	for (size_t o = 0; o < m->out; o += PANEL) {
		const uint16_t *panel = hyper_bf16_panel(m, o / PANEL);
		multiply_half(rounded, stride, rows, count, panel, p + o, p_stride);
		multiply_half(rounded, stride, rows, count, panel + 2 * HALF, p + o + HALF,
			      p_stride);
	}
}

const struct hyper_product hyper_bf16_neon = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = hyper_bf16_bytes,
	.pack = hyper_bf16_pack,
	.scratch = bf16_scratch,
	.multiply = multiply_bf16,
};

static uint32_t find_magnitude(const float *x, size_t in)
{
	const size_t whole = in / 4 * 4;
	uint32x4_t most = vdupq_n_u32(0);
	for (size_t i = 0; i < whole; i += 4) {
		const uint32x4_t bits = vreinterpretq_u32_f32(vld1q_f32(x + i));
		most = vmaxq_u32(most, vandq_u32(bits, vdupq_n_u32(0x7FFFFFFF)));
	}
	const uint32_t here = vmaxvq_u32(most), rest = hyper_magnitude(x + whole, in - whole);
	return here > rest ? here : rest;
}

/* Eight numbers as bytes. */
static int8x8_t narrow_part(const float *x, float inverse)
{
	const int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x), inverse));
	const int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + 4), inverse));
	return vqmovn_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)));
}

static void narrow_rows(const float *x, size_t x_stride, size_t rows, size_t in, int8_t *to,
			size_t to_stride, float *scales)
{
	const size_t end = hyper_round_up(in, HYPER_INT8_UNIT);
	for (size_t r = 0; r < rows; r++, x += x_stride, to += to_stride) {
		const struct hyper_int8_scale s = hyper_int8_scale_of(find_magnitude(x, in));
		const size_t whole = in / 8 * 8;
		for (size_t i = 0; i < whole; i += 8)
			vst1_s8(to + i, narrow_part(x + i, s.inverse));
		for (size_t i = whole; i < end; i++)
			to[i] = i < in ? hyper_int8_of(x[i], s.inverse) : 0;
		scales[r] = s.scale;
	}
}

/* Four inputs of two outputs: a sum each of the first two products and of the others. */
static int32x4_t add_fours(int32x4_t sum, const int8_t *x, const int8_t *w)
{
	int32_t four;
	memcpy(&four, x, sizeof four);
	const int8x8_t both = vreinterpret_s8_s32(vdup_n_s32(four));
	return vpadalq_s16(sum, vmull_s8(both, vld1_s8(w)));
}

/* One row by the four outputs at `w` of a panel. */
static float32x4_t multiply_four(const int8_t *x, size_t count, const int8_t *w, float scale,
				 const float *weight_scales)
{
	int32x4_t low = vdupq_n_s32(0), high = vdupq_n_s32(0);
	for (size_t k = 0; k < count; k += 4, w += 4 * PANEL) {
		low = add_fours(low, x + k, w);
		high = add_fours(high, x + k, w + 8);
	}
	const float32x4_t sum = vcvtq_f32_s32(vpaddq_s32(low, high));
	return vmulq_f32(vmulq_n_f32(sum, scale), vld1q_f32(weight_scales));
}

static size_t int8_bytes(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_INT8_UNIT) + HYPER_NARROW_GAP;
}

static size_t int8_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * (int8_bytes(m) + sizeof(float));
}

static void multiply_int8(const struct hyper_matrix *m, const float *x, size_t x_stride,
			  size_t rows, float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = int8_bytes(m), count = hyper_round_up(m->in, 4);
	int8_t *narrow = scratch;
	float *scales = (float *)((char *)scratch + BLOCK_ROWS * bytes);
	narrow_rows(x, x_stride, rows, m->in, narrow, bytes, scales);
	for (size_t o = 0; o < hyper_round_up(m->out, PANEL); o += 4) {
		const int8_t *w = hyper_int8_panel(m, o / PANEL) + o % PANEL * 4;
		for (size_t r = 0; r < rows; r++)
			vst1q_f32(p + r * p_stride + o, multiply_four(narrow + r * bytes, count, w,
								      scales[r], m->scales + o));
	}
}

const struct hyper_product hyper_int8_neon = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.longest = HYPER_INT8_LONGEST,
	.bytes = hyper_int8_bytes,
	.pack = hyper_int8_pack,
	.scratch = int8_scratch,
	.multiply = multiply_int8,
};
