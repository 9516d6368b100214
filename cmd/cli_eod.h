/*
 * cli_eod.h - which id ends a document in training data.
 */
#ifndef CMD_CLI_EOD_H
#define CMD_CLI_EOD_H

#include "tok/pipe/tokenizer.h"

/* `asked` is an id in decimal or a token; NULL: the one token of this tokenizer that
 * is known to end documents.  Fails if there is none, or more than one. */
TOK_MUST_USE enum tok_status cli_eod_find(const struct tok_tokenizer *tokenizer, const char *asked,
					  tok_id *out, struct tok_error *err);

#endif
