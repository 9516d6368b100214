/* transplant_page.c - transplant.html: what a transplant did, as pictures.
 *
 * One file without anything from outside.  Colours follow the reader's light or dark page; every
 * number that is drawn is also written. */
#include <inttypes.h>

#include "cmd/cli_put.h"
#include "cmd/transplant_report.h"
#include "tok/text/utf8.h"

enum { WIDTH = 640, BAR = 22, STRIP = 40, LEFT = 130 };

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Transplant</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1c2026;--dim:#68717c;--page:#fff;--line:#d5dae0;\n"
    "--a:#2f6fde;--b:#d96c0a;--c:#3a9a5c;--d:#8a5cc2;--e:#b3bcc7}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e7eaee;--dim:#98a2ad;--page:#14171b;\n"
    "--line:#333a42;--a:#6ba4ff;--b:#f2a154;--c:#69c68a;--d:#b99ae6;--e:#56606b}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);\n"
    "max-width:44rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}\n"
    "p.d,td.d,figcaption{color:var(--dim)}svg{width:100%;height:auto;display:block}\n"
    "figcaption{font-size:.85rem}table{border-collapse:collapse;width:100%;margin-top:.6rem}\n"
    "td,th{padding:.2rem 0 .2rem .6rem;text-align:right;border-bottom:1px solid "
    "var(--line);font-variant-numeric:tabular-nums}\n"
    "td:first-child,th:first-child{text-align:left;padding-left:0}th{font-weight:600}\n"
    "text{fill:var(--ink);font:12px system-ui,sans-serif}.dim{fill:var(--dim)}\n"
    ".a{fill:var(--a)}.b{fill:var(--b)}.c{fill:var(--c)}rect.d{fill:var(--d)}.e{fill:var(--e)}\n"
    ".l{stroke:var(--line)}.s{stroke:var(--ink);stroke-width:2}\n"
    "figure{margin:0}.swatch{display:inline-block;width:.8em;height:.8em;border-radius:2px}\n"
    "@media(max-width:32rem){text{font-size:20px}}\n" /* of which the picture leaves half */
    "</style></head><body>\n";

/* A page is UTF-8: what is none is U+FFFD. */
static void put_escaped(struct cli_put *p, struct tok_span text)
{
	for (size_t i = 0; i < text.count;) {
		const struct tok_char c = tok_utf8_at(text, i);
		if (c.code == '<')
			cli_put(p, "&lt;");
		else if (c.code == '&')
			cli_put(p, "&amp;");
		else if (c.code >= TOK_BAD_BYTE)
			cli_put(p, "\xEF\xBF\xBD");
		else
			p->lost |= !tok_buffer_add(p->out, text.bytes + i, c.length);
		i += c.length;
	}
}

/* ---- shares ------------------------------------------------------------------------- */

/* A class's colour: the same bytes are blue, the same by what they are for violet, what only nearly
 * matches green, new ones orange. */
static const char colours[HYPER_MATCH_COUNT][2] = {
	[HYPER_MATCH_EXACT] = "a", [HYPER_MATCH_ROLE] = "d", [HYPER_MATCH_BYTE] = "d",
	[HYPER_MATCH_SPACE] = "c", [HYPER_MATCH_CASE] = "c", [HYPER_MATCH_PREFIX] = "c",
	[HYPER_MATCH_NEW] = "b",   [HYPER_MATCH_NONE] = "e",
};

static void put_bar(struct cli_put *p, const char *name, const double *counts, int y)
{
	double whole = 0, x = LEFT;
	for (int which = 0; which < HYPER_MATCH_NONE; which++)
		whole += counts[which];
	cli_put(p, "<text x=\"0\" y=\"%d\">%s</text>", y + 16, name);
	for (int which = 0; which < HYPER_MATCH_NONE && whole > 0; which++) {
		const double width = (WIDTH - LEFT) * counts[which] / whole;
		if (counts[which] > 0)
			cli_put(
			    p,
			    "<rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\">"
			    "<title>%s: %.2f %%</title></rect>",
			    colours[which], x, y, width, BAR,
			    hyper_match_name((enum hyper_match_class)which),
			    100 * counts[which] / whole);
		x += width;
	}
}

static void put_classes(struct cli_put *p, const struct transplant_report *r)
{
	double tokens[HYPER_MATCH_COUNT], running[HYPER_MATCH_COUNT] = { 0 };
	const struct hyper_matches *m = &r->c->matches;
	double all = 0, read = 0;
	for (int which = 0; which < HYPER_MATCH_COUNT; which++) {
		tokens[which] = (double)m->counts[which];
		running[which] = r->usage ? (double)r->usage->classes[which] : 0;
		all += which == HYPER_MATCH_NONE ? 0 : tokens[which];
		read += running[which];
	}
	cli_put(p,
		"<h2>Which token is which</h2><figure><svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"shares of classes\">",
		WIDTH, r->usage ? 2 * BAR + 8 : BAR);
	put_bar(p, "vocabulary", tokens, 0);
	if (r->usage)
		put_bar(p, "running text", running, BAR + 8);
	cli_put(p, "</svg></figure>\n<table><tr><th>class</th><th>tokens</th><th>%%</th>%s</tr>\n",
		r->usage ? "<th>in the text</th><th>%</th>" : "");
	for (int which = 0; which < HYPER_MATCH_NONE; which++) {
		if (m->counts[which] == 0)
			continue;
		cli_put(p,
			"<tr><td><span class=\"swatch\" style=\"background:var(--%s)\"></span>"
			"&nbsp;%s</td><td>%zu</td><td>%.2f</td>",
			colours[which], hyper_match_name((enum hyper_match_class)which),
			m->counts[which], all > 0 ? 100 * tokens[which] / all : 0);
		if (r->usage)
			cli_put(p, "<td>%.0f</td><td>%.2f</td>", running[which],
				read > 0 ? 100 * running[which] / read : 0);
		cli_put(p, "</tr>\n");
	}
	cli_put(p, "</table>\n");
}

/* ---- lengths of rows ---------------------------------------------------------------- */

/* From the 5th to the 95th percentile, the middle half thicker, the median marked. */
static void put_strip(struct cli_put *p, const char *name, const char *class,
		      const struct hyper_norms *n, double largest, int y)
{
	double x[HYPER_QUANTILES];
	if (n->count == 0)
		return;
	for (size_t q = 0; q < HYPER_QUANTILES; q++)
		x[q] = LEFT + (WIDTH - LEFT) * n->quantiles[q] / largest;
	cli_put(p, "<text x=\"0\" y=\"%d\">%s</text>", y + 17, name);
	cli_put(p,
		"<rect class=\"%s\" opacity=\".45\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
		"height=\"6\"/>",
		class, x[0], y + 7, x[4] - x[0] + 1);
	cli_put(p, "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"14\"/>", class,
		x[1], y + 3, x[3] - x[1] + 1);
	cli_put(p, "<line class=\"s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x[2], x[2], y,
		y + 20);
	cli_put(p, "<text class=\"dim\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.3g</text>",
		x[2], y + 36, n->quantiles[2]);
}

static void put_lengths(struct cli_put *p, const char *side, const struct hyper_row_stats *s)
{
	double largest = s->copied.count ? s->copied.quantiles[HYPER_QUANTILES - 1] : 0;
	if (s->made.count && s->made.quantiles[HYPER_QUANTILES - 1] > largest)
		largest = s->made.quantiles[HYPER_QUANTILES - 1];
	if (!(largest > 0))
		return;
	cli_put(p,
		"<h2>Lengths of %s rows</h2><figure><svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"lengths of rows\">",
		side, WIDTH, 2 * STRIP + 8);
	put_strip(p, "copied", "a", &s->copied, largest * 1.05, 0);
	put_strip(p, "made", "b", &s->made, largest * 1.05, STRIP + 4);
	cli_put(p,
		"</svg><figcaption>from the 5th to the 95th percentile, the middle half thick, the "
		"median marked</figcaption></figure>\n");
}

/* ---- sides -------------------------------------------------------------------------- */

static void put_side(struct cli_put *p, const char *name, const struct transplant_side_report *side)
{
	const struct hyper_row_stats *s = &side->stats;
	put_lengths(p, name, s);
	cli_put(p, "<table><tr><th>%s rows</th><th></th></tr>\n", name);
	cli_put(p, "<tr><td>copied bit for bit</td><td>%zu</td></tr>\n",
		side->counts[TRANSPLANT_COPIED]);
	cli_put(p, "<tr><td>by %s</td><td>%zu</td></tr>\n", transplant_method_name(side->method),
		side->counts[TRANSPLANT_BY_METHOD]);
	cli_put(p, "<tr><td>by their pieces</td><td>%zu</td></tr>\n",
		side->counts[TRANSPLANT_BY_PIECES]);
	cli_put(p, "<tr><td>by the last resort</td><td>%zu</td></tr>\n",
		side->counts[TRANSPLANT_BY_FILL]);
	cli_put(p, "<tr><td>rows that one is made of (exp of entropy)</td><td>%.2f</td></tr>\n",
		s->neighbours);
	cli_put(p,
		"<tr><td>mean cosine of two rows, before and after</td><td>%.4f, %.4f</td></tr>\n",
		s->anisotropy_old, s->anisotropy_new);
	cli_put(p,
		"<tr><td>made rows that are zero, or equal to another</td><td>%zu, %zu</td></tr>\n",
		s->zeros, s->duplicates);
	if (side->method == TRANSPLANT_OMP)
		cli_put(
		    p,
		    "<tr><td>sum of |coefficients|, mean and largest</td><td>%.3g, %.3g</td></tr>\n"
		    "<tr><td>cosine of the donor's row and its sum, mean and least</td><td>%.4f, "
		    "%.4f</td></tr>\n",
		    side->omp.norm_mean, side->omp.norm_max, side->omp.cosine_mean,
		    side->omp.cosine_min);
	cli_put(p, "</table>\n");
}

static void put_notes(struct cli_put *p, struct tok_span notes)
{
	if (notes.count == 0)
		return;
	cli_put(p, "<h2>Notes</h2><pre>");
	put_escaped(p, notes);
	cli_put(p, "</pre>\n");
}

enum tok_status transplant_report_page(const struct transplant_report *r, struct tok_buffer *out,
				       struct tok_error *err)
{
	struct cli_put p = { out, false };
	p.lost |= !tok_buffer_add(out, head, sizeof head - 1);
	cli_put(&p,
		"<h1>Transplant</h1><p class=\"d\">%zu rows became %zu; digits were cut %s and are "
		"cut %s",
		r->c->embeddings.input->shape[0], r->recipes->rows, hyper_digits_name(r->digits[0]),
		hyper_digits_name(r->digits[1]));
	if (r->usage)
		cli_put(&p, "; %" PRIu64 " bytes of text were %" PRIu64 " tokens and are %" PRIu64,
			r->usage->bytes, r->usage->old_tokens, r->usage->new_tokens);
	cli_put(&p, ".</p>\n");
	put_classes(&p, r);
	put_side(&p, r->recipes->both ? "all" : "input", &r->recipes->reports[TRANSPLANT_IN]);
	if (!r->recipes->both)
		put_side(&p, "output", &r->recipes->reports[TRANSPLANT_OUT]);
	put_notes(&p, r->notes);
	cli_put(&p, "</body></html>\n");
	return p.lost ? tok_fail_memory(err) : TOK_OK;
}
