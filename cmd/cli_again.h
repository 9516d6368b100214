/*
 * cli_again.h - an input that is read more than once.
 *
 *	struct cli_again again = { 0 };
 *	status = cli_again_open(&again, "/dev/stdin", err);
 *	...                            // read again.path as often as it takes
 *	cli_again_close(&again);       // whatever the status was
 *
 * A file is its own path, and so is what is not there.  Of what can be read only once, a pipe or
 * "-", it is the path of a copy: a file without a name in cli_spill_folder(), which is gone when
 * this is closed.
 */
#ifndef CMD_CLI_AGAIN_H
#define CMD_CLI_AGAIN_H

#include <stdbool.h>

#include "tok/base/status.h"

/* A zeroed struct is empty.  It is not moved while it is open: `path` may point into it. */
struct cli_again {
	const char *path;  /* else borrowed */
	const char *given; /* borrowed: what people call it */
	bool is_copied;
	int copy;      /* its descriptor */
	char name[32]; /* and a path to it */
};

/* `path` may be NULL, and then is.  TOK_EIO: it cannot be read, or not be written again.  TOK_EARG:
 * a device, which may have no end, but for terminals and /dev/null. */
TOK_MUST_USE enum tok_status cli_again_open(struct cli_again *again, const char *path,
					    struct tok_error *err);

/* `status`, of what was read: err's message names what was given, not the copy. */
enum tok_status cli_again_said(const struct cli_again *again, enum tok_status status,
			       struct tok_error *err);
void cli_again_close(struct cli_again *again);

#endif
