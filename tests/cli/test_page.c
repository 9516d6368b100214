/* test_page.c - nothing in a text can change a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/cli_chart.h"
#include "cmd/cli_page.h"

static void check_text(struct tok_span text, const char *wanted)
{
	struct tok_buffer out = { 0 };
	struct cli_put p = { .out = &out };
	cli_page_text(&p, text);
	assert_false(p.lost);
	assert_true(tok_buffer_add_byte(&out, 0));
	assert_string_equal((const char *)out.bytes, wanted);
	tok_buffer_release(&out);
}

static void text_stays_text(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *wanted;
	} rows[] = {
		{ "plain\nlines\tand tabs", 20, "plain\nlines\tand tabs" },
		{ "</script><img src=x onerror=alert(1)>", 37,
		  "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" },
		{ "\"'&amp;", 7, "&quot;&#39;&amp;amp;" },
		{ "\0\x01\r\x1B[31m\x7F", 9, "␀␁␍␛[31m␡" },
		{ "\xC2\x80\xC2\x9F\xC2\xA0", 6, "\xEF\xBF\xBD\xEF\xBF\xBD\xC2\xA0" },
		{ "a\xE2\x80\xAE"
		  "b\xE2\x81\xA6\xE2\x80\x8F\xD8\x9C",
		  13, "a&lt;U+202E&gt;b&lt;U+2066&gt;&lt;U+200F&gt;&lt;U+061C&gt;" },
		{ "\xFF\xC3<\xE2\x82", 5, "\xEF\xBF\xBD\xEF\xBF\xBD&lt;\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" }, /* a surrogate */
		{ "ÄŦ日𝄞", 11, "ÄŦ日𝄞" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_text((struct tok_span){ (const uint8_t *)rows[i].text, rows[i].count },
			   rows[i].wanted);
}

static size_t occurrences(const char *text, const char *part)
{
	size_t count = 0;
	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* Every text goes in at every place that takes one; what is between < and > is ours, and there is
 * neither a tag nor an attribute that a text brought. */
static void everywhere(void **state)
{
	static const char hostile[] = "x<i a=1>\"'><img onerror=1>&\x01";
	const struct tok_span name = tok_span_of(hostile);
	const struct cli_page_column columns[] = { { hostile, hostile, false },
						   { hostile, hostile, true } };
	const struct cli_chart chart = { hostile, hostile, hostile, hostile };
	const double x[] = { 1, 2 }, y[] = { .5, .25 }, values[] = { 1, .5, .5, 1 };
	const struct tok_span names[] = { name, name };
	struct tok_buffer out = { 0 };
	struct cli_put p = { .out = &out };
	(void)state;
	cli_page_begin(&p, hostile, hostile);
	cli_page_heading(&p, hostile);
	cli_page_paragraph(&p, hostile);
	cli_page_lines(&p, name);
	cli_page_legend(&p, names, 2);
	cli_page_table_begin(&p, hostile, columns, 2);
	cli_page_row(&p);
	cli_page_cell_text(&p, name);
	cli_page_cell_text(&p, name);
	cli_page_cell_series(&p, name, 9);
	cli_page_table_end(&p);
	cli_chart_bars(&p, &chart, &(struct cli_chart_bar){ name, 2, 1 }, 1, 1);
	cli_chart_lines(&p, &chart, &(struct cli_chart_line){ name, x, y, y, y, 2, 0 }, 1, 1);
	cli_chart_histogram(&p, &chart, &(struct cli_chart_counts){ name, x, 2, 0, true }, 1);
	cli_chart_heat(&p, &chart, names, 2, values);
	cli_page_end(&p);
	assert_false(p.lost);
	assert_true(tok_buffer_add_byte(&out, 0));
	assert_null(strstr((const char *)out.bytes, "<i"));
	assert_null(strstr((const char *)out.bytes, "\"'"));
	assert_null(strchr((const char *)out.bytes, '\x01'));
	const char *all = (const char *)out.bytes;
	const size_t begun = occurrences(all, "x&lt;i a=1&gt;");
	assert_true(begun > 50);
	assert_int_equal(
	    occurrences(all, "x&lt;i a=1&gt;&quot;&#39;&gt;&lt;img onerror=1&gt;&amp;␁"), begun);
	tok_buffer_release(&out);
}

static void cells_by_kind(void **state)
{
	const struct cli_page_column columns[] = { { "a", NULL, false }, { "b", "share", true } };
	struct tok_buffer out = { 0 };
	struct cli_put p = { .out = &out };
	(void)state;
	cli_page_table_begin(&p, "T", columns, 2);
	cli_page_row(&p);
	cli_page_cell_text(&p, tok_span_of("one"));
	cli_page_cell_number(&p, 0.126, 2);
	cli_page_row(&p);
	cli_page_cell_series(&p, tok_span_of("two"), 10);
	cli_page_cell_number(&p, 0.0 / 0.0, 2);
	cli_page_table_end(&p);
	assert_true(tok_buffer_add_byte(&out, 0));
	assert_string_equal(
	    (const char *)out.bytes,
	    "<p class=\"caption\">T</p>\n<p class=\"notes\"><b>b</b>: share</p>\n"
	    "<div class=\"wide s0\" tabindex=\"0\" role=\"region\" aria-label=\"T\">"
	    "<table class=\"sort\">\n"
	    "<thead><tr><th scope=\"col\">a</th><th scope=\"col\" class=\"n\">b</th></tr></thead>"
	    "<tbody>\n"
	    "<tr><th scope=\"row\">one<td class=\"n\">0.13\n"
	    "<tr><th scope=\"row\"><span class=\"q s2\">two</span><td class=\"n\">–\n"
	    "</tbody></table></div>\n");
	tok_buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stays_text),
		cmocka_unit_test(everywhere),
		cmocka_unit_test(cells_by_kind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
