/* Byte automata: against PCRE2 on all short texts and on random ones, as few states as can be, and
 * expressions that are meant to hurt. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tok/base/buffer.h"
#include "tok/base/random.h"
#include "tok/bytes/automaton.h"
#include "tok/text/utf8.h"

static struct tok_automaton *make(struct tok_span expression)
{
	struct tok_error err = { 0 };
	struct tok_automaton *a = NULL;
	if (tok_automaton_new(expression, &a, &err) != TOK_OK)
		fail_msg("%.*s: %s", (int)expression.count, (const char *)expression.bytes,
			 err.message);
	return a;
}

static bool matches(const struct tok_automaton *a, struct tok_span text)
{
	uint32_t state = TOK_AUTOMATON_START;
	for (size_t i = 0; i < text.count; i++)
		state = tok_automaton_step(a, state, text.bytes[i]);
	return tok_automaton_accepts(a, state);
}

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
	{ "(|a)(){9}b*", 4, { TEXT(""), TEXT("a"), TEXT("abb") }, { TEXT("ba"), TEXT("aab") } },
	{ "a{3}", 5, { TEXT("aaa") }, { TEXT("aa"), TEXT("aaaa"), TEXT("") } },
	{ "a{2,}", 4, { TEXT("aa"), TEXT("aaaaa") }, { TEXT("a"), TEXT("") } },
	{ "a{0}b", 3, { TEXT("b") }, { TEXT("ab"), TEXT("") } },
	{ "(a{1,3}b){0,2}",
	  9,
	  { TEXT(""), TEXT("aaab"), TEXT("abaab") },
	  { TEXT("aaaab"), TEXT("ababab") } },
	{ ".",
	  9,
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

/* Whole characters; a letter of each length. */
static const char *const letters[] = {
	"a", "b", "0", "\n", "\303\251", "\342\202\254", "\360\237\230\200"
};
enum { LETTERS = sizeof letters / sizeof letters[0], LONGEST = CHECKED ? 4 : 5 };

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
static struct tok_span spell_for_us(const char *expression, char *out)
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

static void add_text(struct tok_buffer *out, const char *text)
{
	assert_true(tok_buffer_add(out, text, strlen(text)));
}

static void add_character(struct tok_buffer *out, struct tok_random *random)
{
	static const uint32_t ends[] = { 0x80, 0x100, 0x801, 0xD800, 0x10001, 0x110000 };
	uint8_t bytes[4];
	uint32_t code = (uint32_t)tok_random_below(random, ends[tok_random_below(random, 6)]);
	if (code >= 0xD800 && code < 0xE000)
		code -= 0x1000;
	assert_true(tok_buffer_add(out, bytes, tok_utf8_put(code, bytes)));
}

/* A range of characters, as PCRE2 and we spell it. */
static void add_class(struct tok_buffer *out, struct tok_random *random)
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

static void add_expression(struct tok_buffer *out, struct tok_random *random, size_t depth)
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

/* ---- as few as can be ------------------------------------------------------------------------ */

/* Tell states apart by what they accept, then by where they lead to, until nothing changes. */
static void assert_minimal(const struct tok_automaton *a, const char *what)
{
	const uint32_t n = tok_automaton_states(a);
	bool *apart = calloc((size_t)n * n, sizeof *apart), *goes_on = calloc(n, sizeof *goes_on);
	assert_true(apart && goes_on);
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t x = 0; x < n; x++) {
			for (unsigned b = 0; b < 256; b++) {
				const uint32_t to = tok_automaton_step(a, x, (uint8_t)b);
				assert_true(to < n);
				if (!goes_on[x] && (tok_automaton_accepts(a, x) || goes_on[to]))
					changed = goes_on[x] = true;
			}
			for (uint32_t y = 0; y < x; y++) {
				bool now =
				    tok_automaton_accepts(a, x) != tok_automaton_accepts(a, y);
				for (unsigned b = 0; b < 256 && !now; b++)
					now = apart[tok_automaton_step(a, x, (uint8_t)b) * n +
						    tok_automaton_step(a, y, (uint8_t)b)];
				if (now && !apart[x * n + y])
					changed = apart[x * n + y] = apart[y * n + x] = true;
			}
		}
	}
	for (uint32_t x = 0; x < n; x++) {
		if (goes_on[x] != (x != TOK_AUTOMATON_DEAD))
			fail_msg("%s: state %u of %u is dead", what, x, n);
		for (uint32_t y = 0; y < x; y++)
			if (!apart[x * n + y])
				fail_msg("%s: states %u and %u of %u are the same", what, y, x, n);
	}
	free(apart);
	free(goes_on);
}

static void states_are_few(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof expressions / sizeof expressions[0]; i++) {
		char ours[256];
		struct tok_automaton *a = make(spell_for_us(expressions[i], ours));
		assert_minimal(a, expressions[i]);
		tok_automaton_free(a);
	}
	struct tok_random random = tok_random_of(7, 3);
	struct tok_buffer expression = { 0 };
	for (size_t i = 0; i < 60; i++) {
		char ours[4096];
		tok_buffer_clear(&expression);
		add_expression(&expression, &random, 1);
		assert_true(tok_buffer_add(&expression, "", 1));
		struct tok_automaton *a = make(spell_for_us((const char *)expression.bytes, ours));
		if (tok_automaton_states(a) < 60)
			assert_minimal(a, (const char *)expression.bytes);
		tok_automaton_free(a);
	}
	tok_buffer_release(&expression);
}

/* Long ones: the number is known. */
static void long_ones_are_made(void **state)
{
	(void)state;
	static const struct {
		const char *expression;
		uint32_t states;
	} known[] = {
		{ "a{60000}", 60002 },
		{ "a{0,60000}", 60002 },
		{ "(a|b)*a(a|b){12}", (1 << 13) + 1 },
		{ "(ab|cd){0,20000}", 60002 },
		{ ".{5000}", 5000 * 8 + 2 },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct tok_automaton *a = make(tok_span_of(known[i].expression));
		if (tok_automaton_states(a) != known[i].states)
			fail_msg("%s: %u states", known[i].expression, tok_automaton_states(a));
		tok_automaton_free(a);
	}
}

/* ---- expressions that are meant to hurt ---------------------------------------------------- */

static void assert_limit(struct tok_span expression, const char *what)
{
	struct tok_error err = { 0 };
	struct tok_automaton *a = NULL;
	const enum tok_status status = tok_automaton_new(expression, &a, &err);
	if (status != TOK_ELIMIT || a)
		fail_msg("%s: status %d, '%s'", what, (int)status, err.message);
}

static void large_ones_are_refused(void **state)
{
	(void)state;
	static const char *const large[] = {
		"(a{1000}){1000}",
		"((((a{99}){99}){99}){99}){99}",
		"a{65535}",
		"a{99999999999999999999}",
		"(a{0,99}){99999999999}",
		"(a|b)*a(a|b){16}",
		"(.*a){2000}b.{2000}",
		"((a?){500}){500}",
		"(a?){60000}",
		"((a*)*b?){40000}",
		"(((.|\\n)*a(.|\\n){30}){9}|b){9}",
		"(.*a.*b.*c.*d.*e.*f.*g.*h|.*i.*j.*k.*l.*m.*n.*o.*p|.*q.*r.*s.*t.*u.*v.*w.*x){3}",
		".{9000}",
	};
	for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
		assert_limit(tok_span_of(large[i]), large[i]);
}

/* `unit` again and again, a million bytes. */
static void long_texts_are_refused(void **state)
{
	(void)state;
	static const char *const units[] = { "a",   "(",     "a|",
					     "(a)", "a*",    "[a-b]",
					     "(|",  "\\xff", "\360\237\230\200" };
	enum { BYTES = 1000000 };
	uint8_t *bytes = malloc(BYTES);
	assert_non_null(bytes);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		const size_t length = strlen(units[i]);
		size_t count = 0;
		for (; count + length <= BYTES; count += length)
			memcpy(bytes + count, units[i], length);
		assert_limit((struct tok_span){ bytes, count }, units[i]);
	}
	/* One class of a million bytes is one class. */
	memset(bytes, 'a', BYTES);
	bytes[0] = '[';
	bytes[BYTES - 1] = ']';
	struct tok_automaton *a = make((struct tok_span){ bytes, BYTES });
	assert_int_equal(tok_automaton_states(a), 3);
	tok_automaton_free(a);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_match),
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(short_texts_as_pcre2),
		cmocka_unit_test(random_expressions_as_pcre2),
		cmocka_unit_test(a_dot_is_utf8),
		cmocka_unit_test(states_are_few),
		cmocka_unit_test(long_ones_are_made),
		cmocka_unit_test(large_ones_are_refused),
		cmocka_unit_test(long_texts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
