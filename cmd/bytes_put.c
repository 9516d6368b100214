/* bytes_put.c - answers as JSON on standard output. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "tok/bytes/draw.h"
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

enum { BYTES = 256, END = BYTES, SYMBOLS };

struct symbol {
	size_t number; /* the byte */
	double lp;
};

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	if (x->lp != y->lp)
		return x->lp > y->lp ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static void put_probability(const struct bytes_distribution *d, size_t symbol)
{
	bytes_put_number("p", d->p[symbol], true);
	bytes_put_number("lp", d->lp[symbol], false);
	if (!d->low)
		return;
	bytes_put_number("low", d->low[symbol], false);
	bytes_put_number("high", d->high[symbol], false);
}

static void put_byte(const struct bytes_distribution *d, size_t number)
{
	printf("{\"b\":%zu,\"hex\":\"%02zx\",", number, number);
	if (number >= 0x20 && number < 0x7f) {
		const uint8_t byte = (uint8_t)number;
		bytes_put_text("ch", &byte, 1, true);
		putchar(',');
	}
	put_probability(d, number);
	putchar('}');
}

double bytes_entropy(const double *p)
{
	double h = 0.0;
	for (size_t s = 0; s < SYMBOLS; s++)
		if (p[s] > 0.0)
			h -= p[s] * log(p[s]);
	return h;
}

/* Numbers that are the same and not small are as probable. */
uint64_t bytes_rank(const double *p, const double *small_logs, size_t symbol)
{
	const double than = p[symbol];
	const bool is_small = than > 0.0 && than < TOK_DRAW_SMALL;
	uint64_t rank = 1;
	for (size_t s = 0; s < SYMBOLS; s++)
		rank +=
		    p[s] > than || (is_small && p[s] == than && small_logs[s] > small_logs[symbol]);
	return rank;
}

void bytes_put_end(const struct bytes_distribution *d)
{
	fputs(",\"eos\":{", stdout);
	put_probability(d, END);
	putchar('}');
}

void bytes_put_distribution(const struct bytes_distribution *d, size_t top)
{
	struct symbol symbols[BYTES];
	for (size_t b = 0; b < BYTES; b++)
		symbols[b] = (struct symbol){ b, d->lp[b] };
	qsort(symbols, BYTES, sizeof symbols[0], compare_symbols);
	fputs(",\"dist\":[", stdout);
	for (size_t i = 0; i < BYTES && (top == 0 || i < top); i++) {
		put_comma(i == 0);
		put_byte(d, symbols[i].number);
	}
	putchar(']');
	bytes_put_end(d);
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

void bytes_put_certificate_of(const struct tok_text_p *text, const struct tok_next_bytes *next)
{
	const struct bytes_bounds bounds[] = {
		{ "logP", &text->low, &text->high, 0 },
		{ "special", &next->special_low, &next->special_high, 0 },
		{ "leak", &next->leak_low, &next->leak_high, 0 },
	};
	bytes_put_number("special", next->special, false);
	bytes_put_number("leak", next->leak, false);
	bytes_put_bounds(text->exact, bounds, sizeof bounds / sizeof bounds[0]);
}

void bytes_put_next(const struct tok_next_bytes *next, size_t top)
{
	const struct tok_text_p text = { next->log_p, next->log_p_low, next->log_p_high,
					 next->exact };
	double numbers[4][SYMBOLS];
	memcpy(numbers[0], next->joint, sizeof next->joint);
	memcpy(numbers[1], next->low, sizeof next->low);
	memcpy(numbers[2], next->high, sizeof next->high);
	numbers[0][END] = next->end;
	numbers[1][END] = next->end_low;
	numbers[2][END] = next->end_high;
	for (size_t s = 0; s < SYMBOLS; s++)
		numbers[3][s] = tok_next_log(next, s);
	bytes_put_log_p(&text);
	bytes_put_distribution(
	    &(struct bytes_distribution){
		numbers[0],
		numbers[3],
		next->exact ? NULL : numbers[1],
		next->exact ? NULL : numbers[2],
	    },
	    top);
	bytes_put_certificate_of(&text, next);
	bytes_put_number("valid_leak", next->valid_leak, false);
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
