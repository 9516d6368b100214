/*
 * cli_words_tsv.c - counts as text: word, tab, count.
 *
 * In the word \t, \n, \r and \\ stand for what would break a line, \xHH for another
 * control character and for a byte that is not UTF-8: a line is valid UTF-8 and any
 * word comes back as it was.
 */
#include <inttypes.h>

#include "cmd/cli_words.h"
#include "cmd/cli_hex.h"
#include "tok/text/utf8.h"

static char short_escape(uint8_t byte)
{
	switch (byte) {
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\\':
		return '\\';
	default:
		return 0;
	}
}

static bool put_byte(struct tok_buffer *to, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";
	const char letter = short_escape(byte);
	const char two[] = { '\\', letter };
	const char four[] = { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
	return letter ? tok_buffer_add(to, two, sizeof two) : tok_buffer_add(to, four, sizeof four);
}

bool cli_words_print(const struct vocab_word *word, struct tok_buffer *to)
{
	char number[32];
	const struct tok_span text = word->text;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const bool plain =
		    c.code < TOK_BAD_BYTE && c.code >= ' ' && c.code != '\\' && c.code != 0x7F;
		if (plain ? !tok_buffer_add(to, text.bytes + at, c.length)
			  : !put_byte(to, text.bytes[at]))
			return false;
		at += plain ? c.length : 1;
	}
	const int length = snprintf(number, sizeof number, "\t%" PRIu64 "\n", word->count);
	return tok_buffer_add(to, number, (size_t)length);
}

/* The byte that an escape at the front of `text` stands for, and its length; 0: it is none. */
static size_t read_escape(struct tok_span text, uint8_t *out)
{
	static const char letters[] = "tnr\\", bytes[] = "\t\n\r\\";
	if (text.count < 2)
		return 0;
	const char *letter = memchr(letters, text.bytes[1], sizeof letters - 1);
	if (letter) {
		*out = (uint8_t)bytes[letter - letters];
		return 2;
	}
	const bool hex = text.bytes[1] == 'x' && text.count >= 4;
	const int byte = hex ? cli_hex_byte(text.bytes[2], text.bytes[3]) : -1;
	if (byte < 0)
		return 0;
	*out = (uint8_t)byte;
	return 4;
}

static enum tok_status read_word(struct tok_span text, struct tok_buffer *word,
				 struct tok_error *err)
{
	tok_buffer_clear(word);
	while (text.count) {
		uint8_t byte = text.bytes[0];
		size_t length = 1;
		if (byte == '\\')
			length = read_escape(text, &byte);
		if (length == 0)
			return tok_fail(err, TOK_EFORMAT,
					"a backslash must be followed by t, n, r, \\ or xHH");
		if (!tok_buffer_add_byte(word, byte))
			return tok_fail_memory(err);
		text = tok_span_slice(text, length, text.count);
	}
	return TOK_OK;
}

static bool read_count(struct tok_span text, uint64_t *out)
{
	uint64_t number = 0;
	for (size_t i = 0; i < text.count; i++) {
		const unsigned digit = (unsigned)text.bytes[i] - '0';
		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = 10 * number + digit;
	}
	*out = number;
	return text.count > 0 && number > 0;
}

enum tok_status cli_words_parse(struct tok_span line, struct tok_buffer *word, uint64_t *count,
				struct tok_error *err)
{
	if (line.count && line.bytes[line.count - 1] == '\r')
		line.count--;
	const uint8_t *tab = line.count ? memrchr(line.bytes, '\t', line.count) : NULL;
	if (!tab || tab == line.bytes)
		return tok_fail(err, TOK_EFORMAT, "it must be a word, a tab and a count");
	const size_t at = (size_t)(tab - line.bytes);
	if (!read_count(tok_span_slice(line, at + 1, line.count), count))
		return tok_fail(err, TOK_EFORMAT, "the count must be a whole number from 1 on");
	return read_word(tok_span_slice(line, 0, at), word, err);
}
