/* lanes_neon_internal.h - vectors of numbers by NEON: see lanes_avx512_internal.h. */
#ifndef HYPER_KERNEL_LANES_NEON_INTERNAL_H
#define HYPER_KERNEL_LANES_NEON_INTERNAL_H

#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

#define LANES 4
typedef float32x4_t lanes;

static inline lanes lanes_of(float x)
{
	return vdupq_n_f32(x);
}

static inline lanes lanes_load(const float *from)
{
	return vld1q_f32(from);
}

static inline void lanes_store(float *to, lanes a)
{
	vst1q_f32(to, a);
}

static inline lanes lanes_load_part(const float *from, size_t count)
{
	float part[LANES] = { 0 };
	memcpy(part, from, count * sizeof *from);
	return vld1q_f32(part);
}

static inline void lanes_store_part(float *to, lanes a, size_t count)
{
	float part[LANES];
	vst1q_f32(part, a);
	memcpy(to, part, count * sizeof *to);
}

static inline lanes lanes_keep(lanes a, size_t count)
{
	const uint32x4_t index = { 0, 1, 2, 3 };
	const uint32x4_t first = vcltq_u32(index, vdupq_n_u32((uint32_t)count));
	return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), first));
}

static inline lanes lanes_multiply_add(lanes a, lanes b, lanes c)
{
	return vfmaq_f32(c, a, b);
}

static inline lanes lanes_clamp(lanes a, float low, float high)
{
	return vminq_f32(lanes_of(high), vmaxq_f32(lanes_of(low), a));
}

static inline lanes lanes_zero_below(lanes a, lanes x, float limit)
{
	const uint32x4_t below = vcltq_f32(x, lanes_of(limit));
	return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), below));
}

static inline lanes lanes_round(lanes a)
{
	return vrndnq_f32(a);
}

static inline lanes lanes_scale(lanes a, lanes n)
{
	const int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
	return a * vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23));
}

static inline float lanes_sum(lanes a)
{
	return vaddvq_f32(a);
}

static inline float lanes_largest(lanes a)
{
	return vmaxvq_f32(a);
}

#endif
