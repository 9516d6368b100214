/*
 * text.h - a text on its way through normalisation, with the way back.
 *
 *	struct tok_text t = { .tracked = true };
 *	if (!tok_text_set(&t, span, base)) return tok_fail_memory(err);
 *
 * `bytes` is the text as it is now.  When `tracked`, `origin[i]` is the range
 * of the original document that byte i came from.  A byte that was only copied
 * points at exactly its own original byte; a byte that was made from, or put
 * behind, other text points at the whole of what it was made from.  (Hugging
 * Face tokenizers keeps whole characters instead; widening both ends of a
 * range to character borders gives its offsets.)
 *
 * Texts are shorter than 4 GiB: the encoder refuses longer documents.
 */
#ifndef TOK_TEXT_TEXT_H
#define TOK_TEXT_TEXT_H

#include "tok/base/buffer.h"

struct tok_text {
	uint8_t *bytes;
	struct tok_range *origin; /* count of them; meaningless unless tracked */
	size_t count;
	size_t capacity, origin_capacity;
	bool tracked;
	/* Goes on behind another text: nothing is put in front of it, and spaces at
	 * its beginning are like any others. */
	bool continues;
};

/* Replace the contents with `from`, whose first byte stands at `base` of the
 * original document.  False if memory is out. */
TOK_API TOK_MUST_USE bool tok_text_set(struct tok_text *text, struct tok_span from, size_t base);

/* Append bytes [begin, end) of `from`, origins and all. */
TOK_API TOK_MUST_USE bool tok_text_copy(struct tok_text *text, const struct tok_text *from,
					size_t begin, size_t end);

/* Append new bytes that all came from `origin`. */
TOK_API TOK_MUST_USE bool tok_text_put(struct tok_text *text, const void *bytes, size_t count,
				       struct tok_range origin);

/* Append one character that came from `origin`. */
TOK_API TOK_MUST_USE bool tok_text_put_char(struct tok_text *text, uint32_t code,
					    struct tok_range origin);

/* Where `more` bytes behind those of a text that is not tracked may be written;
 * `count` is raised by the caller.  NULL if memory is out. */
TOK_API uint8_t *tok_text_room(struct tok_text *text, size_t more);

/* Hull of the origins of bytes [begin, end); where that range is empty, an empty
 * one at the place.  {0, 0} if nothing is tracked. */
TOK_API struct tok_range tok_text_origin(const struct tok_text *text, size_t begin, size_t end);

TOK_API void tok_text_clear(struct tok_text *text); /* keeps room and `tracked` */
TOK_API void tok_text_release(struct tok_text *text);

static inline struct tok_span tok_text_span(const struct tok_text *text)
{
	return (struct tok_span){ text->bytes, text->count };
}

#endif
