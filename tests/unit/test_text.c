/* test_text.c - UTF-8, Unicode tables, and text that knows where it came from.
 * `test_text --dump` prints category, space, alphabetic, word of every code point
 * for tests/oracles/unicode_sets.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tok/text/text.h"
#include "tok/text/unicode.h"
#include "tok/text/utf8.h"

static struct tok_span span_of(const char *bytes, size_t count)
{
	return (struct tok_span){ (const uint8_t *)bytes, count };
}

static void characters_from_bytes(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t count;
		uint32_t code, length;
	} rows[] = {
		{ "nul", "\0", 1, 0, 1 },
		{ "ascii", "a", 1, 'a', 1 },
		{ "two", "\xC3\xA9", 2, 0xE9, 2 },
		{ "three", "\xE2\x82\xAC", 3, 0x20AC, 3 },
		{ "four", "\xF0\x9F\x98\x80", 4, 0x1F600, 4 },
		{ "last", "\xF4\x8F\xBF\xBF", 4, 0x10FFFF, 4 },
		{ "lone tail", "\x80", 1, TOK_BAD_BYTE + 0x80, 1 },
		{ "cut short", "\xE2\x82", 2, TOK_BAD_BYTE + 0xE2, 1 },
		{ "overlong", "\xC0\xAF", 2, TOK_BAD_BYTE + 0xC0, 1 },
		{ "overlong three", "\xE0\x80\xAF", 3, TOK_BAD_BYTE + 0xE0, 1 },
		{ "surrogate", "\xED\xA0\x80", 3, TOK_BAD_BYTE + 0xED, 1 },
		{ "too large", "\xF4\x90\x80\x80", 4, TOK_BAD_BYTE + 0xF4, 1 },
		{ "bad tail", "\xE2\x28\xA1", 3, TOK_BAD_BYTE + 0xE2, 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct tok_span text = span_of(rows[i].bytes, rows[i].count);
		const struct tok_char c = tok_utf8_at(text, 0);
		if (c.code != rows[i].code || c.length != rows[i].length)
			fail_msg("%s: %x, %u", rows[i].name, c.code, c.length);
		uint8_t back[4];
		assert_int_equal(tok_utf8_put(c.code, back), c.length);
		assert_memory_equal(back, rows[i].bytes, c.length);
		if (c.length == rows[i].count)
			assert_int_equal(tok_utf8_before(text, text.count).code, c.code);
	}
}

/* Walking backwards meets the same characters as walking forwards. */
static void backwards_is_forwards(void **state)
{
	uint8_t bytes[12];
	uint32_t seed = 1;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		static const uint8_t likely[] = { 'a',  0x80, 0xBF, 0xC3, 0xE2, 0xED,
						  0xF0, 0xF4, 0x9F, 0xFF, 0xA9, 0x90 };
		struct tok_char forward[12];
		size_t count = 0;
		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = likely[(seed >> 16) % sizeof likely];
		}
		const struct tok_span text = { bytes, sizeof bytes };
		for (size_t at = 0; at < text.count; count++) {
			forward[count] = tok_utf8_at(text, at);
			at += forward[count].length;
		}
		assert_int_equal(count, tok_utf8_count(text));
		for (size_t end = text.count; end > 0;) {
			const struct tok_char c = tok_utf8_before(text, end);
			assert_true(count > 0);
			assert_int_equal(c.code, forward[--count].code);
			end -= c.length;
		}
	}
}

static void properties_of_characters(void **state)
{
	static const struct {
		uint32_t code;
		enum tok_category category;
		bool space, word;
	} rows[] = {
		{ 'A', TOK_LU, false, true },
		{ 'z', TOK_LL, false, true },
		{ '7', TOK_ND, false, true },
		{ '_', TOK_PC, false, true },
		{ ' ', TOK_ZS, true, false },
		{ '\n', TOK_CC, true, false },
		{ 0x85, TOK_CC, true, false },
		{ 0x301, TOK_MN, false, true },
		{ 0x4F60, TOK_LO, false, true },
		{ 0x2028, TOK_ZL, true, false },
		{ 0x200D, TOK_CF, false, true },
		{ 0x378, TOK_CN, false, false },
		{ 0x1F600, TOK_SO, false, false },
		{ 0x1C89, TOK_LU, false, true }, /* new in 16 */
		{ 0x10FFFF, TOK_CN, false, false },
		{ TOK_BAD_BYTE + 0xFF, TOK_CN, false, false },
		{ UINT32_MAX, TOK_CN, false, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(tok_unicode_category(rows[i].code), rows[i].category);
		assert_int_equal(tok_unicode_space(rows[i].code), rows[i].space);
		assert_int_equal(tok_unicode_word(rows[i].code), rows[i].word);
	}
}

static void text_keeps_its_origin(void **state)
{
	struct tok_text from = { .tracked = true }, to = { .tracked = true };
	(void)state;
	assert_true(tok_text_set(&from, span_of("hello", 5), 100));
	assert_true(tok_text_copy(&to, &from, 1, 3));
	assert_true(tok_text_put_char(&to, 0xE9, (struct tok_range){ 103, 105 }));
	assert_int_equal(to.count, 4);
	assert_memory_equal(to.bytes, "el\xC3\xA9", 4);
	const struct tok_range whole = tok_text_origin(&to, 0, 4);
	const struct tok_range first = tok_text_origin(&to, 0, 1);
	assert_int_equal(whole.begin, 101);
	assert_int_equal(whole.end, 105);
	assert_int_equal(first.end, 102);
	assert_int_equal(tok_text_origin(&to, 2, 2).begin, 103);
	assert_int_equal(tok_text_origin(&to, 2, 2).end, 103);
	tok_text_release(&from);
	tok_text_release(&to);
}

static int dump(void)
{
	for (uint32_t code = 0; code < TOK_BAD_BYTE; code++)
		printf("%d %d %d %d\n", (int)tok_unicode_category(code), tok_unicode_space(code),
		       tok_unicode_alphabetic(code), tok_unicode_word(code));
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_from_bytes),
		cmocka_unit_test(backwards_is_forwards),
		cmocka_unit_test(properties_of_characters),
		cmocka_unit_test(text_keeps_its_origin),
	};
	if (argc > 1 && strcmp(argv[1], "--dump") == 0)
		return dump();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
