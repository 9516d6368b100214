/*
 * cli_chart.h - pictures in a page (cli_page.h): SVG in its text, with what is drawn also written.
 *
 *	cli_page_legend(&p, tokenizers, count);
 *	cli_chart_bars(&p, &(struct cli_chart){ .title = "Premiums", .x = "times English" }, bars,
 *		       bar_count, 1);
 *
 * Each is a <figure> with a title; marks carry their numbers as tooltips, and what no bar has
 * beside it is in a table under the picture, to be opened.  Widths are shares of the page's;
 * heights and letters are not, so that a narrow page has all of it in letters as large as any.
 * Colours are the page's, by number: a series has the same in all pictures of a page, and lines
 * have dashes where colours come again.  Numbers that are not finite are left out.
 */
#ifndef CMD_CLI_CHART_H
#define CMD_CLI_CHART_H

#include "cmd/cli_put.h"
#include "tok/base/span.h"

struct cli_chart {
	const char *title; /* what is to be seen */
	const char *x, *y; /* names of the axes, with units; y of bars and heat maps is not used */
	const char *caption; /* how it is computed; or NULL */
};

/* ---- bars, one a row: premiums over languages ------------------------------------------- */

struct cli_chart_bar {
	struct tok_span name;
	double value; /* >= 0 */
	int series;   /* bars of one name that follow each other stand together; cli_page_legend */
};

/* In the given order.  A line is drawn at `mark`, of a pivot; NAN: none. */
void cli_chart_bars(struct cli_put *p, const struct cli_chart *chart,
		    const struct cli_chart_bar *bars, size_t count, double mark);

/* ---- lines: accuracy against length, Lorenz curves -------------------------------------- */

struct cli_chart_line {
	struct tok_span name;
	const double *x, *y, *low, *high; /* low and high: an interval at each x; or NULL */
	size_t count;
	int series;
};

/* Axes from 0 to the largest number unless `y_high` says where y ends; NAN: it does not. */
void cli_chart_lines(struct cli_put *p, const struct cli_chart *chart,
		     const struct cli_chart_line *lines, size_t count, double y_high);

/* ---- histograms: tokens by length ------------------------------------------------------- */

struct cli_chart_counts {
	struct tok_span name;
	const double *counts; /* of 0, 1, ... */
	size_t count;
	int series;
	bool open; /* the last stands for all that are longer, too */
};

void cli_chart_histogram(struct cli_put *p, const struct cli_chart *chart,
			 const struct cli_chart_counts *series, size_t count);

/* ---- heat maps: overlap of errors ------------------------------------------------------- */

/* values: n x n, of row by column, from 0 to 1; rows carry names, columns their numbers. */
void cli_chart_heat(struct cli_put *p, const struct cli_chart *chart, const struct tok_span *names,
		    size_t n, const double *values);

#endif
