/*
 * plain_ngram.h - the probability of a token from its definition: every count is made by
 * looking through all documents.
 */
#ifndef TESTS_UNIT_PLAIN_NGRAM_H
#define TESTS_UNIT_PLAIN_NGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PLAIN_DOCUMENTS = 8, PLAIN_LENGTH = 24, PLAIN_SEEN = 2048 };

/* Few kinds of tokens: 0 .. kinds - 1; the end is `kinds`, the beginning `kinds` + 1. */
struct plain_corpus {
	unsigned order, kinds;
	size_t uniform; /* ids that share what is left at the bottom, with the end */
	uint32_t symbols[PLAIN_DOCUMENTS][PLAIN_LENGTH]; /* with beginning and end */
	size_t lengths[PLAIN_DOCUMENTS];
	size_t count;
};

static inline bool plain_is_at(const struct plain_corpus *c, size_t document, size_t at,
			       const uint32_t *gram, size_t n)
{
	return at + n <= c->lengths[document] &&
	       memcmp(c->symbols[document] + at, gram, n * sizeof *gram) == 0;
}

/* Occurrences; below the highest order, and where it has something in front, different
 * symbols in front. */
static inline uint64_t plain_count(const struct plain_corpus *c, const uint32_t *gram, size_t n)
{
	uint64_t occurrences = 0, fronts = 0;
	bool seen[64] = { false };
	for (size_t d = 0; d < c->count; d++)
		for (size_t at = 0; at < c->lengths[d]; at++) {
			if (!plain_is_at(c, d, at, gram, n))
				continue;
			occurrences++;
			if (at > 0 && !seen[c->symbols[d][at - 1]]) {
				seen[c->symbols[d][at - 1]] = true;
				fronts++;
			}
		}
	return n == c->order || gram[0] == c->kinds + 1 ? occurrences : fronts;
}

/* Discounts of an order, from all of its n-grams. */
static inline void plain_discounts(const struct plain_corpus *c, size_t n, double out[3])
{
	static const uint32_t *grams[PLAIN_SEEN];
	uint64_t with[5] = { 0 };
	size_t known = 0;
	for (size_t d = 0; d < c->count; d++)
		for (size_t at = 0; at + n <= c->lengths[d]; at++) {
			const uint32_t *gram = c->symbols[d] + at;
			bool is_new = n > 1 || gram[0] != c->kinds + 1;
			for (size_t i = 0; i < known && is_new; i++)
				is_new = memcmp(grams[i], gram, n * sizeof *gram) != 0;
			if (!is_new)
				continue;
			grams[known++] = gram;
			const uint64_t count = plain_count(c, gram, n);
			if (count < 5)
				with[count]++;
		}
	const double y = (double)with[1] / ((double)with[1] + 2 * (double)with[2]);
	bool usable = with[1] && with[2] && with[3] && with[4];
	for (unsigned i = 1; i <= 3 && usable; i++) {
		out[i - 1] = i - (i + 1) * y * (double)with[i + 1] / (double)with[i];
		usable = out[i - 1] >= 0 && out[i - 1] <= i;
	}
	for (unsigned i = 1; i <= 3 && !usable; i++)
		out[i - 1] = .5 * i;
}

/* The last of `n` symbols behind the others. */
static inline double plain_probability(const struct plain_corpus *c, const uint32_t *gram, size_t n)
{
	double discounts[3], left = 0, total = 0, own = 0;
	uint32_t other[8];
	if (n == 0)
		return 1 / (double)(c->uniform + 1);
	const double lower = plain_probability(c, gram + 1, n - 1);
	plain_discounts(c, n, discounts);
	memcpy(other, gram, n * sizeof *gram);
	for (uint32_t symbol = 0; symbol <= c->kinds; symbol++) {
		other[n - 1] = symbol;
		const uint64_t count = plain_count(c, other, n);
		if (count == 0)
			continue;
		const double discount = discounts[count < 3 ? count - 1 : 2];
		total += (double)count;
		left += discount;
		if (symbol == gram[n - 1])
			own = (double)count - discount;
	}
	return total > 0 ? (own + left * lower) / total : lower;
}

#endif
