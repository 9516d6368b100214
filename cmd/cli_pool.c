#include "cmd/cli_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* While so many bytes are on their way nothing more is read. */
enum { BYTES_A_THREAD = 1 << 21 };

/* A slot with so many bytes is work for longer than a thread takes to start, and more
 * is likely to come. */
enum { LARGE_SLOT = 1 << 17 };

enum slot_state { SLOT_FREE, SLOT_READ, SLOT_DONE };

struct slot {
	enum slot_state state;
	size_t bytes;
};

struct pool {
	const struct cli_pool_steps *steps;
	void *run;
	size_t threads, slot_count;
	struct slot *slots;
	pthread_t *helpers; /* threads - 1 */
	size_t started;     /* of them */

	pthread_mutex_t lock; /* for all below, and what slots say */
	pthread_cond_t changed;
	size_t idle;         /* threads that wait for a change */
	uint64_t head, tail; /* numbers of the slot to be written and to be read next */
	size_t bytes;        /* in slots */
	bool reading, writing, ended, stopped;
};

enum cli_exit cli_threads_check(uint64_t asked)
{
	if (asked > CLI_THREADS_MAX)
		return cli_usage("--threads can be at most %d", CLI_THREADS_MAX);
	return CLI_OK;
}

size_t cli_threads_for(uint64_t asked)
{
	return asked ? (size_t)asked : tok_threads_available();
}

static struct slot *slot_at(struct pool *p, uint64_t number)
{
	return &p->slots[number % p->slot_count];
}

static void announce(struct pool *p)
{
	if (p->idle)
		pthread_cond_broadcast(&p->changed);
}

static bool may_write(struct pool *p)
{
	return !p->writing && !p->stopped && p->head < p->tail &&
	       slot_at(p, p->head)->state == SLOT_DONE;
}

static bool may_read(struct pool *p)
{
	if (p->reading || p->ended || p->stopped || p->tail - p->head == p->slot_count)
		return false;
	return p->head == p->tail || p->bytes < p->threads * BYTES_A_THREAD;
}

/* Nothing will be left to do for a thread that has nothing to do now. */
static bool is_over(const struct pool *p)
{
	return p->stopped ? !p->reading && !p->writing : p->ended && p->head == p->tail;
}

/* The lock is held before and after, and not while the step runs. */
static void write_one(struct pool *p, void *worker)
{
	struct slot *slot = slot_at(p, p->head);
	p->writing = true;
	pthread_mutex_unlock(&p->lock);
	const bool more = p->steps->write(p->run, worker, p->head % p->slot_count);
	pthread_mutex_lock(&p->lock);
	p->writing = false;
	p->stopped |= !more;
	p->bytes -= slot->bytes;
	slot->state = SLOT_FREE;
	p->head++;
	announce(p);
}

static void *help(void *pool);

/* A new thread has its parent's mask: the signals that a handler of ours takes stay
 * with the caller's thread.  The others, as of a closed pipe, are of who makes them. */
static int create_helper(struct pool *p, pthread_t *out)
{
	sigset_t ends, before;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	const int failed = pthread_sigmask(SIG_BLOCK, &ends, &before);
	if (failed)
		return failed;
	const int result = pthread_create(out, NULL, help, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* One more thread, if there may be work for it; done without where that fails.  Behind
 * a large slot it starts at once: the next one is for it to read. */
static void start_helper(struct pool *p, size_t bytes)
{
	const uint64_t ahead = bytes >= LARGE_SLOT;
	if (p->started + 1 >= p->threads || p->ended || p->tail + ahead < 2 + p->started)
		return;
	if (create_helper(p, &p->helpers[p->started]) == 0)
		p->started++;
	else
		p->threads = p->started + 1;
}

static void read_and_work(struct pool *p, void *worker)
{
	const uint64_t number = p->tail;
	struct slot *slot = slot_at(p, number);
	size_t bytes = 0;
	p->reading = true;
	pthread_mutex_unlock(&p->lock);
	const bool filled = p->steps->read(p->run, number % p->slot_count, &bytes);
	pthread_mutex_lock(&p->lock);
	p->reading = false;
	p->ended |= !filled;
	if (filled) {
		*slot = (struct slot){ SLOT_READ, bytes };
		p->bytes += bytes;
		p->tail++;
		start_helper(p, bytes);
	}
	announce(p);
	if (!filled)
		return;
	pthread_mutex_unlock(&p->lock);
	p->steps->work(p->run, worker, number % p->slot_count);
	pthread_mutex_lock(&p->lock);
	slot->state = SLOT_DONE;
	/* Whoever looks next is this thread: no other need wake up. */
}

static void serve(struct pool *p, void *worker)
{
	pthread_mutex_lock(&p->lock);
	while (!is_over(p)) {
		if (may_write(p)) {
			write_one(p, worker);
		} else if (may_read(p)) {
			read_and_work(p, worker);
		} else {
			p->idle++;
			pthread_cond_wait(&p->changed, &p->lock);
			p->idle--;
		}
	}
	announce(p);
	pthread_mutex_unlock(&p->lock);
}

static void *help(void *pool)
{
	struct pool *p = pool;
	void *worker = p->steps->begin(p->run);
	if (worker) {
		serve(p, worker);
		p->steps->end(worker);
	}
	return NULL;
}

enum tok_status cli_pool_run(const struct cli_pool_steps *steps, void *run, size_t threads,
			     struct tok_error *err)
{
	struct pool p = { .steps = steps,
			  .run = run,
			  .threads = threads,
			  .slot_count = cli_pool_slots(threads),
			  .lock = PTHREAD_MUTEX_INITIALIZER,
			  .changed = PTHREAD_COND_INITIALIZER };
	p.slots = calloc(p.slot_count, sizeof *p.slots);
	p.helpers = calloc(threads, sizeof *p.helpers);
	void *worker = p.slots && p.helpers ? steps->begin(run) : NULL;
	if (worker) {
		serve(&p, worker);
		for (size_t i = 0; i < p.started; i++)
			pthread_join(p.helpers[i], NULL);
		steps->end(worker);
	}
	free(p.slots);
	free(p.helpers);
	return worker ? TOK_OK : tok_fail_memory(err);
}
