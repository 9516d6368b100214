/*
 * narrow_internal.h - numbers of 16 and of 8 bits: how they are rounded, and how weights made of
 * them are packed.
 *
 * All instruction sets share one layout (that of kernel_internal.h, 32 outputs a panel) and one
 * rounding, bit for bit; what they differ in is the order of the sums, and INT8 not even in that.
 * BF16X3 pays only where products of bf16 are much cheaper than those of F32, on AMX: the tables of
 * other instruction sets take their F32 product for it, which is as fast and nearer to the truth.
 */
#ifndef HYPER_KERNEL_NARROW_INTERNAL_H
#define HYPER_KERNEL_NARROW_INTERNAL_H

#include "hypernet/kernel/kernel_internal.h"

enum {
	HYPER_NARROW_PANEL = 32, /* outputs side by side, in every narrow layout */
	HYPER_BF16_UNIT = 32,    /* inputs are rounded up to a multiple of this ... */
	HYPER_INT8_UNIT = 64,    /* ... or of that: 64 bytes, a row of a tile */
	HYPER_NARROW_GAP =
	    64 /* bytes between rows of x: else those of 2048 would share cache sets */
};

/* Inputs of INT8, at most: so many products of 127 by 127 have a sum of 32 bits. */
#define HYPER_INT8_LONGEST ((size_t)133144)

/* Rows whose largest magnitude is below this are zero in INT8: 127 divided by it is finite. */
#define HYPER_INT8_LEAST 0x1p-100f

/* To nearest, ties to even; denormals are zero (with their sign), and NaN stays NaN: what
 * VCVTNEPS2BF16 does. */
static inline uint16_t hyper_bf16_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	const uint32_t magnitude = bits & 0x7FFFFFFF;
	if (magnitude > 0x7F800000)
		return (uint16_t)(bits >> 16 | 0x40);
	if (magnitude < 0x00800000)
		return (uint16_t)(bits >> 16 & 0x8000);
	return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline float hyper_bf16_value(uint16_t bits)
{
	const uint32_t wide = (uint32_t)bits << 16;
	float x;
	memcpy(&x, &wide, sizeof x);
	return x;
}

/* The INT8 form of a row: x[i] is q[i] * scale.  Where the scale is NaN, q does not matter. */
struct hyper_int8_scale {
	float scale, inverse; /* NaN and 0 if a number of the row is not finite; both 0 if all are
				 below HYPER_INT8_LEAST */
};

/* Of a row whose greatest magnitude, as bits, is this. */
static inline struct hyper_int8_scale hyper_int8_scale_of(uint32_t magnitude)
{
	float most;
	memcpy(&most, &magnitude, sizeof most);
	if (magnitude >= 0x7F800000)
		return (struct hyper_int8_scale){ .scale = most - most, .inverse = 0 };
	if (most < HYPER_INT8_LEAST)
		return (struct hyper_int8_scale){ .scale = 0, .inverse = 0 };
	return (struct hyper_int8_scale){ .scale = most / 127, .inverse = 127 / most };
}

/* The greatest magnitude, as bits: what is not finite is above all that is. */
static inline uint32_t hyper_magnitude(const float *x, size_t count)
{
	uint32_t most = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		bits &= 0x7FFFFFFF;
		most = bits > most ? bits : most;
	}
	return most;
}

/* x * inverse to the nearest whole number, ties to even; what is not finite is 0. */
static inline int8_t hyper_int8_of(float x, float inverse)
{
	/* There, numbers are 1 apart, and the last byte of their bits counts them. */
	const float far_away = 0x1.8p23f;
	const float there = inverse == 0 ? far_away : x * inverse + far_away;
	uint32_t bits;
	memcpy(&bits, &there, sizeof bits);
	return (int8_t)(uint8_t)bits;
}

/* Weights: the functions of struct hyper_product that no instruction set changes. */
size_t hyper_bf16_bytes(size_t out, size_t in);
size_t hyper_bf16x3_bytes(size_t out, size_t in);
size_t hyper_int8_bytes(size_t out, size_t in);
void hyper_bf16_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows);
void hyper_bf16x3_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows);
void hyper_int8_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows);

/* Packed weights of a panel; of BF16X3 the high halves, behind which are the low ones. */
static inline const uint16_t *hyper_bf16_panel(const struct hyper_matrix *m, size_t panel)
{
	const size_t parts = m->mode == HYPER_MODE_BF16X3 ? 2 : 1;
	return (const uint16_t *)m->data +
	       panel * parts * HYPER_NARROW_PANEL * hyper_round_up(m->in, HYPER_BF16_UNIT);
}

static inline const int8_t *hyper_int8_panel(const struct hyper_matrix *m, size_t panel)
{
	return (const int8_t *)m->data +
	       panel * HYPER_NARROW_PANEL * hyper_round_up(m->in, HYPER_INT8_UNIT);
}

/* Of each output, the sum of its weights as bytes. */
static inline int32_t *hyper_int8_sums(const struct hyper_matrix *m)
{
	const size_t out = hyper_round_up(m->out, HYPER_NARROW_PANEL);
	return (int32_t *)m->data + out * hyper_round_up(m->in, HYPER_INT8_UNIT) / 4;
}

/* Where narrowed rows go: `row` bytes from one to the next, and within a row `unit` bytes from 64
 * of them, which are a row of a tile, to the next 64; where they lie side by side that is 64.  A
 * row of BF16X3 has its high half there, and its low one `part` bytes further on. */
struct hyper_narrow_rows {
	void *at;
	size_t row, unit, part;
};

/* Inputs: `rows` of x, narrowed, with zeros up to the unit. */
typedef void hyper_bf16_rows_fn(const float *x, size_t x_stride, size_t rows, size_t in,
				const struct hyper_narrow_rows *to);
typedef void hyper_int8_rows_fn(const float *x, size_t x_stride, size_t rows, size_t in,
				const struct hyper_narrow_rows *to, float *scales);

hyper_bf16_rows_fn hyper_bf16_rows_scalar, hyper_bf16_rows_avx512bf16;
hyper_bf16_rows_fn hyper_bf16x3_rows_scalar, hyper_bf16x3_rows_avx512bf16;
hyper_int8_rows_fn hyper_int8_rows_scalar, hyper_int8_rows_avx512;

/* Numbers of sums: the 32 of a panel in each of `rows` rows, `sum_stride` bytes apart, times the
 * scale of the row and of the output.  p may be where the sums are. */
typedef void hyper_int8_scale_fn(const void *sums, size_t sum_stride, size_t rows,
				 const float *scales, const float *weight_scales, float *p,
				 size_t p_stride);
hyper_int8_scale_fn hyper_int8_scale_scalar, hyper_int8_scale_avx512;

extern const struct hyper_product hyper_bf16_scalar, hyper_bf16_avx2, hyper_bf16_avx512,
    hyper_bf16_avx512bf16, hyper_bf16_amx, hyper_bf16_neon;
extern const struct hyper_product hyper_bf16x3_scalar, hyper_bf16x3_amx;
extern const struct hyper_product hyper_int8_scalar, hyper_int8_avx2, hyper_int8_avx512,
    hyper_int8_amx, hyper_int8_neon;

/* hyper_kernel_enter of AMX. */
enum tok_status hyper_enter_amx(struct tok_error *err);

#endif
