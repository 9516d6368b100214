/* sample_report.c - a comparison as text and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cmd/sample_compare.h"

/* Columns of a text that are shown. */
enum { HEAD_COLUMNS = 60 };

/* Whole numbers above this are not exact. */
#define EXACT_LOG2 53

void sample_put_count(struct cli_put *out, double log2_count)
{
	const double count = exp2(log2_count);
	if (log2_count < EXACT_LOG2)
		cli_put(out, "%.0f", count);
	else if (log2_count < 1000)
		cli_put(out, "%.3g", count);
	else
		cli_put(out, "2^%.0f", log2_count);
}

/* ---- text -------------------------------------------------------------------- */

/* A number; a dash where it is not known. */
static void put_number(struct cli_put *out, int columns, int digits, double value)
{
	if (isnan(value))
		cli_put(out, "  %*s", columns, "-");
	else
		cli_put(out, "  %*.*f", columns, digits, value);
}

static void put_measures(const struct sample_comparison *c, struct cli_put *out)
{
	cli_put(out, "%-14s  %-10s  %9s  %7s  %8s  %9s  %10s\n", "method", "parameters", "outcomes",
		"entropy", "length", "canonical", "divergence");
	for (size_t k = 0; k < c->method_count; k++) {
		const struct sample_compared *m = &c->methods[k];
		char outcomes[32];
		snprintf(outcomes, sizeof outcomes, "%s%zu", m->listed ? "" : ">",
			 m->listed ? m->draws.count : c->limit);
		cli_put(out, "%-14s  %-10s  %9s", sample_method_name(m->method.method),
			m->parameters, outcomes);
		put_number(out, 7, 4, m->entropy);
		put_number(out, 8, 4, m->length);
		put_number(out, 9, 6, m->canonical);
		put_number(out, 10, 4, m->divergence);
		cli_put(out, "\n");
	}
}

static size_t column_width(const struct sample_compared *m)
{
	const size_t name = strlen(sample_method_name(m->method.method));
	return name > 8 ? name : 8;
}

static void put_cell(const struct sample_compared *m, double probability, struct cli_put *out)
{
	if (m->listed)
		cli_put(out, "%*.6f  ", (int)column_width(m), probability);
	else
		cli_put(out, "%*s  ", (int)column_width(m), "-");
}

static void put_rows(const struct sample_comparison *c, struct cli_put *out)
{
	bool others = false;
	for (size_t k = 0; k < c->method_count; k++)
		cli_put(out, "%*s  ", (int)column_width(&c->methods[k]),
			sample_method_name(c->methods[k].method.method));
	cli_put(out, "  tokens\n");
	for (size_t i = 0; i < c->row_count; i++) {
		const struct sample_row *row = &c->rows[i];
		for (size_t k = 0; k < c->method_count; k++)
			put_cell(&c->methods[k], row->probabilities[k], out);
		cli_put(out, "%s%s", row->canonical ? "*" : " ", row->count ? " " : "");
		sample_put_tokens(out, c->tokenizer, row->ids, row->count);
		cli_put(out, "\n");
	}
	for (size_t k = 0; k < c->method_count; k++)
		others |= c->methods[k].others_count > 0;
	for (size_t k = 0; k < c->method_count && others; k++)
		put_cell(&c->methods[k], c->methods[k].others, out);
	if (others)
		cli_put(out, "  all others\n");
}

void sample_compare_report(const struct sample_comparison *c, struct cli_put *out)
{
	if (c->number > 0)
		cli_put(out, "\n\n");
	sample_put_visible(out, c->text, HEAD_COLUMNS);
	cli_put(out, ": ");
	sample_put_count(out, c->log2_segmentations);
	cli_put(out, " segmentation%s, canonical (*): ", c->log2_segmentations < 0.5 ? "" : "s");
	sample_put_tokens(out, c->tokenizer, c->canonical.ids, c->canonical.count);
	cli_put(out, "\nentropy and divergence from uniform are in bits\n\n");
	put_measures(c, out);
	cli_put(out, "\n");
	if (c->row_count > 0)
		put_rows(c, out);
}

/* ---- JSON -------------------------------------------------------------------- */

static void put_json_number(struct cli_put *out, const char *name, double value)
{
	if (!isfinite(value))
		cli_put(out, ",\"%s\":null", name);
	else
		cli_put(out, ",\"%s\":%.15g", name, value);
}

static void put_json_method(const struct sample_comparison *c, const struct sample_compared *m,
			    struct cli_put *out)
{
	cli_put(out, "{\"method\":\"%s\"", sample_method_name(m->method.method));
	if (m->parameters[0]) {
		const int name = (int)strcspn(m->parameters, "=");
		cli_put(out, ",\"%.*s\":%s", name, m->parameters, m->parameters + name + 1);
	}
	if (m->listed)
		cli_put(out, ",\"outcomes\":%zu", m->draws.count);
	else
		cli_put(out, ",\"outcomes\":null,\"more_than\":%zu", c->limit);
	put_json_number(out, "entropy_bits", m->entropy);
	put_json_number(out, "expected_length", m->length);
	put_json_number(out, "canonical_probability", m->canonical);
	put_json_number(out, "divergence_bits", m->divergence);
	put_json_number(out, "others", m->listed ? m->others : NAN);
	cli_put(out, "}");
}

static void put_json_row(const struct sample_comparison *c, const struct sample_row *row,
			 struct cli_put *out)
{
	cli_put(out, "{");
	sample_put_json_ids(out, c->tokenizer, row->ids, row->count);
	cli_put(out, ",\"canonical\":%s,\"probabilities\":[", row->canonical ? "true" : "false");
	for (size_t k = 0; k < c->method_count; k++)
		if (c->methods[k].listed)
			cli_put(out, "%s%.15g", k ? "," : "", row->probabilities[k]);
		else
			cli_put(out, "%snull", k ? "," : "");
	cli_put(out, "]}");
}

void sample_compare_json(const struct sample_comparison *c, struct cli_put *out)
{
	cli_put(out, "{\"schema\":\"tok.sample.compare.1\",\"document\":%" PRIu64 ",\"text\":",
		c->number);
	cli_put_json(out, c->text);
	cli_put(out, ",\"canonical\":{");
	sample_put_json_ids(out, c->tokenizer, c->canonical.ids, c->canonical.count);
	cli_put(out, "},\"log2_segmentations\":%.15g,\"methods\":[", c->log2_segmentations);
	for (size_t k = 0; k < c->method_count; k++) {
		cli_put(out, k ? "," : "");
		put_json_method(c, &c->methods[k], out);
	}
	cli_put(out, "],\"segmentations\":[");
	for (size_t i = 0; i < c->row_count; i++) {
		cli_put(out, i ? "," : "");
		put_json_row(c, &c->rows[i], out);
	}
	cli_put(out, "]}\n");
}
