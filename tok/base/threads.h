/*
 * threads.h - the same work done by several threads.
 *
 *	static void work(void *shared, size_t index) { ... }
 *	tok_threads_run(tok_threads_available(), work, &shared);
 *	// all have returned
 */
#ifndef TOK_BASE_THREADS_H
#define TOK_BASE_THREADS_H

#include <stddef.h>

#include "tok/base/status.h"

/* More than this many are never started at once. */
#define TOK_THREADS_MAX 1024

/* How many threads can run at the same time here: at least 1, at most
 * TOK_THREADS_MAX; obeys what the process is pinned to. */
TOK_API size_t tok_threads_available(void);

/* Calls work(shared, index) once for each index below `count` and returns when
 * all calls have; index 0 runs on the calling thread.  Where the system gives
 * no further thread, the caller's does the rest one after the other: a call
 * must never wait for another one.  The threads take no signals. */
TOK_API void tok_threads_run(size_t count, void (*work)(void *shared, size_t index), void *shared);

#endif
