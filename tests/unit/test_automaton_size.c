/* Byte automata have as few states as can be; expressions that are meant to hurt are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/automaton_cases.h"

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
		"(a|b)*a(a|b){13}(){200000}",
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
		cmocka_unit_test(states_are_few),
		cmocka_unit_test(long_ones_are_made),
		cmocka_unit_test(large_ones_are_refused),
		cmocka_unit_test(long_texts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
