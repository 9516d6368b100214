/* Byte automata: texts that are known, and PCRE2 on all short texts and on random ones. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/automaton_cases.h"
#include "tests/unit/checked.h"

/* ---- texts that are known ----------------------------------------------------------- */

#define TEXT(literal)                                                                              \
	{                                                                                          \
		(const uint8_t *)(literal), sizeof(literal) - 1                                    \
	}

struct row {
	const char *expression;
	uint32_t states; /* with the dead one */
	struct tok_span yes[4], no[4];
};

static const struct row rows[] = {
	{ "[0-9]+", 3, { TEXT("0"), TEXT("907") }, { TEXT(""), TEXT("9a"), TEXT("a9") } },
	{ "", 2, { TEXT("") }, { TEXT("a"), TEXT("\0") } },
	{ "a|", 3, { TEXT(""), TEXT("a") }, { TEXT("aa"), TEXT("b") } },
	{ "(|a)(){9}b*", 3, { TEXT(""), TEXT("a"), TEXT("abb") }, { TEXT("ba"), TEXT("aab") } },
	{ "a{3}", 5, { TEXT("aaa") }, { TEXT("aa"), TEXT("aaaa"), TEXT("") } },
	{ "a{2,}", 4, { TEXT("aa"), TEXT("aaaaa") }, { TEXT("a"), TEXT("") } },
	{ "a{0}b", 3, { TEXT("b") }, { TEXT("ab"), TEXT("") } },
	{ "(a{1,3}b){0,2}",
	  10,
	  { TEXT(""), TEXT("aaab"), TEXT("abaab") },
	  { TEXT("aaaab"), TEXT("ababab") } },
	{ ".",
	  10,
	  { TEXT("a"), TEXT("\303\251"), TEXT("\360\237\230\200") },
	  { TEXT("\n"), TEXT("\303"), TEXT("\355\240\200"), TEXT("\300\200") } },
	{ "\\xff", 3, { TEXT("\377") }, { TEXT("\303\277"), TEXT("") } },
	{ "[\\x00-\\xff]*", 2, { TEXT(""), TEXT("\377\0\200\n") }, { { 0 } } },
	{ "[\\x80-\\xbf\\xc3]",
	  3,
	  { TEXT("\200"), TEXT("\303") },
	  { TEXT("\303\251"), TEXT("a") } },
	{ "\\u{e9}\\u{10FFFF}", 8, { TEXT("\303\251\364\217\277\277") }, { TEXT("\303\251") } },
	{ "[^\\u{80}-\\u{10ffff}]",
	  3,
	  { TEXT("\177"), TEXT("\0") },
	  { TEXT("\302\200"), TEXT("") } },
	{ "\\.\\*\\[\\]\\-\\\\\\{\\^\\$}]",
	  13,
	  { TEXT(".*[]-\\{^$}]") },
	  { TEXT("a*[]-\\{^$}]") } },
	{ "[-a][b-]", 4, { TEXT("--"), TEXT("ab") }, { TEXT("a"), TEXT("bb") } },
	{ "[\\d\\s]", 3, { TEXT("1"), TEXT("\v"), TEXT(" ") }, { TEXT("a"), TEXT("\302\240") } },
	{ "\\D\\W\\S",
	  0,
	  { TEXT("a-b"), TEXT("\303\251\303\251\303\251") },
	  { TEXT("1-b"), TEXT("aab"), TEXT("a- ") } },
	{ "[^\\n]", 0, { TEXT("a"), TEXT("\r") }, { TEXT("\n"), TEXT("\377") } },
	{ "[^\\D]", 3, { TEXT("0") }, { TEXT("a") } },
};

static void texts_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct tok_automaton *a = make(tok_span_of(row->expression));
		if (row->states && tok_automaton_states(a) != row->states)
			fail_msg("%s: %u states, not %u", row->expression, tok_automaton_states(a),
				 row->states);
		for (size_t k = 0; k < 4; k++) {
			if (row->yes[k].bytes && !matches(a, row->yes[k]))
				fail_msg("%s: yes %zu", row->expression, k);
			if (row->no[k].bytes && matches(a, row->no[k]))
				fail_msg("%s: no %zu", row->expression, k);
		}
		tok_automaton_free(a);
	}
	struct tok_automaton *a = make((struct tok_span)TEXT("a\0b"));
	assert_true(matches(a, (struct tok_span)TEXT("a\0b")));
	assert_false(matches(a, (struct tok_span)TEXT("ab")));
	tok_automaton_free(a);
	tok_automaton_free(NULL);
}

/* ---- what is refused ------------------------------------------------------------------ */

struct refused {
	struct tok_span expression;
	const char *message;
};

static const struct refused refusals[] = {
	{ TEXT("ab)"), "byte 2: this ')' has no beginning" },
	{ TEXT("a(b(c)"), "byte 1: this '(' has no end" },
	{ TEXT("a[bc"), "byte 1: this '[' has no end" },
	{ TEXT("[]"), "byte 0: an empty class" },
	{ TEXT("[^]"), "byte 0: an empty class" },
	{ TEXT("*a"), "byte 0: there is nothing to repeat" },
	{ TEXT("a|*"), "byte 2: there is nothing to repeat" },
	{ TEXT("(?:+)"), "byte 3: there is nothing to repeat" },
	{ TEXT("a*?"), "byte 2: a repeat of a repeat" },
	{ TEXT("a{2}{3}"), "byte 4: a repeat of a repeat" },
	{ TEXT("a{"), "byte 1: a repeat is {m}" },
	{ TEXT("a{,3}"), "byte 1: a repeat is {m}" },
	{ TEXT("a{3,2}"), "byte 1: a repeat from more times to fewer" },
	{ TEXT("(?=a)"), "byte 0: of groups with '?' only (?: is known here" },
	{ TEXT("(?"), "byte 0: of groups" },
	{ TEXT("^a"), "byte 0: the whole text must match" },
	{ TEXT("a$"), "byte 1: the whole text must match" },
	{ TEXT("\\b"), "byte 0: this escape is not known here" },
	{ TEXT("\\\303\251"), "byte 0: this escape is not known here" },
	{ TEXT("\\1"), "byte 0: this escape is not known here" },
	{ TEXT("a\\"), "byte 1: nothing is behind the last" },
	{ TEXT("\\x0"), "byte 0: a byte is \\x and two digits" },
	{ TEXT("\\xag"), "byte 0: a byte is" },
	{ TEXT("\\u0041"), "byte 0: a character is \\u{" },
	{ TEXT("\\u{}"), "byte 0: a character is" },
	{ TEXT("\\u{41"), "byte 0: a character is" },
	{ TEXT("\\u{d800}"), "byte 0: a character is" },
	{ TEXT("\\u{110000}"), "byte 0: a character is" },
	{ TEXT("\\u{0000041}"), "byte 0: a character is" },
	{ TEXT("[z-a]"), "byte 1: a range that ends before it begins" },
	{ TEXT("[a-\\d]"), "byte 1: a range is from a character" },
	{ TEXT("[\\d-a]"), "byte 1: a range is from a character" },
	{ TEXT("[a-\\xff]"), "byte 1: a range is from a character" },
	{ TEXT("[^\\xff]"), "byte 0: bytes that are no character" },
	{ TEXT("[[:alpha:]]"), "byte 1: named classes" },
	{ TEXT("ab\377"), "byte 2: no UTF-8" },
	{ TEXT("[^\\u{0}-\\u{d7ff}\\u{e000}-\\u{10ffff}]"), "no text at all matches" },
};

static void mistakes_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_automaton *a = NULL;
		const enum tok_status status = tok_automaton_new(refusals[i].expression, &a, &err);
		if (status != TOK_EFORMAT || a || !strstr(err.message, refusals[i].message))
			fail_msg("%s: status %d, '%s'", (const char *)refusals[i].expression.bytes,
				 (int)status, err.message);
	}
}

/* ---- against PCRE2 --------------------------------------------------------------------- */

struct judge {
	pcre2_code *code;
	pcre2_match_data *data;
};

static struct judge judge_of(struct tok_span expression)
{
	int code;
	PCRE2_SIZE at;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	struct judge judge = { pcre2_compile(expression.bytes, expression.count,
					     PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code,
					     &at, context),
			       NULL };
	pcre2_compile_context_free(context);
	if (!judge.code)
		fail_msg("PCRE2: %.*s: %d at %zu", (int)expression.count,
			 (const char *)expression.bytes, code, at);
	judge.data = pcre2_match_data_create_from_pattern(judge.code, NULL);
	return judge;
}

static void judge_release(struct judge *judge)
{
	pcre2_match_data_free(judge->data);
	pcre2_code_free(judge->code);
}

static void compare(const struct tok_automaton *a, const struct judge *judge,
		    struct tok_span expression, struct tok_span text)
{
	const int n = pcre2_match(judge->code, text.bytes, text.count, 0, 0, judge->data, NULL);
	assert_true(n >= 0 || n == PCRE2_ERROR_NOMATCH);
	if (matches(a, text) != (n >= 0))
		fail_msg("'%.*s' on '%.*s': PCRE2 says %d", (int)expression.count,
			 (const char *)expression.bytes, (int)text.count, (const char *)text.bytes,
			 n >= 0);
}

enum { LONGEST = CHECKED ? 4 : 5 };

/* All texts of up to `left` more letters. */
static void compare_all(const struct tok_automaton *a, const struct judge *judge,
			struct tok_span expression, struct tok_buffer *text, size_t left)
{
	compare(a, judge, expression, tok_buffer_span(text));
	for (size_t i = 0; left > 0 && i < LETTERS; i++) {
		const size_t length = strlen(letters[i]);
		assert_true(tok_buffer_add(text, letters[i], length));
		compare_all(a, judge, expression, text, left - 1);
		text->count -= length;
	}
}

static void short_texts_as_pcre2(void **state)
{
	(void)state;
	struct tok_buffer text = { 0 };
	assert_true(tok_buffer_reserve(&text, 64));
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		char ours[256];
		const struct tok_span expression = tok_span_of(expressions[i]);
		struct tok_automaton *a = make(spell_for_us(expressions[i], ours));
		struct judge judge = judge_of(expression);
		compare_all(a, &judge, expression, &text, LONGEST);
		judge_release(&judge);
		tok_automaton_free(a);
	}
	tok_buffer_release(&text);
}

/* ---- random expressions and texts --------------------------------------------------------- */

static void random_expressions_as_pcre2(void **state)
{
	(void)state;
	enum { TRIALS = CHECKED ? 150 : 600, TEXTS = 40 };
	struct tok_random random = tok_random_of(2026, 11);
	struct tok_buffer expression = { 0 }, text = { 0 };
	for (size_t i = 0; i < TRIALS; i++) {
		char ours[4096];
		tok_buffer_clear(&expression);
		add_expression(&expression, &random, 2);
		assert_true(tok_buffer_add(&expression, "", 1));
		expression.count--;
		const struct tok_span theirs = tok_buffer_span(&expression);
		struct tok_automaton *a = make(spell_for_us((const char *)expression.bytes, ours));
		struct judge judge = judge_of(theirs);
		assert_true(tok_buffer_reserve(&text, 64));
		tok_buffer_clear(&text);
		compare_all(a, &judge, theirs, &text, 2);
		for (size_t t = 0; t < TEXTS; t++) {
			tok_buffer_clear(&text);
			for (size_t n = tok_random_below(&random, 7); n > 0; n--)
				add_character(&text, &random);
			compare(a, &judge, theirs, tok_buffer_span(&text));
		}
		judge_release(&judge);
		tok_automaton_free(a);
	}
	tok_buffer_release(&expression);
	tok_buffer_release(&text);
}

/* Every character alone, every other row of one to four bytes' beginnings. */
static void a_dot_is_utf8(void **state)
{
	(void)state;
	struct tok_automaton *a = make(tok_span_of("(?:.|\\n)"));
	size_t accepted = 0;
	for (uint32_t two = 0; two < 1 << 16; two++) {
		const uint8_t head[] = { (uint8_t)(two >> 8), (uint8_t)two };
		uint32_t s = tok_automaton_step(a, TOK_AUTOMATON_START, head[0]);
		if (two % 256 == 0)
			accepted += tok_automaton_accepts(a, s);
		s = tok_automaton_step(a, s, head[1]);
		accepted += tok_automaton_accepts(a, s);
		for (uint32_t third = 0; s != TOK_AUTOMATON_DEAD && third < 256; third++) {
			const uint32_t t = tok_automaton_step(a, s, (uint8_t)third);
			accepted += tok_automaton_accepts(a, t);
			for (uint32_t fourth = 0; t != TOK_AUTOMATON_DEAD && fourth < 256; fourth++)
				accepted += tok_automaton_accepts(
				    a, tok_automaton_step(a, t, (uint8_t)fourth));
		}
	}
	assert_int_equal(accepted, 0x110000 - 0x800);
	tok_automaton_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_match),
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(short_texts_as_pcre2),
		cmocka_unit_test(random_expressions_as_pcre2),
		cmocka_unit_test(a_dot_is_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
