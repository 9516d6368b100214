/*
 * regex_translate.c - from Oniguruma (Ruby syntax) or Rust patterns to PCRE2.
 *
 * What means the same is copied.  What differs is written out: classes and
 * shorthands become explicit sets, '^', '$' and the flag m get the dialect's
 * meaning, and "{n,m}+" in Ruby is a repeated repetition, not a possessive one.
 */
#include "tok/text/regex_internal.h"

#include <stdio.h>

#include "tok/text/utf8.h"

static int peek(const struct tok_pattern *p, size_t ahead)
{
	return p->at + ahead < p->text.count ? p->text.bytes[p->at + ahead] : -1;
}

static bool put(struct tok_pattern *p, const char *text)
{
	return tok_buffer_add(&p->out, text, strlen(text));
}

enum tok_status tok_pattern_fail(struct tok_pattern *p, const char *what)
{
	const int shown = p->text.count < 120 ? (int)p->text.count : 120;
	return tok_fail(p->err, TOK_EFORMAT, "pattern '%.*s', byte %zu: %s", shown,
			(const char *)p->text.bytes, p->at, what);
}

static enum tok_status put_or_fail(struct tok_pattern *p, const char *text)
{
	return put(p, text) ? TOK_OK : tok_fail_memory(p->err);
}

static enum tok_status put_code(struct tok_pattern *p, uint32_t code)
{
	char text[16];
	snprintf(text, sizeof text, "\\x{%x}", code);
	return put_or_fail(p, text);
}

/* ---- escapes -------------------------------------------------------------- */

/* \b looks for a change between word and other characters; the word characters
 * are ours, so it is spelt out. */
static enum tok_status put_boundary(struct tok_pattern *p, bool negated)
{
	struct tok_buffer word = { 0 };
	struct tok_set set = { 0 };
	tok_set_add_shorthand(&set, TOK_SET_WORD, p->dialect);
	tok_set_tidy(&set);
	bool room = tok_set_write(&set, false, &word) && tok_buffer_add_byte(&word, '\0');
	const char *w = (const char *)word.bytes;
	room = room && put(p, "(?:(?<=") && put(p, w) && put(p, negated ? ")(?=" : ")(?!") &&
	       put(p, w) && put(p, ")|(?<!") && put(p, w) && put(p, negated ? ")(?!" : ")(?=") &&
	       put(p, w) && put(p, "))");
	tok_set_release(&set);
	tok_buffer_release(&word);
	return room ? TOK_OK : tok_fail_memory(p->err);
}

/* \k<name>, \k'name', \g..: copied as they are, up to the closing mark. */
static enum tok_status copy_reference(struct tok_pattern *p)
{
	const int open = peek(p, 2);
	const int close = open == '<' ? '>' : open == '{' ? '}' : open == '\'' ? '\'' : -1;
	size_t end = p->at + 3;
	while (close >= 0 && end < p->text.count && p->text.bytes[end] != close)
		end++;
	if (close < 0 || end >= p->text.count)
		return tok_pattern_fail(p, "a reference needs a name in '<' and '>'");
	if (!tok_buffer_add(&p->out, p->text.bytes + p->at, end + 1 - p->at))
		return tok_fail_memory(p->err);
	p->at = end + 1;
	return TOK_OK;
}

static enum tok_status translate_escape(struct tok_pattern *p)
{
	const int c = peek(p, 1);
	bool found;

	if (c < 0)
		return tok_pattern_fail(p, "a pattern must not end in '\\'");
	struct tok_set set = { 0 };
	enum tok_status status = tok_pattern_class_escape(p, &found, &set);
	tok_set_tidy(&set);
	if (status == TOK_OK && found && !tok_set_write(&set, false, &p->out))
		status = tok_fail_memory(p->err);
	tok_set_release(&set);
	if (status != TOK_OK || found)
		return status;

	if (c == 'b' || c == 'B') {
		p->at += 2;
		return put_boundary(p, c == 'B');
	}
	if (c == 'A' || c == 'z' || c == 'Z' || c == 'G' || c == 'K' || c == 'R' || c == 'X' ||
	    (c >= '1' && c <= '9')) {
		const char text[] = { '\\', (char)c, '\0' };
		p->at += 2;
		return put_or_fail(p, text);
	}
	if (c == 'k' || c == 'g')
		return copy_reference(p);

	uint32_t code = 0;
	status = tok_pattern_escape(p, &found, &code);
	if (status != TOK_OK)
		return status;
	return found ? put_code(p, code) : tok_pattern_fail(p, "unknown escape");
}

/* ---- groups --------------------------------------------------------------- */

/* "(?flags)" or "(?flags:" with p->at behind "(?"; flags mean other things. */
static enum tok_status translate_flags(struct tok_pattern *p)
{
	const bool ruby = p->dialect == TOK_REGEX_ONIGURUMA;
	if (!put(p, "(?"))
		return tok_fail_memory(p->err);
	for (;; p->at++) {
		const int c = peek(p, 0);
		const char *means = NULL;
		if (c == 'i' || c == 'x')
			means = c == 'i' ? "i" : "x";
		else if (c == 'm')
			means = ruby ? "s" : "m";
		else if (c == 's' && !ruby)
			means = "s";
		else if (c == 'U' && !ruby)
			means = "U";
		else if (c == 'u' && !ruby)
			means = "";
		else if (c == '-')
			means = "-";
		else if (c == ')' || c == ':') {
			p->at++;
			return put_or_fail(p, c == ')' ? ")" : ":");
		}
		if (!means)
			return tok_pattern_fail(p, "unknown flag or kind of group");
		if (!put(p, means))
			return tok_fail_memory(p->err);
	}
}

/* p->at at '('.  *opens tells whether a ')' must come. */
static enum tok_status translate_group(struct tok_pattern *p, bool *opens)
{
	static const char *const kinds[] = { "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!" };
	const struct tok_span rest = tok_span_slice(p->text, p->at, p->text.count);

	*opens = true;
	if (peek(p, 1) != '?') {
		p->at++;
		return put_or_fail(p, "(");
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (tok_span_starts(rest, tok_span_of(kinds[i]))) {
			p->at += strlen(kinds[i]);
			return put_or_fail(p, kinds[i]);
		}
	if (peek(p, 2) == '#') {
		while (peek(p, 0) >= 0 && peek(p, 0) != ')')
			p->at++;
		if (peek(p, 0) < 0)
			return tok_pattern_fail(p, "a comment needs a closing ')'");
		p->at++;
		*opens = false;
		return TOK_OK;
	}
	if (peek(p, 2) == '<' || peek(p, 2) == 'P') { /* a name */
		size_t end = p->at;
		while (end < p->text.count && p->text.bytes[end] != '>')
			end++;
		if (end == p->text.count)
			return tok_pattern_fail(p, "a group's name needs a closing '>'");
		if (!tok_buffer_add(&p->out, rest.bytes, end + 1 - p->at))
			return tok_fail_memory(p->err);
		p->at = end + 1;
		return TOK_OK;
	}
	p->at += 2;
	const size_t before = p->at;
	const enum tok_status status = translate_flags(p);
	*opens = p->at > before && p->text.bytes[p->at - 1] == ':';
	return status;
}

/* ---- repetition ----------------------------------------------------------- */

/* The length of "{n}", "{n,}", "{n,m}" or "{,m}" at p->at, or 0. */
static size_t interval_length(const struct tok_pattern *p)
{
	size_t i = 1, digits = 0;
	if (peek(p, 0) != '{')
		return 0;
	for (; peek(p, i) >= '0' && peek(p, i) <= '9'; i++)
		digits++;
	if (peek(p, i) == ',')
		for (i++; peek(p, i) >= '0' && peek(p, i) <= '9'; i++)
			digits++;
	return digits > 0 && peek(p, i) == '}' ? i + 1 : 0;
}

/* `atom` is where the repeated thing begins in the output. */
static enum tok_status translate_interval(struct tok_pattern *p, size_t length, size_t atom)
{
	const uint8_t *from = p->text.bytes + p->at;
	const bool open = from[1] == ','; /* {,m} */
	if ((open && !put(p, "{0")) || !tok_buffer_add(&p->out, from + open, length - open))
		return tok_fail_memory(p->err);
	p->at += length;
	if (p->dialect != TOK_REGEX_ONIGURUMA || peek(p, 0) != '+')
		return TOK_OK;

	/* Ruby: (?:X{n,m})+ */
	static const char group[] = "(?:";
	const size_t tail = p->out.count - atom;
	if (!tok_buffer_reserve(&p->out, sizeof group))
		return tok_fail_memory(p->err);
	memmove(p->out.bytes + atom + 3, p->out.bytes + atom, tail);
	memcpy(p->out.bytes + atom, group, 3);
	p->out.count += 3;
	p->at++;
	return put_or_fail(p, ")+");
}

/* ---- the whole ------------------------------------------------------------ */

static enum tok_status translate_literal(struct tok_pattern *p)
{
	const struct tok_char c = tok_utf8_at(p->text, p->at);
	if (c.code >= TOK_BAD_BYTE)
		return tok_pattern_fail(p, "a pattern must be UTF-8");
	if (c.code == 0)
		return p->at++, put_code(p, 0);
	if (!tok_buffer_add(&p->out, p->text.bytes + p->at, c.length))
		return tok_fail_memory(p->err);
	p->at += c.length;
	return TOK_OK;
}

enum tok_status tok_pattern_translate(struct tok_pattern *p)
{
	const bool ruby = p->dialect == TOK_REGEX_ONIGURUMA;
	size_t opened[TOK_REGEX_DEPTH]; /* where each open group begins in the output */
	size_t groups = 0, atom = 0;
	enum tok_status status = TOK_OK;

	while (status == TOK_OK && p->at < p->text.count) {
		const int c = p->text.bytes[p->at];
		const size_t interval = interval_length(p);
		const size_t here = p->out.count;
		if (interval) {
			status = translate_interval(p, interval, atom);
			continue;
		}
		if (c == '*' || c == '+' || c == '?' || c == '|') {
			status = translate_literal(p);
			continue;
		}
		if (c == '(') {
			bool opens;
			if (groups == TOK_REGEX_DEPTH)
				return tok_pattern_fail(p, "nested too deeply");
			status = translate_group(p, &opens);
			if (opens)
				opened[groups++] = here;
			continue;
		}
		atom = here;
		if (c == ')') {
			if (groups == 0)
				return tok_pattern_fail(p, "')' without '('");
			atom = opened[--groups];
			status = translate_literal(p);
		} else if (c == '[') {
			status = tok_pattern_bracket(p);
		} else if (c == '\\') {
			status = translate_escape(p);
		} else if (ruby && (c == '^' || c == '$')) {
			p->at++;
			status = put_or_fail(p, c == '^' ? "(?m:^)" : "(?m:$)");
		} else {
			status = translate_literal(p);
		}
	}
	if (status == TOK_OK && groups > 0)
		return tok_pattern_fail(p, "a '(' is not closed");
	return status;
}
