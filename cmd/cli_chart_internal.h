/*
 * cli_chart_internal.h - what pictures share: their frame, and axes that end at round numbers.
 *
 * A plot lies between shares of the width and rows of pixels: what is drawn in percent goes with
 * the page, what is drawn in pixels stays as large as the letters.
 */
#ifndef CMD_CLI_CHART_INTERNAL_H
#define CMD_CLI_CHART_INTERNAL_H

#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"

/* Percent across, pixels down. */
#define CHART_LEFT  9.0
#define CHART_WIDTH 87.0
enum { CHART_TOP = 24, CHART_DOWN = 240, CHART_HEIGHT = CHART_TOP + CHART_DOWN + 40 };

struct chart_axis {
	double end, step; /* from 0; end is a multiple of step */
};

/* Up to `largest` or a little more, in at most five steps. */
struct chart_axis chart_axis_to(double largest);

/* "0.25", "12k": what has as many digits as its step asks for. */
void chart_put_tick(struct cli_put *p, double value, double step);
/* A number beside a mark: four digits or as many as it has before the point. */
void chart_put_number(struct cli_put *p, double number);

/* <figure>, title, and an <svg> that is still open; then, after the picture, the table of its
 * numbers; then the caption. */
void chart_begin(struct cli_put *p, const struct cli_chart *chart, int height);
void chart_numbers_begin(struct cli_put *p);
void chart_end(struct cli_put *p, const struct cli_chart *chart);

/* The grid, numbers at the left, names of the axes. */
void chart_put_y(struct cli_put *p, const struct cli_chart *chart, const struct chart_axis *y);
/* A number under the plot. */
void chart_put_x(struct cli_put *p, double share, double value, double step, const char *sign);

/* Pixels down of a value. */
double chart_down(const struct chart_axis *y, double value);

#endif
