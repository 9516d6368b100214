/*
 * arena.h - many allocations, one owner, one free.
 *
 *	struct tok_arena a = { 0 };
 *	uint32_t *ranks = tok_arena_array(&a, n, sizeof *ranks);
 *	if (!ranks)
 *		return tok_fail_memory(err);
 *	...
 *	tok_arena_release(&a);
 *
 * Memory from an arena is zeroed, aligned for any type, and valid until
 * tok_arena_release().  It is never freed one piece at a time.
 */
#ifndef TOK_BASE_ARENA_H
#define TOK_BASE_ARENA_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_arena_block;

struct tok_arena {
	struct tok_arena_block *head; /* private */
};

/* NULL if count * size overflows or memory is out.  A count of 0 gives a
 * pointer that must not be read through. */
TOK_API void *tok_arena_array(struct tok_arena *arena, size_t count, size_t size);

/* A copy of `text` in the arena; `.bytes` is NULL if memory is out. */
TOK_API struct tok_span tok_arena_copy(struct tok_arena *arena, struct tok_span text);

/* What `from` holds is held by `arena` from now on; `from` is empty. */
TOK_API void tok_arena_take(struct tok_arena *arena, struct tok_arena *from);

/* Free everything; the arena is empty and may be used again. */
TOK_API void tok_arena_release(struct tok_arena *arena);

#endif
