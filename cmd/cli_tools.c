#include "cmd/cli.h"

extern const struct cli_tool tool_audit;
extern const struct cli_tool tool_bench;
extern const struct cli_tool tool_bytes;
extern const struct cli_tool tool_charbench;
extern const struct cli_tool tool_count;
extern const struct cli_tool tool_decode;
extern const struct cli_tool tool_embed;
extern const struct cli_tool tool_encode;
extern const struct cli_tool tool_extend;
extern const struct cli_tool tool_inspect;
extern const struct cli_tool tool_lm;
extern const struct cli_tool tool_merge;
extern const struct cli_tool tool_sample;
extern const struct cli_tool tool_split;
extern const struct cli_tool tool_train;
extern const struct cli_tool tool_transplant;
extern const struct cli_tool tool_view;
extern const struct cli_tool tool_vocab;
extern const struct cli_tool tool_words;

const struct cli_tool *const cli_tools[] = {
	&tool_audit,      &tool_bench, &tool_bytes,  &tool_charbench, &tool_count,
	&tool_decode,     &tool_embed, &tool_encode, &tool_extend,    &tool_inspect,
	&tool_lm,         &tool_merge, &tool_sample, &tool_split,     &tool_train,
	&tool_transplant, &tool_view,  &tool_vocab,  &tool_words,     NULL,
};

const struct cli_tool *cli_tool_find(const char *name)
{
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		if (strcmp((*tool)->name, name) == 0)
			return *tool;
	return NULL;
}
