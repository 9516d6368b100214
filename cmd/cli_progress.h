/*
 * cli_progress.h - how far a long run is, on standard error: only on a
 * terminal and only after a second, unless asked for otherwise.
 */
#ifndef CMD_CLI_PROGRESS_H
#define CMD_CLI_PROGRESS_H

#include <time.h>

#include "cmd/cli.h"

enum cli_progress_when { CLI_PROGRESS_AUTO, CLI_PROGRESS_ALWAYS, CLI_PROGRESS_NEVER };

/* The row of an option table whose struct T has an int at `field`. */
#define CLI_PROGRESS_ROW(T, field)                                                                 \
	{                                                                                          \
		CLI_CHOICE, 0, "progress", "auto|always|never",                                    \
		    "tell on standard error how far it is (auto: on a terminal, after a second)",  \
		    CLI_FIELD(T, field, int)                                                       \
	}

struct cli_progress {
	enum cli_progress_when when;
	bool shown; /* a line stands on the terminal */
	struct timespec begun, last;
	uint64_t total;   /* bytes to come, 0: not known */
	const char *unit; /* what is counted beside bytes; NULL: nothing */
};

/* What was done so far. */
struct cli_done {
	uint64_t bytes;      /* of text */
	uint64_t bytes_read; /* of the files: less where they are compressed */
	uint64_t tokens;     /* or another unit */
};

/* `when`: the option's enum cli_progress_when.  `total`: bytes of all files, 0 if that
 * is not known. */
struct cli_progress cli_progress_begin(int when, uint64_t total);
void cli_progress_show(struct cli_progress *progress, const struct cli_done *done);

/* The same of a run whose size is known in steps: "merges 1000 of 4000, ...". */
void cli_progress_steps(struct cli_progress *progress, const char *stage, uint64_t done,
			uint64_t total);

/* Before anything else is said on standard error. */
void cli_progress_clear(struct cli_progress *progress);
void cli_progress_end(struct cli_progress *progress, const struct cli_done *done);

#endif
