/*
 * Skipping what a pass keeps.  Most bytes need no look at the table: a byte that
 * no doubtful character begins with is sure, or the tail of a character whose
 * first byte has been looked at, so whole blocks are passed over byte by byte.
 */
#include "tok/text/normalize_internal.h"

enum { BLOCK = 64 };

/* Is every byte of a block below `limit`?  Written to be vectorised. */
static bool is_low_block(const uint8_t *bytes, uint8_t limit)
{
	uint8_t high = 0;
	for (size_t i = 0; i < BLOCK; i++)
		high |= bytes[i] >= limit;
	return !high;
}

size_t norm_skip_sure(const struct norm_sure *sure, struct tok_span text, size_t at)
{
	while (at < text.count) {
		size_t end = text.count;
		if (end - at >= BLOCK) {
			end = at + BLOCK;
			if (is_low_block(text.bytes + at, sure->lowest)) {
				at = end;
				continue;
			}
		}
		for (; at < end; at++)
			if (sure->asks[text.bytes[at]] && !norm_is_sure_at(sure, text, at))
				return at;
	}
	return at;
}

/* What is simple between `at` and `end`; returns how far that went. */
static size_t map_sure(const struct norm_quick *quick, struct tok_span text, size_t at, size_t end,
		       uint8_t **to)
{
	uint8_t *out = *to;
	while (at < end) {
		size_t stop = end;
		if (end - at >= NORM_QUICK_BLOCK) {
			stop = at + NORM_QUICK_BLOCK;
			if (quick->map_block(text.bytes + at, out)) {
				at = stop;
				out += NORM_QUICK_BLOCK;
				continue;
			}
		}
		for (; at < stop; at++) {
			const uint8_t byte = text.bytes[at];
			if (byte < 0x80) {
				*out = quick->ascii->entries[byte].bytes[0];
				out += quick->ascii->entries[byte].count;
			} else if (!quick->sure->asks[byte] ||
				   norm_is_sure_at(quick->sure, text, at)) {
				*out++ = byte;
			} else {
				*to = out;
				return at;
			}
		}
	}
	*to = out;
	return at;
}

void norm_edit_quick(struct norm_edit *edit, const struct norm_quick *quick)
{
	enum { CHUNK = 1 << 14 };
	const struct tok_span text = tok_text_span(edit->from);

	if (edit->run == 0 && edit->to->count == 0)
		norm_edit_keep(edit, norm_skip_sure(quick->sure, text, edit->at));
	if (edit->at == text.count)
		return;
	norm_edit_flush(edit);
	while (edit->at < text.count && !edit->failed) {
		const size_t end = text.count - edit->at < CHUNK ? text.count : edit->at + CHUNK;
		uint8_t *out = tok_text_room(edit->to, end - edit->at);
		if (!out) {
			edit->failed = true;
			break;
		}
		edit->at = map_sure(quick, text, edit->at, end, &out);
		edit->to->count = (size_t)(out - edit->to->bytes);
		if (edit->at < end)
			break;
	}
	edit->run = edit->at;
}
