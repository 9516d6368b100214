/*
 * cli_words_inputs.h - files of words as one stream; hundreds of them in rounds.
 *
 *	struct cli_words_inputs *inputs = NULL;
 *	status = cli_words_inputs_open(&files, &inputs, &stream, &err);
 *	... vocab_words_next(stream, &word, &err) ...
 *	cli_words_inputs_close(inputs);
 */
#ifndef CMD_CLI_WORDS_INPUTS_H
#define CMD_CLI_WORDS_INPUTS_H

#include "cmd/cli_files.h"
#include "vocab/train/words.h"

struct cli_words_inputs;

/* `files` outlives what comes out.  A file that is damaged, or was made by another recipe,
 * fails the whole, here or later. */
TOK_MUST_USE enum tok_status cli_words_inputs_open(const struct cli_files *files,
						   struct cli_words_inputs **out,
						   struct vocab_word_stream **stream,
						   struct tok_error *err);
void cli_words_inputs_close(struct cli_words_inputs *inputs);

#endif
