/* deviation.h - how far what was drawn lies from what is expected. */
#ifndef TESTS_UNIT_DEVIATION_H
#define TESTS_UNIT_DEVIATION_H

#include <math.h>
#include <stddef.h>

/* How many standard deviations chi-square is too large, by Wilson and Hilferty: 3.72 has
 * a chance of 1e-4.  Cells of which fewer than 5 are expected are put together. */
static inline double toy_deviation(const double *expected, const size_t *seen, size_t count,
				   double total)
{
	double chi = 0.0, rest = 0.0, rest_seen = 0.0, cells = 0.0;
	for (size_t i = 0; i < count; i++) {
		const double want = expected[i] * total;
		if (want < 5.0) {
			rest += want;
			rest_seen += (double)seen[i];
			continue;
		}
		chi += ((double)seen[i] - want) * ((double)seen[i] - want) / want;
		cells += 1.0;
	}
	if (rest >= 5.0) {
		chi += (rest_seen - rest) * (rest_seen - rest) / rest;
		cells += 1.0;
	} else if (rest_seen > rest + 20.0) {
		return INFINITY;
	}
	const double k = cells - 1.0;
	if (k < 1.0) /* one cell: all must be in it */
		return 0.0;
	return (cbrt(chi / k) - (1.0 - 2.0 / (9.0 * k))) / sqrt(2.0 / (9.0 * k));
}

#endif
