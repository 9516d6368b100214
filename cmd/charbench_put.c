/* charbench_put.c - numbers that may be undefined. */
#include <math.h>
#include <stdio.h>

#include "cmd/charbench_internal.h"

void charbench_put_field(struct cli_put *out, const char *name, double number)
{
	if (isfinite(number))
		cli_put(out, ",\"%s\":%.17g", name, number);
	else
		cli_put(out, ",\"%s\":null", name);
}

void charbench_put_why(struct cli_put *out, const char *name, const char *why)
{
	cli_put(out, ",\"%s_why\":\"%s\"", name, why);
}

void charbench_put_cell(struct cli_put *out, int columns, int digits, double number)
{
	if (isfinite(number))
		cli_put(out, " %*.*f", columns, digits, number);
	else
		cli_put(out, " %*s", columns, "-");
}

enum tok_status charbench_put_all(struct cli_put *out, struct tok_error *err)
{
	const bool lost = out->lost;
	if (!lost)
		fwrite(out->out->bytes, 1, out->out->count, stdout);
	tok_buffer_release(out->out);
	return lost ? tok_fail_memory(err) : TOK_OK;
}
