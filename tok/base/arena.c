#include "tok/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BLOCK_BYTES = 64 * 1024 };
#define LARGE_PAGE ((uintptr_t)2 << 20)

struct tok_arena_block {
	struct tok_arena_block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

static size_t round_up(size_t n)
{
	const size_t align = alignof(max_align_t);
	return (n + align - 1) / align * align;
}

/* Large tables are filled and read all over: with large pages they are there sooner, and
 * what is where in them is found sooner.  A wish: nothing depends on it. */
static void want_large_pages(void *begin, size_t count)
{
#ifdef MADV_HUGEPAGE
	const uintptr_t first = ((uintptr_t)begin + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	const uintptr_t end = ((uintptr_t)begin + count) / LARGE_PAGE * LARGE_PAGE;
	if (first < end)
		(void)madvise((void *)first, end - first, MADV_HUGEPAGE);
#else
	(void)begin;
	(void)count;
#endif
}

/* A block for one large array goes behind the head, whose room stays in use. */
static struct tok_arena_block *push_block(struct tok_arena *arena, size_t need)
{
	const size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
	struct tok_arena_block *block = malloc(sizeof *block + size);
	if (!block)
		return NULL;

	want_large_pages(block, size);
	*block = (struct tok_arena_block){ .size = size };
	if (need > BLOCK_BYTES && arena->head) {
		block->next = arena->head->next;
		arena->head->next = block;
	} else {
		block->next = arena->head;
		arena->head = block;
	}
	return block;
}

void *tok_arena_array(struct tok_arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > (SIZE_MAX / 4) / size)
		return NULL;

	const size_t need = round_up(count * size + (count == 0));
	struct tok_arena_block *block = arena->head;
	if (!block || block->size - block->used < need)
		block = push_block(arena, need);
	if (!block)
		return NULL;

	void *p = block->bytes + block->used;
	block->used += need;
	return memset(p, 0, need);
}

struct tok_span tok_arena_copy(struct tok_arena *arena, struct tok_span text)
{
	uint8_t *bytes = tok_arena_array(arena, text.count, 1);
	if (bytes && text.count)
		memcpy(bytes, text.bytes, text.count);
	return (struct tok_span){ bytes, text.count };
}

void tok_arena_take(struct tok_arena *arena, struct tok_arena *from)
{
	struct tok_arena_block **end = &arena->head;
	while (*end)
		end = &(*end)->next;
	*end = from->head;
	from->head = NULL;
}

void tok_arena_release(struct tok_arena *arena)
{
	struct tok_arena_block *block = arena->head;
	while (block) {
		struct tok_arena_block *next = block->next;
		free(block);
		block = next;
	}
	arena->head = NULL;
}
