#include "cmd/cli_cache.h"

#include <string.h>

#include "cmd/cli_variable.h"

enum tok_status cli_cache_folder(char **out, struct tok_error *err)
{
	*out = NULL;
	const char *own = cli_variable("TOK_CACHE");
	if (own)
		return strcmp(own, "off") == 0 ? TOK_OK : cli_join(own, "", out, err);
	const char *xdg = cli_variable("XDG_CACHE_HOME");
	if (xdg && xdg[0] == '/')
		return cli_join(xdg, "/tok", out, err);
	const char *home = cli_variable("HOME");
	return home ? cli_join(home, "/.cache/tok", out, err) : TOK_OK;
}
