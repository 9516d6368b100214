/* charbench_put.c - text and JSON, put together in memory. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "cmd/charbench_internal.h"
#include "tok/text/json_write.h"

void charbench_put_span(struct charbench_out *out, struct tok_span text)
{
	out->lost |= !tok_buffer_add(&out->bytes, text.bytes, text.count);
}

/* What is put is short; names go by charbench_put_span. */
void charbench_put(struct charbench_out *out, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	charbench_put_span(out, tok_span_of(text));
}

void charbench_put_string(struct charbench_out *out, struct tok_span text)
{
	out->lost |= !tok_json_put_string(&out->bytes, text);
}

void charbench_put_field(struct charbench_out *out, const char *name, double number)
{
	if (isfinite(number))
		charbench_put(out, ",\"%s\":%.17g", name, number);
	else
		charbench_put(out, ",\"%s\":null", name);
}

void charbench_put_why(struct charbench_out *out, const char *name, const char *why)
{
	charbench_put(out, ",\"%s_why\":\"%s\"", name, why);
}

void charbench_put_cell(struct charbench_out *out, int columns, int digits, double number)
{
	if (isfinite(number))
		charbench_put(out, " %*.*f", columns, digits, number);
	else
		charbench_put(out, " %*s", columns, "-");
}

enum tok_status charbench_put_all(struct charbench_out *out, struct tok_error *err)
{
	const bool lost = out->lost;
	if (!lost)
		fwrite(out->bytes.bytes, 1, out->bytes.count, stdout);
	tok_buffer_release(&out->bytes);
	return lost ? tok_fail_memory(err) : TOK_OK;
}
