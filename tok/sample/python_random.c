#include "tok/sample/python_random_internal.h"

enum { WORDS = TOK_PYTHON_RANDOM_WORDS, MIDDLE = 397 };

/* ---- Mersenne Twister ---------------------------------------------------------------- */

void tok_python_random_seed_numpy(struct tok_python_random *random, uint32_t seed)
{
	uint32_t *w = random->words;
	w[0] = seed;
	for (uint32_t i = 1; i < WORDS; i++)
		w[i] = 1812433253u * (w[i - 1] ^ (w[i - 1] >> 30)) + i;
	random->at = WORDS;
}

/* The authors' seeding by an array, of the one word that a small number is to Python. */
void tok_python_random_seed(struct tok_python_random *random, uint32_t seed)
{
	uint32_t *w = random->words;
	uint32_t i = 1;
	tok_python_random_seed_numpy(random, 19650218);
	for (int k = 0; k < WORDS; k++) {
		w[i] = (w[i] ^ ((w[i - 1] ^ (w[i - 1] >> 30)) * 1664525u)) + seed;
		if (++i == WORDS) {
			w[0] = w[WORDS - 1];
			i = 1;
		}
	}
	for (int k = 0; k < WORDS - 1; k++) {
		w[i] = (w[i] ^ ((w[i - 1] ^ (w[i - 1] >> 30)) * 1566083941u)) - i;
		if (++i == WORDS) {
			w[0] = w[WORDS - 1];
			i = 1;
		}
	}
	w[0] = 0x80000000u;
}

static void twist(struct tok_python_random *random)
{
	uint32_t *w = random->words;
	for (unsigned i = 0; i < WORDS; i++) {
		const uint32_t y = (w[i] & 0x80000000u) | (w[(i + 1) % WORDS] & 0x7FFFFFFFu);
		w[i] = w[(i + MIDDLE) % WORDS] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
	}
	random->at = 0;
}

static uint32_t draw(struct tok_python_random *random)
{
	if (random->at == WORDS)
		twist(random);
	uint32_t y = random->words[random->at++];
	y ^= y >> 11;
	y ^= (y << 7) & 0x9D2C5680u;
	y ^= (y << 15) & 0xEFC60000u;
	return y ^ (y >> 18);
}

/* ---- numbers below a limit ----------------------------------------------------------- */

static unsigned bit_length(uint32_t number)
{
	return number ? 32 - (unsigned)__builtin_clz(number) : 0;
}

/* numpy takes the low bits of as many as the largest number has. */
uint32_t tok_python_random_randint(struct tok_python_random *random, uint32_t limit)
{
	const uint32_t most = limit - 1;
	const uint32_t mask = most ? UINT32_MAX >> (32 - bit_length(most)) : 0;
	uint32_t number = 0;
	if (most)
		do
			number = draw(random) & mask;
		while (number > most);
	return number;
}

/* Python takes the high bits, of as many as the limit has. */
uint32_t tok_python_random_choice(struct tok_python_random *random, uint32_t limit)
{
	const unsigned shift = 32 - bit_length(limit);
	uint32_t number;
	do
		number = draw(random) >> shift;
	while (number >= limit);
	return number;
}

double tok_python_random_real(struct tok_python_random *random)
{
	const uint32_t high = draw(random) >> 5, low = draw(random) >> 6;
	return ((double)high * 0x1p26 + (double)low) * 0x1p-53;
}
