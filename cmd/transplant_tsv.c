/* transplant_tsv.c - mapping.tsv: of each id how its row came to be. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/cli_visible.h"
#include "cmd/transplant_report.h"

enum { SOURCES_SHOWN = 5 };

/* ---- lines ----------------------------------------------------------------------------------- */

static bool put_bytes(struct tok_buffer *out, struct tok_span bytes)
{
	bool ok = true;
	for (size_t i = 0; i < bytes.count && ok; i++) {
		char text[8];
		const uint8_t c = bytes.bytes[i];
		const bool plain = c > 0x20 && c < 0x7F && c != '\\';
		const int n = plain
				  ? snprintf(text, sizeof text, "%c", c)
				  : snprintf(text, sizeof text, c == '\\' ? "\\\\" : "\\x%02x", c);
		ok = tok_buffer_add(out, text, (size_t)n);
	}
	return ok;
}

/* The heaviest sources first, of equal ones the earlier one. */
static bool put_sources(struct tok_buffer *out, const struct hyper_recipe *recipe, size_t row)
{
	const struct hyper_weights *w = &recipe->weights;
	char text[64];
	if (recipe->origins[row] == HYPER_ROW_COPY) {
		const int n = snprintf(text, sizeof text, "1\t%u:1", recipe->sources[row]);
		return tok_buffer_add(out, text, (size_t)n);
	}
	if (recipe->origins[row] != HYPER_ROW_SUM)
		return tok_buffer_add(out, "0\t", 2);
	const uint64_t begin = hyper_weights_begin(w, recipe->places[row]);
	const uint64_t end = w->ends[recipe->places[row]];
	bool ok = tok_buffer_add(out, text,
				 (size_t)snprintf(text, sizeof text, "%" PRIu64 "\t", end - begin));
	uint64_t shown[SOURCES_SHOWN];
	for (size_t n = 0; n < SOURCES_SHOWN && n < end - begin && ok; n++) {
		uint64_t best = UINT64_MAX;
		for (uint64_t i = begin; i < end; i++) {
			bool told = false;
			for (size_t k = 0; k < n; k++)
				told |= shown[k] == i;
			if (!told &&
			    (best == UINT64_MAX || fabsf(w->weights[i]) > fabsf(w->weights[best])))
				best = i;
		}
		shown[n] = best;
		const int count = snprintf(text, sizeof text, "%s%u:%.5g", n ? " " : "",
					   w->sources[best], (double)w->weights[best]);
		ok = tok_buffer_add(out, text, (size_t)count);
	}
	return ok;
}

struct lines {
	const struct transplant_report *report;
	struct tok_buffer *out;
};

static bool put_side(const struct lines *l, enum transplant_side side, size_t id)
{
	char text[64];
	const struct transplant_side_report *s = &l->report->recipes->reports[side];
	const int n =
	    snprintf(text, sizeof text, "\t%s\t%.6g\t",
		     transplant_how_name((enum transplant_how)s->how[id]), s->lengths[id]);
	return tok_buffer_add(l->out, text, (size_t)n) &&
	       put_sources(l->out, transplant_recipe(l->report->recipes, side), id);
}

static bool put_line(const struct lines *l, size_t id)
{
	char text[64];
	const struct transplant_report *r = l->report;
	const int first = snprintf(text, sizeof text, "%zu\t", id);
	if (!tok_buffer_add(l->out, text, (size_t)first) ||
	    !put_bytes(l->out, r->c->target.vocab.bytes[id]))
		return false;
	const int class =
	    snprintf(text, sizeof text, "\t%s", hyper_match_name(r->c->matches.classes[id]));
	return tok_buffer_add(l->out, text, (size_t) class) && put_side(l, TRANSPLANT_IN, id) &&
	       (r->recipes->both || put_side(l, TRANSPLANT_OUT, id)) &&
	       tok_buffer_add_byte(l->out, '\n');
}

enum tok_status transplant_report_tsv(const struct transplant_report *r, struct tok_buffer *out,
				      struct tok_error *err)
{
	static const char head[] = "id\ttoken\tclass\tin\tin_length\tin_count\tin_sources";
	static const char more[] = "\tout\tout_length\tout_count\tout_sources";
	const struct lines lines = { r, out };
	bool ok = tok_buffer_add(out, head, sizeof head - 1) &&
		  (r->recipes->both || tok_buffer_add(out, more, sizeof more - 1)) &&
		  tok_buffer_add_byte(out, '\n');
	for (size_t id = 0; id < r->c->matches.count && ok; id++)
		ok = put_line(&lines, id);
	return ok ? TOK_OK : tok_fail_memory(err);
}
