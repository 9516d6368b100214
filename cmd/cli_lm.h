/*
 * cli_lm.h - language models by name, as tok lm and tok bytes take them.
 *
 *	struct vocab_lm_options options = { .record = "rows" };
 *	status = cli_lm_open("arpa:m.arpa.gz", tokenizer, &options, &lm, &err);
 *
 * The names are those of vocab/lm/provider.h; files of text may be compressed, and "-" is
 * standard input.
 */
#ifndef CMD_CLI_LM_H
#define CMD_CLI_LM_H

#include "vocab/lm/provider.h"

/* `options` may be NULL; the reader of files and the report are filled in here.  What was done to
 * an ARPA file is said on standard error. */
TOK_MUST_USE enum tok_status cli_lm_open(const char *name, const struct tok_tokenizer *tokenizer,
					 const struct vocab_lm_options *options,
					 struct tok_lm **out, struct tok_error *err);

/* Is `name` somebody else's program or machine, not a file of ours? */
bool cli_lm_is_foreign(const char *name);

/* All bytes of a file, expanded, added to `out`. */
TOK_MUST_USE enum tok_status cli_lm_read(const char *path, struct tok_buffer *out,
					 struct tok_error *err);

/* Says what reading did to the file; `spread`: what <unk> had was given to ids. */
void cli_lm_tell(const char *path, const struct vocab_arpa_report *report, bool spread);

#endif
