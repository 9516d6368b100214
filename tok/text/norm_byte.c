#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

/* Bytes that print in Latin-1 stand for themselves; the other 68 are counted up
 * from U+0100 in their order: 00-20, 7F-A0, AD. */
enum { MOVED = 0x100, MOVED_LOW = 0x21, MOVED_MIDDLE = 0x22 };

uint32_t tok_byte_to_char(uint8_t byte)
{
	if (byte <= 0x20)
		return MOVED + byte;
	if (byte >= 0x7F && byte <= 0xA0)
		return MOVED + MOVED_LOW + (byte - 0x7Fu);
	if (byte == 0xAD)
		return MOVED + MOVED_LOW + MOVED_MIDDLE;
	return byte;
}

int tok_char_to_byte(uint32_t code)
{
	if (code < MOVED)
		return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0xAD ? -1
										      : (int)code;
	code -= MOVED;
	if (code < MOVED_LOW)
		return (int)code;
	if (code < MOVED_LOW + MOVED_MIDDLE)
		return (int)(code - MOVED_LOW + 0x7F);
	return code == MOVED_LOW + MOVED_MIDDLE ? 0xAD : -1;
}

bool tok_put_alphabet(struct tok_buffer *out, struct tok_span bytes)
{
	if (!tok_buffer_reserve(out, 4 * bytes.count)) /* a character may be put so far */
		return false;
	for (size_t i = 0; i < bytes.count; i++)
		out->count +=
		    tok_utf8_put(tok_byte_to_char(bytes.bytes[i]), out->bytes + out->count);
	return true;
}

struct tok_bytemap tok_bytemap_alphabet(void)
{
	struct tok_bytemap map;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t bytes[4];
		const size_t count = tok_utf8_put(tok_byte_to_char((uint8_t)byte), bytes);
		tok_bytemap_set(&map, (uint8_t)byte, (struct tok_span){ bytes, count });
	}
	return map;
}

enum tok_status norm_run_byte_level(const struct norm_pass *pass, struct norm_edit *edit,
				    struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	if (!edit->from->tracked) {
		norm_edit_map(edit, pass->as.bytes);
		return TOK_OK;
	}
	while (edit->at < edit->from->count) {
		const size_t at = edit->at;
		const uint8_t byte = edit->from->bytes[at];
		if (byte > 0x20 && byte < 0x7F) {
			norm_edit_keep(edit, at + 1);
			continue;
		}
		uint8_t bytes[4];
		const size_t count = tok_utf8_put(tok_byte_to_char(byte), bytes);
		norm_edit_drop(edit, at + 1);
		norm_edit_put(edit, (struct tok_span){ bytes, count },
			      tok_text_origin(edit->from, at, at + 1));
	}
	return TOK_OK;
}
