#include "tok/text/grapheme.h"

#include "tok/text/normalize_internal.h"
#include "tok/text/utf8.h"

static bool is_regional(uint32_t code)
{
	return code >= 0x1F1E6 && code <= 0x1F1FF;
}

/* Normalising leaves the two letters of a flag apart: see norm_grapheme.c. */
size_t tok_grapheme_end(struct tok_span text, size_t begin)
{
	const size_t end = norm_grapheme_end(text, begin);
	if (end < text.count && is_regional(tok_utf8_before(text, end).code) &&
	    is_regional(tok_utf8_at(text, end).code))
		return norm_grapheme_end(text, end);
	return end;
}
