/*
 * cli_describe.h - the steps of a tokenizer in words, one readable line each.
 *
 * Text from the file is quoted; what a terminal should not see is written \xNN,
 * and long text is cut short with "...".
 */
#ifndef CMD_CLI_DESCRIBE_H
#define CMD_CLI_DESCRIBE_H

#include "tok/pipe/spec.h"

enum { CLI_LINE = 512 };

/* 'text', for people. */
void cli_describe_text(struct tok_span text, char out[CLI_LINE]);

const char *cli_model_name(enum tok_model_kind kind);

void cli_describe_normalizer(const struct tok_norm_step *step, char out[CLI_LINE]);
void cli_describe_pretokenizer(const struct tok_pretok_step *step, char out[CLI_LINE]);
void cli_describe_model(const struct tok_model_spec *model, char out[CLI_LINE]);
void cli_describe_post(const struct tok_post_step *step, char out[CLI_LINE]);
void cli_describe_decoder(const struct tok_decode_step *step, char out[CLI_LINE]);

#endif
