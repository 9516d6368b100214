/* omp_screen.c - candidates by their products. */
#include <math.h>
#include <string.h>

#include "hypernet/transplant/omp_internal.h"

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS };

/* The count-th largest of `scores`.  None is negative, so that their bits rise as they do: digit by
 * digit, the highest first. */
static float find_reached(const float *scores, size_t all, size_t count)
{
	uint32_t known = 0, mask = 0;
	float reached;
	for (int shift = 32 - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
		uint32_t seen[DIGITS] = { 0 };
		uint32_t digit = DIGITS - 1;
		for (size_t i = 0; i < all; i++) {
			uint32_t bits;
			memcpy(&bits, &scores[i], sizeof bits);
			seen[bits >> shift & (DIGITS - 1)] += (bits & mask) == known;
		}
		for (; seen[digit] < count; digit--)
			count -= seen[digit];
		known |= digit << shift;
		mask |= (uint32_t)(DIGITS - 1) << shift;
	}
	memcpy(&reached, &known, sizeof reached);
	return reached;
}

/* A score that at least `count` atoms have: as many groups of them each have one. */
static float find_least(const struct omp_atoms *atoms, const float *products, size_t count)
{
	float peaks[HYPER_PEAKS];
	if (count > HYPER_PEAKS / 2) /* not much less than all would have it */
		return 0;
	atoms->sums->peaks(products, atoms->factors_float, atoms->count, peaks);
	return find_reached(peaks, HYPER_PEAKS, count);
}

void omp_screen(const struct omp_atoms *atoms, const float *products, size_t count,
		struct omp_desk *desk, uint32_t *places)
{
	const float least = find_least(atoms, products, count);
	const size_t found =
	    atoms->sums->reach(products, atoms->factors_float, least, atoms->count, desk->near);
	for (size_t i = 0; i < found; i++)
		desk->scores[i] =
		    fabsf(products[desk->near[i]]) * atoms->factors_float[desk->near[i]];
	const float reached = find_reached(desk->scores, found, count);
	size_t equal = count, made = 0;
	for (size_t i = 0; i < found; i++)
		equal -= desk->scores[i] > reached;
	for (size_t i = 0; i < found; i++) {
		const bool is_equal = desk->scores[i] == reached && equal > 0;
		equal -= is_equal;
		if (is_equal || desk->scores[i] > reached)
			places[made++] = desk->near[i];
	}
}
