/*
 * inspect_internal.h - what inspect.c and inspect_token.c share.
 */
#ifndef CMD_INSPECT_INTERNAL_H
#define CMD_INSPECT_INTERNAL_H

#include "cmd/cli.h"
#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"

/* Show the token of `id`, which there is. */
enum cli_exit cli_inspect_token(const struct tok_tokenizer *tokenizer, tok_id id, bool json);

/* Add a short formatted text; false if memory is out. */
TOK_MUST_USE TOK_PRINTF(2, 3) bool cli_add_format(struct tok_buffer *out, const char *fmt, ...);

static inline const char *cli_bool(bool value)
{
	return value ? "true" : "false";
}

#endif
