/*
 * automaton_cases.h - expressions that byte automata are tried on, and random ones.
 */
#ifndef TESTS_UNIT_AUTOMATON_CASES_H
#define TESTS_UNIT_AUTOMATON_CASES_H

#include <stdio.h>
#include <stdlib.h>

#include "tok/base/buffer.h"
#include "tok/base/random.h"
#include "tok/bytes/automaton.h"
#include "tok/text/utf8.h"

static inline struct tok_automaton *make(struct tok_span expression)
{
	struct tok_error err = { 0 };
	struct tok_automaton *a = NULL;
	if (tok_automaton_new(expression, &a, &err) != TOK_OK)
		fail_msg("%.*s: %s", (int)expression.count, (const char *)expression.bytes,
			 err.message);
	return a;
}

static inline bool matches(const struct tok_automaton *a, struct tok_span text)
{
	uint32_t state = TOK_AUTOMATON_START;
	for (size_t i = 0; i < text.count; i++)
		state = tok_automaton_step(a, state, text.bytes[i]);
	return tok_automaton_accepts(a, state);
}

/* Whole characters; a letter of each length. */
static const char *const letters[] = {
	"a", "b", "0", "\n", "\303\251", "\342\202\254", "\360\237\230\200"
};
enum { LETTERS = sizeof letters / sizeof letters[0] };

static const char *const expressions[] = {
	"a",
	"ab|a",
	"(ab|a)(b|)",
	"a*",
	"(a|b)*a",
	"(a*)*",
	"(a*b*)+",
	"(a|ab)(c|bcd)?(d*)",
	".",
	".*",
	"(?:.a)*",
	"[^a]",
	"[^a]{2,3}",
	"\\d+",
	"\\w*\\W",
	"\\s",
	"\\S*",
	"[\\d\\n]*",
	"[a-\\x{e9}]*",
	"(?:a{2}|b){1,2}",
	"a{0,2}b{2,}",
	"(a?){3}",
	"(a?){0,4}b",
	"((a|b){2}){2}",
	"(()|a)+",
	"(a||b)*",
	"\303\251|\342\202\254",
	"[\303\251-\342\202\254]+",
	"[\\x{7f}-\\x{80}\\x{7ff}\\x{800}\\x{ffff}-\\x{10000}]*",
	"(0|a(0|a(0|a)*b)*b)*",
	".{2}\\n.{0,1}",
	"((a*)+b?)*0",
	"(.|\\n)*a(.|\\n)",
	"(a|b|0)*(ab|ba)(a|b|0)*",
	"[^\303\251]*",
	"[^a-b\\d\\n]+",
	"(?:(?:(?:a)))",
	"a|b|0|\\n|",
	"(a{2,3}){2}",
	"(a{1,2}){2,}",
};

/* \x{...} here is \u{...} there. */
static inline struct tok_span spell_for_us(const char *expression, char *out)
{
	size_t n = 0;
	for (const char *at = expression; *at; at++) {
		out[n++] = *at;
		if (at[0] == '\\' && at[1] == 'x' && at[2] == '{') {
			out[n++] = 'u';
			at++;
		}
	}
	return (struct tok_span){ (const uint8_t *)out, n };
}

static inline void add_text(struct tok_buffer *out, const char *text)
{
	assert_true(tok_buffer_add(out, text, strlen(text)));
}

static inline void add_character(struct tok_buffer *out, struct tok_random *random)
{
	static const uint32_t ends[] = { 0x80, 0x100, 0x801, 0xD800, 0x10001, 0x110000 };
	uint8_t bytes[4];
	uint32_t code = (uint32_t)tok_random_below(random, ends[tok_random_below(random, 6)]);
	if (code >= 0xD800 && code < 0xE000)
		code -= 0x1000;
	assert_true(tok_buffer_add(out, bytes, tok_utf8_put(code, bytes)));
}

/* A range of characters, as PCRE2 and we spell it. */
static inline void add_class(struct tok_buffer *out, struct tok_random *random)
{
	char text[64];
	uint32_t code[2];
	add_text(out, tok_random_below(random, 3) ? "[" : "[^");
	for (size_t n = 1 + tok_random_below(random, 3); n > 0; n--) {
		for (size_t i = 0; i < 2; i++) {
			struct tok_buffer one = { 0 };
			add_character(&one, random);
			code[i] = tok_utf8_at(tok_buffer_span(&one), 0).code;
			tok_buffer_release(&one);
		}
		snprintf(text, sizeof text, "\\x{%x}-\\x{%x}",
			 code[0] < code[1] ? code[0] : code[1],
			 code[0] < code[1] ? code[1] : code[0]);
		add_text(out, text);
	}
	add_text(out, "]");
}

static inline void add_expression(struct tok_buffer *out, struct tok_random *random, size_t depth)
{
	static const char *const repeats[] = { "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}" };
	for (size_t n = 1 + tok_random_below(random, 3); n > 0; n--) {
		const uint64_t what = tok_random_below(random, depth > 0 ? 8 : 6);
		if (what < 4)
			add_text(out, letters[tok_random_below(random, LETTERS)]);
		else if (what == 4)
			add_text(out, ".");
		else if (what == 5)
			add_class(out, random);
		if (what >= 6) {
			add_text(out, "(");
			add_expression(out, random, depth - 1);
			add_text(out, "|");
			add_expression(out, random, depth - 1);
			add_text(out, ")");
		}
		add_text(out, repeats[tok_random_below(random, 8)]);
	}
}

#endif
