/* byte_level_text.c - how the text of a token is written in the alphabet of bytes. */
#include "vocab/convert/byte_level_internal.h"

/* ---- writing --------------------------------------------------------------------------- */

enum tok_status level_find_script(struct level *l, struct vocab_spelling *out)
{
	const enum tok_status status = vocab_spelling_find(l->spec, out, l->err);
	l->report.was_byte_level = out->plain;
	return status;
}

bool level_write(struct level *l, const struct vocab_spelling *script, struct tok_span text,
		 struct tok_span *out)
{
	struct tok_buffer bytes = { 0 }, form = { 0 };
	bool done = vocab_spelling_read(script, text, &bytes) &&
		    tok_put_alphabet(&form, tok_buffer_span(&bytes));
	if (done) {
		*out = tok_arena_copy(&l->out->arena, tok_buffer_span(&form));
		done = out->bytes != NULL;
	}
	tok_buffer_release(&form);
	tok_buffer_release(&bytes);
	return done;
}

/* ---- white space in forms ----------------------------------------------------------------- */

const char *const level_whites[LEVEL_WHITES] = { "\u0109", "\u010A", "\u0120" };

size_t level_spaces(struct tok_span form)
{
	size_t count = 0;
	for (size_t i = 0; i + 1 < form.count; i++)
		for (size_t k = 0; k < LEVEL_WHITES; k++)
			count += memcmp(form.bytes + i, level_whites[k], 2) == 0;
	return count;
}

bool level_run(struct level *l, unsigned first, unsigned second, unsigned many,
	       struct tok_span *out)
{
	uint8_t *bytes = tok_arena_array(&l->out->arena, 2 + 2 * (size_t)many, 1);
	if (!bytes)
		return false;
	memcpy(bytes, level_whites[first], 2);
	for (unsigned i = 0; i < many; i++)
		memcpy(bytes + 2 + 2 * (size_t)i, level_whites[second], 2);
	*out = (struct tok_span){ bytes, 2 + 2 * (size_t)many };
	return true;
}
