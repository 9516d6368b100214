/*
 * span.h - text is bytes plus a count, passed by value.
 *
 * A span borrows: it lives as long as what it points into.  It may hold NUL
 * bytes and invalid UTF-8 and is never NUL-terminated.
 */
#ifndef TOK_BASE_SPAN_H
#define TOK_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint32_t tok_id;
#define TOK_NO_ID UINT32_MAX /* "there is no such token" */

struct tok_span {
	const uint8_t *bytes;
	size_t count;
};

/* Half-open range of bytes in a text of less than 4 GiB. */
struct tok_range {
	uint32_t begin, end;
};

static inline struct tok_span tok_span_of(const char *text)
{
	return (struct tok_span){ (const uint8_t *)text, strlen(text) };
}

static inline bool tok_span_equal(struct tok_span a, struct tok_span b)
{
	return a.count == b.count && (a.count == 0 || memcmp(a.bytes, b.bytes, a.count) == 0);
}

static inline bool tok_span_starts(struct tok_span text, struct tok_span prefix)
{
	return text.count >= prefix.count &&
	       (prefix.count == 0 || memcmp(text.bytes, prefix.bytes, prefix.count) == 0);
}

/* Bytes [begin, end) of `text`; the caller keeps begin <= end <= text.count. */
static inline struct tok_span tok_span_slice(struct tok_span text, size_t begin, size_t end)
{
	return (struct tok_span){ begin ? text.bytes + begin : text.bytes, end - begin };
}

#endif
