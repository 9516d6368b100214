#include "cmd/cli_put.h"

#include <stdio.h>

#include "tok/text/json_write.h"

void cli_put(struct cli_put *put, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	cli_put_list(put, fmt, args);
	va_end(args);
}

void cli_put_list(struct cli_put *put, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	const int count = vsnprintf(NULL, 0, fmt, args);
	/* One byte more, for the NUL that is not kept. */
	if (count < 0 || !tok_buffer_reserve(put->out, (size_t)count + 1)) {
		put->lost = true;
	} else {
		vsnprintf((char *)put->out->bytes + put->out->count, (size_t)count + 1, fmt, again);
		put->out->count += (size_t)count;
	}
	va_end(again);
}

void cli_put_span(struct cli_put *put, struct tok_span text)
{
	put->lost |= !tok_buffer_add(put->out, text.bytes, text.count);
}

void cli_put_json(struct cli_put *put, struct tok_span text)
{
	put->lost |= !tok_json_put_string(put->out, text);
}
