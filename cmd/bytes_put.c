/* bytes_put.c - answers as JSON on standard output. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "tok/text/utf8.h"

static void put_comma(bool first)
{
	if (!first)
		putchar(',');
}

static void put_name(const char *name, bool first)
{
	put_comma(first);
	if (name)
		printf("\"%s\":", name);
}

/* The number itself: a reader gets the same double. */
static void put_value(double number)
{
	if (isfinite(number))
		printf("%.17g", number == 0.0 ? 0.0 : number); /* no -0 */
	else
		fputs("null", stdout);
}

void bytes_put_number(const char *name, double number, bool first)
{
	put_name(name, first);
	put_value(number);
}

void bytes_put_count(const char *name, uint64_t count, bool first)
{
	put_name(name, first);
	printf("%" PRIu64, count);
}

void bytes_put_flag(const char *name, bool value, bool first)
{
	put_name(name, first);
	fputs(value ? "true" : "false", stdout);
}

/* ---- strings ------------------------------------------------------------------ */

void bytes_put_hex(const char *name, const void *bytes, size_t length, bool first)
{
	const uint8_t *at = bytes;
	put_name(name, first);
	putchar('"');
	for (size_t i = 0; i < length; i++)
		printf("%02x", at[i]);
	putchar('"');
}

void bytes_put_text(const char *name, const void *bytes, size_t length, bool first)
{
	const uint8_t *at = bytes;
	put_name(name, first);
	putchar('"');
	for (size_t i = 0; i < length; i++) {
		if (at[i] == '"' || at[i] == '\\')
			printf("\\%c", at[i]);
		else if (at[i] < 0x20 || at[i] == 0x7f)
			printf("\\u%04x", at[i]);
		else
			putchar(at[i]);
	}
	putchar('"');
}

void bytes_put_bytes(const char *name, const void *bytes, size_t length, bool first)
{
	char hex[64];
	snprintf(hex, sizeof hex, "%s_hex", name);
	bytes_put_hex(hex, bytes, length, first);
	if (tok_utf8_valid((struct tok_span){ bytes, length }))
		bytes_put_text(name, bytes, length, false);
}

/* ---- what may come next -------------------------------------------------------- */

struct symbol {
	size_t number; /* the byte */
	double p;
};

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	if (x->p != y->p)
		return x->p > y->p ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void put_probability(double p, const double *low, const double *high)
{
	bytes_put_number("p", p, true);
	bytes_put_number("lp", log(p), false);
	if (!low)
		return;
	bytes_put_number("low", *low, false);
	bytes_put_number("high", *high, false);
}

static void put_symbol(const struct symbol *s, const double *low, const double *high)
{
	printf("{\"b\":%zu,\"hex\":\"%02zx\",", s->number, s->number);
	if (s->number >= 0x20 && s->number < 0x7f) {
		const uint8_t byte = (uint8_t)s->number;
		bytes_put_text("ch", &byte, 1, true);
		putchar(',');
	}
	put_probability(s->p, low ? low + s->number : NULL, high ? high + s->number : NULL);
	putchar('}');
}

/* Bounds are NULL where values are exact. */
static void put_bytes_by_p(const double p[256], const double *low, const double *high, size_t top)
{
	struct symbol symbols[256];
	for (size_t b = 0; b < 256; b++)
		symbols[b] = (struct symbol){ b, p[b] };
	qsort(symbols, 256, sizeof symbols[0], compare_symbols);
	fputs(",\"dist\":[", stdout);
	for (size_t i = 0; i < 256 && (top == 0 || i < top); i++) {
		put_comma(i == 0);
		put_symbol(&symbols[i], low, high);
	}
	putchar(']');
}

void bytes_put_end(double p, const double *low, const double *high)
{
	fputs(",\"eos\":{", stdout);
	put_probability(p, low, high);
	putchar('}');
}

void bytes_put_distribution(const double *p, const double *low, const double *high, size_t top)
{
	put_bytes_by_p(p, low, high, top);
	bytes_put_end(p[256], low ? low + 256 : NULL, high ? high + 256 : NULL);
}

void bytes_put_log_p(const struct tok_text_p *text)
{
	const double p = exp(text->log_p);
	bytes_put_number("logP", text->log_p, false);
	/* Too small for a double is not 0. */
	bytes_put_number("P", p > 0.0 || text->log_p == -INFINITY ? p : NAN, false);
}

/* ---- certificates --------------------------------------------------------------- */

static void put_interval(double low, double high)
{
	putchar('[');
	put_value(low);
	putchar(',');
	put_value(high);
	putchar(']');
}

static void put_value_bounds(const struct bytes_bounds *value, bool first)
{
	put_name(value->name, first);
	if (value->count == 0) {
		put_interval(*value->low, *value->high);
		return;
	}
	putchar('[');
	for (size_t i = 0; i < value->count; i++) {
		put_comma(i == 0);
		put_interval(value->low[i], value->high[i]);
	}
	putchar(']');
}

void bytes_put_bounds(bool exact, const struct bytes_bounds *values, size_t count)
{
	bytes_put_flag("exact", exact, false);
	fputs(exact ? ",\"bounds\":null" : ",\"bounds\":{", stdout);
	if (exact)
		return;
	for (size_t i = 0; i < count; i++)
		put_value_bounds(&values[i], i == 0);
	putchar('}');
}

void bytes_put_certificate(const struct tok_text_p *text, double special, double leak)
{
	const struct bytes_bounds bounds = { .name = "logP", &text->low, &text->high, 0 };
	bytes_put_number("special", special, false);
	bytes_put_number("leak", leak, false);
	bytes_put_bounds(text->exact, &bounds, 1);
}

void bytes_put_next(const struct tok_next_bytes *next, size_t top)
{
	const struct tok_text_p text = { next->log_p, next->log_p_low, next->log_p_high,
					 next->exact };
	const bool exact = next->exact;
	bytes_put_log_p(&text);
	put_bytes_by_p(next->joint, exact ? NULL : next->low, exact ? NULL : next->high, top);
	bytes_put_end(next->end, exact ? NULL : &next->end_low, exact ? NULL : &next->end_high);
	bytes_put_certificate(&text, next->special, next->leak);
}

void bytes_put_cost(const struct tok_machine *machine)
{
	bytes_put_count("heads", tok_machine_heads(machine), false);
	bytes_put_count("lm_rows", tok_machine_cost(machine).rows, false);
	const struct tok_machine_windows windows = tok_machine_windows(machine);
	bytes_put_window(&windows);
}

void bytes_put_window(const struct tok_machine_windows *windows)
{
	if (windows->ids == 0)
		return;
	fputs(",\"window\":", stdout);
	bytes_put_window_of(windows);
}

void bytes_put_window_of(const struct tok_machine_windows *windows)
{
	putchar('{');
	bytes_put_count("ids", windows->ids, true);
	bytes_put_count("stride", windows->stride, false);
	bytes_put_count("windows", windows->count, false);
	putchar('}');
}
