/*
 * cli_hash.h - is this the tokenizer, are these the files, of an earlier run?
 *
 * XXH3 of 128 bits in hexadecimal: it tells changes, not forgeries.
 */
#ifndef CMD_CLI_HASH_H
#define CMD_CLI_HASH_H

#include "cmd/cli_files.h"
#include "tok/pipe/tokenizer.h"

struct cli_hash {
	char text[33];
};

struct cli_hash cli_hash_bytes(struct tok_span bytes);

/* The same of bytes that came some at a time, to XXH3_128bits_update. */
struct XXH3_state_s;
struct cli_hash cli_hash_digest(const struct XXH3_state_s *state);

/* Of the names, sizes and times of files, in their order. */
TOK_MUST_USE enum tok_status cli_hash_files(const struct cli_files *files, struct cli_hash *out,
					    struct tok_error *err);

/* Of all tokens, and of the ids of a text that is made of them: so it does not
 * matter in what form the tokenizer is kept. */
TOK_MUST_USE enum tok_status cli_hash_tokenizer(const struct tok_tokenizer *tokenizer,
						struct cli_hash *out, struct tok_error *err);

#endif
