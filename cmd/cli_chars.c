#include "cmd/cli_chars.h"

#include <stdlib.h>

#include "tok/text/utf8.h"

enum { STRIDE = 64 };

/* The first character that begins in a stride of bytes. */
struct cli_chars_mark {
	uint32_t begin, number;
};

bool cli_chars_set(struct cli_chars *chars, struct tok_span text)
{
	if (!tok_grow(&chars->marks, &chars->capacity, text.count / STRIDE + 1,
		      sizeof *chars->marks))
		return false;
	size_t marked = 0, number = 0;
	for (size_t at = 0; at < text.count; number++) {
		if (at / STRIDE >= marked)
			chars->marks[marked++] =
			    (struct cli_chars_mark){ (uint32_t)at, (uint32_t)number };
		at += tok_utf8_at(text, at).length;
	}
	chars->text = text;
	chars->marked = marked;
	chars->count = number;
	return true;
}

size_t cli_chars_count(struct tok_span text)
{
	size_t number = 0;
	for (size_t at = 0; at < text.count; number++)
		at += tok_utf8_at(text, at).length;
	return number;
}

void cli_chars_release(struct cli_chars *chars)
{
	free(chars->marks);
	*chars = (struct cli_chars){ 0 };
}

/* Number of the character that holds byte `at`. */
static uint32_t find_char(const struct cli_chars *chars, size_t at)
{
	if (at >= chars->text.count)
		return (uint32_t)chars->count;
	size_t stride = at / STRIDE;
	if (stride == chars->marked || chars->marks[stride].begin > at)
		stride--; /* a character of the stride before reaches in here */
	size_t begin = chars->marks[stride].begin;
	uint32_t number = chars->marks[stride].number;
	for (;;) {
		begin += tok_utf8_at(chars->text, begin).length;
		if (begin > at)
			return number;
		number++;
	}
}

struct tok_range cli_chars_range(const struct cli_chars *chars, struct tok_range bytes)
{
	const uint32_t begin = find_char(chars, bytes.begin);
	if (bytes.end <= bytes.begin)
		return (struct tok_range){ begin, begin };
	return (struct tok_range){ begin, find_char(chars, bytes.end - 1) + 1 };
}
