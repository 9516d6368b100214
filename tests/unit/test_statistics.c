/* test_statistics.c - counts of vocabularies whose tokens can be counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/health_toys.h"
#include "vocab/audit/statistics.h"

static struct vocab_statistics find(const char *text, const char *pattern, struct tok_arena *arena)
{
	struct vocab_statistics s;
	struct tok_error err = { 0 };
	struct tok_tokenizer *t = toy_open(text, pattern);
	assert_int_equal(vocab_statistics_find(t, arena, &s, &err), TOK_OK);
	tok_tokenizer_free(t);
	return s;
}

/* In the order of enum vocab_statistic.  Of WordPiece, "a", "x" and, between letters, a space come
 * back; that is cut off where it stands alone. */
static void test_numbers(void **state)
{
	char *fallback = toy_fallback_make();
	const struct {
		const char *text, *pattern, *unknown;
		uint64_t numbers[VOCAB_STATISTICS];
	} rows[] = {
		{ fallback, NULL, "<unk>", { 262, 4, 256, 2, 2, 2, 6, 2, 256, 256, 0, 1 } },
		{ toy_wordpiece, NULL, "[UNK]", { 11, 9, 0, 2, 2, 0, 29, 10, 1, 3, 0, 0 } },
		{ toy_ranks, "\\S+", NULL, { 7, 7, 0, 0, 0, 0, 14, 3, 3, 3, 1, 0 } },
		{ toy_unigram, NULL, "<unk>", { 8, 7, 0, 1, 0, 0, 14, 4, 4, 3, 0, 0 } },
		{ toy_suffix, NULL, NULL, { 7, 7, 0, 0, 0, 2, 14, 3, 2, 2, 0, 0 } },
		{ toy_far, "\\S+", NULL, { 2, 2, 0, 0, 0, 0, 2, 1, 2, 0, 1, 0 } },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_arena arena = { 0 };
		const struct vocab_statistics s = find(rows[i].text, rows[i].pattern, &arena);
		for (size_t n = 0; n < VOCAB_STATISTICS; n++)
			if (s.numbers[n] != rows[i].numbers[n])
				fail_msg("row %zu: %s is %llu, not %llu", i,
					 vocab_statistics_names[n],
					 (unsigned long long)s.numbers[n],
					 (unsigned long long)rows[i].numbers[n]);
		if (rows[i].unknown)
			assert_string_equal(s.unknown, rows[i].unknown);
		else
			assert_null(s.unknown);
		tok_arena_release(&arena);
	}
	free(fallback);
}

static void test_words_and_scripts(void **state)
{
	struct tok_arena arena = { 0 };
	(void)state;
	struct vocab_statistics s = find(toy_wordpiece, NULL, &arena);
	assert_string_equal(s.normalizer,
			    "BERT: control characters removed, spaces around Chinese characters, "
			    "accents removed, lower case");
	assert_non_null(s.pre_tokenizer);
	/* "!", the accent and "12" have no script. */
	assert_int_equal(s.script_count, 2);
	assert_string_equal(s.scripts[0].name, "Latn");
	assert_int_equal(s.scripts[0].tokens, 6);
	assert_string_equal(s.scripts[1].name, "Zyyy");
	assert_int_equal(s.scripts[1].tokens, 3);
	assert_true(vocab_statistics_mean(&s) > 3.22 && vocab_statistics_mean(&s) < 3.23);
	s = find(toy_ranks, "\\S+", &arena);
	assert_null(s.normalizer);
	assert_non_null(s.pre_tokenizer);
	s = find(toy_suffix, NULL, &arena);
	assert_null(s.normalizer);
	tok_arena_release(&arena);
}

/* Texts that are too long are cut, and what is no text is shown as it is written there. */
static void test_long_texts(void **state)
{
	enum { STEPS = 300, LONG = 400 };
	/* 128 of its kind, of 32 bytes with what divides them, would end with the last byte. */
	static const char step[] = "{\"type\":\"Prepend\",\"prepend\":\"abcdefghijklmno\"}";
	const size_t room = sizeof step * STEPS + LONG + 512;
	char *text = malloc(room), name[LONG];
	struct tok_arena arena = { 0 };
	size_t at = 0;
	(void)state;
	assert_non_null(text);
	snprintf(name, sizeof name, "\\u0000\\n'%0*d", LONG - 100, 0);
	at += (size_t)snprintf(text, room,
			       "{\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\","
			       "\"normalizers\":[");
	for (int i = 0; i < STEPS; i++)
		at += (size_t)snprintf(text + at, room - at, "%s%s", i ? "," : "", step);
	snprintf(text + at, room - at,
		 "]},\"pre_tokenizer\":null,\"decoder\":null,\"model\":{\"type\":\"WordLevel\","
		 "\"unk_token\":\"%s\",\"vocab\":{\"%s\":0}}}",
		 name, name);
	const struct vocab_statistics s = find(text, NULL, &arena);
	assert_int_equal(strncmp(s.unknown, "\\x00\\x0a'0000", 13), 0);
	assert_true(strlen(s.unknown) < 210);
	assert_string_equal(s.unknown + strlen(s.unknown) - 5, "00...");
	assert_true(strlen(s.normalizer) < VOCAB_STATISTICS_WORDS);
	assert_true(strlen(s.normalizer) > VOCAB_STATISTICS_WORDS - 100);
	assert_string_equal(s.normalizer + strlen(s.normalizer) - 5, "; ...");
	assert_true(vocab_statistics_mean(&s) == 0);
	tok_arena_release(&arena);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_words_and_scripts),
		cmocka_unit_test(test_long_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
