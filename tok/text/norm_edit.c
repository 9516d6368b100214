#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

void norm_edit_flush(struct norm_edit *edit)
{
	if (edit->failed || edit->run == edit->at)
		return;
	if (!tok_text_copy(edit->to, edit->from, edit->run, edit->at))
		edit->failed = true;
	edit->run = edit->at;
}

void norm_edit_drop(struct norm_edit *edit, size_t position)
{
	if (position == edit->at)
		return;
	norm_edit_flush(edit);
	edit->run = edit->at = position;
}

void norm_edit_put(struct norm_edit *edit, struct tok_span bytes, struct tok_range origin)
{
	norm_edit_flush(edit);
	if (!edit->failed && !tok_text_put(edit->to, bytes.bytes, bytes.count, origin))
		edit->failed = true;
}

static void put_char(struct norm_edit *edit, uint32_t code, struct tok_range origin)
{
	uint8_t bytes[4];
	norm_edit_put(edit, (struct tok_span){ bytes, tok_utf8_put(code, bytes) }, origin);
}

struct tok_range norm_edit_before(const struct norm_edit *edit, size_t end)
{
	if (end == 0)
		return edit->start;
	const uint32_t length = tok_utf8_before(tok_text_span(edit->from), end).length;
	return tok_text_origin(edit->from, end - length, end);
}

/* Stand for the next character of `from`; there may be none left where the
 * reference takes more characters than there are. */
static void replace_char(struct norm_edit *edit, uint32_t code)
{
	if (edit->at >= edit->from->count) {
		put_char(edit, code, norm_edit_before(edit, edit->from->count));
		return;
	}
	const struct tok_char old = tok_utf8_at(tok_text_span(edit->from), edit->at);
	const size_t end = edit->at + old.length;
	if (old.code == code) {
		norm_edit_keep(edit, end);
		return;
	}
	put_char(edit, code, tok_text_origin(edit->from, edit->at, end));
	edit->run = edit->at = end;
}

void norm_edit_char(struct norm_edit *edit, uint32_t code, int change)
{
	if (change > 0) {
		norm_edit_flush(edit);
		put_char(edit, code, norm_edit_before(edit, edit->at));
		return;
	}
	replace_char(edit, code);

	size_t end = edit->at;
	for (; change < 0 && end < edit->from->count; change++)
		end += tok_utf8_at(tok_text_span(edit->from), end).length;
	norm_edit_drop(edit, end);
}

void norm_edit_map(struct norm_edit *edit, const struct tok_bytemap *map)
{
	const struct tok_span text = tok_text_span(edit->from);
	norm_edit_flush(edit);
	if (!edit->failed &&
	    !tok_bytemap_append(map, tok_span_slice(text, edit->at, text.count), edit->to))
		edit->failed = true;
	edit->run = edit->at = text.count;
}

bool norm_edit_finish(struct norm_edit *edit)
{
	const bool untouched = !edit->rewritten && edit->run == 0 && edit->to->count == 0 &&
			       edit->at == edit->from->count;
	if (untouched)
		return false;
	norm_edit_flush(edit);
	return true;
}
