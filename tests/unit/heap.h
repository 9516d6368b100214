/*
 * heap.h - allocations that are counted, and made to fail.
 *
 *	heap.asked = 0;
 *	heap.fails_at = n;     // the n-th from now on; 0: none
 *	...
 *	heap.fails_at = 0;
 *	assert_int_equal(heap.live, before);
 *
 * For one source file of a test that is linked with --wrap for malloc, calloc, realloc,
 * aligned_alloc and free (tests/CMakeLists.txt), so that only our own calls are counted, not those
 * inside ICU and PCRE2.  One thread.
 */
#ifndef TESTS_UNIT_HEAP_H
#define TESTS_UNIT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

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

#endif
