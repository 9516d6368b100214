/* cli_chart_heat.c - squares by their number from 0 to 1, as dark as it is large. */
#include <math.h>

#include "cmd/cli_chart_internal.h"

/* Percent across, pixels down. */
#define NAMES 34.0
enum { SQUARE = 24, HEADS = 20, WRITTEN_MOST = 12, NARROW_MOST = 5 };

/* Letters are readable on the darkest, in both schemes. */
#define DARKEST .5

static void put_square(struct cli_put *p, const struct tok_span *names, size_t n, size_t row,
		       size_t column, double value)
{
	const double width = (100 - NAMES) / (double)n, x = NAMES + width * (double)column;
	const int y = HEADS + SQUARE * (int)row;
	if (!isfinite(value))
		return;
	cli_put(p,
		"<rect class=\"f s0\" fill-opacity=\"%.3f\" x=\"%.2f%%\" y=\"%d\" "
		"width=\"%.2f%%\" height=\"%d\"><title>",
		.04 + (DARKEST - .04) * fmin(fmax(value, 0), 1), x, y, width, SQUARE - 1);
	cli_page_text(p, names[row]);
	cli_put(p, "\n");
	cli_page_text(p, names[column]);
	cli_put(p, "\n%.4f</title></rect>", value);
	if (n <= WRITTEN_MOST)
		cli_put(p,
			"<text%s x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\" "
			"pointer-events=\"none\">%.2f</text>",
			n > NARROW_MOST ? " class=\"many\"" : "", x + width / 2, y + 16, value);
	cli_put(p, "\n");
}

/* Cut where the squares begin; the whole name is in the table. */
static void put_name(struct cli_put *p, const struct tok_span *names, size_t n, size_t row)
{
	cli_put(p,
		"<svg y=\"%d\" width=\"%.1f%%\" height=\"%d\"><text y=\"16\">%zu "
		"<title>",
		HEADS + SQUARE * (int)row, NAMES - 1, SQUARE, row + 1);
	cli_page_text(p, names[row]);
	cli_put(p, "</title>");
	cli_page_text(p, names[row]);
	cli_put(p,
		"</text></svg>\n<text class=\"d\" x=\"%.2f%%\" y=\"14\" "
		"text-anchor=\"middle\">%zu</text>\n",
		NAMES + (100 - NAMES) * ((double)row + .5) / (double)n, row + 1);
}

static void put_table(struct cli_put *p, const struct cli_chart *chart,
		      const struct tok_span *names, size_t n, const double *values)
{
	const struct cli_page_column columns[] = { { .head = "of" },
						   { .head = "and" },
						   { .head = "value", .number = true } };
	cli_page_table_begin(p, chart->title, columns, 3);
	for (size_t row = 0; row < n; row++)
		for (size_t column = 0; column < n; column++) {
			if (row == column || !isfinite(values[row * n + column]))
				continue;
			cli_page_row(p);
			cli_page_cell_text(p, names[row]);
			cli_page_cell_text(p, names[column]);
			cli_page_cell_number(p, values[row * n + column], 4);
		}
	cli_page_table_end(p);
}

void cli_chart_heat(struct cli_put *p, const struct cli_chart *chart, const struct tok_span *names,
		    size_t n, const double *values)
{
	chart_begin(p, chart, HEADS + SQUARE * (int)n);
	for (size_t row = 0; row < n; row++) {
		put_name(p, names, n, row);
		for (size_t column = 0; column < n; column++)
			put_square(p, names, n, row, column, values[row * n + column]);
	}
	cli_put(p, "</svg>\n");
	chart_numbers_begin(p);
	put_table(p, chart, names, n, values);
	chart_end(p, chart);
}
