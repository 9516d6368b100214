/* audit_compare.c - what languages cost beside each other. */
#include <math.h>
#include <stdlib.h>

#include "cmd/audit_internal.h"

/* Above this share of unknown tokens a text is not encoded but given up (Petrov et al. 2023). */
static const double unknown_limit = 0.1;

static bool is_readable(const struct audit_cell *cell)
{
	const struct vocab_audit_measures *m = &cell->measures;
	return !cell->refused && m->tokens > 0 &&
	       (double)m->unknown <= unknown_limit * (double)m->tokens;
}

static void find_premiums(const struct audit_report *r, struct audit_cell *cells)
{
	for (size_t l = 0; l < r->language_count; l++) {
		const bool both = r->pivot < r->language_count && is_readable(&cells[l]) &&
				  is_readable(&cells[r->pivot]);
		cells[l].premium = both ? (double)cells[l].measures.tokens /
					      (double)cells[r->pivot].measures.tokens
					: (double)NAN;
	}
}

size_t audit_costs(const struct audit_report *report, const struct audit_cell *cells, bool per_byte,
		   double *out)
{
	size_t count = 0;
	for (size_t l = 0; l < report->language_count; l++) {
		const struct vocab_audit_measures *m = &cells[l].measures;
		if (!isnan(cells[l].premium) && !report->languages[l].abridged)
			out[count++] =
			    per_byte ? (double)m->tokens / (double)m->bytes : (double)m->tokens;
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The pivot's own premium is 1 and says nothing. */
static void find_extremes(const struct audit_report *r, const struct audit_cell *cells,
			  struct audit_tokenizer *t, double *spare)
{
	size_t n = 0;
	t->premium_worst = SIZE_MAX;
	t->premium_max = t->premium_median = NAN;
	for (size_t l = 0; l < r->language_count; l++) {
		const double premium = cells[l].premium;
		if (isnan(premium) || r->languages[l].abridged || l == r->pivot)
			continue;
		spare[n++] = premium;
		if (t->premium_worst == SIZE_MAX || premium > t->premium_max) {
			t->premium_max = premium;
			t->premium_worst = l;
		}
	}
	if (n == 0)
		return;
	qsort(spare, n, sizeof *spare, compare);
	t->premium_median = (spare[(n - 1) / 2] + spare[n / 2]) / 2;
}

/* Deviation over mean of used types; languages of one corpus, so that their texts are as long. */
static void find_variation(const struct audit_report *r, const struct audit_cell *cells,
			   struct audit_tokenizer *t)
{
	double sum = 0, squares = 0, n = 0;
	for (size_t l = 0; l < r->language_count; l++) {
		if (isnan(cells[l].premium) || r->languages[l].abridged)
			continue;
		sum += (double)cells[l].measures.types;
		n++;
	}
	for (size_t l = 0; l < r->language_count; l++) {
		if (isnan(cells[l].premium) || r->languages[l].abridged)
			continue;
		const double off = (double)cells[l].measures.types - sum / n;
		squares += off * off;
	}
	t->utilization_variation = n > 1 ? sqrt(squares / n) / (sum / n) : (double)NAN;
}

enum tok_status audit_compare(const struct audit_report *report, struct audit_tokenizer *tokenizers,
			      struct audit_cell *cells, struct tok_error *err)
{
	double *spare = calloc(report->language_count + 1, sizeof *spare);
	enum tok_status status = spare ? TOK_OK : tok_fail_memory(err);
	for (size_t t = 0; t < report->tokenizer_count && status == TOK_OK; t++) {
		struct audit_cell *row = cells + t * report->language_count;
		find_premiums(report, row);
		find_extremes(report, row, &tokenizers[t], spare);
		find_variation(report, row, &tokenizers[t]);
		size_t n = audit_costs(report, row, false, spare);
		status = vocab_audit_gini(spare, n, &tokenizers[t].gini, err);
		n = audit_costs(report, row, true, spare);
		if (status == TOK_OK)
			status = vocab_audit_gini(spare, n, &tokenizers[t].gini_bytes, err);
	}
	free(spare);
	return status;
}
