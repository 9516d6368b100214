/* train_text.c - characters that were asked for, and text that may be a token. */
#include <stdlib.h>

#include "cmd/train_internal.h"
#include "tok/text/utf8.h"
#include "vocab/train/super.h"

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

static bool is_byte_name(struct tok_span text)
{
	return text.count == 6 && tok_span_starts(text, tok_span_of("<0x")) && text.bytes[5] == '>';
}

bool train_text_allowed(void *context, struct tok_span text)
{
	const struct train_rules *rules = context;
	const struct tok_spec *spec = rules->spec;
	for (size_t i = 0; i < spec->added_count; i++)
		if (tok_span_equal(spec->added[i].content, text))
			return false;
	if ((rules->no_nul && memchr(text.bytes, 0, text.count)) ||
	    (rules->no_byte_names && is_byte_name(text)) ||
	    (rules->filter && !vocab_super_allows(rules->filter, text)))
		return false;
	return !rules->split_digits || tok_utf8_at(text, 0).length == text.count ||
	       !has_digit(text);
}
