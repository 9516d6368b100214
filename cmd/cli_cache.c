#include "cmd/cli_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Set and not empty; NULL otherwise. */
static const char *get_variable(const char *name)
{
	const char *value = getenv(name);
	return value && value[0] ? value : NULL;
}

static enum tok_status join(const char *folder, const char *rest, char **out, struct tok_error *err)
{
	const size_t size = strlen(folder) + strlen(rest) + 1;
	char *path = malloc(size);
	if (!path)
		return tok_fail_memory(err);
	snprintf(path, size, "%s%s", folder, rest);
	*out = path;
	return TOK_OK;
}

enum tok_status cli_cache_folder(char **out, struct tok_error *err)
{
	*out = NULL;
	const char *own = get_variable("TOK_CACHE");
	if (own)
		return strcmp(own, "off") == 0 ? TOK_OK : join(own, "", out, err);
	const char *xdg = get_variable("XDG_CACHE_HOME");
	if (xdg && xdg[0] == '/')
		return join(xdg, "/tok", out, err);
	const char *home = get_variable("HOME");
	return home ? join(home, "/.cache/tok", out, err) : TOK_OK;
}
