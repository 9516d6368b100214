/* cli_put.h - what is written into a buffer before it goes anywhere. */
#ifndef CMD_CLI_PUT_H
#define CMD_CLI_PUT_H

#include "tok/base/buffer.h"

/* False if memory is out. */
static inline TOK_MUST_USE bool cli_put_text(struct tok_buffer *out, const char *text)
{
	return tok_buffer_add(out, text, strlen(text));
}

#endif
