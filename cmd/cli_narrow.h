/*
 * cli_narrow.h - are two bytes an id enough for what a tokenizer makes?
 */
#ifndef CMD_CLI_NARROW_H
#define CMD_CLI_NARROW_H

#include "cmd/cli_formats.h"
#include "tok/pipe/encoder.h"

/* TOK_EARG, with what to ask for instead, where they are not.  `how`: how texts are
 * encoded. */
TOK_MUST_USE enum tok_status cli_narrow_check(const struct tok_tokenizer *tokenizer,
					      const struct tok_encode_options *how,
					      enum cli_format format, struct tok_error *err);

#endif
