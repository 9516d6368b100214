/*
 * Lower case as Rust's char::to_lowercase gives it: the full mapping of Unicode
 * 17.0 without context, so that a capital sigma is a small one everywhere.
 */
#include <unicode/uchar.h>

#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

/* Capitals that came with Unicode 16.0 and 17.0. */
static const struct {
	uint32_t first, last, lower;
} new_capitals[] = {
	{ 0x1C89, 0x1C89, 0x1C8A },    { 0xA7CB, 0xA7CB, 0x0264 }, { 0xA7CC, 0xA7CC, 0xA7CD },
	{ 0xA7CE, 0xA7CE, 0xA7CF },    { 0xA7D2, 0xA7D2, 0xA7D3 }, { 0xA7D4, 0xA7D4, 0xA7D5 },
	{ 0xA7DA, 0xA7DA, 0xA7DB },    { 0xA7DC, 0xA7DC, 0x019B }, { 0x10D50, 0x10D65, 0x10D70 },
	{ 0x16EA0, 0x16EB8, 0x16EBB },
};

static uint32_t find_lower(uint32_t code)
{
	for (size_t i = 0; i < sizeof new_capitals / sizeof *new_capitals; i++)
		if (code >= new_capitals[i].first && code <= new_capitals[i].last)
			return new_capitals[i].lower + (code - new_capitals[i].first);
	const uint32_t lower = (uint32_t)u_tolower((UChar32)code);
	return lower != code && norm_unicode_has(code, 15) ? lower : code;
}

struct tok_bytemap norm_lower_bytes(void)
{
	struct tok_bytemap map = tok_bytemap_identity();
	for (uint8_t byte = 'A'; byte <= 'Z'; byte++) {
		const uint8_t lower = byte | 0x20;
		tok_bytemap_set(&map, byte, (struct tok_span){ &lower, 1 });
	}
	return map;
}

static bool map_block(const uint8_t *in, uint8_t *out)
{
	uint8_t high = 0;
	for (size_t i = 0; i < NORM_QUICK_BLOCK; i++) {
		const bool is_capital = (uint8_t)(in[i] - 'A') < 26;
		out[i] = (uint8_t)(in[i] + (is_capital ? 0x20 : 0));
		high |= in[i];
	}
	return high < 0x80;
}

enum tok_status norm_run_lowercase(const struct norm_pass *pass, struct norm_edit *edit,
				   struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	const struct norm_quick quick = { pass->sure, pass->as.bytes, map_block };

	while (edit->at < text.count) {
		if (!edit->from->tracked) {
			norm_edit_quick(edit, &quick);
			if (edit->at == text.count)
				break;
		}
		const uint8_t byte = text.bytes[edit->at];
		if (byte < 0x80 && (byte < 'A' || byte > 'Z')) {
			norm_edit_keep(edit, edit->at + 1);
			continue;
		}
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (c.code == 0x130) {
			norm_edit_char(edit, 'i', 0);
			norm_edit_char(edit, 0x307, 1);
		} else {
			norm_edit_char(edit, c.code > 0x10FFFF ? c.code : find_lower(c.code), 0);
		}
	}
	return TOK_OK;
}
