/* transplant_page.c - transplant.html: what a transplant did, as pictures.  Every number that is
 * drawn is also written. */
#include <inttypes.h>
#include <math.h>

#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"
#include "cmd/transplant_report.h"

static struct tok_span class_name(int which)
{
	return tok_span_of(hyper_match_name((enum hyper_match_class)which));
}

/* ---- shares ------------------------------------------------------------------------- */

enum { VOCABULARY, RUNNING, COUNTED };
static const char *const counted[COUNTED] = { "vocabulary", "running text" };

struct classes {
	double counts[COUNTED][HYPER_MATCH_COUNT], whole[COUNTED];
	int columns; /* COUNTED, or 1 where no text was read */
};

static struct classes count_classes(const struct transplant_report *r)
{
	struct classes c = { .columns = r->usage ? COUNTED : 1 };
	for (int which = 0; which < HYPER_MATCH_NONE; which++) {
		c.counts[VOCABULARY][which] = (double)r->c->matches.counts[which];
		c.counts[RUNNING][which] = r->usage ? (double)r->usage->classes[which] : 0;
		for (int k = 0; k < COUNTED; k++)
			c.whole[k] += c.counts[k][which];
	}
	return c;
}

static double percent(const struct classes *c, int k, int which)
{
	return c->whole[k] > 0 ? 100 * c->counts[k][which] / c->whole[k] : 0;
}

static void put_class_bars(struct cli_put *p, const struct classes *c)
{
	struct cli_chart_bar bars[COUNTED * HYPER_MATCH_NONE];
	struct tok_span names[COUNTED];
	size_t count = 0;
	for (int k = 0; k < COUNTED; k++)
		names[k] = tok_span_of(counted[k]);
	for (int which = 0; which < HYPER_MATCH_NONE; which++)
		for (int k = 0; k < c->columns && c->counts[VOCABULARY][which] > 0; k++)
			bars[count++] = (struct cli_chart_bar){ .name = class_name(which),
								.value = percent(c, k, which),
								.series = k };
	if (c->columns > 1)
		cli_page_legend(p, names, COUNTED);
	cli_chart_bars(p, &(struct cli_chart){ .title = "Shares", .x = "% of tokens" }, bars, count,
		       NAN);
}

static void put_classes(struct cli_put *p, const struct transplant_report *r)
{
	static const struct cli_page_column columns[] = {
		{ .head = "class" },
		{ .head = "tokens", .number = true },
		{ .head = "%", .number = true },
		{ .head = "in the text", .number = true },
		{ .head = "% of it", .number = true },
	};
	const struct classes c = count_classes(r);
	cli_page_heading(p, "Which token is which");
	put_class_bars(p, &c);
	cli_page_table_begin(p, "Tokens by class", columns, 1 + 2 * (size_t)c.columns);
	for (int which = 0; which < HYPER_MATCH_NONE; which++) {
		if (!(c.counts[VOCABULARY][which] > 0))
			continue;
		cli_page_row(p);
		cli_page_cell_text(p, class_name(which));
		for (int k = 0; k < c.columns; k++) {
			cli_page_cell_number(p, c.counts[k][which], 0);
			cli_page_cell_number(p, percent(&c, k, which), 2);
		}
	}
	cli_page_table_end(p);
}

/* ---- neighbours --------------------------------------------------------------------- */

enum { SUMMED_MOST = 32 };

/* Rows that are sums, by the number of old rows that they are of; how many numbers that takes. */
static size_t count_summed(const struct hyper_recipe *recipe, double counts[SUMMED_MOST + 1])
{
	size_t count = 0;
	for (size_t row = 0; row < recipe->rows; row++) {
		if (recipe->origins[row] != HYPER_ROW_SUM)
			continue;
		const size_t place = recipe->places[row];
		const uint64_t summed =
		    recipe->weights.ends[place] - hyper_weights_begin(&recipe->weights, place);
		const size_t at = summed < SUMMED_MOST ? (size_t)summed : SUMMED_MOST;
		counts[at]++;
		count = at + 1 > count ? at + 1 : count;
	}
	return count;
}

static void put_neighbours(struct cli_put *p, const struct transplant_report *r)
{
	static const char *const names[] = { "input", "output" };
	double counts[TRANSPLANT_SIDES][SUMMED_MOST + 1] = { 0 };
	struct cli_chart_counts series[TRANSPLANT_SIDES];
	size_t shown = 0;
	for (int side = 0; side < (r->recipes->both ? 1 : TRANSPLANT_SIDES); side++) {
		const size_t count = count_summed(&r->recipes->sides[side], counts[side]);
		if (count)
			series[shown++] = (struct cli_chart_counts){
				.name = tok_span_of(r->recipes->both ? "all" : names[side]),
				.counts = counts[side],
				.count = count,
				.series = side,
				.open = count > SUMMED_MOST,
			};
	}
	if (shown == 0)
		return;
	cli_page_heading(p, "Neighbours");
	cli_chart_histogram(p,
			    &(struct cli_chart){
				"How many old rows a made one is the sum of", "old rows",
				"made rows",
				"of each whose weight is not zero, however small; rows that are no "
				"sums are left out" },
			    series, shown);
}

/* ---- lengths of rows ---------------------------------------------------------------- */

/* Percent across, pixels down. */
#define LEFT 14.0
enum { STRIP = 44 };

/* From the 5th to the 95th percentile, the middle half thicker, the median marked. */
static void put_strip(struct cli_put *p, const char *name, int series, const struct hyper_norms *n,
		      double largest, int y)
{
	double x[HYPER_QUANTILES];
	if (n->count == 0)
		return;
	for (size_t q = 0; q < HYPER_QUANTILES; q++)
		x[q] = LEFT + (98 - LEFT) * n->quantiles[q] / largest;
	cli_put(p, "<text x=\"0\" y=\"%d\">%s</text>", y + 17, name);
	cli_put(p,
		"<rect class=\"f %s\" opacity=\".45\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" "
		"height=\"6\"/>",
		cli_page_series(series), x[0], y + 9, x[4] - x[0]);
	cli_put(p, "<rect class=\"f %s\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"14\"/>",
		cli_page_series(series), x[1], y + 5, x[3] - x[1]);
	cli_put(p,
		"<line stroke=\"var(--ink)\" stroke-width=\"2\" x1=\"%.2f%%\" x2=\"%.2f%%\" "
		"y1=\"%d\" y2=\"%d\"/>",
		x[2], x[2], y + 2, y + 22);
	cli_put(p, "<text class=\"d\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\">%.3g</text>\n",
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
		"<h2>Lengths of %s rows</h2>\n<figure><svg role=\"img\" height=\"%d\" "
		"aria-label=\"lengths of %s rows\">\n",
		side, 2 * STRIP, side);
	put_strip(p, "copied", 0, &s->copied, largest, 0);
	put_strip(p, "made", 1, &s->made, largest, STRIP);
	cli_put(p,
		"</svg><figcaption>from the 5th to the 95th percentile, the middle half thick, the "
		"median marked</figcaption></figure>\n");
}

/* ---- sides -------------------------------------------------------------------------- */

static void put_named(struct cli_put *p, const char *name, double number, int digits)
{
	cli_page_row(p);
	cli_page_cell_text(p, tok_span_of(name));
	cli_page_cell_number(p, number, digits);
}

static void put_omp(struct cli_put *p, const struct transplant_side_report *side)
{
	put_named(p, "sum of |coefficients|, mean", side->omp.norm_mean, 4);
	put_named(p, "sum of |coefficients|, largest", side->omp.norm_max, 4);
	put_named(p, "cosine of the donor's row and its sum, mean", side->omp.cosine_mean, 4);
	put_named(p, "cosine of the donor's row and its sum, least", side->omp.cosine_min, 4);
}

static void put_side(struct cli_put *p, const char *name, const struct transplant_side_report *side)
{
	const struct hyper_row_stats *s = &side->stats;
	const struct cli_page_column columns[] = { { .head = name },
						   { .head = "value", .number = true } };
	char by[64], caption[64];
	put_lengths(p, name, s);
	snprintf(by, sizeof by, "by %s", transplant_method_name(side->method));
	snprintf(caption, sizeof caption, "Rows: %s", name);
	cli_page_table_begin(p, caption, columns, 2);
	put_named(p, "copied bit for bit", (double)side->counts[TRANSPLANT_COPIED], 0);
	put_named(p, by, (double)side->counts[TRANSPLANT_BY_METHOD], 0);
	put_named(p, "by their pieces", (double)side->counts[TRANSPLANT_BY_PIECES], 0);
	put_named(p, "by the last resort", (double)side->counts[TRANSPLANT_BY_FILL], 0);
	put_named(p, "rows that one is made of (exp of entropy)", s->neighbours, 2);
	put_named(p, "mean cosine of two rows, before", s->anisotropy_old, 4);
	put_named(p, "mean cosine of two rows, after", s->anisotropy_new, 4);
	put_named(p, "made rows that are zero", (double)s->zeros, 0);
	put_named(p, "made rows that are equal to another", (double)s->duplicates, 0);
	if (side->method == TRANSPLANT_OMP)
		put_omp(p, side);
	cli_page_table_end(p);
}

static void put_summary(char *out, size_t room, const struct transplant_report *r)
{
	const int count =
	    snprintf(out, room, "%zu rows became %zu; digits were cut %s and are cut %s",
		     r->c->embeddings.input->shape[0], r->recipes->rows,
		     hyper_digits_name(r->digits[0]), hyper_digits_name(r->digits[1]));
	if (r->usage)
		snprintf(out + count, room - (size_t)count,
			 "; %" PRIu64 " bytes of text were %" PRIu64 " tokens and are %" PRIu64,
			 r->usage->bytes, r->usage->old_tokens, r->usage->new_tokens);
}

enum tok_status transplant_report_page(const struct transplant_report *r, struct tok_buffer *out,
				       struct tok_error *err)
{
	struct cli_put p = { out, false };
	char summary[512];
	put_summary(summary, sizeof summary, r);
	cli_page_begin(&p, "Transplant", summary);
	put_classes(&p, r);
	put_neighbours(&p, r);
	put_side(&p, r->recipes->both ? "all" : "input", &r->recipes->reports[TRANSPLANT_IN]);
	if (!r->recipes->both)
		put_side(&p, "output", &r->recipes->reports[TRANSPLANT_OUT]);
	if (r->notes.count > 0) {
		cli_page_heading(&p, "Notes");
		cli_page_lines(&p, r->notes);
	}
	cli_page_end(&p);
	return p.lost ? tok_fail_memory(err) : TOK_OK;
}
