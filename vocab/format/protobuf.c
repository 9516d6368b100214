#include "vocab/format/protobuf_internal.h"

/* At most ten bytes; bits above 64 are refused. */
static bool read_varint(struct tok_span bytes, size_t *at, uint64_t *out)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 70 && *at < bytes.count; shift += 7) {
		const uint8_t byte = bytes.bytes[(*at)++];
		if (shift == 63 && byte > 1)
			return false;
		value |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool read_fixed(struct tok_span bytes, size_t *at, size_t size, uint64_t *out)
{
	if (bytes.count - *at < size)
		return false;
	*out = 0;
	for (size_t i = size; i > 0; i--)
		*out = *out << 8 | bytes.bytes[*at + i - 1];
	*at += size;
	return true;
}

static bool read_field(struct tok_span bytes, size_t *at, struct proto_field *field)
{
	uint64_t tag, count;
	if (!read_varint(bytes, at, &tag) || tag > UINT32_MAX || tag >> 3 == 0)
		return false;
	*field = (struct proto_field){ .number = (uint32_t)tag >> 3 };
	switch (tag & 7) {
	case PROTO_VARINT:
		field->wire = PROTO_VARINT;
		return read_varint(bytes, at, &field->value);
	case PROTO_FIXED64:
		field->wire = PROTO_FIXED64;
		return read_fixed(bytes, at, 8, &field->value);
	case PROTO_FIXED32:
		field->wire = PROTO_FIXED32;
		return read_fixed(bytes, at, 4, &field->value);
	case PROTO_BYTES:
		field->wire = PROTO_BYTES;
		if (!read_varint(bytes, at, &count) || count > bytes.count - *at)
			return false;
		field->bytes = tok_span_slice(bytes, *at, *at + (size_t)count);
		*at += (size_t)count;
		return true;
	default:
		return false;
	}
}

bool vocab_proto_next(struct proto_message *message, struct proto_field *field)
{
	size_t at = message->at;
	if (message->broken || at == message->bytes.count)
		return false;
	message->broken = !read_field(message->bytes, &at, field);
	if (!message->broken)
		message->at = at;
	return !message->broken;
}

float vocab_proto_float(const struct proto_field *field)
{
	const uint32_t bits = (uint32_t)field->value;
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}
