/*
 * exponentials_internal.h - e to the power of a few numbers at a time: what the instruction sets
 * share.  Each says with EXPONENTIALS_LANES how many; the numbers are the same, as none of them
 * multiplies and adds in one step.
 *
 * x = n log 2 + r with a whole n, so that e^x = 2^n e^r and |r| is below 0.35, where the first
 * fourteen terms of the series are exact enough.
 */
#ifndef TOK_BASE_EXPONENTIALS_INTERNAL_H
#define TOK_BASE_EXPONENTIALS_INTERNAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tok/base/exponentials.h"

extern tok_exponentials tok_exponentials_scalar, tok_exponentials_avx2, tok_exponentials_avx512;

typedef double lanes __attribute__((vector_size(EXPONENTIALS_LANES * sizeof(double))));
typedef uint64_t lane_bits __attribute__((vector_size(EXPONENTIALS_LANES * sizeof(uint64_t))));

/* Beyond, 2^n is no normal number. */
static const double greatest = 700.0;

/* A number that has no place for fractions: adding it rounds, and n is in its lowest bits. */
static const double rounder = 0x1.8p52;

static inline __attribute__((always_inline)) void raise(const double *from, double *to)
{
	lanes x;
	memcpy(&x, from, sizeof x);
	const lanes shifted = x * 0x1.71547652b82fep+0 + rounder, n = shifted - rounder;
	const lanes r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
	const lanes r2 = r * r, r4 = r2 * r2;
	/* In pairs and pairs of pairs: a chain of fourteen steps would wait for each. */
	const lanes a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120)),
		    b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880)),
		    c = (1.0 / 3628800 + r * (1.0 / 39916800)) +
			r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
	const lanes sum = 1.0 + (r + r2 * (a + r4 * (b + r4 * c)));
	const lane_bits bits = (lane_bits)sum + ((lane_bits)shifted << 52);
	memcpy(to, &bits, sizeof bits);
}

/* Not one number that is above 700, below -700, or none at all. */
static inline __attribute__((always_inline)) bool are_ordinary(const double *from)
{
	lanes x;
	memcpy(&x, from, sizeof x);
	const lane_bits beyond =
	    (lane_bits)(x > greatest) | (lane_bits)(x < -greatest) | (lane_bits)(x != x);
	uint64_t any = 0;
	for (size_t i = 0; i < EXPONENTIALS_LANES; i++)
		any |= beyond[i];
	return any == 0;
}

static inline __attribute__((always_inline)) void raise_some(const double *from, double *to,
							     size_t count)
{
	raise(from, to);
	if (are_ordinary(from))
		return;
	for (size_t i = 0; i < count; i++)
		if (!(fabs(from[i]) <= greatest))
			to[i] = exp(from[i]);
}

static inline __attribute__((always_inline)) void raise_all(const double *from, double *to,
							    size_t count)
{
	size_t i = 0;
	for (; i + EXPONENTIALS_LANES <= count; i += EXPONENTIALS_LANES)
		raise_some(from + i, to + i, EXPONENTIALS_LANES);
	double some[EXPONENTIALS_LANES] = { 0 }, raised[EXPONENTIALS_LANES];
	for (size_t k = 0; i + k < count; k++)
		some[k] = from[i + k];
	raise_some(some, raised, count - i);
	for (size_t k = 0; i + k < count; k++)
		to[i + k] = raised[k];
}

#endif
