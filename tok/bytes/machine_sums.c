/* machine_sums.c - sums over ranges of ids in the order of their bytes.  Numbers are added, never
 * taken away from a sum that is greater, so that small sums are as exact as great ones; sums of
 * blocks are kept so that a node with half of the vocabulary below it is not gone through. */
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* Four sums at a time: additions wait for the one before. */
static double sum_all(const double *p, size_t count)
{
	double sums[4] = { 0 };
	size_t i = 0;
	for (; i + 4 <= count; i += 4)
		for (size_t k = 0; k < 4; k++)
			sums[k] += p[i + k];
	for (; i < count; i++)
		sums[0] += p[i];
	return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

bool tok_sums_init(struct tok_sums *sums, size_t count)
{
	sums->p = calloc(count + 1, sizeof *sums->p);
	sums->blocks = calloc(count / SUM_BLOCK + 1, sizeof *sums->blocks);
	return sums->p && sums->blocks;
}

void tok_sums_release(struct tok_sums *sums)
{
	free(sums->p);
	free(sums->blocks);
	*sums = (struct tok_sums){ 0 };
}

void tok_sums_block(struct tok_sums *sums, size_t count)
{
	for (size_t at = 0; at < count; at += SUM_BLOCK)
		sums->blocks[at / SUM_BLOCK] =
		    sum_all(sums->p + at, count - at < SUM_BLOCK ? count - at : SUM_BLOCK);
}

double tok_sums_range(const struct tok_sums *sums, struct tok_range range)
{
	const uint32_t from = (range.begin + SUM_BLOCK - 1) / SUM_BLOCK, to = range.end / SUM_BLOCK;
	if (from >= to)
		return sum_all(sums->p + range.begin, range.end - range.begin);
	return sum_all(sums->p + range.begin, from * SUM_BLOCK - range.begin) +
	       sum_all(sums->blocks + from, to - from) +
	       sum_all(sums->p + to * SUM_BLOCK, range.end - to * SUM_BLOCK);
}

/* ---- of those that are valid --------------------------------------------------------- */

/* The bits of the range in a word. */
static uint64_t bits_of(const struct tok_mask *mask, struct tok_range ranks, uint32_t word)
{
	uint64_t bits = mask->bits[word - mask->first_word];
	if (word == ranks.begin / SUM_BLOCK)
		bits &= UINT64_MAX << ranks.begin % SUM_BLOCK;
	if (word == ranks.end / SUM_BLOCK)
		bits &= (UINT64_C(1) << ranks.end % SUM_BLOCK) - 1;
	return bits;
}

static uint32_t words_end(struct tok_range ranks)
{
	return (ranks.end + SUM_BLOCK - 1) / SUM_BLOCK;
}

double tok_sums_masked(const struct tok_sums *sums, const struct tok_mask *mask,
		       struct tok_range ranks)
{
	double sum = 0.0;
	for (uint32_t word = ranks.begin / SUM_BLOCK; word < words_end(ranks); word++) {
		uint64_t bits = bits_of(mask, ranks, word);
		if (bits == UINT64_MAX) {
			sum += sums->blocks[word];
			continue;
		}
		double some = 0.0;
		for (; bits; bits &= bits - 1)
			some += sums->p[word * SUM_BLOCK + (uint32_t)__builtin_ctzll(bits)];
		sum += some;
	}
	return sum;
}

bool tok_mask_any(const struct tok_mask *mask, struct tok_range ranks)
{
	for (uint32_t word = ranks.begin / SUM_BLOCK; word < words_end(ranks); word++)
		if (bits_of(mask, ranks, word))
			return true;
	return false;
}

uint32_t tok_mask_next(const struct tok_mask *mask, uint32_t rank, uint32_t end)
{
	if (!mask || rank >= end)
		return rank < end ? rank : end;
	for (uint32_t word = rank / SUM_BLOCK; word < words_end((struct tok_range){ rank, end });
	     word++) {
		const uint64_t bits = bits_of(mask, (struct tok_range){ rank, end }, word);
		if (bits)
			return word * SUM_BLOCK + (uint32_t)__builtin_ctzll(bits);
	}
	return end;
}

size_t tok_mask_count(const struct tok_mask *mask, struct tok_range ranks)
{
	size_t count = 0;
	if (!mask)
		return ranks.end - ranks.begin;
	for (uint32_t word = ranks.begin / SUM_BLOCK; word < words_end(ranks); word++)
		count += (size_t)__builtin_popcountll(bits_of(mask, ranks, word));
	return count;
}
