/* sample_report.c - a comparison as text and as JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cmd/sample_compare.h"

/* Columns of a text that are shown. */
enum { HEAD_COLUMNS = 60 };

/* Whole numbers above this are not exact. */
#define EXACT_LOG2 53

void sample_put_count(struct sample_out *out, double log2_count)
{
	const double count = exp2(log2_count);
	if (log2_count < EXACT_LOG2)
		sample_put(out, "%.0f", count);
	else if (log2_count < 1000)
		sample_put(out, "%.3g", count);
	else
		sample_put(out, "2^%.0f", log2_count);
}

/* ---- text -------------------------------------------------------------------- */

static void put_measures(const struct sample_comparison *c, struct sample_out *out)
{
	sample_put(out, "%-14s  %-10s  %8s  %7s  %8s  %9s  %10s\n", "method", "parameters",
		   "outcomes", "entropy", "length", "canonical", "divergence");
	for (size_t k = 0; k < c->method_count; k++) {
		const struct sample_compared *m = &c->methods[k];
		sample_put(out, "%-14s  %-10s  ", sample_method_name(m->method.method),
			   m->parameters);
		if (m->known)
			sample_put(out, "%8zu  %7.4f  %8.4f  %9.6f  %10.4f\n", m->draws.count,
				   m->entropy, m->length, m->canonical, m->divergence);
		else
			sample_put(out, "more than %zu: --limit allows more\n", c->limit);
	}
}

static size_t column_width(const struct sample_compared *m)
{
	const size_t name = strlen(sample_method_name(m->method.method));
	return name > 8 ? name : 8;
}

static void put_rows(const struct sample_comparison *c, struct sample_out *out)
{
	bool others = false;
	for (size_t k = 0; k < c->method_count; k++)
		sample_put(out, "%*s  ", (int)column_width(&c->methods[k]),
			   sample_method_name(c->methods[k].method.method));
	sample_put(out, "  tokens\n");
	for (size_t i = 0; i < c->row_count; i++) {
		const struct sample_row *row = &c->rows[i];
		for (size_t k = 0; k < c->method_count; k++)
			sample_put(out, "%*.6f  ", (int)column_width(&c->methods[k]),
				   row->probabilities[k]);
		sample_put(out, "%s", row->canonical ? "* " : "  ");
		sample_put_tokens(out, c->tokenizer, row->ids, row->count);
		sample_put(out, "\n");
	}
	for (size_t k = 0; k < c->method_count; k++)
		others |= c->methods[k].others_count > 0;
	for (size_t k = 0; k < c->method_count && others; k++)
		sample_put(out, "%*.6f  ", (int)column_width(&c->methods[k]), c->methods[k].others);
	if (others)
		sample_put(out, "  all others\n");
}

void sample_compare_report(const struct sample_comparison *c, struct sample_out *out)
{
	if (c->number > 0)
		sample_put(out, "\n\n");
	sample_put_visible(out, c->text, HEAD_COLUMNS);
	sample_put(out, ": ");
	sample_put_count(out, c->log2_segmentations);
	sample_put(out, " segmentation%s, canonical (*): ", c->log2_segmentations < 0.5 ? "" : "s");
	sample_put_tokens(out, c->tokenizer, c->canonical.ids, c->canonical.count);
	sample_put(out, "\nentropy and divergence from uniform are in bits\n\n");
	put_measures(c, out);
	sample_put(out, "\n");
	if (c->row_count > 0)
		put_rows(c, out);
}

/* ---- JSON -------------------------------------------------------------------- */

static void put_json_method(const struct sample_comparison *c, const struct sample_compared *m,
			    struct sample_out *out)
{
	sample_put(out, "{\"method\":\"%s\"", sample_method_name(m->method.method));
	if (m->parameters[0]) {
		const int name = (int)strcspn(m->parameters, "=");
		sample_put(out, ",\"%.*s\":%s", name, m->parameters, m->parameters + name + 1);
	}
	if (m->known)
		sample_put(out,
			   ",\"outcomes\":%zu,\"entropy_bits\":%.15g,\"expected_length\":%.15g,"
			   "\"canonical_probability\":%.15g,\"divergence_bits\":%.15g,"
			   "\"others\":%.15g}",
			   m->draws.count, m->entropy, m->length, m->canonical, m->divergence,
			   m->others);
	else
		sample_put(out, ",\"outcomes\":null,\"more_than\":%zu}", c->limit);
}

static void put_json_row(const struct sample_comparison *c, const struct sample_row *row,
			 struct sample_out *out)
{
	sample_put(out, "{");
	sample_put_json_ids(out, c->tokenizer, row->ids, row->count);
	sample_put(out, ",\"canonical\":%s,\"probabilities\":[", row->canonical ? "true" : "false");
	for (size_t k = 0; k < c->method_count; k++)
		if (c->methods[k].known)
			sample_put(out, "%s%.15g", k ? "," : "", row->probabilities[k]);
		else
			sample_put(out, "%snull", k ? "," : "");
	sample_put(out, "]}");
}

void sample_compare_json(const struct sample_comparison *c, struct sample_out *out)
{
	sample_put(out, "{\"schema\":\"tok.sample.compare.1\",\"document\":%" PRIu64 ",\"text\":",
		   c->number);
	sample_put_json_text(out, c->text);
	sample_put(out, ",\"canonical\":{");
	sample_put_json_ids(out, c->tokenizer, c->canonical.ids, c->canonical.count);
	sample_put(out, "},\"log2_segmentations\":%.15g,\"methods\":[", c->log2_segmentations);
	for (size_t k = 0; k < c->method_count; k++) {
		sample_put(out, k ? "," : "");
		put_json_method(c, &c->methods[k], out);
	}
	sample_put(out, "],\"segmentations\":[");
	for (size_t i = 0; i < c->row_count; i++) {
		sample_put(out, i ? "," : "");
		put_json_row(c, &c->rows[i], out);
	}
	sample_put(out, "]}\n");
}
