/*
 * buffer.h - growable arrays: one for bytes, one for any fixed-size element.
 *
 *	struct tok_buffer b = { 0 };
 *	if (!tok_buffer_add(&b, "x", 1))
 *		return tok_fail_memory(err);
 *	...
 *	tok_buffer_release(&b);
 *
 * A zeroed struct is an empty buffer.  Growth doubles; clearing keeps the room,
 * so a loop that reuses one buffer stops allocating once it has seen its
 * largest input.
 */
#ifndef TOK_BASE_BUFFER_H
#define TOK_BASE_BUFFER_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_buffer {
	uint8_t *bytes;
	size_t count, capacity;
};

/* Make room for `more` further bytes.  False if memory is out; unchanged then. */
TOK_API TOK_MUST_USE bool tok_buffer_reserve(struct tok_buffer *buffer, size_t more);
TOK_API TOK_MUST_USE bool tok_buffer_add(struct tok_buffer *buffer, const void *bytes,
					 size_t count);
TOK_API TOK_MUST_USE bool tok_buffer_add_byte(struct tok_buffer *buffer, uint8_t byte);
TOK_API void tok_buffer_clear(struct tok_buffer *buffer);
TOK_API void tok_buffer_release(struct tok_buffer *buffer);

static inline struct tok_span tok_buffer_span(const struct tok_buffer *buffer)
{
	return (struct tok_span){ buffer->bytes, buffer->count };
}

/* Grow `*items` (elements of `size` bytes) so that at least `want` fit.
 * `*capacity` counts elements.  False if memory is out; unchanged then. */
TOK_API TOK_MUST_USE bool tok_grow(void *items, size_t *capacity, size_t want, size_t size);

#endif
