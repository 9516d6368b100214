#include "cmd/cli.h"

extern const struct cli_tool tool_count;
extern const struct cli_tool tool_decode;
extern const struct cli_tool tool_encode;
extern const struct cli_tool tool_inspect;

const struct cli_tool *const cli_tools[] = { &tool_count, &tool_decode, &tool_encode, &tool_inspect,
					     NULL };

const struct cli_tool *cli_tool_find(const char *name)
{
	for (const struct cli_tool *const *tool = cli_tools; *tool; tool++)
		if (strcmp((*tool)->name, name) == 0)
			return *tool;
	return NULL;
}
