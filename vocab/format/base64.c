#include "vocab/format/base64.h"

/* 0 to 63, or -1. */
static int read_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters of which the last `pads` are '='.  False if they are not. */
static bool read_group(const uint8_t *text, unsigned pads, uint8_t out[3])
{
	uint32_t bits = 0;
	for (unsigned i = 0; i < 4; i++) {
		const int digit = i < 4 - pads ? read_digit(text[i]) : 0;
		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
	}
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return (pads < 1 || out[2] == 0) && (pads < 2 || out[1] == 0);
}

size_t vocab_base64_decode(struct tok_span text, uint8_t *out)
{
	if (text.count % 4 != 0)
		return SIZE_MAX;
	size_t count = 0;
	for (size_t at = 0; at < text.count; at += 4) {
		const uint8_t *group = text.bytes + at;
		unsigned pads = 0;
		uint8_t bytes[3];
		if (at + 4 == text.count && group[3] == '=')
			pads = group[2] == '=' ? 2 : 1;
		if (!read_group(group, pads, bytes))
			return SIZE_MAX;
		memcpy(out + count, bytes, 3 - pads);
		count += 3 - pads;
	}
	return count;
}

void vocab_base64_encode(struct tok_span bytes, uint8_t *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t at = 0; at < bytes.count; at += 3, out += 4) {
		const size_t n = bytes.count - at < 3 ? bytes.count - at : 3;
		uint32_t bits = 0;
		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (i < n ? bytes.bytes[at + i] : 0u);
		for (size_t i = 0; i < 4; i++)
			out[i] = i <= n ? (uint8_t)digits[bits >> (18 - 6 * i) & 63] : '=';
	}
}
