#include "cmd/cli_chart_internal.h"

#include <math.h>

enum { STEPS_MOST = 5 };

struct chart_axis chart_axis_to(double largest)
{
	static const double rounds[] = { 1, 2, 2.5, 5, 10 };
	if (!(largest > 0) || !isfinite(largest))
		largest = 1;
	const double least = largest / STEPS_MOST, power = pow(10, floor(log10(least)));
	double step = 10 * power;
	for (size_t i = sizeof rounds / sizeof *rounds; i-- > 0;)
		if (rounds[i] * power >= least * (1 - 1e-9))
			step = rounds[i] * power;
	return (struct chart_axis){ step * ceil(largest / step * (1 - 1e-9)), step };
}

void chart_put_tick(struct cli_put *p, double value, double step)
{
	static const struct {
		double unit;
		const char *name;
	} units[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (value >= units[i].unit) {
			cli_put(p, "%.4g%s", value / units[i].unit, units[i].name);
			return;
		}
	/* Steps are 1, 2, 2.5 or 5 times a power of ten: one digit more than the power will do. */
	const double digits = step >= 1 ? 0 : ceil(-log10(step) - 1e-9);
	const double scaled = step * pow(10, digits);
	cli_put(p, "%.*f", (int)digits + (fabs(scaled - round(scaled)) > 1e-6), value);
}

void chart_put_number(struct cli_put *p, double number)
{
	if (fabs(number) >= 1000)
		cli_put(p, "%.0f", number);
	else
		cli_put(p, "%.4g", number);
}

double chart_down(const struct chart_axis *y, double value)
{
	return CHART_TOP + CHART_DOWN * (1 - fmin(fmax(value / y->end, 0), 1));
}

void chart_begin(struct cli_put *p, const struct cli_chart *chart, int height)
{
	cli_put(p, "<figure><b>");
	cli_page_text(p, tok_span_of(chart->title));
	cli_put(p, "</b>\n<svg role=\"img\" height=\"%d\" aria-label=\"", height);
	cli_page_text(p, tok_span_of(chart->title));
	cli_put(p, "\">\n");
}

void chart_numbers_begin(struct cli_put *p)
{
	cli_put(p, "<details><summary>The numbers</summary>\n");
}

void chart_end(struct cli_put *p, const struct cli_chart *chart)
{
	cli_put(p, "</details>");
	if (chart->caption) {
		cli_put(p, "<figcaption>");
		cli_page_text(p, tok_span_of(chart->caption));
		cli_put(p, "</figcaption>");
	}
	cli_put(p, "</figure>\n");
}

void chart_put_y(struct cli_put *p, const struct cli_chart *chart, const struct chart_axis *y)
{
	cli_put(p, "<text class=\"d\" x=\"0\" y=\"12\">");
	cli_page_text(p, tok_span_of(chart->y));
	cli_put(p, "</text><text class=\"d\" x=\"96%%\" y=\"%d\" text-anchor=\"end\">",
		CHART_HEIGHT - 4);
	cli_page_text(p, tok_span_of(chart->x));
	cli_put(p, "</text>\n");
	for (int i = 0; i * y->step <= y->end * (1 + 1e-9); i++) {
		const double down = chart_down(y, i * y->step);
		cli_put(p,
			"<line class=\"g\" x1=\"%.0f%%\" x2=\"%.0f%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"d\" x=\"%.0f%%\" y=\"%.1f\" text-anchor=\"end\">",
			CHART_LEFT, CHART_LEFT + CHART_WIDTH, down, down, CHART_LEFT - 1, down + 4);
		chart_put_tick(p, i * y->step, y->step);
		cli_put(p, "</text>\n");
	}
}

void chart_put_x(struct cli_put *p, double share, double value, double step, const char *sign)
{
	cli_put(p, "<text class=\"d\" x=\"%.2f%%\" y=\"%d\" text-anchor=\"middle\">%s",
		CHART_LEFT + CHART_WIDTH * share, CHART_TOP + CHART_DOWN + 17, sign);
	chart_put_tick(p, value, step);
	cli_put(p, "</text>\n");
}
