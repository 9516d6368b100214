/* sample_svg.c - a comparison as a picture: a column a method, a row a segmentation.
 *
 * Tokens are boxes whose text is set to the width of its box, so that they fit whatever
 * font a reader has.  Colours follow the reader's light or dark page.
 *
 * Places are whole numbers, but for the lengths of bars and for curves. */
#include <math.h>

#include "cmd/cli_page.h"
#include "cmd/cli_visible.h"
#include "cmd/sample_compare.h"

enum {
	MARGIN = 24,
	GLYPH = 7, /* a character of a token; 12 pixels high */
	BOX_PAD = 4,
	BOX_GAP = 3,
	ROW = 22,
	LABEL_LEAST = 220,
	COLUMN = 164,
	BAR = 96, /* of a probability of 1 */
	CURVE = 64,
	TITLE_COLUMNS = 60
};

/* A picture is made in memory, and has to be drawn by others. */
enum {
	PICTURE_MB = 32,
	MARK_BYTES = 200, /* a box or a bar in the file, at most about so many */
	TEXT_MARKS = 16   /* as much as these are a method's head, curve and measures */
};

/* The least probability that a curve shows. */
#define CURVE_LEAST 1e-6

/* Each colour is written out: not every program that draws SVG knows variables. */
static const char style[] =
    "<style>\n"
    "text{fill:#1c2026;font:12px system-ui,\"DejaVu Sans\",sans-serif}\n"
    ".t{font:600 17px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
    ".m{font-weight:600;font-size:13px}.d{fill:#68717c}.s{fill:#68717c;font-size:10px}\n"
    ".n{font-variant-numeric:tabular-nums}\n"
    ".k{font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
    ".page{fill:#fff}.band{fill:#f4f6f8}.x{fill:#dfe9fa}.o .x{fill:#fde3cc}.b{fill:#2f6fde}\n"
    ".o .b,.dot{fill:#d96c0a}.r{fill:#b3bcc7}.l{stroke:#d5dae0;fill:none}\n"
    ".c{stroke:#2f6fde;fill:none;stroke-width:1.6}\n"
    ".u{stroke:#68717c;fill:none;stroke-dasharray:3 3}\n"
    "@media(prefers-color-scheme:dark){text{fill:#e7eaee}.d,.s{fill:#98a2ad}\n"
    ".page{fill:#14171b}.band{fill:#1b2026}.x{fill:#25375a}.o .x{fill:#4d3319}.b{fill:#6ba4ff}\n"
    ".o .b,.dot{fill:#f2a154}.r{fill:#56606b}.l{stroke:#333a42}.c{stroke:#6ba4ff}\n"
    ".u{stroke:#98a2ad}}\n"
    "</style>\n";

static void put_title(struct cli_put *out, struct tok_span text)
{
	struct tok_buffer bytes = { 0 };
	struct cli_put visible = { .out = &bytes };
	sample_put_visible(&visible, text, TITLE_COLUMNS);
	out->lost |= visible.lost;
	cli_page_text(out, tok_buffer_span(&bytes));
	tok_buffer_release(&bytes);
}

/* ---- tokens in boxes ---------------------------------------------------------- */

/* One box, at `x`; returns where the next one goes. */
static double put_box(struct cli_put *out, const struct tok_tokenizer *tokenizer, tok_id id,
		      double x, double y)
{
	struct tok_buffer visible = { 0 };
	if (!cli_visible_token(tokenizer, id, &visible))
		out->lost = true;
	const struct tok_span text = tok_buffer_span(&visible);
	const double inner = GLYPH * (double)cli_visible_width(text);
	cli_put(out,
		"<rect class=\"x\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"17\" rx=\"3\"/>",
		x, y - 13, inner + 2 * BOX_PAD);
	cli_put(out,
		"<text class=\"k\" x=\"%.0f\" y=\"%.0f\" textLength=\"%.0f\" "
		"lengthAdjust=\"spacingAndGlyphs\">",
		x + BOX_PAD, y, inner);
	cli_page_text(out, text);
	cli_put(out, "</text>");
	tok_buffer_release(&visible);
	return x + inner + 2 * BOX_PAD + BOX_GAP;
}

static double measure_boxes(const struct sample_comparison *c, const struct sample_row *row,
			    bool *lost)
{
	double width = 0;
	struct tok_buffer visible = { 0 };
	for (size_t i = 0; i < row->count; i++) {
		tok_buffer_clear(&visible);
		*lost |= !cli_visible_token(c->tokenizer, row->ids[i], &visible);
		width += GLYPH * (double)cli_visible_width(tok_buffer_span(&visible)) +
			 2 * BOX_PAD + BOX_GAP;
	}
	tok_buffer_release(&visible);
	return width;
}

/* ---- the parts of a picture ---------------------------------------------------- */

struct sheet {
	const struct sample_comparison *c;
	struct cli_put *out;
	double y;       /* base of the next line */
	double columns; /* where the first method's column begins */
	double right;
};

static double column_of(const struct sheet *s, size_t method)
{
	return s->columns + COLUMN * (double)method;
}

static void put_heads(struct sheet *s)
{
	struct cli_put *out = s->out;
	cli_put(out, "<text class=\"t\" x=\"%d\" y=\"%.0f\">", MARGIN, s->y);
	put_title(out, s->c->text);
	cli_put(out, "</text><text class=\"d\" x=\"%d\" y=\"%.0f\">", MARGIN, s->y + 20);
	sample_put_count(out, s->c->log2_segmentations);
	cli_put(out, " segmentation%s; the tokenizer’s own is marked ●</text>",
		s->c->log2_segmentations < 0.5 ? "" : "s");
	s->y += 52;
	for (size_t k = 0; k < s->c->method_count; k++) {
		const struct sample_compared *m = &s->c->methods[k];
		cli_put(out,
			"<text class=\"m\" x=\"%.0f\" y=\"%.0f\">%s</text>"
			"<text class=\"d\" x=\"%.0f\" y=\"%.0f\">%s</text>",
			column_of(s, k), s->y, sample_method_name(m->method.method),
			column_of(s, k), s->y + 16, m->parameters);
	}
	s->y += 32;
}

/* The place of a rank and a probability in a curve's square. */
static void put_point(struct sheet *s, size_t method, double rank, double most_ranks,
		      double probability)
{
	const double across = most_ranks > 1 ? log(rank) / log(most_ranks) : 0;
	const double down = fmin(log(probability) / log(CURVE_LEAST), 1);
	cli_put(s->out, "%.1f,%.1f ", column_of(s, method) + BAR * across, s->y + CURVE * down);
}

static void put_curve(struct sheet *s, size_t method, double most_ranks)
{
	const struct tok_draws *draws = &s->c->methods[method].draws;
	cli_put(s->out, "<polyline class=\"c\" points=\"");
	/* Each rank at first, then so many that none is missed by the eye. */
	for (size_t rank = 1; rank <= draws->count; rank += 1 + rank / 16) {
		const double p = exp(draws->items[rank - 1].log_probability);
		put_point(s, method, (double)rank, most_ranks, p);
		if (p < CURVE_LEAST)
			break;
	}
	cli_put(s->out, "\"/>");
}

static void put_curves(struct sheet *s)
{
	struct cli_put *out = s->out;
	const struct sample_comparison *c = s->c;
	const double least = exp2(-c->log2_segmentations);
	double most_ranks = 1;
	for (size_t k = 0; k < c->method_count; k++)
		most_ranks = fmax(most_ranks, (double)c->methods[k].draws.count);
	const double edge = s->columns - 8;
	cli_put(out,
		"<g text-anchor=\"end\"><text class=\"d\" x=\"%.0f\" y=\"%.0f\">probability by "
		"rank</text><text class=\"s\" x=\"%.0f\" y=\"%.0f\">both logarithmic; dashed: "
		"uniform</text>",
		edge - 30, s->y + CURVE / 2.0, edge - 30, s->y + CURVE / 2.0 + 14);
	cli_put(out,
		"<text class=\"s\" x=\"%.0f\" y=\"%.0f\">1</text>"
		"<text class=\"s\" x=\"%.0f\" y=\"%.0f\">10⁻⁶</text></g>",
		edge, s->y + 7, edge, s->y + CURVE);
	for (size_t k = 0; k < c->method_count; k++) {
		cli_put(out, "<path class=\"l\" d=\"M%.0f %.0fv%dh%d\"/>", column_of(s, k), s->y,
			CURVE, BAR);
		cli_put(out, "<polyline class=\"u\" points=\"");
		put_point(s, k, 1, most_ranks, least);
		put_point(s, k, most_ranks, most_ranks, least);
		cli_put(out, "\"/>");
		if (c->methods[k].listed)
			put_curve(s, k, most_ranks);
	}
	s->y += CURVE + 26;
}

static void put_bar(struct sheet *s, size_t method, double probability, const char *class)
{
	const struct sample_compared *m = &s->c->methods[method];
	const double x = column_of(s, method), width = BAR * probability;
	if (!m->listed)
		return;
	if (probability > 0)
		cli_put(s->out,
			"<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.2f\" height=\"13\" "
			"rx=\"2\"><title>%s: %.6g</title></rect>",
			class, x, s->y - 11, fmax(width, 1), sample_method_name(m->method.method),
			probability);
	cli_put(s->out, "<text class=\"n%s\" x=\"%.2f\" y=\"%.0f\">%.2f %%</text>",
		probability > 0 ? "" : " d", x + fmax(width, 1) + 5, s->y, 100 * probability);
}

static void put_row(struct sheet *s, size_t number)
{
	struct cli_put *out = s->out;
	const struct sample_row *row = &s->c->rows[number];
	if (number % 2 == 0)
		cli_put(out,
			"<rect class=\"band\" x=\"%d\" y=\"%.0f\" width=\"%.0f\" height=\"%d\"/>",
			MARGIN - 16, s->y - 15, s->right - MARGIN + 32, ROW);
	cli_put(out, "<g%s>", row->canonical ? " class=\"o\"" : "");
	if (row->canonical)
		cli_put(out, "<circle class=\"dot\" cx=\"%d\" cy=\"%.0f\" r=\"4\"/>", MARGIN - 7,
			s->y - 4);
	double x = MARGIN;
	for (size_t i = 0; i < row->count; i++)
		x = put_box(out, s->c->tokenizer, row->ids[i], x, s->y);
	for (size_t k = 0; k < s->c->method_count; k++)
		put_bar(s, k, row->probabilities[k], "b");
	cli_put(out, "</g>\n");
	s->y += ROW;
}

static void put_others(struct sheet *s)
{
	bool any = false;
	for (size_t k = 0; k < s->c->method_count; k++)
		any |= s->c->methods[k].others_count > 0;
	if (!any)
		return;
	cli_put(s->out, "<text class=\"d\" x=\"%d\" y=\"%.0f\">all others</text>", MARGIN, s->y);
	for (size_t k = 0; k < s->c->method_count; k++)
		put_bar(s, k, s->c->methods[k].others, "r");
	s->y += ROW;
}

static void put_measures(struct sheet *s)
{
	static const struct {
		const char *name;
		size_t offset;
		int digits;
	} measures[] = {
		{ "entropy, bits", offsetof(struct sample_compared, entropy), 3 },
		{ "expected length, ids", offsetof(struct sample_compared, length), 3 },
		{ "probability of the tokenizer’s own", offsetof(struct sample_compared, canonical),
		  4 },
		{ "divergence from uniform, bits", offsetof(struct sample_compared, divergence),
		  3 },
	};
	struct cli_put *out = s->out;
	cli_put(out, "<path class=\"l\" d=\"M%d %.0fH%.0f\"/>", MARGIN - 16, s->y - 12,
		s->right + 16);
	s->y += 8;
	cli_put(out, "<text class=\"d\" x=\"%d\" y=\"%.0f\">outcomes</text>", MARGIN, s->y);
	for (size_t k = 0; k < s->c->method_count; k++) {
		const struct sample_compared *m = &s->c->methods[k];
		cli_put(out, "<text class=\"n\" x=\"%.0f\" y=\"%.0f\">%s%zu</text>",
			column_of(s, k), s->y, m->listed ? "" : "over ",
			m->listed ? m->draws.count : s->c->limit);
	}
	s->y += 19;
	for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++, s->y += 19) {
		cli_put(out, "<text class=\"d\" x=\"%d\" y=\"%.0f\">%s</text>", MARGIN, s->y,
			measures[i].name);
		for (size_t k = 0; k < s->c->method_count; k++) {
			const struct sample_compared *m = &s->c->methods[k];
			double value;
			memcpy(&value, (const char *)m + measures[i].offset, sizeof value);
			if (!isnan(value))
				cli_put(out, "<text class=\"n\" x=\"%.0f\" y=\"%.0f\">%.*f</text>",
					column_of(s, k), s->y, measures[i].digits, value);
		}
	}
	cli_put(out, "\n");
}

/* How many bytes a text takes, a little more rather than less. */
static size_t estimate_bytes(const struct sample_comparison *c)
{
	size_t marks = (TEXT_MARKS + c->row_count) * c->method_count, bytes = 0;
	for (size_t i = 0; i < c->row_count; i++) {
		const struct sample_row *row = &c->rows[i];
		marks += row->count;
		for (size_t k = 0; k < row->count; k++)
			bytes += tok_tokenizer_token(c->tokenizer, row->ids[k]).count;
	}
	return marks * MARK_BYTES + bytes;
}

enum tok_status sample_svg_text(const struct sample_comparison *c, struct sample_svg *svg,
				struct tok_error *err)
{
	if (svg->body.out->count + estimate_bytes(c) > (size_t)PICTURE_MB << 20)
		return tok_fail(err, TOK_ELIMIT,
				"the picture would be larger than %d MB: draw fewer texts, or less "
				"of each with a smaller --top",
				PICTURE_MB);
	double label = LABEL_LEAST;
	for (size_t i = 0; i < c->row_count; i++)
		label = fmax(label, measure_boxes(c, &c->rows[i], &svg->body.lost));
	struct sheet s = {
		.c = c,
		.out = &svg->body,
		.y = svg->height + MARGIN + 16,
		.columns = MARGIN + label + 20,
	};
	s.right = column_of(&s, c->method_count) - 12;
	put_heads(&s);
	put_curves(&s);
	for (size_t i = 0; i < c->row_count; i++)
		put_row(&s, i);
	put_others(&s);
	put_measures(&s);
	svg->width = fmax(svg->width, s.right + MARGIN);
	svg->height = s.y;
	return svg->body.lost ? tok_fail_memory(err) : TOK_OK;
}

void sample_svg_finish(struct sample_svg *svg, struct cli_put *out)
{
	const double width = fmax(svg->width, 2 * MARGIN), height = svg->height + MARGIN - 10;
	cli_put(
	    out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%.0f\" "
	    "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<title>Segmentations by method</title>\n",
	    width, height, width, height);
	cli_put_span(out, tok_span_of(style));
	cli_put(out, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n", width, height);
	cli_put_span(out, tok_buffer_span(svg->body.out));
	cli_put(out, "</svg>\n");
	out->lost |= svg->body.lost;
	tok_buffer_release(svg->body.out);
}
