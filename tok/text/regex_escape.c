/* regex_escape.c - what a backslash means in either dialect. */
#include "tok/text/regex_internal.h"

#include <stdio.h>

#include "tok/text/utf8.h"

#define NEWLINES "[\\x{a}-\\x{d}\\x{85}\\x{2028}\\x{2029}]"

/* ---- one character -------------------------------------------------------- */

static int digit_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 99;
}

/* At most `most` digits.  Returns how many there were. */
static unsigned read_digits(struct tok_pattern *p, unsigned base, unsigned most, uint32_t *value)
{
	unsigned digits = 0;
	*value = 0;
	for (; digits < most && digit_value(tok_pattern_peek(p, 0)) < (int)base; digits++)
		*value = *value * base + (uint32_t)digit_value(p->text.bytes[p->at++]);
	return digits;
}

/* "{...}" of digits. */
static enum tok_status read_braced(struct tok_pattern *p, unsigned base, uint32_t *code)
{
	p->at++;
	if (read_digits(p, base, base == 8 ? 10 : 8, code) == 0 || tok_pattern_peek(p, 0) != '}')
		return tok_pattern_fail(p, "one code point and '}' should be here");
	p->at++;
	return TOK_OK;
}

/* "\xHH" or "\nnn": Oniguruma takes it for a byte. */
static bool read_byte_escape(struct tok_pattern *p, uint32_t *byte)
{
	if (tok_pattern_peek(p, 0) != '\\')
		return false;
	const int c = tok_pattern_peek(p, 1);
	if (c == 'x' && tok_pattern_peek(p, 2) != '{') {
		p->at += 2;
		read_digits(p, 16, 2, byte);
		return true;
	}
	if (c >= '0' && c <= '7') {
		p->at += 1;
		read_digits(p, 8, 3, byte);
		return true;
	}
	return false;
}

/* Bytes above 127 stand for characters only together. */
static enum tok_status read_bytes(struct tok_pattern *p, uint32_t *code)
{
	uint8_t bytes[4];
	size_t count = 0, next = p->at;
	while (count < sizeof bytes) {
		uint32_t byte;
		if (!read_byte_escape(p, &byte) || byte > 0xFF)
			break;
		bytes[count++] = (uint8_t)byte;
		if (byte < 0x80)
			break;
		next = p->at;
		const struct tok_char c = tok_utf8_at((struct tok_span){ bytes, count }, 0);
		if (c.length == count && c.code < TOK_BAD_BYTE)
			break;
	}
	const struct tok_char c =
	    count ? tok_utf8_at((struct tok_span){ bytes, count }, 0) : (struct tok_char){ 0 };
	if (c.length != count || c.code >= TOK_BAD_BYTE) {
		p->at = next;
		return tok_pattern_fail(p, "these bytes are no character in UTF-8");
	}
	*code = c.code;
	return TOK_OK;
}

static enum tok_status read_ruby(struct tok_pattern *p, uint32_t *code)
{
	const bool last = tok_pattern_peek(p, 2) < 0;
	const int c = last && tok_pattern_peek(p, 1) > '7' ? 0 : tok_pattern_peek(p, 1);
	if ((c == 'x' && tok_pattern_peek(p, 2) != '{') || (c >= '0' && c <= '7'))
		return read_bytes(p, code);
	if (c == 'x' || (c == 'o' && tok_pattern_peek(p, 2) == '{')) {
		p->at += 2;
		return read_braced(p, c == 'x' ? 16 : 8, code);
	}
	if (c == 'u') {
		p->at += 2;
		return read_digits(p, 16, 4, code) == 4
			   ? TOK_OK
			   : tok_pattern_fail(p, "'\\u' needs four hexadecimal digits");
	}
	if (c == 'M' && tok_pattern_peek(p, 2) == '-')
		return tok_pattern_fail(p, "'\\M-' is not supported");
	const bool control = c == 'c' || (c == 'C' && tok_pattern_peek(p, 2) == '-');
	if (control) {
		p->at += c == 'c' ? 2 : 3;
		const int key = tok_pattern_peek(p, 0);
		if (key < 0x20 || key > 0x7E || key == '\\')
			return tok_pattern_fail(p, "a control character needs its letter here");
		*code = key == '?' ? 0x7F : (uint32_t)key & 0x9F;
		p->at++;
		return TOK_OK;
	}
	const struct tok_char literal = tok_utf8_at(p->text, p->at + 1);
	*code = literal.code;
	p->at += 1 + literal.length;
	return TOK_OK;
}

static enum tok_status read_rust(struct tok_pattern *p, uint32_t *code)
{
	const int c = tok_pattern_peek(p, 1);
	const unsigned digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (digits) {
		p->at += 2;
		if (tok_pattern_peek(p, 0) == '{')
			return read_braced(p, 16, code);
		return read_digits(p, 16, digits, code) == digits
			   ? TOK_OK
			   : tok_pattern_fail(p, "hexadecimal digits are missing here");
	}
	if (((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9'))
		return tok_pattern_fail(p, "unknown escape");
	const struct tok_char literal = tok_utf8_at(p->text, p->at + 1);
	*code = literal.code;
	p->at += 1 + literal.length;
	return TOK_OK;
}

enum tok_status tok_pattern_read_code(struct tok_pattern *p, uint32_t *code)
{
	static const struct {
		char name;
		uint8_t code;
	} plain[] = { { 't', '\t' }, { 'n', '\n' }, { 'r', '\r' }, { 'f', '\f' },
		      { 'v', '\v' }, { 'a', '\a' }, { 'e', 0x1B } };
	const int c = tok_pattern_peek(p, 1);
	if (c < 0)
		return tok_pattern_fail(p, "a pattern must not end in '\\'");
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (c == plain[i].name) {
			*code = plain[i].code;
			p->at += 2;
			return TOK_OK;
		}
	const enum tok_status status =
	    tok_pattern_is_ruby(p) ? read_ruby(p, code) : read_rust(p, code);
	if (status == TOK_OK && (*code >= TOK_BAD_BYTE || (*code >= 0xD800 && *code < 0xE000)))
		return tok_pattern_fail(p, "there is no such code point");
	return status;
}

/* ---- a set ---------------------------------------------------------------- */

static void add_maybe_negated(struct tok_set *set, struct tok_set *own, bool negated)
{
	if (negated)
		tok_set_complement(own);
	tok_set_unite(set, own);
	tok_set_release(own);
}

/* "\p{^gc=Lu}" */
static enum tok_status read_property(struct tok_pattern *p, struct tok_set *set)
{
	bool negated = tok_pattern_peek(p, 1) == 'P';
	struct tok_span name;
	p->at += 2;
	const size_t begin = p->at;
	if (tok_pattern_peek(p, 0) == '{') {
		while (tok_pattern_peek(p, 0) >= 0 && tok_pattern_peek(p, 0) != '}')
			p->at++;
		if (tok_pattern_peek(p, 0) < 0)
			return tok_pattern_fail(p, "'\\p{' needs a closing '}'");
		name = tok_span_slice(p->text, begin + 1, p->at++);
	} else {
		if (tok_pattern_peek(p, 0) < 0)
			return tok_pattern_fail(p, "'\\p' needs the name of a property");
		name = tok_span_slice(p->text, begin, ++p->at);
	}
	if (name.count && name.bytes[0] == '^') {
		negated = !negated;
		name = tok_span_slice(name, 1, name.count);
	}
	for (size_t i = 0; i < name.count && !tok_pattern_is_ruby(p); i++)
		if (name.bytes[i] == '=' || name.bytes[i] == ':') {
			name = tok_span_slice(name, i + 1, name.count);
			break;
		}
	struct tok_set own = { 0 };
	const bool known = tok_set_add_property(&own, name, p->dialect, p->class_depth > 0);
	if (p->flags.fold && !tok_pattern_is_ruby(p)) /* Oniguruma folds whole classes only */
		tok_set_fold(&own);
	add_maybe_negated(set, &own, negated);
	return known ? TOK_OK : tok_pattern_fail(p, "there is no such property");
}

enum tok_status tok_pattern_read_set(struct tok_pattern *p, bool *found, struct tok_set *set)
{
	static const struct {
		char name;
		enum tok_shorthand what;
	} shorthands[] = { { 's', TOK_SET_SPACE },
			   { 'd', TOK_SET_DIGIT },
			   { 'w', TOK_SET_WORD },
			   { 'h', TOK_SET_HEX } };
	const int c = tok_pattern_peek(p, 1);

	*found = true;
	if ((c == 'p' || c == 'P') && (!tok_pattern_is_ruby(p) || tok_pattern_peek(p, 2) == '{'))
		return read_property(p, set);
	for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++) {
		const char name = shorthands[i].name;
		if (c != name && c != name - 0x20)
			continue;
		struct tok_set own = { 0 };
		tok_set_add_shorthand(&own, shorthands[i].what, p->dialect, p->class_depth > 0);
		add_maybe_negated(set, &own, c != name);
		p->at += 2;
		return TOK_OK;
	}
	*found = false;
	return TOK_OK;
}

/* ---- outside a class ------------------------------------------------------ */

/* The word characters are ours, so boundaries between them are spelt out: W is
 * replaced by the class. */
static enum tok_status put_boundary(struct tok_pattern *p, const char *shape)
{
	struct tok_set word = { 0 };
	enum tok_status status = TOK_OK;
	p->front = tok_pattern_is_ruby(p) ? TOK_FRONT_NOTHING : TOK_FRONT_ATOM;
	p->atom = p->out.count;
	tok_set_add_shorthand(&word, TOK_SET_WORD, p->dialect, false);
	for (; status == TOK_OK && *shape; shape++) {
		const char text[] = { *shape, '\0' };
		status = *shape == 'W' ? tok_pattern_put_set(p, &word) : tok_pattern_put(p, text);
	}
	tok_set_release(&word);
	return status;
}

static enum tok_status translate_boundary(struct tok_pattern *p)
{
	static const struct {
		const char *name, *shape;
	} shapes[] = {
		{ "\\b{start}", "(?:(?<!W)(?=W))" }, { "\\b{end}", "(?:(?<=W)(?!W))" },
		{ "\\b{start-half}", "(?:(?<!W))" }, { "\\b{end-half}", "(?:(?!W))" },
		{ "\\<", "(?:(?<!W)(?=W))" },        { "\\>", "(?:(?<=W)(?!W))" },
	};
	const struct tok_span rest = tok_span_slice(p->text, p->at, p->text.count);
	for (size_t i = 0; !tok_pattern_is_ruby(p) && i < sizeof shapes / sizeof shapes[0]; i++)
		if (tok_span_starts(rest, tok_span_of(shapes[i].name))) {
			p->at += strlen(shapes[i].name);
			return put_boundary(p, shapes[i].shape);
		}
	const bool negated = tok_pattern_peek(p, 1) == 'B';
	p->at += 2;
	return put_boundary(p, negated ? "(?:(?<=W)(?=W)|(?<!W)(?!W))"
				       : "(?:(?<=W)(?!W)|(?<!W)(?=W))");
}

/* "<name>", "'name'" or "{name}" at p->at, behind \k or \g. */
static enum tok_status translate_reference(struct tok_pattern *p, bool call)
{
	const int open = tok_pattern_peek(p, 2);
	const int close = open == '<' ? '>' : open == '\'' ? '\'' : -1;
	size_t end = p->at += 3;
	while (close >= 0 && end < p->text.count && p->text.bytes[end] != close)
		end++;
	if (close < 0 || end >= p->text.count)
		return tok_pattern_fail(p, "a reference needs a name in '<' and '>'");
	const struct tok_span name = tok_span_slice(p->text, p->at, end);
	bool number = name.count > 0;
	for (size_t i = 0; i < name.count; i++) {
		const uint8_t c = name.bytes[i];
		const bool digit = c >= '0' && c <= '9';
		number = number && (digit || (i == 0 && (c == '-' || c == '+')));
		if (!digit && c != '_' && c != '-' && c != '+' &&
		    !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return tok_pattern_fail(p, "such a reference is not supported");
	}
	p->at = end + 1;
	enum tok_status status = tok_pattern_put(p, call ? "\\g<" : number ? "\\g{" : "\\k{");
	if (status == TOK_OK && !tok_buffer_add(&p->out, name.bytes, name.count))
		status = tok_fail_memory(p->err);
	return status == TOK_OK ? tok_pattern_put(p, call ? ">" : "}") : status;
}

/* \1 and the like; more digits are octal where there are not so many groups. */
static enum tok_status translate_number(struct tok_pattern *p)
{
	const size_t begin = p->at;
	uint32_t number;
	char text[24];
	p->at++;
	read_digits(p, 10, 3, &number);
	if (number > 9 && number > p->captures && tok_pattern_is_ruby(p)) {
		uint32_t code;
		p->at = begin;
		const enum tok_status status = tok_pattern_read_code(p, &code);
		return status == TOK_OK ? tok_pattern_literal(p, code) : status;
	}
	if (p->named)
		return tok_pattern_fail(p, "groups with names are not called by number");
	p->front = TOK_FRONT_ATOM;
	p->atom = p->out.count;
	snprintf(text, sizeof text, p->flags.fold ? "(?i:\\g{%u})" : "\\g{%u}", number);
	return tok_pattern_put(p, text);
}

enum tok_status tok_pattern_escape(struct tok_pattern *p)
{
	static const struct {
		char name;
		const char *ruby, *rust; /* NULL: not an escape of its own */
		bool repeats;
	} plain[] = {
		{ 'A', "\\A", "(?:\\A)", false },
		{ 'z', "\\z", "(?:\\z)", false },
		{ 'Z', "\\Z", "(?:(?=\\x{a}*\\z))", false },
		{ 'G', "\\G", "\\G", false },
		{ 'K', "\\K", "\\K", false },
		{ 'O', "(?s:.)", "(?s:.)", true },
		{ 'N', "[^\\x{a}]", "[^\\x{a}]", true },
		{ 'R', "(?>\\x{d}\\x{a}|" NEWLINES ")", "(?>\\x{d}\\x{a}|" NEWLINES ")", true },
	};
	const int c = tok_pattern_peek(p, 1);
	const bool ruby = tok_pattern_is_ruby(p);
	struct tok_set set = { 0 };
	enum tok_status status = TOK_OK;
	bool found = false;

	if (c > 0 && strchr("pPsSdDwWhHAzZGKONRbBkgXyY<>123456789", c)) /* mostly no literal */
		status = tok_pattern_flush(p);
	if (status == TOK_OK)
		status = tok_pattern_read_set(p, &found, &set);
	if (status == TOK_OK && found) {
		p->front = TOK_FRONT_ATOM;
		p->atom = p->out.count;
		status = tok_pattern_put_set(p, &set);
	}
	tok_set_release(&set);
	if (status != TOK_OK || found)
		return status;

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (c == plain[i].name) {
			p->at += 2;
			p->atom = p->out.count;
			p->front = plain[i].repeats || (!ruby && plain[i].rust[0] == '(')
				       ? TOK_FRONT_ATOM
				       : TOK_FRONT_NOTHING;
			return tok_pattern_put(p, ruby ? plain[i].ruby : plain[i].rust);
		}
	if (c == 'b' || c == 'B' || (!ruby && (c == '<' || c == '>')))
		return translate_boundary(p);
	if (c >= '1' && c <= '9')
		return translate_number(p);
	if (c == 'k' || c == 'g') {
		p->front = TOK_FRONT_ATOM;
		p->atom = p->out.count;
		return translate_reference(p, c == 'g');
	}
	if (ruby && (c == 'X' || c == 'y' || c == 'Y'))
		return tok_pattern_fail(p, "grapheme clusters are not supported");
	uint32_t code;
	status = tok_pattern_read_code(p, &code);
	return status == TOK_OK ? tok_pattern_literal(p, code) : status;
}
