/*
 * cli_interrupt.h - what happens on SIGHUP, SIGINT, SIGPIPE and SIGTERM while a file is being made.
 *
 *	cli_interrupt_say("tok encode: interrupted: '%s' is as it was", name);
 *	cli_interrupt_hold();      // both files, or neither
 *	rename(...); rename(...);
 *	cli_interrupt_release();
 *
 * The signal ends the program as it would have, after the sentence is on standard
 * error and temporary files that have a name are gone; SIGPIPE needs no sentence.
 * A signal that was ignored from the start stays so.
 */
#ifndef CMD_CLI_INTERRUPT_H
#define CMD_CLI_INTERRUPT_H

#include <stdatomic.h>

#include "tok/base/status.h"

/* The sentence from now on, cut at 500 bytes.  The first call installs handlers. */
void cli_interrupt_say(const char *fmt, ...) TOK_PRINTF(1, 2);

/* From now on the first signal only sets *stop, which lives as long as the program; a
 * second one, or SIGPIPE, ends it as before. */
void cli_interrupt_stop(atomic_bool *stop);

/* Between these two the end is put off.  From one thread at a time. */
void cli_interrupt_hold(void);
void cli_interrupt_release(void);

/* A temporary file to be removed, and not any more; or a folder, if it is empty without them.
 * `name` is borrowed until then. From any thread.  NULL: there is none. */
void cli_interrupt_add_file(const char *name);
void cli_interrupt_drop_file(const char *name);

#endif
