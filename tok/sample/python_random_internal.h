/*
 * python_random_internal.h - the generators of numpy.random and of Python's random,
 * drawn as they draw.
 *
 *	struct tok_python_random places, choices;
 *	tok_python_random_seed_numpy(&places, 7);      // numpy.random.seed(7)
 *	tok_python_random_seed(&choices, 7);           // random.seed(7)
 *	i = tok_python_random_randint(&places, count); // numpy.random.randint(count)
 *	k = tok_python_random_choice(&choices, count); // which one random.choice takes
 *
 * Both are MT19937: M. Matsumoto, T. Nishimura, "Mersenne Twister" (1998), seeded in the
 * two ways of its authors' program of 2002.
 */
#ifndef TOK_SAMPLE_PYTHON_RANDOM_INTERNAL_H
#define TOK_SAMPLE_PYTHON_RANDOM_INTERNAL_H

#include <stdint.h>

enum { TOK_PYTHON_RANDOM_WORDS = 624 };

struct tok_python_random {
	uint32_t words[TOK_PYTHON_RANDOM_WORDS];
	unsigned at; /* the word that is drawn next */
};

void tok_python_random_seed_numpy(struct tok_python_random *random, uint32_t seed);
void tok_python_random_seed(struct tok_python_random *random, uint32_t seed);

/* One of 0 .. limit - 1; `limit` is not 0.  A limit of 1 draws nothing. */
uint32_t tok_python_random_randint(struct tok_python_random *random, uint32_t limit);

/* The same as random.choice draws it: a limit of 1 draws, too. */
uint32_t tok_python_random_choice(struct tok_python_random *random, uint32_t limit);

/* numpy.random.random(): at least 0 and below 1. */
double tok_python_random_real(struct tok_python_random *random);

#endif
