/* automaton_read.c - characters, escapes and classes of an expression, as sets. */
#include <stdlib.h>

#include "tok/bytes/automaton_internal.h"

enum tok_status automaton_complain(const struct automaton_reader *r, size_t at, const char *what)
{
	return tok_fail(r->err, TOK_EFORMAT, "the expression, byte %zu: %s", at, what);
}

bool automaton_takes(struct automaton_reader *r, const char *what)
{
	if (!tok_span_starts(tok_span_slice(r->text, r->at, r->text.count), tok_span_of(what)))
		return false;
	r->at += strlen(what);
	return true;
}

/* ---- characters ----------------------------------------------------------------------- */

/* What an escape or a character stands for: one, or a set that was added. */
struct meant {
	bool is_set, is_byte; /* is_byte: it was written as one */
	uint32_t code;
};

static int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	const uint8_t lower = c | 0x20;
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum tok_status read_hex_byte(struct automaton_reader *r, size_t at, struct meant *out)
{
	const int high = r->at + 1 < r->text.count ? digit_of(r->text.bytes[r->at]) : -1,
		  low = high >= 0 ? digit_of(r->text.bytes[r->at + 1]) : -1;
	if (low < 0)
		return automaton_complain(r, at, "a byte is \\x and two digits");
	const uint32_t byte = (uint32_t)high << 4 | (uint32_t)low;
	r->at += 2;
	*out = (struct meant){ false, true, byte < 0x80 ? byte : TOK_BAD_BYTE + byte };
	return TOK_OK;
}

static enum tok_status read_hex_character(struct automaton_reader *r, size_t at, struct meant *out)
{
	uint32_t code = 0;
	size_t digits = 0;
	bool good = automaton_takes(r, "{");
	while (good && !automaton_is_at_end(r) && !automaton_takes(r, "}")) {
		const int digit = digit_of(r->text.bytes[r->at++]);
		good = digit >= 0 && ++digits <= 6;
		code = code << 4 | (uint32_t)(digit & 15);
	}
	good = good && digits > 0 && r->text.bytes[r->at - 1] == '}';
	if (!good || code >= TOK_BAD_BYTE || (code >= 0xD800 && code < 0xE000))
		return automaton_complain(
		    r, at, "a character is \\u{ with up to six digits }, no surrogate");
	*out = (struct meant){ .code = code };
	return TOK_OK;
}

/* \d \w \s and what they are not, added to the set. */
static enum tok_status add_named(struct automaton_reader *r, uint8_t name)
{
	static const struct {
		uint8_t name;
		size_t count;
		uint32_t ranges[4][2];
	} named[] = {
		{ 'd', 1, { { '0', '9' } } },
		{ 'w', 4, { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } } },
		{ 's', 2, { { '\t', '\r' }, { ' ', ' ' } } },
	};
	struct automaton_set set = { 0 };
	bool fits = true;
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
		for (size_t k = 0; named[i].name == (name | 0x20) && k < named[i].count; k++)
			fits = fits && automaton_set_add(&set, named[i].ranges[k][0],
							 named[i].ranges[k][1]);
	if (fits && !(name & 0x20))
		fits = automaton_set_complement(&set);
	for (size_t i = 0; fits && i < set.count; i++)
		fits = automaton_set_add(&r->set, set.ranges[i].begin, set.ranges[i].end - 1);
	free(set.ranges);
	return fits ? TOK_OK : tok_fail_memory(r->err);
}

static bool is_sign(uint8_t c)
{
	return c > ' ' && c < 0x7F && digit_of(c) < 0 && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Behind the backslash at `at`. */
static enum tok_status read_escape(struct automaton_reader *r, size_t at, struct meant *out)
{
	if (automaton_is_at_end(r))
		return automaton_complain(r, at, "nothing is behind the last '\\'");
	const uint8_t c = r->text.bytes[r->at++];
	*out = (struct meant){ .code = c };
	switch (c) {
	case 'n':
		out->code = '\n';
		return TOK_OK;
	case 'r':
		out->code = '\r';
		return TOK_OK;
	case 't':
		out->code = '\t';
		return TOK_OK;
	case 'x':
		return read_hex_byte(r, at, out);
	case 'u':
		return read_hex_character(r, at, out);
	case 'd':
	case 'D':
	case 'w':
	case 'W':
	case 's':
	case 'S':
		out->is_set = true;
		return add_named(r, c);
	default:
		break;
	}
	return is_sign(c) ? TOK_OK : automaton_complain(r, at, "this escape is not known here");
}

/* An escape, or a character as it stands. */
static enum tok_status read_meant(struct automaton_reader *r, struct meant *out)
{
	const size_t at = r->at;
	if (automaton_takes(r, "\\"))
		return read_escape(r, at, out);
	const struct tok_char c = tok_utf8_at(r->text, at);
	if (c.code >= TOK_BAD_BYTE)
		return automaton_complain(r, at, "no UTF-8; a byte is \\x and two digits");
	r->at += c.length;
	*out = (struct meant){ .code = c.code };
	return TOK_OK;
}

/* ---- classes ------------------------------------------------------------------------------ */

/* From the first to the last: two characters, or two bytes. */
static enum tok_status add_range(struct automaton_reader *r, size_t at, struct meant first,
				 struct meant last)
{
	const bool bytes = first.is_byte && last.is_byte;
	const bool mixed = !bytes && (first.code >= TOK_BAD_BYTE || last.code >= TOK_BAD_BYTE);
	if (first.is_set || last.is_set || mixed)
		return automaton_complain(
		    r, at,
		    "a range is from a character to a character, or from a byte "
		    "to a byte");
	if (last.code < first.code)
		return automaton_complain(r, at, "a range that ends before it begins");
	bool fits = true;
	if (first.code < TOK_BAD_BYTE && last.code >= TOK_BAD_BYTE) {
		fits = automaton_set_add(&r->set, first.code, 0x7F);
		first.code = TOK_BAD_BYTE + 0x80;
	}
	fits = fits && automaton_set_add(&r->set, first.code, last.code);
	return fits ? TOK_OK : tok_fail_memory(r->err);
}

static enum tok_status read_item(struct automaton_reader *r)
{
	struct meant first, last;
	const size_t at = r->at;
	if (automaton_takes(r, "[:"))
		return automaton_complain(r, at,
					  "named classes are not known here; a bracket is \\[");
	enum tok_status status = read_meant(r, &first);
	if (status != TOK_OK)
		return status;
	const bool range = r->at + 1 < r->text.count && r->text.bytes[r->at] == '-' &&
			   r->text.bytes[r->at + 1] != ']';
	if (!range && first.is_set)
		return TOK_OK;
	last = first;
	if (range) {
		r->at++;
		status = read_meant(r, &last);
	}
	return status == TOK_OK ? add_range(r, at, first, last) : status;
}

enum tok_status automaton_read_class(struct automaton_reader *r, size_t at)
{
	const bool negated = automaton_takes(r, "^");
	enum tok_status status = TOK_OK;
	while (status == TOK_OK && !automaton_is_at_end(r) && r->text.bytes[r->at] != ']')
		status = read_item(r);
	if (status != TOK_OK)
		return status;
	if (automaton_is_at_end(r))
		return automaton_complain(r, at, "this '[' has no end");
	if (r->set.count == 0)
		return automaton_complain(r, at, "an empty class; a bracket is \\]");
	r->at++;
	automaton_set_tidy(&r->set);
	if (negated && r->set.ranges[r->set.count - 1].end > TOK_BAD_BYTE)
		return automaton_complain(r, at,
					  "bytes that are no character, in a class of what is not");
	if (negated && !automaton_set_complement(&r->set))
		return tok_fail_memory(r->err);
	return TOK_OK;
}

enum tok_status automaton_read_one(struct automaton_reader *r)
{
	struct meant one;
	const enum tok_status status = read_meant(r, &one);
	if (status == TOK_OK && !one.is_set && !automaton_set_add(&r->set, one.code, one.code))
		return tok_fail_memory(r->err);
	automaton_set_tidy(&r->set);
	return status;
}
