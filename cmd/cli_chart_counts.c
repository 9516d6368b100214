/* cli_chart_counts.c - histograms: series side by side at each number. */
#include <math.h>

#include "cmd/cli_chart_internal.h"

enum { LABELS_MOST = 12 };

static size_t longest(const struct cli_chart_counts *series, size_t count)
{
	size_t most = 0;
	for (size_t k = 0; k < count; k++)
		most = series[k].count > most ? series[k].count : most;
	return most;
}

static double largest(const struct cli_chart_counts *series, size_t count)
{
	double most = 0;
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < series[k].count; i++)
			most =
			    isfinite(series[k].counts[i]) ? fmax(most, series[k].counts[i]) : most;
	return most;
}

/* Do all longer ones stand at the last number? */
static bool is_open(const struct cli_chart_counts *series, size_t count)
{
	const size_t most = longest(series, count);
	for (size_t k = 0; k < count; k++)
		if (series[k].open && series[k].count == most)
			return true;
	return false;
}

static const char *or_more(const struct cli_chart_counts *s, size_t at)
{
	return s->open && at + 1 == s->count ? " or more" : "";
}

static void put_bars(struct cli_put *p, const struct cli_chart_counts *series, size_t at,
		     size_t count, size_t numbers, const struct chart_axis *y)
{
	const struct cli_chart_counts *s = &series[at];
	const double group = CHART_WIDTH / (double)numbers, width = group * .86 / (double)count;
	for (size_t i = 0; i < s->count; i++) {
		if (!(s->counts[i] > 0) || !isfinite(s->counts[i]))
			continue;
		const double top = chart_down(y, s->counts[i]);
		cli_put(p,
			"<rect class=\"f %s\" x=\"%.2f%%\" y=\"%.1f\" width=\"%.2f%%\" "
			"height=\"%.1f\"><title>",
			cli_page_series(s->series),
			CHART_LEFT + group * ((double)i + .07) + width * (double)at, top, width,
			CHART_TOP + CHART_DOWN - top);
		cli_page_text(p, s->name);
		cli_put(p, "\n%zu%s: ", i, or_more(s, i));
		chart_put_number(p, s->counts[i]);
		cli_put(p, "</title></rect>\n");
	}
}

static void put_labels(struct cli_put *p, size_t numbers, bool open)
{
	const size_t each = (numbers + LABELS_MOST - 1) / LABELS_MOST;
	for (size_t i = 0; i < numbers; i++) {
		const bool last = open && i + 1 == numbers;
		if (last || (i % each == 0 && !(open && i + each >= numbers)))
			chart_put_x(p, ((double)i + .5) / (double)numbers, (double)i, 1,
				    last ? "≥" : "");
	}
}

static void put_legend(struct cli_put *p, const struct cli_chart_counts *series, size_t count)
{
	cli_put(p, "<ul class=\"legend\">");
	for (size_t k = 0; k < count; k++) {
		cli_put(p, "<li>");
		cli_page_named(p, series[k].name, series[k].series);
	}
	cli_put(p, "</ul>\n");
}

static void put_table(struct cli_put *p, const struct cli_chart *chart,
		      const struct cli_chart_counts *series, size_t count)
{
	const struct cli_page_column columns[] = {
		{ .head = "of" },
		{ .head = chart->x, .number = true },
		{ .head = chart->y, .number = true },
	};
	cli_page_table_begin(p, chart->title, columns, 3);
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < series[k].count; i++) {
			if (!isfinite(series[k].counts[i]))
				continue;
			cli_page_row(p);
			cli_page_cell_series(p, series[k].name, series[k].series);
			cli_put(p, "<td class=\"n\">%zu%s<td class=\"n\">", i,
				or_more(&series[k], i));
			chart_put_number(p, series[k].counts[i]);
		}
	cli_page_table_end(p);
}

void cli_chart_histogram(struct cli_put *p, const struct cli_chart *chart,
			 const struct cli_chart_counts *series, size_t count)
{
	const size_t numbers = longest(series, count);
	const struct chart_axis y = chart_axis_to(largest(series, count));
	chart_begin(p, chart, CHART_HEIGHT);
	chart_put_y(p, chart, &y);
	for (size_t k = 0; k < count; k++)
		put_bars(p, series, k, count, numbers, &y);
	put_labels(p, numbers, is_open(series, count));
	cli_put(p, "</svg>\n");
	put_legend(p, series, count);
	chart_numbers_begin(p);
	put_table(p, chart, series, count);
	chart_end(p, chart);
}
