/*
 * bytes_reader.h - little-endian numbers from bytes.
 *
 *	struct tok_bytes_reader r = { file };
 *	const uint32_t version = tok_bytes_u32(&r);
 *	const struct tok_span name = tok_bytes_take(&r, tok_bytes_u64(&r));
 *	if (r.failed) the file ends too early
 *
 * After a failure everything is zero or empty, and `at` stays where it was.
 */
#ifndef TOK_BASE_BYTES_READER_H
#define TOK_BASE_BYTES_READER_H

#include "tok/base/span.h"

struct tok_bytes_reader {
	struct tok_span bytes;
	size_t at;
	bool failed;
};

static inline size_t tok_bytes_left(const struct tok_bytes_reader *r)
{
	return r->failed ? 0 : r->bytes.count - r->at;
}

static inline struct tok_span tok_bytes_take(struct tok_bytes_reader *r, uint64_t count)
{
	if (r->failed || count > r->bytes.count - r->at) {
		r->failed = true;
		return (struct tok_span){ r->bytes.bytes, 0 };
	}
	r->at += (size_t)count;
	return tok_span_slice(r->bytes, r->at - (size_t)count, r->at);
}

/* The number that up to 8 bytes are. */
static inline uint64_t tok_bytes_number(struct tok_span bytes)
{
	uint64_t value = 0;
	for (size_t i = bytes.count; i > 0; i--)
		value = value << 8 | bytes.bytes[i - 1];
	return value;
}

static inline uint32_t tok_bytes_u32(struct tok_bytes_reader *r)
{
	return (uint32_t)tok_bytes_number(tok_bytes_take(r, 4));
}

static inline uint64_t tok_bytes_u64(struct tok_bytes_reader *r)
{
	return tok_bytes_number(tok_bytes_take(r, 8));
}

#endif
