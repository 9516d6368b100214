/*
 * regex_repeat.c - quantifiers.
 *
 * Oniguruma repeats what is already repeated ("a{2}{3}"), so "{n,m}+" is a
 * repeated repetition, not a possessive one, and "{n}?" may be left out; a range
 * that runs backwards is what makes it possessive.  To Rust a brace that repeats
 * nothing stands for itself.
 */
#include "tok/text/regex_internal.h"

#include <stdio.h>

enum { COUNT_MOST = 65535 }; /* PCRE2's limit */

struct repetition {
	uint32_t low, high; /* UINT32_MAX: no end */
	bool fixed;         /* "{n}" */
	bool lazy, possessive;
};

/* Digits of a count; UINT32_MAX where there are none. */
static uint32_t read_count(const struct tok_pattern *p, size_t *ahead)
{
	uint32_t value = 0;
	const size_t begin = *ahead;
	for (int c; (c = tok_pattern_peek(p, *ahead)) >= '0' && c <= '9'; ++*ahead)
		if (value <= COUNT_MOST)
			value = value * 10 + (uint32_t)(c - '0');
	return *ahead == begin ? UINT32_MAX : value;
}

static void skip_blanks(const struct tok_pattern *p, size_t *ahead)
{
	while (p->flags.extended && !tok_pattern_is_ruby(p) &&
	       (tok_pattern_peek(p, *ahead) == ' ' || tok_pattern_peek(p, *ahead) == '\t' ||
		tok_pattern_peek(p, *ahead) == '\n' || tok_pattern_peek(p, *ahead) == '\r'))
		++*ahead;
}

/* The bytes of "{n}", "{n,}", "{n,m}" or "{,m}" at p->at, or 0. */
static size_t read_interval(const struct tok_pattern *p, struct repetition *r)
{
	size_t ahead = 1;
	skip_blanks(p, &ahead);
	r->low = read_count(p, &ahead);
	skip_blanks(p, &ahead);
	r->fixed = tok_pattern_peek(p, ahead) != ',';
	r->high = r->low;
	if (!r->fixed) {
		ahead++;
		skip_blanks(p, &ahead);
		r->high = read_count(p, &ahead);
		skip_blanks(p, &ahead);
	}
	const bool empty = r->low == UINT32_MAX && r->high == UINT32_MAX;
	if (tok_pattern_peek(p, ahead) != '}' || (empty && (r->fixed || tok_pattern_is_ruby(p))))
		return 0;
	if (r->low == UINT32_MAX)
		r->low = 0;
	return ahead + 1;
}

static enum tok_status wrap(struct tok_pattern *p, const char *open)
{
	const size_t length = strlen(open);
	const size_t tail = p->out.count - p->atom;
	if (!tok_buffer_reserve(&p->out, length))
		return tok_fail_memory(p->err);
	uint8_t *at = p->out.bytes + p->atom;
	memmove(at + length, at, tail);
	memcpy(at, open, length);
	p->out.count += length;
	return tok_pattern_put(p, ")");
}

static enum tok_status put_repetition(struct tok_pattern *p, const struct repetition *r)
{
	char text[32];
	enum tok_status status = TOK_OK;
	if (p->front == TOK_FRONT_REPEATED)
		status = wrap(p, "(?:");
	if (r->high != UINT32_MAX)
		snprintf(text, sizeof text, "{%u,%u}", r->low, r->high);
	else if (r->low <= 1)
		snprintf(text, sizeof text, "%c", r->low ? '+' : '*');
	else
		snprintf(text, sizeof text, "{%u,}", r->low);
	if (status == TOK_OK)
		status = tok_pattern_put(p, text);
	if (status == TOK_OK && r->lazy)
		status = tok_pattern_put(p, "?");
	if (status == TOK_OK && r->possessive)
		status = r->lazy ? wrap(p, "(?>") : tok_pattern_put(p, "+");
	p->front = TOK_FRONT_REPEATED;
	return status;
}

/* What may follow a quantifier: '?' for lazy, '+' for possessive. */
static void read_manner(struct tok_pattern *p, struct repetition *r, bool interval)
{
	const bool ruby = tok_pattern_is_ruby(p);
	if (!ruby) {
		size_t ahead = 0;
		skip_blanks(p, &ahead);
		p->at += ahead;
	}
	if (tok_pattern_peek(p, 0) == '?' && !(ruby && interval && r->fixed)) {
		p->at++;
		r->lazy = true;
		if (ruby)
			return;
	}
	if (tok_pattern_peek(p, 0) == '+' && !(ruby && interval)) {
		p->at++;
		r->possessive = true;
	}
}

enum tok_status tok_pattern_repeat(struct tok_pattern *p, bool *found)
{
	const bool ruby = tok_pattern_is_ruby(p);
	const int c = tok_pattern_peek(p, 0);
	struct repetition r = { .high = UINT32_MAX };
	size_t length = 1;
	*found = false;
	if (c == '{')
		length = read_interval(p, &r);
	else if (c == '+')
		r.low = 1;
	else if (c == '?')
		r.high = 1;
	else if (c != '*')
		return TOK_OK;
	if (length == 0 || (c == '{' && !ruby && p->front != TOK_FRONT_ATOM))
		return TOK_OK;
	if (p->front == TOK_FRONT_NOTHING || (p->front == TOK_FRONT_REPEATED && !ruby))
		return tok_pattern_fail(p, "there is nothing to repeat");
	if (r.low > COUNT_MOST || (r.high != UINT32_MAX && r.high > COUNT_MOST))
		return tok_pattern_fail(p, "a repetition must be at most 65535");
	if (r.high < r.low) {
		if (!ruby)
			return tok_pattern_fail(p, "a repetition must not run backwards");
		const uint32_t low = r.high;
		r.high = r.low;
		r.low = low;
		r.possessive = true;
	}
	*found = true;
	enum tok_status status = tok_pattern_flush_atom(p);
	p->at += length;
	read_manner(p, &r, c == '{');
	if (r.lazy && ruby)
		r.possessive = false;
	r.lazy ^= p->flags.lazy;
	return status == TOK_OK ? put_repetition(p, &r) : status;
}
