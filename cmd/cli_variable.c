#include "cmd/cli_variable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cli_variable(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] ? value : NULL;
}

enum tok_status cli_join(const char *folder, const char *rest, char **out, struct tok_error *err)
{
	const size_t size = strlen(folder) + strlen(rest) + 1;
	char *path = malloc(size);
	if (!path)
		return tok_fail_memory(err);
	snprintf(path, size, "%s%s", folder, rest);
	*out = path;
	return TOK_OK;
}
