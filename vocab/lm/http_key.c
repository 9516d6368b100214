/* http_key.c - a key, in what the server says that it was sent to. */
#include "vocab/lm/http_internal.h"

/* A shorter key is found by chance in what servers say.  Four strings of strings have no more
 * backslashes before a character. */
enum { KEY_HIDDEN_LEAST = 8, BACKSLASHES_MOST = 16 };

static uint32_t hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10U : UINT32_MAX;
}

/* Do four hexadecimal digits behind an 'u' at `at` name the character? */
static bool names(struct tok_span text, size_t at, uint8_t wanted)
{
	uint32_t code = 0;
	if (text.count - at < 5 || text.bytes[at] != 'u')
		return false;
	for (size_t i = at + 1; i < at + 5; i++) {
		const uint32_t digit = hex_digit(text.bytes[i]);
		if (digit > 15)
			return false;
		code = code << 4 | digit;
	}
	return code == wanted;
}

/* Where a character ends that begins at `at`, in one of its ways to be written: as it is, behind
 * backslashes, as \u and its number; 0: it is another. */
static size_t end_of(struct tok_span text, size_t at, uint8_t wanted)
{
	const size_t most = text.count - at < BACKSLASHES_MOST ? text.count : at + BACKSLASHES_MOST;
	size_t behind = at;
	while (behind < most && text.bytes[behind] == '\\')
		behind++;
	if (behind > at && behind < text.count && names(text, behind, wanted))
		return behind + 5;
	if (at < text.count && text.bytes[at] == wanted)
		return at + 1;
	return behind < text.count && text.bytes[behind] == wanted ? behind + 1 : 0;
}

static size_t end_of_key(struct tok_span text, size_t at, struct tok_span key)
{
	for (size_t i = 0; i < key.count && (i == 0 || at > 0); i++)
		at = end_of(text, at, key.bytes[i]);
	return at;
}

bool lm_http_hide(const char *key, struct tok_span text, struct tok_buffer *room,
		  struct tok_span *out)
{
	const struct tok_span wanted = key ? tok_span_of(key) : (struct tok_span){ NULL, 0 };
	size_t copied = 0;
	*out = text;
	tok_buffer_clear(room);
	if (wanted.count < KEY_HIDDEN_LEAST)
		return true;
	for (size_t at = 0; at < text.count;) {
		const uint8_t c = text.bytes[at];
		const size_t end =
		    c == wanted.bytes[0] || c == '\\' ? end_of_key(text, at, wanted) : 0;
		if (end == 0) {
			at++;
			continue;
		}
		if (!tok_buffer_add(room, text.bytes + copied, at - copied))
			return false;
		for (size_t i = 0; i < wanted.count; i++)
			if (!tok_buffer_add_byte(room, '*'))
				return false;
		at = copied = end;
	}
	if (copied == 0)
		return true;
	if (!tok_buffer_add(room, text.bytes + copied, text.count - copied))
		return false;
	*out = tok_buffer_span(room);
	return true;
}
