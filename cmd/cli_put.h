/*
 * cli_put.h - what is written into a buffer before it goes anywhere.
 *
 *	struct cli_put p = { .out = &buffer };
 *	cli_put(&p, "{\"rows\":%zu}", rows);
 *	return p.lost ? tok_fail_memory(err) : TOK_OK;
 */
#ifndef CMD_CLI_PUT_H
#define CMD_CLI_PUT_H

#include <stdarg.h>

#include "tok/base/buffer.h"
#include "tok/base/status.h"

/* False if memory is out. */
static inline TOK_MUST_USE bool cli_put_text(struct tok_buffer *out, const char *text)
{
	return tok_buffer_add(out, text, strlen(text));
}

/* Many texts, of which it is asked once at the end whether all are there. */
struct cli_put {
	struct tok_buffer *out;
	bool lost; /* memory was out */
};

/* As printf, of any length. */
void cli_put(struct cli_put *put, const char *fmt, ...) TOK_PRINTF(2, 3);
void cli_put_list(struct cli_put *put, const char *fmt, va_list args) TOK_PRINTF(2, 0);
void cli_put_span(struct cli_put *put, struct tok_span text);
/* As a JSON string: tok/text/json_write.h. */
void cli_put_json(struct cli_put *put, struct tok_span text);

#endif
