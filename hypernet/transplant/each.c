#include "hypernet/transplant/each_internal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tok/base/threads.h"

struct each {
	hyper_each_work *work;
	void *shared;
	size_t count;
	atomic_size_t next;
	atomic_bool failed;
	struct tok_error *errors; /* of each thread */
	size_t *places;           /* where each thread's error is from */
};

static void run(void *shared, size_t thread)
{
	struct each *each = shared;
	while (!atomic_load(&each->failed)) {
		const size_t index = atomic_fetch_add(&each->next, 1);
		if (index >= each->count)
			return;
		struct tok_error *err = &each->errors[thread];
		const enum tok_status status = each->work(each->shared, index, thread, err);
		if (status != TOK_OK) {
			err->status = status;
			each->places[thread] = index;
			atomic_store(&each->failed, true);
			return;
		}
	}
}

enum tok_status hyper_each(size_t threads, size_t count, hyper_each_work *work, void *shared,
			   struct tok_error *err)
{
	struct each each = {
		.work = work,
		.shared = shared,
		.count = count,
		.errors = calloc(threads, sizeof *each.errors),
		.places = calloc(threads, sizeof *each.places),
	};
	enum tok_status status = TOK_OK;
	if (!each.errors || !each.places) {
		status = tok_fail_memory(err);
		goto done;
	}
	tok_threads_run(threads, run, &each);
	const struct tok_error *first = NULL;
	for (size_t t = 0; t < threads; t++)
		if (each.errors[t].status != TOK_OK &&
		    (!first || each.places[t] < each.places[first - each.errors]))
			first = &each.errors[t];
	if (first) {
		status = first->status;
		if (err)
			*err = *first;
	}
done:
	free(each.errors);
	free(each.places);
	return status;
}
