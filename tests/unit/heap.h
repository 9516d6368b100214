/*
 * heap.h - allocations that are counted, and made to fail.
 *
 *	heap.asked = 0;
 *	heap.fails_at = n;     // the n-th from now on; 0: none
 *
 *	struct heap_trial trial = heap_trial_begin();
 *	while (heap_trial_next(&trial)) { // the first allocation fails, the second, and so on
 *		struct tok_error err = { 0 };
 *		heap_trial_judge(&trial, work(&err), &err);
 *	}
 *	assert_true(trial.n > 5);
 *
 * For one source file of a test that is linked with --wrap for malloc, calloc, realloc,
 * aligned_alloc and free (tests/CMakeLists.txt), so that only our own calls are counted, not those
 * inside ICU and PCRE2.  One thread.
 */
#ifndef TESTS_UNIT_HEAP_H
#define TESTS_UNIT_HEAP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tok/base/status.h"

static struct {
	size_t asked, fails_at;
	long live;  /* blocks */
	int litter; /* what new memory is full of */
} heap = { .litter = 0xA5 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *old);

static bool heap_fails(void)
{
	return ++heap.asked == heap.fails_at;
}

void *__wrap_malloc(size_t size)
{
	void *p = heap_fails() ? NULL : __real_malloc(size);
	heap.live += p != NULL;
	return p ? memset(p, heap.litter, size) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = heap_fails() ? NULL : __real_calloc(count, size);
	heap.live += p != NULL;
	return p;
}

void *__wrap_realloc(void *old, size_t size)
{
	if (old)
		return heap_fails() ? NULL : __real_realloc(old, size);
	return __wrap_malloc(size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	void *p = heap_fails() ? NULL : __real_aligned_alloc(alignment, size);
	heap.live += p != NULL;
	return p ? memset(p, heap.litter, size) : NULL;
}

void __wrap_free(void *old)
{
	heap.live -= old != NULL;
	__real_free(old);
}

/* One piece of work, run until none of its allocations fails. */
struct heap_trial {
	size_t n; /* the allocation that fails in this run */
	long before;
	bool spare; /* some room is a convenience: all may go well without it */
	bool done;
};

static inline struct heap_trial heap_trial_begin(void)
{
	return (struct heap_trial){ .before = heap.live };
}

/* Nothing may be left of the run before.  False behind the run in which none failed. */
static inline bool heap_trial_next(struct heap_trial *t)
{
	if (heap.live != t->before)
		fail_msg("allocation %zu: %ld blocks left", t->n, heap.live - t->before);
	heap.asked = 0;
	heap.fails_at = t->done ? 0 : ++t->n;
	return !t->done;
}

/* TOK_ENOMEM and a message if an allocation failed, else TOK_OK. */
static inline void heap_trial_judge(struct heap_trial *t, enum tok_status status,
				    const struct tok_error *err)
{
	t->done = heap.asked < t->n;
	heap.fails_at = 0;
	if (t->spare && status == TOK_OK)
		return;
	if (status != (t->done ? TOK_OK : TOK_ENOMEM) || (!t->done && !err->message[0]))
		fail_msg("allocation %zu: status %d, '%s'", t->n, status, err->message);
}

#endif
