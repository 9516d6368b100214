/*
 * cli_lines.h - each line of a file, for who encodes it by itself.
 */
#ifndef CMD_CLI_LINES_H
#define CMD_CLI_LINES_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* `each` has the lines of the file `path` ("-": standard input; gzip and Zstandard are expanded) in
 * their order, without their ends, until it fails.  One lives until it returns. */
TOK_MUST_USE enum tok_status cli_each_line(const char *path,
					   enum tok_status (*each)(void *data, struct tok_span line,
								   struct tok_error *err),
					   void *data, struct tok_error *err);

#endif
