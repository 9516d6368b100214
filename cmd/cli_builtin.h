/*
 * cli_builtin.h - the vocabulary that the program brings along.
 *
 *	status = cli_builtin_open(&tokenizer, &err);
 *
 * fixtures/builtin says what it was learned from.  Its ids stay: another vocabulary would have
 * another name.
 */
#ifndef CMD_CLI_BUILTIN_H
#define CMD_CLI_BUILTIN_H

#include "tok/pipe/tokenizer.h"

#define CLI_BUILTIN_NAME "tok-32k"

/* It lies in the program as it is used: no file is read and no cache asked. */
TOK_MUST_USE enum tok_status cli_builtin_open(struct tok_tokenizer **out, struct tok_error *err);

/* What it was made from, for tools that make another tokenizer of it. */
TOK_MUST_USE enum tok_status cli_builtin_read(struct tok_spec *out, struct tok_error *err);

#endif
