#include "cmd/cli_interrupt.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SENTENCE_MAX = 512, FILES_MAX = 16 };

/* A handler has no parameter for its own use, so this is of the whole program. */
static char sentences[2][SENTENCE_MAX];
static _Atomic(const char *) sentence; /* the one of them that is ready; NULL: no handler yet */
static _Atomic(const char *) files[FILES_MAX];
static atomic_bool held;
static atomic_int pending;              /* the signal that was put off */
static _Atomic(atomic_bool *) stopping; /* set by the first signal instead of ending */
static atomic_bool ending;              /* a handler looks at the files, or has */

/* Only what a handler may call. */
static void end_by(int number)
{
	const char *text = atomic_load(&sentence);
	atomic_store(&ending, true);
	for (size_t i = 0; i < FILES_MAX; i++) {
		const char *name = atomic_load(&files[i]);
		if (name)
			unlink(name);
	}
	for (size_t i = 0; i < FILES_MAX; i++) {
		const char *name = atomic_load(&files[i]);
		if (name)
			rmdir(name);
	}
	if (number != SIGPIPE) /* who reads no further has ended this on purpose */
		(void)!write(STDERR_FILENO, text, strlen(text));
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t only;
	sigemptyset(&only);
	sigaddset(&only, number);
	sigaction(number, &usual, NULL);
	raise(number);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	_exit(128 + number); /* the first process of a container does not die of it */
}

static void end_if_pending(void)
{
	const int number = atomic_exchange(&pending, 0);
	if (number)
		end_by(number);
}

/* Another thread may release at any moment: one of the two finds it pending. */
static void handle(int number)
{
	atomic_bool *stop = number == SIGPIPE ? NULL : atomic_load(&stopping);
	if (stop && !atomic_exchange(stop, true))
		return;
	atomic_store(&pending, number);
	if (!atomic_load(&held))
		end_if_pending();
}

static void install(int number)
{
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART }, old;
	sigemptyset(&action.sa_mask);
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void cli_interrupt_say(const char *fmt, ...)
{
	const char *now = atomic_load(&sentence);
	char *next = now == sentences[0] ? sentences[1] : sentences[0];
	va_list ap;
	va_start(ap, fmt);
	/* On a terminal something may stand on the line already. */
	const int begin = isatty(STDERR_FILENO) ? 1 : 0;
	next[0] = '\n';
	vsnprintf(next + begin, SENTENCE_MAX - 2, fmt, ap);
	va_end(ap);
	strcat(next, "\n");
	atomic_store(&sentence, next);
	if (!now) {
		install(SIGHUP);
		install(SIGINT);
		install(SIGPIPE);
		install(SIGTERM);
	}
}

void cli_interrupt_stop(atomic_bool *stop)
{
	atomic_store(&stopping, stop);
}

void cli_interrupt_hold(void)
{
	atomic_store(&held, true);
}

void cli_interrupt_release(void)
{
	atomic_store(&held, false);
	end_if_pending();
}

void cli_interrupt_add_file(const char *name)
{
	for (size_t i = 0; name && i < FILES_MAX; i++) {
		const char *none = NULL;
		if (atomic_compare_exchange_strong(&files[i], &none, name))
			return;
	}
}

void cli_interrupt_drop_file(const char *name)
{
	for (size_t i = 0; name && i < FILES_MAX; i++) {
		const char *there = name;
		atomic_compare_exchange_strong(&files[i], &there, NULL);
	}
	/* A handler in another thread may have the name still, which the caller will free:
	 * the end is near. */
	while (atomic_load(&ending))
		pause();
}
