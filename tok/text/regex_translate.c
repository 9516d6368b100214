/*
 * regex_translate.c - from Oniguruma or Rust patterns to PCRE2: the whole, its
 * groups and flags.
 */
#include "tok/text/regex_internal.h"

#include <stdio.h>

#include "tok/text/utf8.h"

/* ---- output --------------------------------------------------------------- */

enum tok_status tok_pattern_fail(struct tok_pattern *p, const char *what)
{
	char shown[121];
	size_t count = 0;
	for (; count < p->text.count && count + 1 < sizeof shown; count++) {
		const uint8_t c = p->text.bytes[count];
		shown[count] = (char)(c < 0x20 || c == 0x7F ? ' ' : c);
	}
	while (count < p->text.count && count > 0 && (p->text.bytes[count] & 0xC0) == 0x80)
		count--; /* no half characters */
	shown[count] = '\0';
	return tok_fail(p->err, TOK_EFORMAT, "pattern '%s', byte %zu: %s", shown, p->at, what);
}

static enum tok_status check_size(struct tok_pattern *p)
{
	return p->out.count <= TOK_REGEX_WRITTEN
		   ? TOK_OK
		   : tok_fail(p->err, TOK_ELIMIT, "a pattern needs more than %d bytes",
			      TOK_REGEX_WRITTEN);
}

enum tok_status tok_pattern_put(struct tok_pattern *p, const char *text)
{
	if (!tok_buffer_add(&p->out, text, strlen(text)))
		return tok_fail_memory(p->err);
	return check_size(p);
}

enum tok_status tok_pattern_put_code(struct tok_pattern *p, uint32_t code)
{
	const bool plain =
	    (code >= '0' && code <= '9') || ((code | 0x20) >= 'a' && (code | 0x20) <= 'z');
	char text[16];
	snprintf(text, sizeof text, plain ? "%c" : "\\x{%x}", code);
	return tok_pattern_put(p, text);
}

enum tok_status tok_pattern_put_set(struct tok_pattern *p, struct tok_set *set)
{
	tok_set_tidy(set);
	if (set->failed || !tok_set_write(set, p->unicode, &p->out))
		return tok_fail_memory(p->err);
	return check_size(p);
}

/* ---- what is skipped ------------------------------------------------------ */

static bool is_blank(const struct tok_pattern *p, struct tok_char c)
{
	if (tok_pattern_is_ruby(p))
		return tok_unicode_space(c.code);
	return c.code == ' ' || c.code == '\t' || c.code == '\n' || c.code == '\r';
}

enum tok_status tok_pattern_skip(struct tok_pattern *p)
{
	while (p->at < p->text.count) {
		const struct tok_char c = tok_utf8_at(p->text, p->at);
		if (c.code == '(' && tok_pattern_peek(p, 1) == '?' &&
		    tok_pattern_peek(p, 2) == '#') {
			for (p->at += 3; tok_pattern_peek(p, 0) != ')'; p->at++) {
				p->at += tok_pattern_peek(p, 0) == '\\';
				if (tok_pattern_peek(p, 0) < 0)
					return tok_pattern_fail(p, "a comment needs a closing ')'");
			}
			p->at++;
		} else if (p->flags.extended && c.code == '#') {
			while (p->at < p->text.count && p->text.bytes[p->at] != '\n')
				p->at++;
		} else if (p->flags.extended && is_blank(p, c)) {
			p->at += c.length;
		} else {
			break;
		}
	}
	return TOK_OK;
}

/* ---- groups --------------------------------------------------------------- */

static enum tok_status open_group(struct tok_pattern *p, const char *text)
{
	if (p->group_count == TOK_REGEX_DEPTH)
		return tok_pattern_fail(p, "nested too deeply");
	p->groups[p->group_count++] = (struct tok_pattern_group){
		.flags = p->flags,
		.begin = p->out.count,
		.behind = p->behind,
		/* fancy-regex goes back to the old flags after "(?:" and "(?i:" only */
		.leaks = !tok_pattern_is_ruby(p) && strcmp(text, "(?:") != 0,
	};
	p->front = TOK_FRONT_NOTHING;
	return tok_pattern_put(p, text);
}

static enum tok_status close_group(struct tok_pattern *p)
{
	if (p->group_count == 0)
		return tok_pattern_fail(p, "')' without '('");
	const struct tok_pattern_group *group = &p->groups[--p->group_count];
	enum tok_status status = TOK_OK;
	for (unsigned i = 0; status == TOK_OK && i <= group->further; i++)
		status = tok_pattern_put(p, ")");
	p->at++;
	if (!group->leaks)
		p->flags = group->flags;
	p->behind = group->behind;
	p->front = group->looks ? TOK_FRONT_NOTHING : TOK_FRONT_ATOM;
	p->atom = group->begin;
	return status;
}

/* "(?flags)" or "(?flags:" with p->at behind "(?". */
static enum tok_status translate_flags(struct tok_pattern *p)
{
	const bool ruby = tok_pattern_is_ruby(p);
	struct tok_pattern_flags flags = p->flags;
	bool on = true;
	int c;
	for (; (c = tok_pattern_peek(p, 0)) != ')' && c != ':'; p->at++) {
		if (c == '-')
			on = false;
		else if (c == 'i')
			flags.fold = on;
		else if (c == 'x')
			flags.extended = on;
		else if (c == (ruby ? 'm' : 's'))
			flags.dot_all = on;
		else if (c == 'm')
			flags.lines = on;
		else if (c == 'U' && !ruby)
			flags.lazy = on;
		else if (c != 'u' || ruby || !on)
			return tok_pattern_fail(p, "unknown flag or kind of group");
	}
	p->at++;
	if (c == ':') {
		const enum tok_status status = open_group(p, "(?:");
		p->flags = flags;
		return status;
	}
	p->flags = flags;
	p->front = TOK_FRONT_NOTHING;
	if (!ruby)
		return TOK_OK;
	/* Oniguruma: a group as far as the one around it, alternatives and all. */
	if (p->group_count)
		p->groups[p->group_count - 1].further++;
	else
		p->further++;
	return tok_pattern_put(p, "(?:");
}

/* "(?<name>", "(?'name'" or "(?P<name>", `skip` bytes in front of the name. */
static enum tok_status open_named(struct tok_pattern *p, size_t skip, uint8_t close)
{
	p->at += skip;
	const size_t begin = p->at;
	while (p->at < p->text.count && p->text.bytes[p->at] != close) {
		const uint8_t c = p->text.bytes[p->at];
		const bool digit = c >= '0' && c <= '9';
		if (c != '_' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
		    !(digit && p->at > begin))
			return tok_pattern_fail(p, "a group's name must be of ASCII letters");
		p->at++;
	}
	if (p->at == p->text.count)
		return tok_pattern_fail(p, "a group's name needs a closing mark");
	enum tok_status status = open_group(p, "(?<");
	if (status == TOK_OK && !tok_buffer_add(&p->out, p->text.bytes + begin, p->at - begin))
		status = tok_fail_memory(p->err);
	p->at++;
	p->captures++;
	return status == TOK_OK ? tok_pattern_put(p, ">") : status;
}

static enum tok_status translate_group(struct tok_pattern *p)
{
	static const struct {
		const char *text;
		bool looks, behind;
	} kinds[] = {
		{ "(?:", false, false }, { "(?>", false, false }, { "(?=", true, false },
		{ "(?!", true, false },  { "(?<=", true, true },  { "(?<!", true, true },
	};
	const struct tok_span rest = tok_span_slice(p->text, p->at, p->text.count);
	if (tok_pattern_peek(p, 1) != '?') {
		p->at++;
		p->captures += !p->named;
		return open_group(p, p->named ? "(?:" : "(");
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!tok_span_starts(rest, tok_span_of(kinds[i].text)))
			continue;
		const enum tok_status status = open_group(p, kinds[i].text);
		if (status != TOK_OK)
			return status;
		p->at += strlen(kinds[i].text);
		p->groups[p->group_count - 1].looks = kinds[i].looks;
		p->behind = p->behind || kinds[i].behind;
		return TOK_OK;
	}
	if (tok_pattern_peek(p, 2) == '<' || tok_pattern_peek(p, 2) == '\'')
		return open_named(p, 3, tok_pattern_peek(p, 2) == '<' ? '>' : '\'');
	if (tok_pattern_peek(p, 2) == 'P' && tok_pattern_peek(p, 3) == '<' &&
	    !tok_pattern_is_ruby(p))
		return open_named(p, 4, '>');
	p->at += 2;
	return translate_flags(p);
}

/* Does some group have a name?  Classes and escapes are passed over. */
static bool has_names(struct tok_span text)
{
	bool class = false;
	for (size_t i = 0; i + 3 < text.count; i++) {
		const uint8_t *c = text.bytes + i;
		if (c[0] == '\\')
			i++;
		else if (c[0] == '[' || c[0] == ']')
			class = c[0] == '[';
		else if (!class && c[0] == '(' && c[1] == '?' &&
			 (c[2] == '\'' || (c[2] == '<' && c[3] != '=' && c[3] != '!')))
			return true;
	}
	return false;
}

/* ---- the whole ------------------------------------------------------------ */

static enum tok_status put_anchor(struct tok_pattern *p, bool end)
{
	const bool ruby = tok_pattern_is_ruby(p);
	p->at++;
	p->front = ruby ? TOK_FRONT_NOTHING : TOK_FRONT_ATOM;
	p->atom = p->out.count;
	if (ruby || p->flags.lines)
		return tok_pattern_put(p, end ? "(?m:$)" : "(?m:^)");
	return tok_pattern_put(p, end ? "(?:\\z)" : "(?:\\A)");
}

static enum tok_status translate_one(struct tok_pattern *p)
{
	const struct tok_char c = tok_utf8_at(p->text, p->at);
	if (c.code >= TOK_BAD_BYTE)
		return tok_pattern_fail(p, "a pattern must be UTF-8");
	if (c.code == '\\')
		return tok_pattern_escape(p);
	if (c.code == 0 || c.code >= 0x80 || !strchr("^$.|()[", (int)c.code)) {
		p->at += c.length;
		return tok_pattern_literal(p, c.code);
	}
	const enum tok_status status = tok_pattern_flush(p);
	if (status != TOK_OK)
		return status;
	switch (c.code) {
	case '(':
		return translate_group(p);
	case ')':
		return close_group(p);
	case '[':
		return tok_pattern_bracket(p);
	case '|':
		p->at++;
		p->front = TOK_FRONT_NOTHING;
		return tok_pattern_put(p, "|");
	case '.':
		p->at++;
		p->front = TOK_FRONT_ATOM;
		p->atom = p->out.count;
		return tok_pattern_put(p, p->flags.dot_all ? "(?s:.)" : "[^\\x{a}]");
	default:
		return put_anchor(p, c.code == '$');
	}
}

static enum tok_status translate_next(struct tok_pattern *p)
{
	bool found;
	enum tok_status status = tok_pattern_skip(p);
	if (status != TOK_OK || p->at == p->text.count)
		return status;
	status = tok_pattern_repeat(p, &found);
	return status != TOK_OK || found ? status : translate_one(p);
}

enum tok_status tok_pattern_translate(struct tok_pattern *p)
{
	enum tok_status status = TOK_OK;
	p->named = tok_pattern_is_ruby(p) && has_names(p->text);
	while (status == TOK_OK && p->at < p->text.count)
		status = translate_next(p);
	if (status == TOK_OK && p->group_count > 0)
		status = tok_pattern_fail(p, "a '(' is not closed");
	if (status == TOK_OK)
		status = tok_pattern_flush(p);
	for (; status == TOK_OK && p->further; p->further--)
		status = tok_pattern_put(p, ")");
	return status;
}

void tok_pattern_release(struct tok_pattern *p)
{
	tok_buffer_release(&p->out);
	tok_buffer_release(&p->run);
}
