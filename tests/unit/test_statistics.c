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

static const char hostile_format[] =
    "{\"added_tokens\":[],\"normalizer\":%s,\"pre_tokenizer\":%s,\"decoder\":%s,\"model\":{"
    "\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1},\"merges\":[]}}";

/* `count` of a step, whose %s is `length` times "a", as a Sequence. */
static void put_sequence(char *out, size_t room, const char *list, const char *step, int count,
			 int length)
{
	char many[1200];
	size_t at = (size_t)snprintf(out, room, "{\"type\":\"Sequence\",\"%s\":[", list);
	memset(many, 'a', sizeof many);
	many[length] = '\0';
	for (int i = 0; i < count; i++) {
		at += (size_t)snprintf(out + at, room - at, "%s", i ? "," : "");
		at += (size_t)snprintf(out + at, room - at, step, many);
	}
	snprintf(out + at, room - at, "]}");
}

/* Steps that each make a thousand of one are not asked, which would take years; one that makes 30
 * is.  Without a decoder tokens are joined by spaces: one between letters, which is dropped, comes
 * back. */
static void test_hostile_steps(void **state)
{
	static const char literal[] =
	    "{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"%s\"}";
	static const char empty[] =
	    "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\"},\"content\":\"%s\"}";
	static const char bytes[] = "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
				    "\"trim_offsets\":true,\"use_regex\":false}";
	static const struct {
		const char *list, *step;
		int count, length;
		uint64_t returned;
	} rows[] = {
		{ "normalizers", literal, 8, 1000, 0 }, { "normalizers", empty, 8, 1000, 0 },
		{ "decoders", literal, 8, 1000, 0 },    { "decoders", empty, 8, 1000, 0 },
		{ "pretokenizers", bytes, 60, 0, 0 },   { "normalizers", literal, 1, 30, 1 },
		{ "normalizers", literal, 1, 1, 3 },    { "decoders", literal, 1, 1, 2 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char steps[12000], text[40000];
		struct tok_arena arena = { 0 };
		put_sequence(steps, sizeof steps, rows[i].list, rows[i].step, rows[i].count,
			     rows[i].length);
		const char at = rows[i].list[0];
		snprintf(text, sizeof text, hostile_format, at == 'n' ? steps : "null",
			 at == 'p' ? steps : "null", at == 'd' ? steps : "null");
		const struct vocab_statistics s = find(text, NULL, &arena);
		if (s.numbers[VOCAB_STATISTIC_BYTES_RETURNED] != rows[i].returned)
			fail_msg("row %zu: %llu bytes come back", i,
				 (unsigned long long)s.numbers[VOCAB_STATISTIC_BYTES_RETURNED]);
		tok_arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_words_and_scripts),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_hostile_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
