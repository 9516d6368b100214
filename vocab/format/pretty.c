#include "vocab/format/pretty_internal.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/text/utf8.h"
#include "tok/text/json.h"

static void put(struct pretty_writer *w, const void *bytes, size_t count)
{
	if (w->status == TOK_OK && !tok_buffer_add(w->out, bytes, count))
		w->status = tok_fail_memory(w->err);
}

static void put_line(struct pretty_writer *w)
{
	static const char spaces[] = "\n                ";
	put(w, spaces, 1);
	for (size_t left = 2 * (size_t)w->depth; left > 0;) {
		const size_t n = left < sizeof spaces - 2 ? left : sizeof spaces - 2;
		put(w, spaces + 1, n);
		left -= n;
	}
}

/* What stands in front of an item or a key. */
static void begin_item(struct pretty_writer *w)
{
	if (w->follows) {
		w->follows = false;
		return;
	}
	if (w->filled)
		put(w, ",", 1);
	if (w->depth)
		put_line(w);
	w->filled = true;
}

void pretty_open(struct pretty_writer *w, char bracket)
{
	begin_item(w);
	put(w, &bracket, 1);
	w->depth++;
	w->filled = false;
}

void pretty_close(struct pretty_writer *w, char bracket)
{
	w->depth--;
	if (w->filled)
		put_line(w);
	put(w, &bracket, 1);
	w->filled = true;
}

/* ---- text -------------------------------------------------------------------- */

static bool is_plain(uint8_t byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

static void put_escaped(struct pretty_writer *w, uint8_t byte)
{
	static const char names[] = "btn?fr"; /* U+0008 to U+000D */
	char text[8];
	int count;
	if (byte >= 8 && byte <= 13 && byte != 11)
		count = snprintf(text, sizeof text, "\\%c", names[byte - 8]);
	else if (byte < 0x20)
		count = snprintf(text, sizeof text, "\\u%04x", byte);
	else
		count = snprintf(text, sizeof text, "\\%c", byte);
	put(w, text, (size_t)count);
}

static void put_text(struct pretty_writer *w, struct tok_span text)
{
	if (w->status != TOK_OK)
		return;
	if (!tok_utf8_valid(text)) {
		w->status = tok_fail(w->err, TOK_EARG, "'%s' is not UTF-8, as text in JSON must be",
				     tok_show(text).text);
		return;
	}
	put(w, "\"", 1);
	size_t kept = 0; /* [kept, at) is plain and not yet written */
	for (size_t at = 0; at < text.count; at++) {
		if (is_plain(text.bytes[at]))
			continue;
		put(w, text.bytes + kept, at - kept);
		put_escaped(w, text.bytes[at]);
		kept = at + 1;
	}
	if (kept < text.count)
		put(w, text.bytes + kept, text.count - kept);
	put(w, "\"", 1);
}

void pretty_key_text(struct pretty_writer *w, struct tok_span name)
{
	begin_item(w);
	put_text(w, name);
	put(w, ": ", 2);
	w->follows = true;
}

void pretty_key(struct pretty_writer *w, const char *name)
{
	pretty_key_text(w, tok_span_of(name));
}

void pretty_text(struct pretty_writer *w, struct tok_span text)
{
	begin_item(w);
	put_text(w, text);
}

/* ---- words and numbers --------------------------------------------------------- */

static void put_word(struct pretty_writer *w, const char *word)
{
	begin_item(w);
	put(w, word, strlen(word));
}

void pretty_null(struct pretty_writer *w)
{
	put_word(w, "null");
}

void pretty_bool(struct pretty_writer *w, bool value)
{
	put_word(w, value ? "true" : "false");
}

void pretty_whole(struct pretty_writer *w, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%" PRIu64, value);
	put_word(w, text);
}

struct decimal {
	char digits[20];  /* without zeros at the end */
	int count, point; /* 0.DIGITS times ten to the power of `point` */
};

/* 15 digits say any shorter decimal but for the least numbers, 17 any double; the point of the
 * locale, where there is another, stands where '.' does. */
static struct decimal to_decimal(double value)
{
	struct decimal d = { 0 };
	char text[40];
	for (int digits = value < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*e", digits - 1, value);
		if (strtod(text, NULL) == value)
			break;
	}
	const char *at = text;
	for (; *at != 'e'; at++)
		if (*at >= '0' && *at <= '9')
			d.digits[d.count++] = *at;
	d.point = atoi(at + 1) + 1;
	while (d.count > 1 && d.digits[d.count - 1] == '0')
		d.count--;
	return d;
}

/* 12340000.0, 12.34, 0.00001234, 1.234e+30, 1e-7 */
static void format_decimal(struct decimal d, char *out, size_t room)
{
	const int zeros = d.point - d.count;
	if (zeros >= 0 && d.point <= 16)
		snprintf(out, room, "%.*s%.*s.0", d.count, d.digits, zeros, "0000000000000000");
	else if (d.point > 0 && d.point <= 16)
		snprintf(out, room, "%.*s.%.*s", d.point, d.digits, d.count - d.point,
			 d.digits + d.point);
	else if (d.point > -5 && d.point <= 0)
		snprintf(out, room, "0.%.*s%.*s", -d.point, "0000", d.count, d.digits);
	else
		snprintf(out, room, "%c%s%.*se%+d", d.digits[0], d.count > 1 ? "." : "",
			 d.count - 1, d.digits + 1, d.point - 1);
}

void pretty_real(struct pretty_writer *w, double value)
{
	char text[48];
	if (w->status != TOK_OK)
		return;
	if (!isfinite(value)) {
		w->status =
		    tok_fail(w->err, TOK_EARG, "a number that is not finite: JSON has none");
		return;
	}
	text[0] = '-';
	format_decimal(to_decimal(fabs(value)), text + 1, sizeof text - 1);
	put_word(w, signbit(value) ? text : text + 1);
}
