/*
 * cli_eod.h - tokens that people name: one, and the one that ends a document in training
 * data.
 */
#ifndef CMD_CLI_EOD_H
#define CMD_CLI_EOD_H

#include "tok/pipe/tokenizer.h"

/* `name` is an id in decimal or a token, as the tokenizer's file writes it; what consists
 * of digits is an id.  TOK_NO_ID where the tokenizer has no such token. */
tok_id cli_token_find(const struct tok_tokenizer *tokenizer, struct tok_span name);

/* `asked` is an id in decimal or a token; NULL: the one token of this tokenizer that
 * is known to end documents.  Fails if there is none, or more than one. */
TOK_MUST_USE enum tok_status cli_eod_find(const struct tok_tokenizer *tokenizer, const char *asked,
					  tok_id *out, struct tok_error *err);

#endif
