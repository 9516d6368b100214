/*
 * texts.h - many byte strings in one block, and an index from string to number.
 *
 * Both are flat: they hold offsets, no pointers, so that they can lie in a file
 * that is mapped.  Immutable once built; shared by threads.
 *
 *	struct tok_texts names;
 *	tok_texts_copy(&names, &arena, spans, count);
 *	struct tok_span second = tok_texts_at(&names, 1);
 *
 *	struct tok_index index;
 *	tok_index_init(&index, &arena, count);
 *	tok_index_put(&index, &names, 1);              // that is what 1 is called
 *	uint32_t i = tok_index_find(&index, &names, second);
 */
#ifndef TOK_BASE_TEXTS_H
#define TOK_BASE_TEXTS_H

#include "tok/base/arena.h"
#include "tok/base/image.h"

struct tok_texts {
	const uint8_t *bytes;
	const uint32_t *starts; /* count + 1 of them */
	size_t count;
};

static inline struct tok_span tok_texts_at(const struct tok_texts *texts, size_t i)
{
	return (struct tok_span){ texts->bytes + texts->starts[i],
				  texts->starts[i + 1] - texts->starts[i] };
}

/* Copy `count` strings into `arena`.  Fails with TOK_ENOMEM, or TOK_ELIMIT where
 * they have 4 GiB or more. */
TOK_API TOK_MUST_USE enum tok_status tok_texts_copy(struct tok_texts *out, struct tok_arena *arena,
						    const struct tok_span *spans, size_t count,
						    struct tok_error *err);

/* XXH3 (64 bit), open addressing at a load of at most three quarters.  A hostile
 * set of keys can slow a look-up down, never make it wrong. */
struct tok_index {
	uint32_t *slots; /* values; TOK_NO_ID: free */
	size_t mask;
};

/* An empty index with room for `expected` values.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_index_init(struct tok_index *index, struct tok_arena *arena,
					 size_t expected);

/* Add number `value` under its text.  Where an equal text is known already,
 * nothing changes and its number comes back; else TOK_NO_ID. */
TOK_API uint32_t tok_index_add(struct tok_index *index, const struct tok_texts *texts,
			       uint32_t value);

/* The same, but the later number wins. */
TOK_API void tok_index_put(struct tok_index *index, const struct tok_texts *texts, uint32_t value);

/* `text` will be added or asked for soon: have the memory fetched meanwhile. */
TOK_API void tok_index_expect(const struct tok_index *index, struct tok_span text);

/* The number, or TOK_NO_ID. */
TOK_API uint32_t tok_index_find(const struct tok_index *index, const struct tok_texts *texts,
				struct tok_span text);

/* ---- in an image: under tags of the caller's choice ---- */

TOK_API void tok_texts_save(const struct tok_texts *texts, uint32_t bytes_tag, uint32_t starts_tag,
			    struct tok_image_writer *writer);
TOK_API void tok_index_save(const struct tok_index *index, uint32_t tag,
			    struct tok_image_writer *writer);

/* False if what is there is no such table: starts that fall or leave the bytes,
 * values that are not below `limit`, no slot free. */
TOK_API TOK_MUST_USE bool tok_texts_open(struct tok_texts *out, const struct tok_image *image,
					 uint32_t bytes_tag, uint32_t starts_tag);
TOK_API TOK_MUST_USE bool tok_index_open(struct tok_index *out, const struct tok_image *image,
					 uint32_t tag, size_t limit);

#endif
