/*
 * random.h - random numbers that depend on a seed and a stream, and on nothing else.
 *
 *	struct tok_random r = tok_random_of(seed, document);
 *	const uint64_t place = tok_random_below(&r, count);
 *
 * Number i of a stream is a hash of the stream's key and i, so that streams can be
 * drawn in any order and by any thread.  This is SplitMix64 with a gamma for each
 * stream: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number
 * generators" (OOPSLA 2014).  Not for secrets.
 */
#ifndef TOK_BASE_RANDOM_H
#define TOK_BASE_RANDOM_H

#include <stdint.h>

#include "tok/base/status.h"

__extension__ typedef unsigned __int128 tok_wide;

struct tok_random {
	uint64_t state, gamma; /* gamma is odd */
};

TOK_API struct tok_random tok_random_of(uint64_t seed, uint64_t stream);

static inline uint64_t tok_random_next(struct tok_random *random)
{
	uint64_t z = random->state += random->gamma;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

/* One of 0 .. limit - 1, each as likely as the others; `limit` is not 0.  D. Lemire,
 * "Fast random integer generation in an interval" (2019). */
static inline uint64_t tok_random_below(struct tok_random *random, uint64_t limit)
{
	tok_wide wide = (tok_wide)tok_random_next(random) * limit;
	if ((uint64_t)wide < limit) {
		const uint64_t floor = -limit % limit;
		while ((uint64_t)wide < floor)
			wide = (tok_wide)tok_random_next(random) * limit;
	}
	return (uint64_t)(wide >> 64);
}

/* At least 0 and below 1, in steps of 2^-53. */
static inline double tok_random_real(struct tok_random *random)
{
	return (double)(tok_random_next(random) >> 11) * 0x1p-53;
}

#endif
