/*
 * protobuf_internal.h - the protobuf wire format, one field after another.
 *
 *	struct proto_message m = vocab_proto_open(bytes);
 *	struct proto_field field;
 *	while (vocab_proto_next(&m, &field))
 *		...field.number, field.wire, field.bytes or field.number_value...
 *	if (m.broken) the bytes are no message
 *
 * Nothing outside the bytes is read.  Groups, long out of use, are refused.
 */
#ifndef VOCAB_FORMAT_PROTOBUF_INTERNAL_H
#define VOCAB_FORMAT_PROTOBUF_INTERNAL_H

#include "tok/base/span.h"

enum proto_wire { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

struct proto_message {
	struct tok_span bytes;
	size_t at;
	bool broken;
};

struct proto_field {
	uint32_t number;
	enum proto_wire wire;
	uint64_t value;        /* PROTO_VARINT, PROTO_FIXED64, PROTO_FIXED32 */
	struct tok_span bytes; /* PROTO_BYTES */
};

static inline struct proto_message vocab_proto_open(struct tok_span bytes)
{
	return (struct proto_message){ .bytes = bytes };
}

/* The next field; false at the end, or where the message is broken: `at` is
 * then where the bad field begins. */
bool vocab_proto_next(struct proto_message *message, struct proto_field *field);

/* A PROTO_FIXED32 value as the float it is. */
float vocab_proto_float(const struct proto_field *field);

#endif
