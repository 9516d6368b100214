/*
 * exponentials.c - x = n log 2 + r with a whole n, so that e^x = 2^n e^r and |r| is below 0.35,
 * where the first fourteen terms of the series are exact enough.  Without branches or tables, so
 * that compilers do several at a time.
 */
#include "tok/base/exponentials.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { BLOCK = 64 };

/* Beyond, 2^n is no normal number. */
static const double greatest = 700.0;

/* A number that has no place for fractions: adding it rounds, and n is in its lowest bits. */
static const double rounder = 0x1.8p52;

static double exponential(double x)
{
	const double shifted = x * 0x1.71547652b82fep+0 + rounder, n = shifted - rounder;
	const double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
	const double r2 = r * r, r4 = r2 * r2;
	/* In pairs and pairs of pairs: a chain of fourteen steps would wait for each. */
	const double a = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120)),
		     b = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880)),
		     c = (1.0 / 3628800 + r * (1.0 / 39916800)) +
			 r2 * (1.0 / 479001600 + r * (1.0 / 6227020800));
	double sum = 1.0 + (r + r2 * (a + r4 * (b + r4 * c)));
	uint64_t power, bits;
	memcpy(&power, &shifted, sizeof power);
	memcpy(&bits, &sum, sizeof bits);
	bits += power << 52;
	memcpy(&sum, &bits, sizeof sum);
	return sum;
}

void tok_exponentials(const double *from, double *to, size_t count)
{
	for (size_t begin = 0; begin < count; begin += BLOCK) {
		const size_t end = count - begin < BLOCK ? count : begin + BLOCK;
		bool ordinary = true;
		for (size_t i = begin; i < end; i++)
			ordinary &= fabs(from[i]) <= greatest;
		if (ordinary)
			for (size_t i = begin; i < end; i++)
				to[i] = exponential(from[i]);
		else
			for (size_t i = begin; i < end; i++)
				to[i] = exp(from[i]);
	}
}
