/*
 * cli_pool.h - work on many things at once; what comes out keeps the order of what
 * went in.
 *
 *	static const struct cli_pool_steps steps = { begin, end, read, work, write };
 *	struct item items[cli_pool_slots(threads)];
 *	status = cli_pool_run(&steps, &run, threads, &err);
 *
 * A slot is the number of a place where the caller keeps one thing on its way.
 * read() and write() are never run by two threads at once, and see the slots in
 * the same order; work() is.  A thread does what is to be done: there is no thread
 * that only reads or only writes, and with one thread there is none but the
 * caller's.  The others start one by one, each when a further slot was filled, or
 * one with so much that a thread is little beside it, so that a small input pays for
 * no thread.
 */
#ifndef CMD_CLI_POOL_H
#define CMD_CLI_POOL_H

#include "cmd/cli.h"
#include "tok/base/threads.h"

enum { CLI_THREADS_MAX = TOK_THREADS_MAX };

/* The row of an option table whose struct T has a uint64_t at `field`, 0 at first. */
#define CLI_THREADS_ROW(T, field)                                                                  \
	{                                                                                          \
		CLI_SIZE, 0, "threads", "N",                                                       \
		    "use at most N threads; the output is the same for any N (0: all processors)", \
		    CLI_FIELD(T, field, uint64_t)                                                  \
	}

/* CLI_OK, or what is wrong with the number, said. */
enum cli_exit cli_threads_check(uint64_t asked);

/* Threads for a run: what was asked for, or a thread a processor. */
size_t cli_threads_for(uint64_t asked);

struct cli_pool_steps {
	/* What a thread has of its own; NULL: out of memory, which only the first
	 * thread minds. */
	void *(*begin)(void *run);
	void (*end)(void *worker);

	/* Fill a slot.  False: nothing is left and the slot is as it was.  *bytes is
	 * what it holds, so that large things do not pile up. */
	bool (*read)(void *run, size_t slot, size_t *bytes);
	void (*work)(void *run, void *worker, size_t slot);

	/* False: nothing more is wanted; slots that are filled are dropped.  If a
	 * read() may be waiting for input, it is for the caller to end that wait. */
	bool (*write)(void *run, void *worker, size_t slot);
};

/* Slots that a pool of so many threads uses. */
static inline size_t cli_pool_slots(size_t threads)
{
	return threads == 1 ? 1 : 2 * threads + 1;
}

/* Returns when all is written, or enough is.  `threads` is 1 to CLI_THREADS_MAX. */
TOK_MUST_USE enum tok_status cli_pool_run(const struct cli_pool_steps *steps, void *run,
					  size_t threads, struct tok_error *err);

#endif
