/* items_parse.c - what a model meant. */
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"
#include "vocab/audit/items.h"

/* ---- texts ---------------------------------------------------------------------- */

static struct tok_span trim(struct tok_span text)
{
	size_t begin = 0, end = text.count;
	while (begin < end && tok_unicode_space(tok_utf8_at(text, begin).code))
		begin += tok_utf8_at(text, begin).length;
	while (end > begin && tok_unicode_space(tok_utf8_before(text, end).code))
		end -= tok_utf8_before(text, end).length;
	return tok_span_slice(text, begin, end);
}

/* Where `what` begins at or behind `from`; text.count if nowhere. */
static size_t find(struct tok_span text, size_t from, struct tok_span what)
{
	for (size_t at = from; at + what.count <= text.count; at++)
		if (memcmp(text.bytes + at, what.bytes, what.count) == 0)
			return at;
	return text.count;
}

static size_t find_last_end(struct tok_span text, struct tok_span what)
{
	for (size_t end = text.count; end >= what.count; end--)
		if (memcmp(text.bytes + end - what.count, what.bytes, what.count) == 0)
			return end;
	return text.count + 1;
}

static bool take_between(struct tok_span text, size_t begin, struct tok_span close,
			 struct tok_span *out)
{
	const size_t end = find(text, begin, close);
	if (end >= text.count)
		return false;
	*out = tok_span_slice(text, begin, end);
	return true;
}

static bool take_quoted(struct tok_span text, struct tok_span *out)
{
	const struct tok_span quote = tok_span_of("\"");
	const size_t answer = find_last_end(text, tok_span_of("Answer:"));
	if (answer <= text.count)
		text = tok_span_slice(text, answer, text.count);
	text = tok_span_slice(text, 0, find(text, 0, tok_span_of("</s>")));
	const size_t open = find(text, 0, quote);
	return open < text.count && take_between(text, open + 1, quote, out);
}

static bool take_tagged(struct tok_span text, struct tok_span *out)
{
	const size_t begin = find_last_end(text, tok_span_of("<answer>"));
	return begin <= text.count && take_between(text, begin, tok_span_of("</answer>"), out);
}

/* ---- numbers -------------------------------------------------------------------- */

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_sign(uint8_t byte)
{
	return byte == '-' || byte == '+';
}

static bool read_number(struct tok_span text, int64_t *out)
{
	size_t at = text.count > 0 && is_sign(text.bytes[0]);
	const bool negative = at && text.bytes[0] == '-';
	int64_t number = 0;
	if (at == text.count)
		return false;
	for (; at < text.count; at++) {
		const int digit = text.bytes[at] - '0';
		if (!is_digit(text.bytes[at]) || number > (INT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*out = negative ? -number : number;
	return true;
}

/* A hyphen behind a letter or a digit is no sign: "word-3", "2-3". */
static size_t begin_of_number(struct tok_span text, size_t digits)
{
	if (digits == 0 || !is_sign(text.bytes[digits - 1]))
		return digits;
	if (digits > 1 && tok_unicode_word(tok_utf8_before(text, digits - 1).code))
		return digits;
	return digits - 1;
}

static bool take_first(struct tok_span text, struct tok_span *out)
{
	size_t begin = 0, end;
	while (begin < text.count && !is_digit(text.bytes[begin]))
		begin++;
	for (end = begin; end < text.count && is_digit(text.bytes[end]); end++)
		;
	*out = tok_span_slice(text, begin_of_number(text, begin), end);
	return begin < end;
}

static bool take_last(struct tok_span text, struct tok_span *out)
{
	size_t end = text.count, begin;
	while (end > 0 && !is_digit(text.bytes[end - 1]))
		end--;
	for (begin = end; begin > 0 && is_digit(text.bytes[begin - 1]); begin--)
		;
	*out = tok_span_slice(text, begin_of_number(text, begin), end);
	return begin < end;
}

bool vocab_parse(enum vocab_parser parser, struct tok_span output, bool is_number,
		 struct vocab_parsed *out)
{
	struct tok_span text = output;
	bool found = true;
	switch (parser) {
	case VOCAB_PARSE_STRICT:
		break;
	case VOCAB_PARSE_LAST:
		found = take_last(output, &text);
		break;
	case VOCAB_PARSE_FIRST:
		found = take_first(output, &text);
		break;
	case VOCAB_PARSE_QUOTED:
		found = take_quoted(output, &text);
		break;
	case VOCAB_PARSE_TAG:
		found = take_tagged(output, &text);
		break;
	}
	if (!found)
		return false;
	out->text = parser == VOCAB_PARSE_QUOTED && !is_number ? text : trim(text);
	out->number = 0;
	return is_number ? read_number(out->text, &out->number) : out->text.count > 0;
}
