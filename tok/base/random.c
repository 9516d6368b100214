#include "tok/base/random.h"

/* The paper's mixGamma: odd, and not too regular in its bits. */
static uint64_t mix_gamma(uint64_t z)
{
	z = (z ^ (z >> 33)) * 0xFF51AFD7ED558CCDu;
	z = (z ^ (z >> 33)) * 0xC4CEB9FE1A85EC53u;
	z = (z ^ (z >> 33)) | 1;
	return __builtin_popcountll(z ^ (z >> 1)) < 24 ? z ^ 0xAAAAAAAAAAAAAAAAu : z;
}

struct tok_random tok_random_of(uint64_t seed, uint64_t stream)
{
	struct tok_random a = { seed, 0x9E3779B97F4A7C15u };
	struct tok_random b = { tok_random_next(&a) ^ stream, 0x9E3779B97F4A7C15u };
	const uint64_t state = tok_random_next(&b);
	return (struct tok_random){ state, mix_gamma(tok_random_next(&b)) };
}
