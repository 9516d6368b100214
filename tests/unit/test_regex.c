/*
 * test_regex.c - patterns match where Oniguruma and fancy-regex match.
 *
 *	test_regex --answer        reads lines "o|r HEX HEX" (dialect, pattern, text),
 *	                           writes where it matches, or "refused: why"
 *	test_regex --set o|r HEX   reads ranges of characters, and writes those of them that
 *	                           a pattern matches
 *
 * for the scripts in tests/oracles.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tok/base/buffer.h"
#include "tok/text/regex.h"
#include "tok/text/regex_internal.h"
#include "tok/text/unicode_internal.h"
#include "tok/text/utf8.h"

#include "tests/unit/checked.h"
#include "tests/unit/regex_table.inc"

static struct tok_regex *compile(struct tok_span pattern, enum tok_regex_dialect dialect)
{
	struct tok_error err = { 0 };
	struct tok_regex *regex = NULL;
	if (tok_regex_new(pattern, dialect, &regex, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return regex;
}

/* ---- against the references ----------------------------------------------- */

/* All matches that are not empty, as "begin-end begin-end". */
static enum tok_status show_matches(const struct tok_regex *regex,
				    struct tok_regex_scratch *scratch, struct tok_span text,
				    struct tok_buffer *out, struct tok_error *err)
{
	tok_buffer_clear(out);
	for (size_t from = 0; from <= text.count;) {
		struct tok_range hit = { 0 };
		char cell[32];
		bool found;
		const enum tok_status status =
		    tok_regex_find(regex, scratch, text, from, &found, &hit, err);
		if (status != TOK_OK)
			return status;
		if (!found)
			break;
		const int n = snprintf(cell, sizeof cell, "%s%u-%u", out->count ? " " : "",
				       hit.begin, hit.end);
		if (hit.end > hit.begin)
			assert_true(tok_buffer_add(out, cell, (size_t)n));
		from = hit.end;
		if (hit.begin == hit.end)
			from += from < text.count ? tok_utf8_at(text, from).length : 1;
	}
	assert_true(tok_buffer_add_byte(out, '\0'));
	return TOK_OK;
}

static void matches_as_the_references(void **state)
{
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_error err = { 0 };
	struct tok_buffer got = { 0 };
	size_t wrong = 0;
	assert_non_null(scratch);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_regex *regex = compile(tok_span_of(rows[i].pattern), rows[i].dialect);
		for (size_t k = 0; k < TEXTS; k++) {
			const struct tok_span text = { (const uint8_t *)texts[k].bytes,
						       texts[k].count };
			if (show_matches(regex, scratch, text, &got, &err) != TOK_OK)
				fail_msg("%s", err.message);
			if (strcmp((const char *)got.bytes, rows[i].matches[k]) == 0)
				continue;
			printf("dialect %d, %s on \"%s\": %s, want %s\n", (int)rows[i].dialect,
			       rows[i].pattern, texts[k].bytes, (const char *)got.bytes,
			       rows[i].matches[k]);
			wrong++;
		}
		tok_regex_free(regex);
	}
	tok_buffer_release(&got);
	tok_regex_scratch_free(scratch);
	assert_int_equal(wrong, 0);
}

/* What the reference of its dialect refuses, or what tok_regex_new says it does. */
static void refuses_with_a_reason(void **state)
{
	static const struct {
		const char *pattern, *dialects;
	} refused[] = {
		{ "(", "or" },
		{ ")", "or" },
		{ "[", "or" },
		{ "[a", "or" },
		{ "a**", "r" },
		{ "\\", "or" },
		{ "\\p{Nonsense}", "or" },
		{ "\\p{L", "or" },
		{ "\\p", "r" },
		{ "[b-a]", "or" },
		{ "(?<n", "or" },
		{ "(?~a)", "or" },
		{ "\\xZZ", "r" },
		{ "\\x{110000}", "o" },
		{ "*", "or" },
		{ "(?P", "or" },
		{ "\\k<", "or" },
		{ "\\q", "r" },
		{ "\xFF", "or" },
		{ "[\xFF]", "or" },
		{ "\\\xFF", "or" },
		{ "(?-u:a)", "r" },
		{ "\\X", "or" },
		{ "(?<=a+)b", "or" },
		{ "(?(1)a|b)", "or" },
		{ "\\xE9", "o" },
		{ "a{99999}", "or" },
		{ "(*UTF)", "or" },
		{ "(*SKIP)", "or" },
		{ "(?C1)", "or" },
		{ "(?W:a)", "o" },
		{ "[[:nix:]]", "or" },
		{ "(?#", "or" },
		{ "(?i", "or" },
		{ "\\p{L&}", "or" },
		{ "(?R)", "or" },
	};
	static const enum tok_regex_dialect dialects[] = { TOK_REGEX_ONIGURUMA, TOK_REGEX_RUST };
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		for (size_t d = 0; d < 2; d++) {
			struct tok_error err = { 0 };
			struct tok_regex *regex = NULL;
			if (!strchr(refused[i].dialects, "or"[d]))
				continue;
			if (tok_regex_new(tok_span_of(refused[i].pattern), dialects[d], &regex,
					  &err) != TOK_EFORMAT)
				fail_msg("'%s' was taken", refused[i].pattern);
			assert_non_null(strstr(err.message, ", byte "));
			for (const char *c = err.message; *c; c++)
				assert_false((unsigned char)*c < 0x20);
		}
}

/* Deep or long patterns are refused, not followed. */
static void refuses_bombs(void **state)
{
	static const struct {
		const char *name, *begin, *part;
	} bombs[] = {
		{ "groups", "", "(" },   { "classes", "", "[" },      { "flags", "", "(?i)" },
		{ "words", "", "\\b" },  { "sets", "", "[\\w&&\\W" }, { "letters", "(?i)", "s" },
		{ "repeats", "a", "*" }, { "looks", "", "(?=" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
		struct tok_buffer pattern = { 0 };
		struct tok_error err = { 0 };
		struct tok_regex *regex = NULL;
		assert_true(tok_buffer_add(&pattern, bombs[i].begin, strlen(bombs[i].begin)));
		while (pattern.count < 60000)
			assert_true(tok_buffer_add(&pattern, bombs[i].part, strlen(bombs[i].part)));
		const enum tok_status status =
		    tok_regex_new(tok_buffer_span(&pattern), TOK_REGEX_ONIGURUMA, &regex, &err);
		if (status != TOK_EFORMAT && status != TOK_ELIMIT)
			fail_msg("%s: %d %s", bombs[i].name, (int)status, err.message);
		tok_buffer_release(&pattern);
	}
}

/* ---- laws ----------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Four times the text takes about four times as long, not sixteen times. */
static void time_is_linear(void **state)
{
	static const char *const patterns[] = {
		"\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
		"(?i:'s|'t)|\\w+\\b|[^\\w\\s]+",
		"a",
		"(?:ab?)+",
	};
	static const char *const fillings[] = { "aaaaaaa", "       ", "ab c, 1" };
	enum { SMALL = CHECKED ? 20 * 1000 : 100 * 1000, TIMES = 4 };
	static uint8_t bytes[SMALL * TIMES];
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_error err = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
		for (int kind = 0; kind < 3; kind++) {
			struct tok_regex *regex =
			    compile(tok_span_of(patterns[i]), TOK_REGEX_ONIGURUMA);
			double took[2] = { 0 };
			for (size_t k = 0; k < sizeof bytes; k++)
				bytes[k] = (uint8_t)fillings[kind][k % 7];
			for (int large = 0; large < 2; large++) {
				const struct tok_span text = { bytes,
							       large ? sizeof bytes : SMALL };
				struct tok_buffer out = { 0 };
				const double begin = seconds();
				if (show_matches(regex, scratch, text, &out, &err) != TOK_OK)
					fail_msg("%s", err.message);
				took[large] = seconds() - begin;
				tok_buffer_release(&out);
			}
			if (took[1] > 0.2 + 2 * TIMES * took[0])
				fail_msg("'%s': %g s, then %g s", patterns[i], took[0], took[1]);
			tok_regex_free(regex);
		}
	tok_regex_scratch_free(scratch);
}

/* A match sees what is in front of `from`, and reports empty matches. */
static void looks_in_front_of_from(void **state)
{
	static const struct {
		const char *pattern;
		size_t from;
		uint32_t begin, end;
	} searches[] = {
		{ "(?<=a)b", 1, 1, 2 },    { "\\bb", 1, 4, 5 }, { "^b|c", 1, 2, 3 },
		{ "\\Gb", 1, 1, 2 },       { "x*", 1, 1, 1 },   { "\\z", 2, 6, 6 },
		{ "(?<![ab])b", 1, 4, 5 },
	};
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++) {
		struct tok_regex *regex =
		    compile(tok_span_of(searches[i].pattern), TOK_REGEX_ONIGURUMA);
		struct tok_range hit = { 0 };
		struct tok_error err = { 0 };
		bool found;
		assert_int_equal(tok_regex_find(regex, scratch, tok_span_of("abc b "),
						searches[i].from, &found, &hit, &err),
				 TOK_OK);
		if (!found || hit.begin != searches[i].begin || hit.end != searches[i].end)
			fail_msg("%s: %u-%u", searches[i].pattern, hit.begin, hit.end);
		tok_regex_free(regex);
	}
	tok_regex_scratch_free(scratch);
}

/* Bad bytes are no characters: nothing reaches over them. */
static void bad_bytes_match_nothing(void **state)
{
	static const struct {
		const char *pattern, *text, *want;
	} searches[] = {
		{ ".+",
		  "ab\xFF"
		  "cd",
		  "0-2 3-5" },
		{ "[^x]", "\x80\xC3\xED\xA0\x80", "" },
		{ "\\p{L}+",
		  "\xE4\xB8"
		  "a\xE4\xB8\xAD\xE4",
		  "2-6" },
		{ "\\S+", "\xF0\x9F\x98", "" },
	};
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_buffer got = { 0 };
	for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++) {
		struct tok_error err = { 0 };
		struct tok_regex *regex =
		    compile(tok_span_of(searches[i].pattern), TOK_REGEX_ONIGURUMA);
		assert_int_equal(
		    show_matches(regex, scratch, tok_span_of(searches[i].text), &got, &err),
		    TOK_OK);
		assert_string_equal((const char *)got.bytes, searches[i].want);
		tok_regex_free(regex);
	}
	tok_buffer_release(&got);
	tok_regex_scratch_free(scratch);
}

static void literals_stand_for_themselves(void **state)
{
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_regex *regex = compile(tok_span_of("a.*"), TOK_REGEX_LITERAL);
	struct tok_buffer got = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(show_matches(regex, scratch, tok_span_of("a.b a.*a.*"), &got, &err),
			 TOK_OK);
	assert_string_equal((const char *)got.bytes, "4-7 7-10");
	tok_buffer_release(&got);
	tok_regex_free(regex);
	tok_regex_scratch_free(scratch);
}

/* The hundred ways to write a set are one set: its ranges spelt out, and with the
 * categories that this PCRE2 has. */
static void spellings_agree(void **state)
{
	static const char *const names[] = { "L", "Lo", "M", "N", "Cn", "C", "S", "Han", "word" };
	const unsigned unicode = tok_set_pcre2_unicode();
	(void)state;
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct tok_set set = { 0 };
		struct tok_buffer written = { 0 };
		assert_true(
		    tok_set_add_property(&set, tok_span_of(names[i]), TOK_REGEX_ONIGURUMA, true));
		tok_set_tidy(&set);
		assert_true(tok_set_write(&set, 0, &written)); /* as for an unknown version */
		struct tok_regex *plain = compile(tok_buffer_span(&written), TOK_REGEX_RUST);
		tok_buffer_clear(&written);
		assert_true(tok_set_write(&set, unicode, &written));
		struct tok_regex *named = compile(tok_buffer_span(&written), TOK_REGEX_RUST);
		for (uint32_t code = 0; code < TOK_CODE_END; code += code == 0xD7FF ? 0x801 : 1) {
			uint8_t bytes[4];
			const struct tok_span text = { bytes, tok_utf8_put(code, bytes) };
			struct tok_range hit;
			struct tok_error err;
			bool a, b;
			assert_int_equal(tok_regex_find(plain, scratch, text, 0, &a, &hit, &err),
					 TOK_OK);
			assert_int_equal(tok_regex_find(named, scratch, text, 0, &b, &hit, &err),
					 TOK_OK);
			if (a != b || a != tok_set_covers(&set, code, code + 1))
				fail_msg("%s: U+%04X %d %d", names[i], code, a, b);
		}
		tok_regex_free(plain);
		tok_regex_free(named);
		tok_buffer_release(&written);
		tok_set_release(&set);
	}
	tok_regex_scratch_free(scratch);
}

/* ---- for the oracles ------------------------------------------------------ */

static size_t from_hex(const char *hex, struct tok_buffer *out)
{
	tok_buffer_clear(out);
	size_t i = 0;
	for (unsigned byte; hex[i] && hex[i] != ' ' && hex[i] != '\n'; i += 2) {
		if (sscanf(hex + i, "%2x", &byte) != 1 || !tok_buffer_add_byte(out, (uint8_t)byte))
			exit(2);
	}
	return i;
}

static enum tok_regex_dialect dialect_of(char letter)
{
	return letter == 'o' ? TOK_REGEX_ONIGURUMA : TOK_REGEX_RUST;
}

static int answer(void)
{
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_buffer pattern = { 0 }, text = { 0 }, got = { 0 };
	char *line = NULL;
	size_t room = 0;
	while (getline(&line, &room, stdin) > 3) {
		struct tok_error err = { 0 };
		struct tok_regex *regex = NULL;
		from_hex(line + 3 + from_hex(line + 2, &pattern), &text);
		enum tok_status status =
		    tok_regex_new(tok_buffer_span(&pattern), dialect_of(line[0]), &regex, &err);
		if (status == TOK_OK)
			status = show_matches(regex, scratch, tok_buffer_span(&text), &got, &err);
		if (status == TOK_OK)
			puts((const char *)got.bytes);
		else
			printf("%s: %s\n", regex ? "gave up" : "refused", err.message);
		tok_regex_free(regex);
	}
	free(line);
	tok_buffer_release(&pattern);
	tok_buffer_release(&text);
	tok_buffer_release(&got);
	tok_regex_scratch_free(scratch);
	return 0;
}

/* Does the pattern match this character, and all of it?  False if that cannot be said. */
static bool holds(struct tok_regex *regex, struct tok_regex_scratch *scratch, uint32_t code,
		  bool *in)
{
	uint8_t bytes[4];
	struct tok_range hit = { 0 };
	struct tok_error err = { 0 };
	if (code >= TOK_CODE_END || (code >= 0xD800 && code < 0xE000))
		return true;
	const struct tok_span text = { bytes, tok_utf8_put(code, bytes) };
	if (tok_regex_find(regex, scratch, text, 0, in, &hit, &err) != TOK_OK)
		return false;
	*in = *in && hit.begin == 0 && hit.end == text.count;
	return true;
}

/* Ranges are lines "begin end". */
static int print_set(char dialect, const char *hex)
{
	struct tok_regex_scratch *scratch = tok_regex_scratch_new();
	struct tok_buffer pattern = { 0 };
	struct tok_error err = { 0 };
	struct tok_regex *regex = NULL;
	from_hex(hex, &pattern);
	if (tok_regex_new(tok_buffer_span(&pattern), dialect_of(dialect), &regex, &err) != TOK_OK)
		return puts(err.message) < 0 ? 2 : 1;
	uint32_t begin, end, first = TOK_CODE_END;
	while (scanf("%" SCNu32 " %" SCNu32, &begin, &end) == 2)
		for (uint32_t code = begin; code <= end && code <= TOK_CODE_END; code++) {
			bool in = false;
			if (code < end && !holds(regex, scratch, code, &in))
				return 2;
			if (in && first == TOK_CODE_END)
				first = code;
			if (!in && first != TOK_CODE_END) {
				printf("%u %u\n", first, code);
				first = TOK_CODE_END;
			}
		}
	tok_buffer_release(&pattern);
	tok_regex_free(regex);
	tok_regex_scratch_free(scratch);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_the_references),
		cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(refuses_bombs),
		cmocka_unit_test(time_is_linear),
		cmocka_unit_test(looks_in_front_of_from),
		cmocka_unit_test(bad_bytes_match_nothing),
		cmocka_unit_test(literals_stand_for_themselves),
		cmocka_unit_test(spellings_agree),
	};
	if (argc == 2 && strcmp(argv[1], "--answer") == 0)
		return answer();
	if (argc == 4 && strcmp(argv[1], "--set") == 0)
		return print_set(argv[2][0], argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
