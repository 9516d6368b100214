/* cli_chart_bars.c - a row a bar, as a table: its numbers are read by whoever reads tables. */
#include <math.h>

#include "cmd/cli_chart_internal.h"

enum { BAR = 14, GAP = 2 };

static double largest_of(const struct cli_chart_bar *bars, size_t count, double mark)
{
	double largest = isfinite(mark) ? mark : 0;
	for (size_t i = 0; i < count; i++)
		if (isfinite(bars[i].value))
			largest = fmax(largest, bars[i].value);
	return largest;
}

static bool follows(const struct cli_chart_bar *bars, size_t i)
{
	return i > 0 && tok_span_equal(bars[i].name, bars[i - 1].name);
}

/* The name stands once before bars that share it. */
static void put_name(struct cli_put *p, const struct cli_chart_bar *bars, size_t i, size_t count)
{
	size_t rows = 1;
	if (follows(bars, i))
		return;
	while (i + rows < count && follows(bars, i + rows))
		rows++;
	cli_put(p, "<th scope=\"rowgroup\" rowspan=\"%zu\">", rows);
	cli_page_text(p, bars[i].name);
	cli_put(p, "</th>");
}

static void put_bar(struct cli_put *p, const struct cli_chart_bar *bar, double largest, double mark,
		    int digits)
{
	const double value = isfinite(bar->value) ? fmax(bar->value, 0) : 0;
	cli_put(p,
		"<td><svg aria-hidden=\"true\" height=\"%d\"><rect class=\"f %s\" y=\"%d\" "
		"width=\"%.2f%%\" height=\"%d\" rx=\"2\"/>",
		BAR + GAP, cli_page_series(bar->series), GAP / 2,
		largest > 0 ? 100 * value / largest : 0, BAR);
	if (isfinite(mark) && largest > 0)
		cli_put(p, "<line class=\"mark\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" y2=\"%d\"/>",
			100 * mark / largest, 100 * mark / largest, BAR + GAP);
	cli_put(p, "</svg></td>");
	cli_page_cell_number(p, bar->value, digits);
	cli_put(p, "</tr>\n");
}

void cli_chart_bars(struct cli_put *p, const struct cli_chart *chart,
		    const struct cli_chart_bar *bars, size_t count, double mark)
{
	const double largest = largest_of(bars, count, mark);
	const int digits = largest < 1 ? 4 : largest < 1000 ? 2 : 0;
	cli_put(p, "<figure><table class=\"bars\"><caption>");
	cli_page_text(p, tok_span_of(chart->title));
	cli_put(p, "</caption>\n<thead><tr><td></td><th scope=\"colgroup\" colspan=\"2\" "
		   "class=\"d\">");
	cli_page_text(p, tok_span_of(chart->x));
	cli_put(p, "</th></tr></thead>\n");
	for (size_t i = 0; i < count; i++) {
		if (!follows(bars, i))
			cli_put(p, "<tbody>");
		cli_put(p, "<tr>");
		put_name(p, bars, i, count);
		put_bar(p, &bars[i], largest, mark, digits);
	}
	cli_put(p, "</table>");
	if (chart->caption) {
		cli_put(p, "<figcaption>");
		cli_page_text(p, tok_span_of(chart->caption));
		cli_put(p, "</figcaption>");
	}
	cli_put(p, "</figure>\n");
}
