/* test_items_parse.c - what a model meant by what it said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "vocab/audit/items.h"

static const struct {
	enum vocab_parser parser;
	const char *output;
	const char *number, *text; /* NULL: invalid */
} rows[] = {
	{ VOCAB_PARSE_STRICT, "3", "3", "3" },
	{ VOCAB_PARSE_STRICT, " 3\n", "3", "3" },
	{ VOCAB_PARSE_STRICT,
	  "\xC2\xA0\xE3\x80\x80"
	  "3\t",
	  "3", "3" },
	{ VOCAB_PARSE_STRICT, "3.", NULL, "3." },
	{ VOCAB_PARSE_STRICT, "+3", "3", "+3" },
	{ VOCAB_PARSE_STRICT, "-3", "-3", "-3" },
	{ VOCAB_PARSE_STRICT, "003", "3", "003" },
	{ VOCAB_PARSE_STRICT, "- 3", NULL, "- 3" },
	{ VOCAB_PARSE_STRICT, "+", NULL, "+" },
	{ VOCAB_PARSE_STRICT, "1_0", NULL, "1_0" },
	{ VOCAB_PARSE_STRICT, "\xD9\xA3", NULL, "\xD9\xA3" },
	{ VOCAB_PARSE_STRICT, "3 4", NULL, "3 4" },
	{ VOCAB_PARSE_STRICT, "", NULL, NULL },
	{ VOCAB_PARSE_STRICT, " \n", NULL, NULL },
	{ VOCAB_PARSE_STRICT, "\xFF", NULL, "\xFF" },
	{ VOCAB_PARSE_STRICT, "9223372036854775807", "9223372036854775807", "9223372036854775807" },
	{ VOCAB_PARSE_STRICT, "9223372036854775808", NULL, "9223372036854775808" },
	{ VOCAB_PARSE_STRICT, "99999999999999999999999999", NULL, "99999999999999999999999999" },
	{ VOCAB_PARSE_LAST, "of 5 letters, 3 are r.", "3", "3" },
	{ VOCAB_PARSE_LAST, "12", "12", "12" },
	{ VOCAB_PARSE_LAST, "it is -2!", "-2", "-2" },
	{ VOCAB_PARSE_LAST, "word-2", "2", "2" },
	{ VOCAB_PARSE_LAST, "2-3", "3", "3" },
	{ VOCAB_PARSE_LAST, "none", NULL, NULL },
	{ VOCAB_PARSE_LAST, "", NULL, NULL },
	{ VOCAB_PARSE_FIRST, "of 5 letters, 3 are r.", "5", "5" },
	{ VOCAB_PARSE_FIRST, "+7 or 8", "7", "+7" },
	{ VOCAB_PARSE_FIRST, "-", NULL, NULL },
	{ VOCAB_PARSE_QUOTED, "\"ab\"", NULL, "ab" },
	{ VOCAB_PARSE_QUOTED, "\" ab \"", NULL, " ab " },
	{ VOCAB_PARSE_QUOTED, "\" 4 \"", "4", " 4 " },
	{ VOCAB_PARSE_TAG, "<answer> ab\n</answer>", NULL, "ab" },
	{ VOCAB_PARSE_STRICT, " ab\n", NULL, "ab" },
	{ VOCAB_PARSE_QUOTED, "\"x\" Answer: \"y\" Answer: \"4\" or \"5\"", "4", "4" },
	{ VOCAB_PARSE_QUOTED, "Answer: \"a\"</s>\"b\"", NULL, "a" },
	{ VOCAB_PARSE_QUOTED, "Answer: \"a</s>\"b\"", NULL, NULL },
	{ VOCAB_PARSE_QUOTED, "\"x\" Answer:", NULL, NULL },
	{ VOCAB_PARSE_QUOTED, "Answer: \"open", NULL, NULL },
	{ VOCAB_PARSE_QUOTED, "\"\"", NULL, NULL },
	{ VOCAB_PARSE_QUOTED, "bare", NULL, NULL },
	{ VOCAB_PARSE_TAG, "<answer>1</answer> no, <answer> 2 </answer>", "2", "2" },
	{ VOCAB_PARSE_TAG, "<answer>1", NULL, NULL },
	{ VOCAB_PARSE_TAG, "1</answer>", NULL, NULL },
	{ VOCAB_PARSE_TAG, "", NULL, NULL },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct vocab_parsed got = { { NULL, 0 }, 0 };
		const struct tok_span output = tok_span_of(rows[i].output);
		const bool number = vocab_parse(rows[i].parser, output, true, &got);
		if (number != (rows[i].number != NULL) ||
		    (number && got.number != strtoll(rows[i].number, NULL, 10)))
			fail_msg("row %zu: number %d %lld", i, number, (long long)got.number);
		const bool text = vocab_parse(rows[i].parser, output, false, &got);
		if (text != (rows[i].text != NULL) ||
		    (text && !tok_span_equal(got.text, tok_span_of(rows[i].text))))
			fail_msg("row %zu: text %d '%.*s'", i, text, (int)got.text.count,
				 (const char *)got.text.bytes);
	}
}

/* Numbers in texts with NULs, and megabytes of what nearly is one. */
static void long_outputs(void **state)
{
	const size_t size = 1 << 20;
	uint8_t *text = malloc(size);
	struct vocab_parsed got;
	(void)state;
	assert_non_null(text);
	memset(text, '<', size);
	text[size / 2] = 0;
	text[size / 2 + 1] = '5';
	for (int parser = 0; parser <= VOCAB_PARSE_TAG; parser++) {
		const bool found = vocab_parse((enum vocab_parser)parser,
					       (struct tok_span){ text, size }, true, &got);
		const bool wanted = parser == VOCAB_PARSE_LAST || parser == VOCAB_PARSE_FIRST;
		assert_int_equal(found, wanted);
		assert_true(!found || got.number == 5);
	}
	memset(text, '"', size);
	assert_false(vocab_parse(VOCAB_PARSE_QUOTED, (struct tok_span){ text, size }, true, &got));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(long_outputs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
