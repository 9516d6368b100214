/* test_vocab_same.c - a tokenizer is the same as itself, and not as another; what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/cli_builtin.h"
#include "cmd/vocab_same.h"

static size_t count_lines(const struct tok_buffer *text)
{
	size_t lines = 0;
	for (size_t i = 0; i < text->count; i++)
		lines += text->bytes[i] == '\n';
	return lines;
}

static void itself_and_another(void **state)
{
	struct tok_tokenizer *words, *bytes;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(cli_builtin_open(&words, &err), TOK_OK);
	assert_int_equal(tok_tokenizer_bytes(&bytes, &err), TOK_OK);

	struct vocab_same same = { .specials = true };
	assert_int_equal(vocab_same_compare(words, words, &same, &err), TOK_OK);
	assert_true(same.texts > 2 * 32000);
	assert_int_equal(same.different, 0);
	assert_int_equal(same.said.count, 0);
	vocab_same_release(&same);

	same = (struct vocab_same){ 0 };
	assert_int_equal(vocab_same_compare(words, bytes, &same, &err), TOK_OK);
	assert_true(same.different > 30000 && same.different <= same.texts);
	assert_int_equal(count_lines(&same.said), VOCAB_SAME_SHOWN);
	vocab_same_release(&same);
	tok_tokenizer_free(words);
	tok_tokenizer_free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(itself_and_another) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
