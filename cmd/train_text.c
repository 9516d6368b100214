/* train_text.c - characters that were asked for, and text that may be a token. */
#include <stdlib.h>

#include "cmd/train_internal.h"
#include "tok/text/utf8.h"

uint32_t *train_characters(const char *text, size_t *count)
{
	const struct tok_span span = tok_span_of(text ? text : "");
	uint32_t *codes = calloc(span.count + 1, sizeof *codes);
	*count = 0;
	for (size_t at = 0; codes && at < span.count;) {
		const struct tok_char here = tok_utf8_at(span, at);
		codes[(*count)++] = here.code;
		at += here.length;
	}
	return codes;
}

/* What SentencePiece's split_digits calls one: those of ASCII, and full-width ones. */
static bool is_digit(uint32_t code)
{
	return (code >= '0' && code <= '9') || (code >= 0xFF10 && code <= 0xFF19);
}

static bool has_digit(struct tok_span text)
{
	for (size_t at = 0; at < text.count;) {
		const struct tok_char here = tok_utf8_at(text, at);
		if (is_digit(here.code))
			return true;
		at += here.length;
	}
	return false;
}

bool train_text_allowed(void *context, struct tok_span text)
{
	const struct train_texts *texts = context;
	const struct tok_spec *spec = texts->spec;
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, text))
			return false;
	if (texts->no_nul && memchr(text.bytes, 0, text.count))
		return false;
	return !texts->split_digits || tok_utf8_at(text, 0).length == text.count ||
	       !has_digit(text);
}
