/* cli_chart_lines.c - curves over numbers, with intervals as bands. */
#include <math.h>

#include "cmd/cli_chart_internal.h"

/* Points of a longer line are not marked one by one. */
enum { MARKED_MOST = 40 };

/* Where a plot's numbers go: curves are drawn in a square of 1000 that is stretched over it. */
struct plot {
	struct chart_axis x, y;
};

enum { SQUARE = 1000, DASHES = 4 };

static double across(const struct plot *plot, double x)
{
	return x / plot->x.end;
}

static bool is_point(const struct cli_chart_line *line, size_t i)
{
	return isfinite(line->x[i]) && isfinite(line->y[i]);
}

static bool has_interval(const struct cli_chart_line *line, size_t i)
{
	return is_point(line, i) && line->low && line->high && isfinite(line->low[i]) &&
	       isfinite(line->high[i]);
}

static struct plot plot_of(const struct cli_chart_line *lines, size_t count, double y_high)
{
	double x = 0, y = 0;
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < lines[k].count; i++) {
			if (!is_point(&lines[k], i))
				continue;
			x = fmax(x, lines[k].x[i]);
			y = fmax(y, has_interval(&lines[k], i) ? lines[k].high[i] : lines[k].y[i]);
		}
	struct plot plot = { chart_axis_to(x), chart_axis_to(isfinite(y_high) ? y_high : y) };
	if (isfinite(y_high))
		plot.y.end = y_high;
	if (x > 0)
		plot.x.end = x; /* curves end where the plot does */
	return plot;
}

static void put_point(struct cli_put *p, const struct plot *plot, double x, double y)
{
	cli_put(p, "%.1f,%.1f ", SQUARE * across(plot, x),
		SQUARE * (chart_down(&plot->y, y) - CHART_TOP) / CHART_DOWN);
}

/* There along the upper ends, back along the lower ones. */
static void put_band(struct cli_put *p, const struct plot *plot, const struct cli_chart_line *line)
{
	if (!line->low || !line->high)
		return;
	cli_put(p, "<polygon class=\"f %s\" fill-opacity=\".16\" points=\"",
		cli_page_series(line->series));
	for (size_t i = 0; i < line->count; i++)
		if (has_interval(line, i))
			put_point(p, plot, line->x[i], line->high[i]);
	for (size_t i = line->count; i-- > 0;)
		if (has_interval(line, i))
			put_point(p, plot, line->x[i], line->low[i]);
	cli_put(p, "\"/>\n");
}

/* A line is broken where a number is missing. */
static void put_curve(struct cli_put *p, const struct plot *plot, const struct cli_chart_line *line)
{
	bool drawing = false;
	cli_put(p, "<path class=\"k %s k%d\" d=\"", cli_page_series(line->series),
		line->series / CLI_PAGE_SERIES % DASHES);
	for (size_t i = 0; i < line->count; i++) {
		if (is_point(line, i)) {
			cli_put(p, drawing ? "L" : "M");
			put_point(p, plot, line->x[i], line->y[i]);
		}
		drawing = is_point(line, i);
	}
	cli_put(p, "\"/>\n");
}

static void put_marks(struct cli_put *p, const struct plot *plot, const struct cli_chart *chart,
		      const struct cli_chart_line *line)
{
	for (size_t i = 0; i < line->count && line->count <= MARKED_MOST; i++) {
		if (!is_point(line, i))
			continue;
		cli_put(p, "<circle class=\"f %s\" cx=\"%.2f%%\" cy=\"%.1f\" r=\"3.5\"><title>",
			cli_page_series(line->series),
			CHART_LEFT + CHART_WIDTH * across(plot, line->x[i]),
			chart_down(&plot->y, line->y[i]));
		cli_page_text(p, line->name);
		cli_put(p, "\n");
		cli_page_text(p, tok_span_of(chart->x));
		cli_put(p, ": ");
		chart_put_number(p, line->x[i]);
		cli_put(p, "\n");
		cli_page_text(p, tok_span_of(chart->y));
		cli_put(p, ": ");
		chart_put_number(p, line->y[i]);
		if (has_interval(line, i)) {
			cli_put(p, " (");
			chart_put_number(p, line->low[i]);
			cli_put(p, " to ");
			chart_put_number(p, line->high[i]);
			cli_put(p, ")");
		}
		cli_put(p, "</title></circle>\n");
	}
}

static void put_legend(struct cli_put *p, const struct cli_chart_line *lines, size_t count)
{
	cli_put(p, "<ul class=\"legend\">");
	for (size_t k = 0; k < count; k++) {
		cli_put(p,
			"<li><svg aria-hidden=\"true\"><line class=\"k %s k%d\" x2=\"28\" y1=\"5\" "
			"y2=\"5\"/></svg>",
			cli_page_series(lines[k].series),
			lines[k].series / CLI_PAGE_SERIES % DASHES);
		cli_page_text(p, lines[k].name);
	}
	cli_put(p, "</ul>\n");
}

static void put_table(struct cli_put *p, const struct cli_chart *chart,
		      const struct cli_chart_line *lines, size_t count)
{
	bool intervals = false;
	for (size_t k = 0; k < count; k++)
		intervals |= lines[k].low && lines[k].high;
	const struct cli_page_column columns[] = {
		{ .head = "line" },
		{ .head = chart->x, .number = true },
		{ .head = chart->y, .number = true },
		{ .head = "low", .number = true },
		{ .head = "high", .number = true },
	};
	cli_page_table_begin(p, chart->title, columns, intervals ? 5 : 3);
	for (size_t k = 0; k < count; k++)
		for (size_t i = 0; i < lines[k].count; i++) {
			const struct cli_chart_line *line = &lines[k];
			if (!is_point(line, i))
				continue;
			cli_page_row(p);
			cli_page_cell_series(p, line->name, line->series);
			cli_put(p, "<td class=\"n\">");
			chart_put_number(p, line->x[i]);
			cli_page_cell_number(p, line->y[i], 4);
			if (!intervals)
				continue;
			cli_page_cell_number(p, has_interval(line, i) ? line->low[i] : NAN, 4);
			cli_page_cell_number(p, has_interval(line, i) ? line->high[i] : NAN, 4);
		}
	cli_page_table_end(p);
}

void cli_chart_lines(struct cli_put *p, const struct cli_chart *chart,
		     const struct cli_chart_line *lines, size_t count, double y_high)
{
	const struct plot plot = plot_of(lines, count, y_high);
	chart_begin(p, chart, CHART_HEIGHT);
	chart_put_y(p, chart, &plot.y);
	for (int i = 0; i * plot.x.step <= plot.x.end * (1 + 1e-9); i++)
		chart_put_x(p, across(&plot, i * plot.x.step), i * plot.x.step, plot.x.step, "");
	cli_put(p,
		"<svg x=\"%.0f%%\" y=\"%d\" width=\"%.0f%%\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		"preserveAspectRatio=\"none\" overflow=\"visible\">\n",
		CHART_LEFT, CHART_TOP, CHART_WIDTH, CHART_DOWN, SQUARE, SQUARE);
	for (size_t k = 0; k < count; k++)
		put_band(p, &plot, &lines[k]);
	for (size_t k = 0; k < count; k++)
		put_curve(p, &plot, &lines[k]);
	cli_put(p, "</svg>\n");
	for (size_t k = 0; k < count; k++)
		put_marks(p, &plot, chart, &lines[k]);
	cli_put(p, "</svg>\n");
	put_legend(p, lines, count);
	chart_numbers_begin(p);
	put_table(p, chart, lines, count);
	chart_end(p, chart);
}
