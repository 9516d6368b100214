/*
 * cli_variable.h - folders that the environment names.
 */
#ifndef CMD_CLI_VARIABLE_H
#define CMD_CLI_VARIABLE_H

#include "tok/base/status.h"

/* Its value; NULL where it is not set, or empty. */
const char *cli_variable(const char *name);

/* The two, one after the other; free() it. */
TOK_MUST_USE enum tok_status cli_join(const char *folder, const char *rest, char **out,
				      struct tok_error *err);

#endif
