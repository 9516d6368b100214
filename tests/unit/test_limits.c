/* test_limits.c - small files that ask for endless ids are refused when they are compiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tok/pipe/tokenizer.h"
#include "vocab/format/read.h"

#define FILE_WITH(part)                                                                            \
	"{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":\"a\"}," part "}"
#define PADDING(length, multiple)                                                                  \
	FILE_WITH("\"padding\":{\"strategy\":{\"Fixed\":" length                                   \
		  "},\"direction\":\"Left\",\"pad_to_multiple_of\":" multiple                      \
		  ",\"pad_id\":0,\"pad_type_id\":0,\"pad_token\":\"a\"}")
#define TEXT "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}"
#define TEXTS_16                                                                                   \
	TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT      \
	     "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT "," TEXT
#define TEMPLATE(items)                                                                            \
	"{\"type\":\"TemplateProcessing\",\"single\":[" items "],\"pair\":[],\"special_tokens\":{" \
	"}}"
#define SIXTEEN TEMPLATE(TEXTS_16)
#define SEQUENCE(steps)                                                                            \
	FILE_WITH("\"post_processor\":{\"type\":\"Sequence\",\"processors\":[" steps "]}")

static void endless_ids_are_refused(void **state)
{
	static const struct {
		const char *file, *why; /* NULL: it is taken */
	} rows[] = {
		{ PADDING("16777216", "null"), NULL },
		{ PADDING("16777217", "null"), "texts are padded to 16777217 tokens or a multiple "
					       "of 0: at most 16777216 are taken" },
		{ PADDING("1", "4000000000"), "texts are padded to 1 tokens or a multiple of "
					      "4000000000: at most 16777216 are "
					      "taken" },
		{ SEQUENCE(SIXTEEN "," SIXTEEN "," SIXTEEN "," SIXTEEN), NULL },
		{ SEQUENCE(SIXTEEN "," SIXTEEN "," SIXTEEN "," SIXTEEN "," TEMPLATE(TEXT)), NULL },
		{ SEQUENCE(SIXTEEN "," SIXTEEN "," SIXTEEN "," SIXTEEN "," TEMPLATE(TEXT "," TEXT)),
		  "the templates repeat a text more than 65536 times" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_spec spec = { 0 };
		struct tok_tokenizer *t = NULL;
		struct tok_error err = { 0 };
		if (vocab_read_bytes(tok_span_of(rows[i].file), NULL, &spec, &err) != TOK_OK)
			fail_msg("row %zu: %s", i, err.message);
		const enum tok_status status = tok_tokenizer_new(&spec, &t, &err);
		if (status != (rows[i].why ? TOK_ELIMIT : TOK_OK))
			fail_msg("row %zu: %s", i, err.message);
		if (rows[i].why)
			assert_string_equal(err.message, rows[i].why);
		tok_tokenizer_free(t);
		tok_spec_release(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(endless_ids_are_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
