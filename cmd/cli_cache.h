/*
 * cli_cache.h - the folder where compiled tokenizers are kept between runs.
 */
#ifndef CMD_CLI_CACHE_H
#define CMD_CLI_CACHE_H

#include "tok/base/status.h"

/*
 * TOK_CACHE if it is set: a folder, or "off".  Else "tok" in the user's cache folder,
 * as the XDG Base Directory specification 0.8 finds that: XDG_CACHE_HOME where it is
 * an absolute path, $HOME/.cache where it is not.
 *
 * *out is NULL where nothing is to be kept, or no folder is known; free() it.  Whether
 * there is such a folder is not looked at.
 */
TOK_MUST_USE enum tok_status cli_cache_folder(char **out, struct tok_error *err);

#endif
