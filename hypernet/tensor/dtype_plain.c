/* Numbers that stand alone.  Loops without branches: compilers make vectors of them.  The machine
 * is little-endian, as the files are; rounding is the processor's, to nearest even. */
#include "hypernet/tensor/dtype_internal.h"

static uint32_t bits_of(float number)
{
	uint32_t bits;
	memcpy(&bits, &number, sizeof bits);
	return bits;
}

static float of_bits(uint32_t bits)
{
	float number;
	memcpy(&number, &bits, sizeof number);
	return number;
}

static uint16_t load_u16(const uint8_t *from)
{
	uint16_t bits;
	memcpy(&bits, from, sizeof bits);
	return bits;
}

static void store_u16(uint8_t *to, uint32_t value)
{
	const uint16_t bits = (uint16_t)value;
	memcpy(to, &bits, sizeof bits);
}

enum {
	F32_MAGNITUDE = INT32_MAX,
	F32_INFINITE = 0x7F800000,
	F16_SHIFT = 13,                /* more digits has an F32 */
	F16_BIAS = (127 - 15) << 23,   /* exponents of F16, moved to where F32 has them */
	F16_NORMAL = (127 - 14) << 23, /* 2^-14: below, an F16 has fewer digits */
	F16_BEYOND = (127 + 16) << 23, /* 2^16: from here on none */
};

/* ---- F16 ------------------------------------------------------------------------ */

static float read_half(uint32_t half)
{
	const uint32_t sign = (half & 0x8000) << 16, rest = (half & 0x7FFF) << F16_SHIFT;
	const float small = (float)(int32_t)(half & 0x3FF) * 0x1p-24F;
	/* The greatest exponent stays the greatest: infinity and what is no number. */
	const uint32_t more = (half & 0x7C00) == 0x7C00 ? F32_INFINITE : 0;
	const uint32_t normal = (rest + F16_BIAS) | more;
	return of_bits(sign | ((half & 0x7C00) == 0 ? bits_of(small) : normal));
}

void dtype_read_f16(const uint8_t *from, size_t count, float *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = read_half(load_u16(from + 2 * i));
}

static uint32_t write_half(float number)
{
	const uint32_t bits = bits_of(number), rest = bits & F32_MAGNITUDE;
	const uint32_t odd = rest >> F16_SHIFT & 1;
	const uint32_t normal = (rest - F16_BIAS + 0xFFF + odd) >> F16_SHIFT;
	/* The last digit of a half is 2^-24: so the processor rounds to it. */
	const uint32_t small = bits_of(of_bits(rest) + 0.5F) - bits_of(0.5F);
	const uint32_t nothing = rest > F32_INFINITE ? 0x200 | (rest >> F16_SHIFT & 0x3FF) : 0;
	uint32_t half = rest < F16_NORMAL ? small : normal;
	half = rest >= F16_BEYOND ? 0x7C00 | nothing : half;
	return (bits >> 16 & 0x8000) | half;
}

void dtype_write_f16(const float *from, size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; i++)
		store_u16(to + 2 * i, write_half(from[i]));
}

/* ---- BF16 ----------------------------------------------------------------------- */

void dtype_read_bf16(const uint8_t *from, size_t count, float *to)
{
	for (size_t i = 0; i < count; i++)
		to[i] = of_bits((uint32_t)load_u16(from + 2 * i) << 16);
}

static uint32_t write_bfloat(float number)
{
	const uint32_t bits = bits_of(number);
	const uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
	/* Rounded, it could become infinite. */
	return (bits & F32_MAGNITUDE) > F32_INFINITE ? bits >> 16 | 0x40 : rounded;
}

void dtype_write_bf16(const float *from, size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; i++)
		store_u16(to + 2 * i, write_bfloat(from[i]));
}

/* ---- F32 and F64 ---------------------------------------------------------------- */

void dtype_read_f32(const uint8_t *from, size_t count, float *to)
{
	if (count)
		memcpy(to, from, count * sizeof *to);
}

void dtype_write_f32(const float *from, size_t count, uint8_t *to)
{
	if (count)
		memcpy(to, from, count * sizeof *from);
}

void dtype_read_f64(const uint8_t *from, size_t count, float *to)
{
	for (size_t i = 0; i < count; i++) {
		double number;
		memcpy(&number, from + i * sizeof number, sizeof number);
		to[i] = (float)number;
	}
}

void dtype_write_f64(const float *from, size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; i++) {
		const double number = from[i];
		memcpy(to + i * sizeof number, &number, sizeof number);
	}
}
