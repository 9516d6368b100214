/* text_formulas.c - entropies of counts, inequality of costs. */
#include <math.h>
#include <stdlib.h>

#include "vocab/audit/text.h"

static double term_of(uint64_t count, double all, double alpha)
{
	const double p = (double)count / all;
	return alpha == 1 ? -p * log2(p) : pow(p, alpha);
}

/* Most counts are small ones, and those of one size have one term. */
double vocab_audit_renyi(const uint64_t *counts, size_t n, double alpha)
{
	enum { SMALL = 64 };
	double all = 0, sum = 0, small[SMALL];
	bool known[SMALL] = { false };
	for (size_t i = 0; i < n; i++)
		all += (double)counts[i];
	if (all == 0)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		const uint64_t count = counts[i];
		if (count >= SMALL) {
			sum += term_of(count, all, alpha);
			continue;
		}
		if (count && !known[count]) {
			small[count] = term_of(count, all, alpha);
			known[count] = true;
		}
		sum += count ? small[count] : 0;
	}
	const double bits = alpha == 1 ? sum : log2(sum) / (1 - alpha);
	return bits > 0 ? bits : 0; /* of one type it is 0, whatever rounding says */
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

enum tok_status vocab_audit_gini(const double *costs, size_t n, double *out, struct tok_error *err)
{
	double *sorted = malloc((n + 1) * sizeof *sorted);
	double sum = 0, weighted = 0;
	if (!sorted)
		return tok_fail_memory(err);
	for (size_t i = 0; i < n; i++)
		sorted[i] = costs[i];
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i < n; i++) {
		sum += sorted[i];
		weighted += (2 * (double)i + 1 - (double)n) * sorted[i];
	}
	free(sorted);
	*out = sum > 0 ? weighted / ((double)n * sum) : (double)NAN;
	return TOK_OK;
}
