/* regex_class.c - escapes, properties and bracket classes of a pattern. */
#include "tok/text/regex_internal.h"

#include "tok/text/utf8.h"

static int peek(const struct tok_pattern *p, size_t ahead)
{
	return p->at + ahead < p->text.count ? p->text.bytes[p->at + ahead] : -1;
}

static int hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Up to `most` hexadecimal digits, or as many as there are up to '}'. */
static enum tok_status read_hex(struct tok_pattern *p, unsigned most, uint32_t *code)
{
	const bool braced = peek(p, 0) == '{';
	unsigned digits = 0;
	*code = 0;
	p->at += braced;
	for (; hex_value(peek(p, 0)) >= 0 && digits < (braced ? 8 : most); digits++, p->at++)
		*code = *code * 16 + (uint32_t)hex_value(peek(p, 0));
	if (digits == 0 || (braced && peek(p, 0) != '}') || *code >= TOK_BAD_BYTE ||
	    (*code >= 0xD800 && *code < 0xE000))
		return tok_pattern_fail(p, "a code point must be hexadecimal, up to 10ffff");
	p->at += braced;
	return TOK_OK;
}

enum tok_status tok_pattern_escape(struct tok_pattern *p, bool *found, uint32_t *code)
{
	static const struct {
		char name;
		uint8_t code;
	} plain[] = { { 't', '\t' }, { 'n', '\n' }, { 'r', '\r' }, { 'f', '\f' },
		      { 'v', '\v' }, { 'a', '\a' }, { 'e', 0x1B } };
	const int c = peek(p, 1);

	*found = true;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (c == plain[i].name) {
			*code = plain[i].code;
			p->at += 2;
			return TOK_OK;
		}
	if (c == 'x' || c == 'u' || c == 'U') {
		p->at += 2;
		return read_hex(p, c == 'x' ? 2 : c == 'u' ? 4 : 8, code);
	}
	if (c == '0') {
		p->at += 2;
		*code = 0;
		for (int n = 0; n < 2 && peek(p, 0) >= '0' && peek(p, 0) <= '7'; n++, p->at++)
			*code = *code * 8 + (uint32_t)(peek(p, 0) - '0');
		return TOK_OK;
	}
	if (c >= 0x80 ||
	    (c >= 0 && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9'))) {
		const struct tok_char literal = tok_utf8_at(p->text, p->at + 1);
		*code = literal.code;
		p->at += 1 + literal.length;
		return literal.code < TOK_BAD_BYTE ? TOK_OK
						   : tok_pattern_fail(p, "a pattern must be UTF-8");
	}
	*found = false;
	return TOK_OK;
}

static enum tok_status read_property(struct tok_pattern *p, struct tok_set *set)
{
	bool negated = peek(p, 1) == 'P';
	struct tok_span name;
	p->at += 2;
	if (peek(p, 0) == '{') {
		const size_t begin = p->at + 1;
		while (peek(p, 0) >= 0 && peek(p, 0) != '}')
			p->at++;
		if (peek(p, 0) < 0)
			return tok_pattern_fail(p, "'\\p{' needs a closing '}'");
		name = tok_span_slice(p->text, begin, p->at++);
	} else {
		if (peek(p, 0) < 0)
			return tok_pattern_fail(p, "'\\p' needs the name of a property");
		name = tok_span_slice(p->text, p->at, p->at + 1);
		p->at++;
	}
	if (name.count && name.bytes[0] == '^') {
		negated = !negated;
		name = tok_span_slice(name, 1, name.count);
	}
	for (size_t i = 0; i < name.count; i++) /* General_Category=L, sc=Han */
		if (name.bytes[i] == '=' || name.bytes[i] == ':') {
			name = tok_span_slice(name, i + 1, name.count);
			break;
		}
	struct tok_set own = { 0 };
	const bool known = tok_set_add_property(&own, name);
	if (negated)
		tok_set_complement(&own);
	tok_set_unite(set, &own);
	tok_set_release(&own);
	return known ? TOK_OK : tok_pattern_fail(p, "there is no such property");
}

enum tok_status tok_pattern_class_escape(struct tok_pattern *p, bool *found, struct tok_set *set)
{
	static const struct {
		char name;
		enum tok_shorthand what;
	} shorthands[] = { { 's', TOK_SET_SPACE },
			   { 'd', TOK_SET_DIGIT },
			   { 'w', TOK_SET_WORD },
			   { 'h', TOK_SET_HEX } };
	const int c = peek(p, 1);

	*found = true;
	if (c == 'p' || c == 'P')
		return read_property(p, set);
	for (size_t i = 0; i < sizeof shorthands / sizeof shorthands[0]; i++) {
		const char name = shorthands[i].name;
		if (c != name && c != name - 0x20)
			continue;
		struct tok_set own = { 0 };
		tok_set_add_shorthand(&own, shorthands[i].what, p->dialect);
		if (c != name)
			tok_set_complement(&own);
		tok_set_unite(set, &own);
		tok_set_release(&own);
		p->at += 2;
		return TOK_OK;
	}
	*found = false;
	return TOK_OK;
}

/* ---- brackets ------------------------------------------------------------- */

static enum tok_status read_class(struct tok_pattern *p, struct tok_set *set, bool *negated);

/* A nested class: its set, complement taken. */
static enum tok_status read_nested(struct tok_pattern *p, struct tok_set *set)
{
	struct tok_set own = { 0 };
	bool negated = false;
	if (++p->depth > TOK_REGEX_DEPTH)
		return tok_pattern_fail(p, "nested too deeply");
	const enum tok_status status = read_class(p, &own, &negated);
	p->depth--;
	if (negated)
		tok_set_complement(&own);
	tok_set_unite(set, &own);
	tok_set_release(&own);
	return status;
}

/* "[:alpha:]" with p->at at '['; *found false if it is none. */
static enum tok_status read_posix(struct tok_pattern *p, bool *found, struct tok_set *set)
{
	const bool negated = peek(p, 2) == '^';
	size_t end = p->at + 2 + negated;
	while (end < p->text.count && (p->text.bytes[end] | 0x20) >= 'a' &&
	       (p->text.bytes[end] | 0x20) <= 'z')
		end++;
	*found =
	    end + 1 < p->text.count && p->text.bytes[end] == ':' && p->text.bytes[end + 1] == ']';
	if (!*found)
		return TOK_OK;
	struct tok_set own = { 0 };
	const bool known =
	    tok_set_add_posix(&own, tok_span_slice(p->text, p->at + 2 + negated, end), p->dialect);
	if (negated)
		tok_set_complement(&own);
	tok_set_unite(set, &own);
	tok_set_release(&own);
	if (!known)
		return tok_pattern_fail(p, "there is no such POSIX class");
	p->at = end + 2;
	return TOK_OK;
}

/* One character of a class, as an end of a range.  *single false where it was
 * a set (\s, [:alpha:], a nested class), which went into `set`. */
static enum tok_status read_member(struct tok_pattern *p, struct tok_set *set, bool *single,
				   uint32_t *code)
{
	bool found = false;
	*single = false;
	if (peek(p, 0) == '[') {
		if (peek(p, 1) == ':') {
			const enum tok_status status = read_posix(p, &found, set);
			if (status != TOK_OK || found)
				return status;
		}
		return read_nested(p, set);
	}
	if (peek(p, 0) == '\\') {
		enum tok_status status = tok_pattern_class_escape(p, &found, set);
		if (status != TOK_OK || found)
			return status;
		*single = true;
		if (peek(p, 1) == 'b') {
			*code = '\b';
			p->at += 2;
			return TOK_OK;
		}
		status = tok_pattern_escape(p, &found, code);
		if (status == TOK_OK && !found)
			status = tok_pattern_fail(p, "unknown escape in a class");
		return status;
	}
	const struct tok_char c = tok_utf8_at(p->text, p->at);
	*single = true;
	*code = c.code;
	p->at += c.length;
	return c.code < TOK_BAD_BYTE ? TOK_OK : tok_pattern_fail(p, "a pattern must be UTF-8");
}

static enum tok_status read_range(struct tok_pattern *p, struct tok_set *set)
{
	uint32_t first, last;
	bool single;
	enum tok_status status = read_member(p, set, &single, &first);
	if (status != TOK_OK || !single)
		return status;
	const int next = peek(p, 1);
	if (peek(p, 0) != '-' || next == ']' || next < 0 || (next == '&' && peek(p, 2) == '&')) {
		tok_set_add(set, first, first);
		return TOK_OK;
	}
	p->at++;
	status = read_member(p, set, &single, &last);
	if (status != TOK_OK)
		return status;
	if (!single) { /* [a-\d]: three members */
		tok_set_add(set, first, first);
		tok_set_add(set, '-', '-');
		return TOK_OK;
	}
	if (last < first)
		return tok_pattern_fail(p, "a range must not run backwards");
	tok_set_add(set, first, last);
	return TOK_OK;
}

/* p->at at '['; leaves it behind ']'. */
static enum tok_status read_class(struct tok_pattern *p, struct tok_set *set, bool *negated)
{
	struct tok_set before = { 0 }; /* what stood in front of '&&' */
	bool intersects = false, first = true;
	enum tok_status status = TOK_OK;

	p->at++;
	*negated = peek(p, 0) == '^';
	p->at += *negated;
	for (; status == TOK_OK && !(peek(p, 0) == ']' && !first); first = false) {
		if (peek(p, 0) < 0) {
			status = tok_pattern_fail(p, "a class needs a closing ']'");
		} else if (peek(p, 0) == '&' && peek(p, 1) == '&') {
			p->at += 2;
			if (intersects)
				tok_set_intersect(&before, set);
			else
				tok_set_unite(&before, set);
			intersects = true;
			tok_set_release(set);
		} else {
			status = read_range(p, set);
		}
	}
	if (status == TOK_OK)
		p->at++;
	if (intersects)
		tok_set_intersect(set, &before);
	tok_set_tidy(set);
	tok_set_release(&before);
	return status;
}

enum tok_status tok_pattern_bracket(struct tok_pattern *p)
{
	struct tok_set set = { 0 };
	bool negated = false;
	enum tok_status status = read_class(p, &set, &negated);
	if (status == TOK_OK && !tok_set_write(&set, negated, &p->out))
		status = tok_fail_memory(p->err);
	tok_set_release(&set);
	return status;
}
