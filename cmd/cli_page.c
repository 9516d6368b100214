#include "cmd/cli_page.h"

#include <inttypes.h>
#include <math.h>

#include "cmd/cli_output.h"
#include "cmd/cli_page_look.h"
#include "tok/text/utf8.h"

static void put_text(struct cli_put *p, const char *text)
{
	cli_page_text(p, tok_span_of(text));
}

/* ---- text ------------------------------------------------------------------------------ */

/* Letters, signs and blanks that a browser shows as they are. */
static const char *entity_of(uint32_t code)
{
	switch (code) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Marks, embeddings, overrides and isolates of the bidirectional algorithm: what follows them, ours
 * too, would be shown in another order. */
static bool turns(uint32_t code)
{
	return code == 0x061C || code == 0x200E || code == 0x200F ||
	       (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static bool is_control(uint32_t code)
{
	return (code < ' ' && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0);
}

/* U+2400 and on are pictures of the control characters. */
static void put_control(struct cli_put *p, uint32_t code)
{
	const uint32_t picture = code < ' ' ? 0x2400 + code : code == 0x7F ? 0x2421 : 0xFFFD;
	uint8_t bytes[4];
	p->lost |= !tok_buffer_add(p->out, bytes, tok_utf8_put(picture, bytes));
}

void cli_page_text(struct cli_put *p, struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const char *entity = entity_of(c.code);
		if (entity)
			cli_put(p, "%s", entity);
		else if (is_control(c.code))
			put_control(p, c.code);
		else if (turns(c.code))
			cli_put(p, "&lt;U+%04" PRIX32 "&gt;", c.code);
		else if (c.code >= TOK_BAD_BYTE)
			cli_put(p, "\xEF\xBF\xBD");
		else
			p->lost |= !tok_buffer_add(p->out, text.bytes + at, c.length);
		at += c.length;
	}
}

/* ---- the page -------------------------------------------------------------------------- */

void cli_page_begin(struct cli_put *p, const char *title, const char *summary)
{
	cli_put(p,
		"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
		cli_page_script_hash);
	put_text(p, title);
	cli_put(p, "</title>\n<style>\n%s</style></head>\n<body><main>\n<h1>", cli_page_style);
	put_text(p, title);
	cli_put(p, "</h1>\n<p class=\"d\">");
	put_text(p, summary);
	cli_put(p, "</p>\n");
}

void cli_page_end(struct cli_put *p)
{
	cli_put(p, "</main>\n<script>%s</script>\n</body></html>\n", cli_page_script);
}

void cli_page_heading(struct cli_put *p, const char *text)
{
	cli_put(p, "<h2>");
	put_text(p, text);
	cli_put(p, "</h2>\n");
}

void cli_page_paragraph(struct cli_put *p, const char *text)
{
	cli_put(p, "<p>");
	put_text(p, text);
	cli_put(p, "</p>\n");
}

void cli_page_lines(struct cli_put *p, struct tok_span text)
{
	cli_put(p, "<pre>\n"); /* a line end that stands first is none of the text */
	cli_page_text(p, text);
	cli_put(p, "</pre>\n");
}

enum tok_status cli_page_write(struct tok_buffer *buffer, const char *path, struct tok_error *err)
{
	struct cli_output out;
	enum tok_status status = cli_output_open(&out, path, err);
	if (status == TOK_OK) {
		status = cli_output_add(&out, buffer->bytes, buffer->count, err);
		if (status == TOK_OK)
			status = cli_output_commit(&out, err);
		else
			cli_output_abandon(&out);
	}
	tok_buffer_release(buffer);
	return status;
}

/* ---- series ----------------------------------------------------------------------------- */

const char *cli_page_series(int series)
{
	static const char names[CLI_PAGE_SERIES][3] = { "s0", "s1", "s2", "s3",
							"s4", "s5", "s6", "s7" };
	return names[(unsigned)series % CLI_PAGE_SERIES];
}

void cli_page_named(struct cli_put *p, struct tok_span name, int series)
{
	cli_put(p, "<span class=\"q %s\">", cli_page_series(series));
	cli_page_text(p, name);
	cli_put(p, "</span>");
}

void cli_page_legend(struct cli_put *p, const struct tok_span *names, size_t count)
{
	cli_put(p, "<ul class=\"legend\">");
	for (size_t i = 0; i < count; i++) {
		cli_put(p, "<li>");
		cli_page_named(p, names[i], (int)i);
	}
	cli_put(p, "</ul>\n");
}

/* ---- tables ----------------------------------------------------------------------------- */

static void put_notes(struct cli_put *p, const struct cli_page_column *columns, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		if (!columns[i].note)
			continue;
		cli_put(p, any ? "; <b>" : "<p class=\"notes\"><b>");
		put_text(p, columns[i].head);
		cli_put(p, "</b>: ");
		put_text(p, columns[i].note);
		any = true;
	}
	if (any)
		cli_put(p, "</p>\n");
}

/* What is too wide for the reader's page is moved within its frame, by keys as well; what is said
 * of it stays outside. */
void cli_page_table_begin(struct cli_put *p, const char *caption,
			  const struct cli_page_column *columns, size_t count)
{
	cli_put(p, "<p class=\"caption\">");
	put_text(p, caption);
	cli_put(p, "</p>\n");
	put_notes(p, columns, count);
	cli_put(p, "<div class=\"wide s0\" tabindex=\"0\" role=\"region\" aria-label=\"");
	put_text(p, caption);
	cli_put(p, "\"><table class=\"sort\">\n<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		cli_put(p, "<th scope=\"col\"%s>", columns[i].number ? " class=\"n\"" : "");
		put_text(p, columns[i].head);
		cli_put(p, "</th>");
	}
	cli_put(p, "</tr></thead><tbody>");
}

static const char row_begin[] = "\n<tr>";

void cli_page_row(struct cli_put *p)
{
	cli_put(p, "%s", row_begin); /* HTML ends cells and rows where others begin */
}

/* No text can end so: "<" is escaped. */
static bool begins_row(const struct cli_put *p)
{
	const size_t count = sizeof row_begin - 1;
	return p->out->count >= count &&
	       memcmp(p->out->bytes + p->out->count - count, row_begin, count) == 0;
}

static void begin_cell(struct cli_put *p)
{
	cli_put(p, "%s", begins_row(p) ? "<th scope=\"row\">" : "<td>");
}

void cli_page_cell_text(struct cli_put *p, struct tok_span text)
{
	begin_cell(p);
	cli_page_text(p, text);
}

void cli_page_cell_series(struct cli_put *p, struct tok_span text, int series)
{
	begin_cell(p);
	cli_page_named(p, text, series);
}

void cli_page_cell_number(struct cli_put *p, double number, int digits)
{
	if (isfinite(number))
		cli_put(p, "<td class=\"n\">%.*f", digits, number);
	else
		cli_put(p, "<td class=\"n\">–");
}

void cli_page_table_end(struct cli_put *p)
{
	cli_put(p, "\n</tbody></table></div>\n");
}
