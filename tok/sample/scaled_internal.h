/*
 * scaled_internal.h - numbers with the precision of a double and an exponent that does
 * not end: sums over the segmentations of a long text.
 */
#ifndef TOK_SAMPLE_SCALED_INTERNAL_H
#define TOK_SAMPLE_SCALED_INTERNAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* mantissa x 2^exponent; the mantissa is 0, or at least a half and below 1. */
struct tok_scaled {
	double mantissa;
	int64_t exponent;
};

#define TOK_SCALED_ZERO ((struct tok_scaled){ 0.0, 0 })
#define TOK_SCALED_ONE  ((struct tok_scaled){ 0.5, 1 })

/* Doubles further apart than this do not see each other. */
enum { TOK_SCALED_REACH = 600 };

/* 2^exponent, from -1022 to 1023. */
static inline double tok_scaled_power(int64_t exponent)
{
	const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
	double power;
	memcpy(&power, &bits, sizeof power);
	return power;
}

static inline struct tok_scaled tok_scaled_of(double mantissa, int64_t exponent)
{
	int shift;
	const double m = frexp(mantissa, &shift);
	return (struct tok_scaled){ m, exponent + shift };
}

/* e^x; x is not NaN, and far below 2^53 on either side. */
static inline struct tok_scaled tok_scaled_exp(double x)
{
	const double binary = x * 1.4426950408889634074;
	const double whole = floor(binary);
	return tok_scaled_of(exp2(binary - whole), (int64_t)whole);
}

static inline struct tok_scaled tok_scaled_times(struct tok_scaled a, struct tok_scaled b)
{
	return tok_scaled_of(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

/* b is not 0. */
static inline struct tok_scaled tok_scaled_over(struct tok_scaled a, struct tok_scaled b)
{
	return tok_scaled_of(a.mantissa / b.mantissa, a.exponent - b.exponent);
}

/* -INFINITY of 0. */
static inline double tok_scaled_log(struct tok_scaled a)
{
	return log(a.mantissa) + (double)a.exponent * 0.69314718055994530942;
}

/* a / b as a double; b is not 0. */
static inline double tok_scaled_ratio(struct tok_scaled a, struct tok_scaled b)
{
	const int64_t shift = a.exponent - b.exponent;
	if (a.mantissa == 0.0 || shift < -TOK_SCALED_REACH)
		return 0.0;
	if (shift > TOK_SCALED_REACH)
		return INFINITY;
	return a.mantissa / b.mantissa * tok_scaled_power(shift);
}

/* A sum under way: value x 2^exponent. */
struct tok_scaled_sum {
	double value;
	int64_t exponent;
};

static inline void tok_scaled_add(struct tok_scaled_sum *sum, double mantissa, int64_t exponent)
{
	const int64_t shift = exponent - sum->exponent;
	if (mantissa == 0.0)
		return;
	if (sum->value == 0.0 || shift > TOK_SCALED_REACH) {
		*sum = (struct tok_scaled_sum){ mantissa, exponent };
	} else if (shift > 0) { /* the larger one is the measure: nothing overflows */
		sum->value = sum->value * tok_scaled_power(-shift) + mantissa;
		sum->exponent = exponent;
	} else if (shift >= -TOK_SCALED_REACH) {
		sum->value += mantissa * tok_scaled_power(shift);
	}
}

#endif
