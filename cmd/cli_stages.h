/*
 * cli_stages.h - the pipeline of a tokenizer, stage by stage, in words.
 */
#ifndef CMD_CLI_STAGES_H
#define CMD_CLI_STAGES_H

#include "cmd/cli_describe.h"

enum { CLI_STAGES = 5 };

struct cli_stage {
	const char *name, *title;                     /* as in tokenizer.json; for people */
	size_t (*count)(const struct tok_spec *spec); /* steps */
	void (*describe)(const struct tok_spec *spec, size_t i, char out[CLI_LINE]);
};

extern const struct cli_stage cli_stages[CLI_STAGES];

#endif
