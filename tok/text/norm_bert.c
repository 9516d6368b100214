/*
 * The passes of BertNormalizer; its lower case and its NFD are those of the
 * other normalisers.  Its categories are those of Unicode 8.0 (the crate
 * unicode_categories), written here as the tables of unicode.h, the age of the
 * character, and the few characters whose category has changed since.
 */
#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static bool is_removed(uint32_t code)
{
	if (code < 0x80)
		return code < 0x20 ? code != '\t' && code != '\n' && code != '\r' : code == 0x7F;
	return code == 0xFFFD ||
	       (tok_unicode_in(code, TOK_CATEGORY_BIT(TOK_CC) | TOK_CATEGORY_BIT(TOK_CF) |
					 TOK_CATEGORY_BIT(TOK_CO)) &&
		norm_unicode_has(code, 8));
}

enum tok_status norm_run_bert_clean(const struct norm_pass *pass, struct norm_edit *edit,
				    struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)pass, (void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	while (edit->at < text.count) {
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_removed(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_char(edit, tok_unicode_space(c.code) ? ' ' : c.code, 0);
	}
	return TOK_OK;
}

/* The blocks the reference lists; that it begins one at U+2B920 is its own. */
static bool is_chinese(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} blocks[] = {
		{ 0x3400, 0x4DBF },   { 0x4E00, 0x9FFF },   { 0xF900, 0xFAFF },
		{ 0x20000, 0x2A6DF }, { 0x2A700, 0x2B73F }, { 0x2B740, 0x2B81F },
		{ 0x2B920, 0x2CEAF }, { 0x2F800, 0x2FA1F },
	};
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (code >= blocks[i].first && code <= blocks[i].last)
			return true;
	return false;
}

enum tok_status norm_run_bert_chinese(const struct norm_pass *pass, struct norm_edit *edit,
				      struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)pass, (void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	const struct tok_span space = tok_span_of(" ");

	while (edit->at < text.count) {
		norm_edit_keep(edit, norm_skip_ascii(text, edit->at));
		if (edit->at == text.count)
			break;
		const struct tok_char c = tok_utf8_at(text, edit->at);
		const size_t end = edit->at + c.length;
		if (is_chinese(c.code)) {
			const struct tok_range origin = tok_text_origin(edit->from, edit->at, end);
			norm_edit_put(edit, space, origin);
			norm_edit_keep(edit, end);
			norm_edit_put(edit, space, origin);
		} else {
			norm_edit_keep(edit, end);
		}
	}
	return TOK_OK;
}

static bool is_accent(uint32_t code)
{
	switch (code) {
	case 0x1734: /* were Mn, are Mc */
	case 0x1171E:
		return true;
	case 0x1885: /* were Lo, Mc or Po, are Mn */
	case 0x1886:
	case 0xA9BD:
	case 0x111C9:
		return false;
	default:
		return code >= 0x300 && tok_unicode_category(code) == TOK_MN &&
		       norm_unicode_has(code, 8);
	}
}

enum tok_status norm_run_bert_accents(const struct norm_pass *pass, struct norm_edit *edit,
				      struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)pass, (void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	while (edit->at < text.count) {
		norm_edit_keep(edit, norm_skip_ascii(text, edit->at));
		if (edit->at == text.count)
			break;
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_accent(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_keep(edit, edit->at + c.length);
	}
	return TOK_OK;
}
