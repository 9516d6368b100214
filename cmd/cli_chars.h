/*
 * cli_chars.h - from byte offsets to character offsets in one text.
 *
 * A bad byte is one character, as everywhere in tok.
 */
#ifndef CMD_CLI_CHARS_H
#define CMD_CLI_CHARS_H

#include "tok/base/buffer.h"

/* A zeroed struct is an empty index; the text must outlive its use. */
struct cli_chars {
	struct tok_span text;
	struct cli_chars_mark *marks; /* one every few bytes */
	size_t marked, capacity;
	size_t count; /* characters in all */
};

TOK_MUST_USE bool cli_chars_set(struct cli_chars *chars, struct tok_span text);
void cli_chars_release(struct cli_chars *chars);

/* Characters of a text, without an index. */
size_t cli_chars_count(struct tok_span text);

/* From the character that holds the first byte to the one after the character
 * that holds the last; an empty range becomes an empty range. */
struct tok_range cli_chars_range(const struct cli_chars *chars, struct tok_range bytes);

#endif
