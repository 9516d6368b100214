/* The normalisers that look at one character at a time. */
#include "tok/text/normalize_internal.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

enum tok_status norm_run_strip(const struct norm_pass *pass, struct norm_edit *edit,
			       struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	size_t begin = 0, end = text.count;

	while (pass->as.strip.left && !edit->from->continues && begin < end) {
		const struct tok_char c = tok_utf8_at(text, begin);
		if (!tok_unicode_space(c.code))
			break;
		begin += c.length;
	}
	while (pass->as.strip.right && begin < end) {
		const struct tok_char c = tok_utf8_before(text, end);
		if (!tok_unicode_space(c.code))
			break;
		end -= c.length;
	}
	norm_edit_drop(edit, begin);
	norm_edit_keep(edit, end);
	norm_edit_drop(edit, text.count);
	return TOK_OK;
}

enum tok_status norm_run_prepend(const struct norm_pass *pass, struct norm_edit *edit,
				 struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	const uint32_t first = tok_utf8_at(text, 0).length;
	if (pass->as.prepend.count && !edit->from->continues)
		norm_edit_put(edit, pass->as.prepend, tok_text_origin(edit->from, 0, first));
	norm_edit_keep(edit, text.count);
	return TOK_OK;
}

static void replace_byte(const struct norm_pass *pass, struct norm_edit *edit)
{
	const struct tok_span text = tok_text_span(edit->from);
	const uint8_t *first = memchr(text.bytes, pass->as.replace.byte, text.count);
	norm_edit_keep(edit, first ? (size_t)(first - text.bytes) : text.count);
	if (first)
		norm_edit_map(edit, pass->as.replace.map);
}

/* Matches as the reference walks them: an empty match that touches the end of
 * the match before it is passed over.  New text points at the last character of
 * what it replaces. */
enum tok_status norm_run_replace(const struct norm_pass *pass, struct norm_edit *edit,
				 struct tok_norm_scratch *scratch, struct tok_error *err)
{
	const struct tok_span text = tok_text_span(edit->from);
	size_t from = 0, last_end = SIZE_MAX;

	if (pass->as.replace.map && !edit->from->tracked) {
		replace_byte(pass, edit);
		return TOK_OK;
	}

	while (from <= text.count) {
		struct tok_range match;
		bool found;
		const enum tok_status status = tok_regex_find(
		    pass->as.replace.regex, scratch->regex, text, from, &found, &match, err);
		if (status != TOK_OK)
			return status;
		if (!found)
			break;
		if (match.begin == match.end && match.end == last_end) {
			from += from < text.count ? tok_utf8_at(text, from).length : 1;
			continue;
		}
		norm_edit_keep(edit, match.begin);
		norm_edit_drop(edit, match.end);
		if (pass->as.replace.content.count)
			norm_edit_put(edit, pass->as.replace.content,
				      norm_edit_before(edit, match.end));
		from = last_end = match.end;
	}
	norm_edit_keep(edit, text.count);
	return TOK_OK;
}

static bool is_nmt_removed(uint32_t code)
{
	return (code >= 0x01 && code <= 0x08) || code == 0x0B || (code >= 0x0E && code <= 0x1F) ||
	       code == 0x7F || code == 0x8F || code == 0x9F;
}

static bool is_nmt_space(uint32_t code)
{
	switch (code) {
	case 0x09:
	case 0x0A:
	case 0x0C:
	case 0x0D:
	case 0x1680:
	case 0x2028:
	case 0x2029:
	case 0x2581:
	case 0xFEFF:
	case 0xFFFD:
		return true;
	default:
		return code >= 0x200B && code <= 0x200F;
	}
}

enum tok_status norm_run_nmt(const struct norm_pass *pass, struct norm_edit *edit,
			     struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)pass, (void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	while (edit->at < text.count) {
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_nmt_removed(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_char(edit, is_nmt_space(c.code) ? ' ' : c.code, 0);
	}
	return TOK_OK;
}

/* The reference asks for marks of Unicode 9.0.  Since then U+1CF2 and U+1CF3
 * became letters and U+111C9 became a mark. */
static bool is_mark(uint32_t code)
{
	if (code < 0x300 || code == 0x111C9)
		return false;
	if (code == 0x1CF2 || code == 0x1CF3)
		return true;
	return tok_unicode_in(code, TOK_MARKS) && norm_unicode_has(code, 9);
}

enum tok_status norm_run_strip_accents(const struct norm_pass *pass, struct norm_edit *edit,
				       struct tok_norm_scratch *scratch, struct tok_error *err)
{
	(void)pass, (void)scratch, (void)err;
	const struct tok_span text = tok_text_span(edit->from);
	while (edit->at < text.count) {
		norm_edit_keep(edit, norm_skip_ascii(text, edit->at));
		if (edit->at == text.count)
			break;
		const struct tok_char c = tok_utf8_at(text, edit->at);
		if (is_mark(c.code))
			norm_edit_drop(edit, edit->at + c.length);
		else
			norm_edit_keep(edit, edit->at + c.length);
	}
	return TOK_OK;
}
