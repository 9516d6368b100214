#include "tok/text/utf8.h"

static bool is_tail(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at `p` of which `left` bytes are there, or
 * 0.  The second byte's bounds keep out overlong forms and surrogates. */
static uint32_t sequence_length(const uint8_t *p, size_t left)
{
	const uint8_t lead = p[0];
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4 || left < 2)
		return 0;
	if (lead < 0xE0)
		return is_tail(p[1]) ? 2 : 0;
	const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	if (p[1] < low || p[1] > high || left < 3 || !is_tail(p[2]))
		return 0;
	if (lead < 0xF0)
		return 3;
	return left >= 4 && is_tail(p[3]) ? 4 : 0;
}

struct tok_char tok_utf8_at(struct tok_span text, size_t at)
{
	const uint8_t *p = text.bytes + at;
	const uint32_t length = sequence_length(p, text.count - at);
	switch (length) {
	case 1:
		return (struct tok_char){ p[0], 1 };
	case 2:
		return (struct tok_char){ (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu), 2 };
	case 3:
		return (struct tok_char){
			(p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu), 3
		};
	case 4:
		return (struct tok_char){ (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 |
					      (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu),
					  4 };
	default:
		return (struct tok_char){ TOK_BAD_BYTE + p[0], 1 };
	}
}

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
		const uint32_t length = sequence_length(text.bytes + at, text.count - at);
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
