/*
 * bytes_reader_internal.h - little-endian numbers from bytes.
 *
 *	struct bytes_reader r = { file };
 *	const uint32_t version = bytes_u32(&r);
 *	const struct tok_span name = bytes_take(&r, bytes_u64(&r));
 *	if (r.failed) the file ends too early
 *
 * After a failure everything is zero or empty, and `at` stays where it was.
 */
#ifndef VOCAB_FORMAT_BYTES_READER_INTERNAL_H
#define VOCAB_FORMAT_BYTES_READER_INTERNAL_H

#include "tok/base/span.h"

struct bytes_reader {
	struct tok_span bytes;
	size_t at;
	bool failed;
};

static inline size_t bytes_left(const struct bytes_reader *r)
{
	return r->failed ? 0 : r->bytes.count - r->at;
}

static inline struct tok_span bytes_take(struct bytes_reader *r, uint64_t count)
{
	if (r->failed || count > r->bytes.count - r->at) {
		r->failed = true;
		return (struct tok_span){ r->bytes.bytes, 0 };
	}
	r->at += (size_t)count;
	return tok_span_slice(r->bytes, r->at - (size_t)count, r->at);
}

/* The number that up to 8 bytes are. */
static inline uint64_t bytes_number(struct tok_span bytes)
{
	uint64_t value = 0;
	for (size_t i = bytes.count; i > 0; i--)
		value = value << 8 | bytes.bytes[i - 1];
	return value;
}

static inline uint32_t bytes_u32(struct bytes_reader *r)
{
	return (uint32_t)bytes_number(bytes_take(r, 4));
}

static inline uint64_t bytes_u64(struct bytes_reader *r)
{
	return bytes_number(bytes_take(r, 8));
}

#endif
