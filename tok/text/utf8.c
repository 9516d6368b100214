#include "tok/text/utf8.h"

struct tok_char tok_utf8_before(struct tok_span text, size_t end)
{
	const struct tok_span head = { text.bytes, end };
	for (size_t back = 1; back <= 4 && back <= end; back++) {
		const struct tok_char c = tok_utf8_at(head, end - back);
		if (c.length == back && c.code < TOK_BAD_BYTE)
			return c;
	}
	return (struct tok_char){ TOK_BAD_BYTE + text.bytes[end - 1], 1 };
}

size_t tok_utf8_put(uint32_t code, uint8_t out[4])
{
	if (code >= TOK_BAD_BYTE) {
		out[0] = (uint8_t)(code - TOK_BAD_BYTE);
		return 1;
	}
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xC0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xE0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
		out[2] = (uint8_t)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (uint8_t)(0xF0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3F));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
	out[3] = (uint8_t)(0x80 | (code & 0x3F));
	return 4;
}

bool tok_utf8_valid(struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const uint32_t length = tok_utf8_length(text.bytes + at, text.count - at);
		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

size_t tok_utf8_count(struct tok_span text)
{
	size_t count = 0;
	for (size_t at = 0; at < text.count; count++)
		at += tok_utf8_at(text, at).length;
	return count;
}
