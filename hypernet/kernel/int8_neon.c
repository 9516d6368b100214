/*
 * int8_neon.c - products of bytes by what every 64-bit ARM has: two sums for each output, of the
 * first two of four inputs and of the others.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <arm_neon.h>

enum { PANEL = HYPER_NARROW_PANEL, BLOCK_ROWS = 64 };

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

static size_t row_bytes(const struct hyper_matrix *m)
{
	return hyper_round_up(m->in, HYPER_INT8_UNIT) + HYPER_NARROW_GAP;
}

static size_t count_scratch(const struct hyper_matrix *m)
{
	return BLOCK_ROWS * (row_bytes(m) + sizeof(float));
}

static void multiply(const struct hyper_matrix *m, const float *x, size_t x_stride, size_t rows,
		     float *p, size_t p_stride, void *scratch)
{
	const size_t bytes = row_bytes(m), count = hyper_round_up(m->in, 4);
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
	.scratch = count_scratch,
	.multiply = multiply,
};
