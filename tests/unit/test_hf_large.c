/*
 * test_hf_large.c - a tokenizer.json large enough to be read and compiled on several
 * threads: the same merges as in one go, the first mistake is the one that is told, and
 * nothing is looked for ahead of itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/encoder.h"
#include "vocab/format/format_internal.h"

/* All texts of one, two and three of LETTERS letters; each longer one made of what is one
 * shorter and a letter. */
enum { LETTERS = 36, PAIRS = LETTERS * LETTERS, TRIPLES = PAIRS * LETTERS };
enum { MERGES = PAIRS + TRIPLES };
static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
_Static_assert((int)MERGES >= (int)TOK_THREADED_ENTRIES, "large enough");

static int write_text(char *to, size_t number)
{
	char text[4] = { 0 };
	if (number < LETTERS)
		return sprintf(to, "%c", letters[number]);
	number -= LETTERS;
	size_t count = number < PAIRS ? 2 : 3;
	number -= number < PAIRS ? 0 : PAIRS;
	for (size_t i = count; i-- > 0; number /= LETTERS)
		text[i] = letters[number % LETTERS];
	return sprintf(to, "%s", text);
}

/* Merge `at` is written as `other`, where that is not NULL. */
static char *write_file(bool pairs, size_t at, const char *other)
{
	char *json = malloc((size_t)64 * MERGES), *to = json;
	assert_non_null(json);
	to += sprintf(to, "{\"added_tokens\":[],\"model\":{\"type\":\"BPE\",\"vocab\":{");
	for (size_t i = 0; i < LETTERS + MERGES; i++) {
		char text[4];
		write_text(text, i);
		to += sprintf(to, "%s\"%s\":%zu", i ? "," : "", text, i);
	}
	to += sprintf(to, "},\"merges\":[");
	for (size_t i = 0; i < MERGES; i++) {
		char text[4];
		const int count = write_text(text, LETTERS + i);
		to += sprintf(to, "%s", i ? "," : "");
		if (i == at && other)
			to += sprintf(to, "%s", other);
		else
			to += sprintf(to, pairs ? "[\"%.*s\",\"%s\"]" : "\"%.*s %s\"", count - 1,
				      text, text + count - 1);
	}
	sprintf(to, "]}}");
	return json;
}

static enum tok_status read_file(bool pairs, size_t at, const char *other, struct tok_spec *spec,
				 struct tok_error *err)
{
	char *json = write_file(pairs, at, other);
	const enum tok_status status = vocab_read_hf(tok_span_of(json), spec, err);
	free(json);
	return status;
}

static void test_merges_are_those_of_the_list(void **state)
{
	(void)state;
	for (int pairs = 0; pairs < 2; pairs++) {
		struct tok_spec spec = { 0 };
		struct tok_error err = { 0 };
		if (read_file(pairs, 0, NULL, &spec, &err) != TOK_OK)
			fail_msg("%s", err.message);
		assert_int_equal(spec.model.as.bpe.merge_count, MERGES);
		for (uint32_t i = 0; i < MERGES; i++) {
			const struct tok_merge *merge = &spec.model.as.bpe.merges[i];
			assert_int_equal(merge->result, LETTERS + i);
			assert_int_equal(merge->left,
					 i < PAIRS ? i / LETTERS : LETTERS + (i - PAIRS) / LETTERS);
			assert_int_equal(merge->right, i % LETTERS);
		}
		tok_spec_release(&spec);
	}
}

static void test_the_first_mistake_is_told(void **state)
{
	static const struct {
		const char *merge, *why;
	} mistakes[] = {
		{ "[\"a\",\"~\"]", "merge %zu: '~' is not in the vocabulary" },
		{ "[\"abc\",\"d\"]", "merge %zu: the result 'abcd' is not in the vocabulary" },
		{ "[\"a\",[\"b\"]]", "a merge must be a pair of tokens" },
		{ "[\"a\",\"b\",\"c\"]", "a merge must be a pair of tokens" },
		{ "7", "a merge must be a pair of tokens" },
		{ "[[[[[]]]],{}]", "a merge must be a pair of tokens" },
	};
	static const size_t places[] = { 1,         2, MERGES / 2 - 1, MERGES / 2, MERGES / 2 + 1,
					 MERGES - 1 };
	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
			struct tok_spec spec = { 0 };
			struct tok_error err = { 0 };
			char why[128], wanted[256];
			snprintf(why, sizeof why, mistakes[i].why, places[k] + 1);
			snprintf(wanted, sizeof wanted, "at model.merges[%zu]: %s", places[k], why);
			assert_int_equal(read_file(true, places[k], mistakes[i].merge, &spec, &err),
					 TOK_EFORMAT);
			assert_string_equal(err.message, wanted);
			tok_spec_release(&spec);
		}
	}
}

static void test_compiled_it_merges_as_it_says(void **state)
{
	(void)state;
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer;
	assert_int_equal(read_file(true, 0, NULL, &spec, &err), TOK_OK);
	if (tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	for (uint32_t i = 0; i < LETTERS + MERGES; i++) {
		char text[4];
		write_text(text, i);
		assert_int_equal(tok_tokenizer_find(tokenizer, tok_span_of(text)), i);
		assert_true(tok_span_equal(tok_tokenizer_token(tokenizer, i), tok_span_of(text)));
	}
	tok_tokenizer_free(tokenizer);
	tok_spec_release(&spec);
}

/* Keys are asked for ahead of their turn; what stands there need not be one. */
static void test_what_is_no_key_is_not_asked_for(void **state)
{
	(void)state;
	char *json = malloc(100000), *to = json;
	assert_non_null(json);
	to += sprintf(to, "{\"model\":{\"type\":\"BPE\",\"vocab\":{");
	for (int i = 0; i < 100; i++)
		to += sprintf(to, i == 20 ? "%s\"%d\":[[7,7],[7,7],{\"a\":[7]}]" : "%s\"%d\":%d",
			      i ? "," : "", i, i);
	sprintf(to, "},\"merges\":[]}}");
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(vocab_read_hf(tok_span_of(json), &spec, &err), TOK_EFORMAT);
	assert_string_equal(err.message,
			    "at model.vocab['20']: an id must be a whole number from 0 to "
			    "16777215, not an array");
	tok_spec_release(&spec);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges_are_those_of_the_list),
		cmocka_unit_test(test_the_first_mistake_is_told),
		cmocka_unit_test(test_compiled_it_merges_as_it_says),
		cmocka_unit_test(test_what_is_no_key_is_not_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
