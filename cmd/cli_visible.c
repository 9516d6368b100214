#include "cmd/cli_visible.h"

#include <stdio.h>
#include <unicode/uchar.h>

#include "tok/text/normalize.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

/* U+2400 and on are pictures of the control characters, U+2420 of the blank. */
enum { PICTURES = 0x2400, PICTURE_OF_DELETE = 0x2421, DOTTED_CIRCLE = 0x25CC };

/* Categories of characters that show nothing, or that turn what stands beside them. */
#define UNSEEN                                                                                     \
	(TOK_CATEGORY_BIT(TOK_CC) | TOK_CATEGORY_BIT(TOK_CF) | TOK_CATEGORY_BIT(TOK_CN) |          \
	 TOK_CATEGORY_BIT(TOK_CO) | TOK_CATEGORY_BIT(TOK_CS) | TOK_CATEGORY_BIT(TOK_ZL) |          \
	 TOK_CATEGORY_BIT(TOK_ZP) | TOK_CATEGORY_BIT(TOK_ZS))

static bool put_code(struct tok_buffer *out, uint32_t code)
{
	uint8_t bytes[4];
	return tok_buffer_add(out, bytes, tok_utf8_put(code, bytes));
}

static bool put_number(struct tok_buffer *out, uint32_t code)
{
	char text[16];
	const bool is_byte = code >= TOK_BAD_BYTE;
	const int n = snprintf(text, sizeof text, is_byte ? "<0x%02X>" : "<U+%04X>",
			       is_byte ? code - TOK_BAD_BYTE : code);
	return tok_buffer_add(out, text, (size_t)n);
}

bool cli_visible_text(struct tok_span text, struct tok_buffer *out)
{
	bool ok = true, bare = true; /* bare: a mark would have nothing of ours to sit on */
	for (size_t at = 0; at < text.count && ok;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const bool is_mark = tok_unicode_in(c.code, TOK_MARKS);
		at += c.length;
		if (c.code <= ' ')
			ok = put_code(out, PICTURES + c.code);
		else if (c.code == 0x7F)
			ok = put_code(out, PICTURE_OF_DELETE);
		else if (c.code >= TOK_BAD_BYTE || tok_unicode_in(c.code, UNSEEN))
			ok = put_number(out, c.code);
		else
			ok = (!is_mark || !bare || put_code(out, DOTTED_CIRCLE)) &&
			     put_code(out, c.code);
		bare = c.code <= ' ' || tok_unicode_in(c.code, UNSEEN);
	}
	return ok;
}

bool cli_visible_line(struct tok_span text, struct tok_buffer *out)
{
	bool ok = true;
	for (size_t at = 0; at < text.count && ok;) {
		size_t end = at;
		while (end < text.count && text.bytes[end] != ' ')
			end++;
		ok = cli_visible_text(tok_span_slice(text, at, end), out);
		for (at = end; ok && at < text.count && text.bytes[at] == ' '; at++)
			ok = tok_buffer_add_byte(out, ' ');
	}
	return ok;
}

static bool is_wide(uint32_t code)
{
	if (code < 0x1100)
		return false;
	const int32_t width = u_getIntPropertyValue((UChar32)code, UCHAR_EAST_ASIAN_WIDTH);
	return width == U_EA_WIDE || width == U_EA_FULLWIDTH;
}

size_t cli_visible_width(struct tok_span visible)
{
	size_t width = 0;
	for (size_t at = 0; at < visible.count;) {
		const struct tok_char c = tok_utf8_at(visible, at);
		at += c.length;
		if (!tok_unicode_in(c.code, TOK_MARKS))
			width += is_wide(c.code) ? 2 : 1;
	}
	return width;
}

/* ---- what a token stands for ---------------------------------------------- */

static bool is_byte_level(const struct tok_spec *spec)
{
	for (size_t i = 0; i < spec->decoder_count; i++)
		if (spec->decoders[i].kind == TOK_DECODE_BYTE_LEVEL)
			return true;
	return false;
}

static bool is_added(const struct tok_spec *spec, tok_id id)
{
	for (size_t i = 0; i < spec->added_count; i++)
		if (spec->added[i].id == id)
			return true;
	return false;
}

/* Text in the byte-level alphabet as bytes; *whole is false if some of it is not. */
static bool lower(struct tok_span text, struct tok_buffer *out, bool *whole)
{
	const size_t before = out->count;
	for (size_t at = 0; at < text.count;) {
		const struct tok_char c = tok_utf8_at(text, at);
		const int byte = tok_char_to_byte(c.code);
		if (byte < 0) {
			out->count = before;
			*whole = false;
			return true;
		}
		if (!tok_buffer_add_byte(out, (uint8_t)byte))
			return false;
		at += c.length;
	}
	*whole = true;
	return true;
}

bool cli_token_bytes(const struct tok_tokenizer *tokenizer, tok_id id, struct tok_buffer *out)
{
	const struct tok_spec *spec = tok_tokenizer_spec(tokenizer);
	const struct tok_span text = tok_tokenizer_token(tokenizer, id);
	struct tok_vocab_entry entry;
	const bool known = !is_added(spec, id) && tok_tokenizer_entry(tokenizer, id, &entry);
	if (known && entry.type == TOK_PIECE_BYTE)
		for (unsigned byte = 0; byte < 256; byte++)
			if (spec->model.byte_ids[byte] == id)
				return tok_buffer_add_byte(out, (uint8_t)byte);
	if (known && spec->raw_vocabulary)
		return tok_buffer_add(out, entry.text.bytes, entry.text.count);
	if (known && is_byte_level(spec)) {
		bool whole;
		if (!lower(text, out, &whole))
			return false;
		if (whole)
			return true;
	}
	return tok_buffer_add(out, text.bytes, text.count);
}

bool cli_visible_token(const struct tok_tokenizer *tokenizer, tok_id id, struct tok_buffer *out)
{
	struct tok_buffer bytes = { 0 };
	const bool ok = cli_token_bytes(tokenizer, id, &bytes) &&
			cli_visible_text(tok_buffer_span(&bytes), out);
	tok_buffer_release(&bytes);
	return ok;
}
