/*
 * window_law.h - models whose rows depend on all of their context, and what they say through
 * windows, by moving a queue.
 *
 *	struct window_law law = { .start = 1, .window = 4, .stride = 2 };
 *	struct plain_lm lm = plain_random(seed, 9, 64), truth = lm;
 *	window_law_use(&law, &truth);
 */
#ifndef TESTS_UNIT_WINDOW_LAW_H
#define TESTS_UNIT_WINDOW_LAW_H

#include "tests/unit/plain_lm.h"

struct window_law {
	size_t start, window, stride;
	bool open; /* nothing is impossible */
};

/* Rows that depend on all of a context, in which nothing is impossible. */
static inline double window_law_open_p(const struct plain_lm *lm, const tok_id *ids, size_t count,
				       tok_id id)
{
	return (plain_hash_p(lm, ids, count, id) + 0.5) / (1.0 + 0.5 * (double)lm->info.size);
}

static inline double window_law_p(const struct plain_lm *lm, const tok_id *ids, size_t count,
				  tok_id id)
{
	const struct window_law *law = lm->source;
	tok_id queue[PLAIN_IDS];
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		if (n == law->window) {
			n -= law->stride;
			memmove(queue + law->start, queue + law->start + law->stride,
				(n - law->start) * sizeof *queue);
		}
		queue[n++] = ids[i];
	}
	return law->open ? window_law_open_p(lm, queue, n, id) : plain_hash_p(lm, queue, n, id);
}

static inline void window_law_use(const struct window_law *law, struct plain_lm *truth)
{
	truth->p = window_law_p;
	truth->source = law;
}

/* A model of the test's own is not freed with its windows. */
static inline void window_law_keep(struct tok_lm *lm)
{
	(void)lm;
}

#endif
