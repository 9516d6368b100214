#include <stdio.h>

#include "vocab/lm/arpa_internal.h"

static bool is_plain(uint8_t byte)
{
	return byte >= '!' && byte <= '~' && byte != '%' && byte != '<';
}

static bool write_text(struct tok_span text, struct tok_buffer *out)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.count; i++) {
		const uint8_t byte = text.bytes[i];
		const char escaped[3] = { '%', digits[byte >> 4], digits[byte & 15] };
		if (is_plain(byte) ? !tok_buffer_add_byte(out, byte)
				   : !tok_buffer_add(out, escaped, sizeof escaped))
			return false;
	}
	return true;
}

static bool write_id(const char *before, uint32_t id, struct tok_buffer *out)
{
	char text[16];
	const int count = snprintf(text, sizeof text, "%s%u", before, id);
	return tok_buffer_add(out, text, (size_t)count);
}

bool arpa_write_word(const struct arpa_words *words, uint32_t symbol, struct tok_buffer *out)
{
	if (symbol == words->end)
		return tok_buffer_add(out, "</s>", 4);
	if (symbol == words->end + 1)
		return tok_buffer_add(out, "<s>", 3);
	if (!words->texts)
		return write_id("", symbol, out);
	const struct tok_span text = tok_tokenizer_token(words->tokenizer, symbol);
	if (!text.bytes || text.count == 0 || tok_tokenizer_find(words->tokenizer, text) != symbol)
		return write_id("%#", symbol, out);
	return write_text(text, out);
}

/* ---- reading ---------------------------------------------------------------------- */

static bool read_id(struct tok_span word, uint32_t end, uint32_t *id)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < word.count; i++) {
		if (word.bytes[i] < '0' || word.bytes[i] > '9')
			return false;
		sum = 10 * sum + (uint32_t)(word.bytes[i] - '0');
		if (sum >= end)
			return false;
	}
	*id = sum;
	return word.count > 0;
}

static int value_of(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	const int lower = digit | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Escapes as bytes, for which there is room; false where one is none. */
static bool read_text(struct tok_span word, struct tok_buffer *out)
{
	for (size_t i = 0; i < word.count; i++) {
		uint8_t byte = word.bytes[i];
		if (byte == '%') {
			if (word.count - i < 3)
				return false;
			const int high = value_of(word.bytes[i + 1]);
			const int low = value_of(word.bytes[i + 2]);
			if (high < 0 || low < 0)
				return false;
			byte = (uint8_t)(16 * high + low);
			i += 2;
		}
		out->bytes[out->count++] = byte;
	}
	return true;
}

/* *symbol is none of an id where no token has this text. */
static enum tok_status find_text(const struct arpa_words *words, struct tok_span word,
				 uint32_t *symbol, struct tok_error *err)
{
	struct tok_buffer text = { 0 };
	*symbol = TOK_NO_ID;
	if (tok_span_starts(word, tok_span_of("%#"))) {
		(void)!read_id(tok_span_slice(word, 2, word.count), words->end, symbol);
		return TOK_OK;
	}
	if (!tok_buffer_reserve(&text, word.count))
		return tok_fail_memory(err);
	if (read_text(word, &text))
		*symbol = tok_tokenizer_find(words->tokenizer, tok_buffer_span(&text));
	tok_buffer_release(&text);
	return TOK_OK;
}

enum tok_status arpa_read_word(const struct arpa_words *words, struct tok_span word,
			       uint32_t *symbol, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	*symbol = TOK_NO_ID;
	if (tok_span_equal(word, tok_span_of("<s>")))
		*symbol = words->end + 1;
	else if (tok_span_equal(word, tok_span_of("</s>")))
		*symbol = words->end;
	else if (tok_span_equal(word, tok_span_of("<unk>")))
		*symbol = ARPA_UNK;
	else if (words->texts)
		status = find_text(words, word, symbol, err);
	else
		(void)!read_id(word, words->end, symbol);
	if (status != TOK_OK || *symbol != TOK_NO_ID)
		return status;
	return tok_fail(err, TOK_EARG, "the tokenizer has no %s '%.*s'",
			words->texts ? "token" : "id", (int)(word.count < 80 ? word.count : 80),
			(const char *)word.bytes);
}
