/* page_kinds.c - page_kinds FILE: a page with everything that pages are made of, of names that are
 * hostile, long, of other scripts. */
#include <math.h>
#include <stdio.h>

#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"

enum { NAMES = 9, LENGTHS = 5, LORENZ = 51 };

static const char *const names[NAMES] = {
	"gpt2",
	"</title></style></script><script>touched=1</script>",
	"\"'><img src=x onerror=touched=1>",
	"a-model-with-a-name-that-goes-on-and-on-and-does-not-end-where-it-should-instruct-v2",
	"العربية\xE2\x80\xAE rtl",
	"日本語の名前",
	"\x01\x1B[31m\xFF",
	"mixtral",
	"ninth",
};

static struct tok_span name(size_t i)
{
	return tok_span_of(names[i % NAMES]);
}

static void put_table(struct cli_put *p)
{
	static const struct cli_page_column columns[] = {
		{ "name", NULL, false },
		{ "tokens", NULL, true },
		{ "bytes/token", "bytes of the text over its tokens", true },
		{ "premium", "tokens over those of <English>", true },
		{ "with a long head", NULL, true },
		{ "another of those", NULL, true },
		{ "and one more", NULL, true },
	};
	cli_page_table_begin(p, "Measures", columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < NAMES; i++) {
		cli_page_row(p);
		cli_page_cell_series(p, name(i), (int)i);
		cli_page_cell_number(p, (double)(i * 7919 % 9 * 1000 + 5), 0);
		cli_page_cell_number(p, i == 4 ? NAN : 1.5 + (double)i / 7, 3);
		for (int k = 0; k < 4; k++)
			cli_page_cell_number(p, 1 + (double)i * k, 2);
	}
	cli_page_table_end(p);
}

static void put_bars(struct cli_put *p)
{
	struct cli_chart_bar bars[2 * NAMES];
	for (size_t i = 0; i < 2 * NAMES; i++)
		bars[i] =
		    (struct cli_chart_bar){ name(i / 2), i == 5 ? NAN : (double)i / 2, (int)i % 2 };
	cli_page_legend(p, (struct tok_span[]){ name(0), name(1) }, 2);
	cli_chart_bars(p, &(struct cli_chart){ .title = "Premiums", .x = "times English" }, bars,
		       2 * NAMES, 1);
}

static void put_lines(struct cli_put *p)
{
	double x[LENGTHS], y[NAMES][LENGTHS], low[LENGTHS], high[LENGTHS];
	double share[LORENZ], part[LORENZ];
	struct cli_chart_line lines[NAMES];
	for (size_t k = 0; k < NAMES; k++) {
		for (size_t i = 0; i < LENGTHS; i++) {
			x[i] = (double)i + 3;
			y[k][i] = k == 2 && i == 3 ? NAN : .95 - .05 * (double)i - .02 * (double)k;
			low[i] = .9 - .06 * (double)i;
			high[i] = fmin(1, 1.02 - .05 * (double)i);
		}
		lines[k] = (struct cli_chart_line){
			.name = name(k), .x = x, .y = y[k], .count = LENGTHS, .series = (int)k
		};
	}
	lines[0].low = low;
	lines[0].high = high;
	cli_chart_lines(p,
			&(struct cli_chart){ "Accuracy against length", "length, characters",
					     "accuracy", "Bands are intervals of 95 %." },
			lines, NAMES, 1);
	for (size_t i = 0; i < LORENZ; i++) {
		share[i] = (double)i / (LORENZ - 1);
		part[i] = pow(share[i], 2.5);
	}
	lines[0] =
	    (struct cli_chart_line){ .name = name(0), .x = share, .y = part, .count = LORENZ };
	cli_chart_lines(
	    p, &(struct cli_chart){ "Lorenz curve", "share of languages", "share of tokens", NULL },
	    lines, 1, NAN);
}

static void put_counts(struct cli_put *p)
{
	const double a[] = { 0, 256, 2300, 6900, 9400, 8700, 7200, 5200 },
		     b[] = { 0,    256,  3300, 9900, 14400, 15700, 14200, 11200,
			     8800, 6600, 4500, 3100, 2200,  1400,  2900 };
	const struct cli_chart_counts series[] = {
		{ name(0), a, sizeof a / sizeof *a, 0, false },
		{ name(1), b, sizeof b / sizeof *b, 1, true },
	};
	cli_chart_histogram(p, &(struct cli_chart){ "Tokens by length", "bytes", "tokens", NULL },
			    series, 2);
}

static void put_heat(struct cli_put *p)
{
	struct tok_span all[NAMES];
	double values[NAMES * NAMES];
	for (size_t i = 0; i < NAMES * NAMES; i++) {
		all[i % NAMES] = name(i);
		values[i] = i / NAMES == i % NAMES ? 1 : 1. / (1 + (double)(i / NAMES + i % NAMES));
	}
	values[3] = values[3 * NAMES] = NAN;
	cli_chart_heat(p, &(struct cli_chart){ .title = "Overlap", .caption = "Jaccard" }, all,
		       NAMES, values);
}

int main(int argc, char **argv)
{
	struct tok_buffer page = { 0 };
	struct cli_put p = { .out = &page };
	struct tok_error err = { 0 };
	if (argc != 2)
		return 2;
	cli_page_begin(&p, names[1], names[2]);
	cli_page_heading(&p, names[3]);
	cli_page_paragraph(&p, names[4]);
	put_table(&p);
	cli_page_heading(&p, "Pictures");
	put_bars(&p);
	put_lines(&p);
	put_counts(&p);
	put_heat(&p);
	cli_page_lines(&p, name(3));
	cli_page_end(&p);
	if (p.lost || cli_page_write(&page, argv[1], &err) != TOK_OK) {
		fprintf(stderr, "page_kinds: %s\n", err.message);
		return 2;
	}
	return 0;
}
