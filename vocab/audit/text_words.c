/* text_words.c - the words of a line: between White_Space, as ICU sees them, or characters. */
#include <unicode/utext.h>

#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/text_internal.h"

struct splitting {
	struct tok_span line;
	vocab_audit_word_sink *sink;
	void *context;
	bool begun; /* there was a word */
};

static bool give(struct splitting *s, size_t begin, size_t end, bool behind_space)
{
	const bool spaced = behind_space && s->begun;
	s->begun = true;
	return s->sink(s->context, tok_span_slice(s->line, begin, end), spaced);
}

/* Bytes of the White_Space at `at`; 0: it is none. */
static size_t space_at(struct tok_span line, size_t at)
{
	const uint8_t byte = line.bytes[at];
	if (byte < 0x80)
		return byte == ' ' || (byte >= '\t' && byte <= '\r');
	/* U+0085 and U+00A0; U+1680; U+2000 and on; U+3000. */
	if (byte != 0xC2 && byte != 0xE1 && byte != 0xE2 && byte != 0xE3)
		return 0;
	const struct tok_char c = tok_utf8_at(line, at);
	return tok_unicode_space(c.code) ? c.length : 0;
}

/* A byte inside a character is no lead byte of White_Space, so bytes are gone through. */
static bool split_whitespace(struct splitting *s)
{
	const size_t count = s->line.count;
	size_t at = 0;
	for (;;) {
		size_t space;
		while (at < count && (space = space_at(s->line, at)) > 0)
			at += space;
		if (at == count)
			return true;
		const size_t begin = at++;
		while (at < count && space_at(s->line, at) == 0)
			at++;
		if (!give(s, begin, at, true))
			return false;
	}
}

static bool split_characters(struct splitting *s)
{
	bool behind_space = false;
	for (size_t at = 0; at < s->line.count;) {
		const struct tok_char c = tok_utf8_at(s->line, at);
		const bool space = tok_unicode_space(c.code);
		if (!space && !give(s, at, at + c.length, behind_space))
			return false;
		behind_space = space;
		at += c.length;
	}
	return true;
}

static bool ends_in_space(struct tok_span text)
{
	return text.count > 0 && tok_unicode_space(tok_utf8_before(text, text.count).code);
}

/* ICU reads UTF-8 where it lies, and counts in its bytes; what is no UTF-8 is U+FFFD to it. */
static bool split_uax29(struct splitting *s, UBreakIterator **breaks)
{
	UErrorCode error = U_ZERO_ERROR;
	UText text = UTEXT_INITIALIZER;
	if (!*breaks)
		*breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &error);
	utext_openUTF8(&text, (const char *)s->line.bytes, (int64_t)s->line.count, &error);
	ubrk_setUText(*breaks, &text, &error);
	bool ok = U_SUCCESS(error);
	size_t begin = 0;
	int32_t next = ok ? ubrk_first(*breaks) : UBRK_DONE;
	while (ok && (next = ubrk_next(*breaks)) != UBRK_DONE) {
		const size_t end = (size_t)next;
		if (ubrk_getRuleStatus(*breaks) >= UBRK_WORD_NONE_LIMIT)
			ok = give(s, begin, end, ends_in_space(tok_span_slice(s->line, 0, begin)));
		begin = end;
	}
	utext_close(&text);
	return ok;
}

bool vocab_audit_split(enum vocab_audit_words words, struct tok_span line, UBreakIterator **breaks,
		       vocab_audit_word_sink *sink, void *context)
{
	struct splitting s = { line, sink, context, false };
	if (line.count == 0)
		return true;
	switch (words) {
	case VOCAB_AUDIT_WORDS_WHITESPACE:
		return split_whitespace(&s);
	case VOCAB_AUDIT_WORDS_UAX29:
		return split_uax29(&s, breaks);
	case VOCAB_AUDIT_WORDS_CODEPOINT:
		return split_characters(&s);
	}
	return true;
}
