#include "tok/base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

size_t tok_threads_available(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
	/* Fails on a machine of more processors than the set holds. */
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
		count = CPU_COUNT(&allowed);
#endif
	if (count < 1)
		return 1;
	return count < TOK_THREADS_MAX ? (size_t)count : TOK_THREADS_MAX;
}

struct call {
	pthread_t thread;
	void (*work)(void *shared, size_t index);
	void *shared;
	size_t index;
};

static void *run_call(void *data)
{
	const struct call *call = data;
	call->work(call->shared, call->index);
	return NULL;
}

/* Starts calls[1] and on, as many as can be had; returns where it stopped. */
static size_t start_calls(struct call *calls, size_t count)
{
	/* A new thread has its parent's mask: signals stay with the caller's threads. */
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return 1;
	size_t i = 1;
	while (i < count && pthread_create(&calls[i].thread, NULL, run_call, &calls[i]) == 0)
		i++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return i;
}

void tok_threads_run(size_t count, void (*work)(void *shared, size_t index), void *shared)
{
	const size_t most = count < TOK_THREADS_MAX ? count : TOK_THREADS_MAX;
	struct call *calls = most > 1 ? calloc(most, sizeof *calls) : NULL;
	size_t started = 1;

	for (size_t i = 0; calls && i < most; i++)
		calls[i] = (struct call){ .work = work, .shared = shared, .index = i };
	if (calls)
		started = start_calls(calls, most);
	if (count > 0)
		work(shared, 0);
	for (size_t i = started; i < count; i++)
		work(shared, i);
	for (size_t i = 1; i < started; i++)
		pthread_join(calls[i].thread, NULL);
	free(calls);
}
