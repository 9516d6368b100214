/*
 * cli_progress.h - how far a long run is, on standard error: only on a
 * terminal and only after a second, unless asked for otherwise.
 */
#ifndef CMD_CLI_PROGRESS_H
#define CMD_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum cli_progress_when { CLI_PROGRESS_AUTO, CLI_PROGRESS_ALWAYS, CLI_PROGRESS_NEVER };

struct cli_progress {
	enum cli_progress_when when;
	bool shown; /* a line stands on the terminal */
	struct timespec begun, last;
	uint64_t total; /* bytes to come, 0: not known */
};

/* `files` are the operands; where all are regular files the end is known. */
struct cli_progress cli_progress_begin(enum cli_progress_when when, int count, char **files);
void cli_progress_show(struct cli_progress *progress, uint64_t bytes);

/* Before anything else is said on standard error. */
void cli_progress_clear(struct cli_progress *progress);
void cli_progress_end(struct cli_progress *progress, uint64_t bytes);

#endif
