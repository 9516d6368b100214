/*
 * Tokenizers whose valid rows cannot be told are refused, and why is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tok/bytes/validity.h"
#include "vocab/format/read.h"

static void check_refused(const char *json, const char *reason)
{
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer = NULL;
	struct tok_byte_tokens *tokens = NULL;
	struct tok_validity *validity = NULL;
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	const struct tok_lm_info info = { .name = "none", .size = tok_tokenizer_size(tokenizer) };
	if (tok_byte_tokens_new(tokenizer, &info, &tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(tok_validity_new(tokenizer, tokens, &validity, &err), TOK_EARG);
	if (!strstr(err.message, reason))
		fail_msg("'%s' does not say '%s'", err.message, reason);
	tok_byte_tokens_free(tokens);
	tok_tokenizer_free(tokenizer);
}

#define FUSE "\"decoder\":{\"type\":\"Fuse\"},"

static void others_are_refused_by_name(void **state)
{
	(void)state;
	check_refused("{" FUSE "\"normalizer\":{\"type\":\"Strip\",\"strip_left\":true,\"strip_"
		      "right\":true},\"model\":{\"type\":\"BPE\","
		      "\"vocab\":{\"a\":0},\"merges\":[]}}",
		      "'Strip'");
	check_refused("{" FUSE "\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"model\":{\"type\":"
		      "\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}",
		      "cannot be told before the text is known");
	check_refused("{" FUSE "\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"_\",\"vocab\":"
		      "{\"a\":0,\"a_\":1},\"merges\":[]}}",
		      "depend on their place");
	check_refused("{" FUSE "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"ab\":1},"
		      "\"merges\":[]}}",
		      "is no token");
}

#define ADDED_TOKEN(id, content, flag, special)                                                    \
	"{\"id\":" id ",\"content\":\"" content "\",\"single_word\":false,\"lstrip\":" flag        \
	",\"rstrip\":false,\"normalized\":false,\"special\":" special "}"
#define MODEL "],\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}"

static void added_tokens_of_other_kinds_are_refused(void **state)
{
	(void)state;
	check_refused("{" FUSE "\"added_tokens\":[" ADDED_TOKEN("1", "xy", "true", "false") MODEL,
		      "'xy' looks at what stands around it (lstrip)");
	check_refused("{" FUSE "\"added_tokens\":[" ADDED_TOKEN(
			  "1", "xy", "false", "false") "," ADDED_TOKEN("2", "ax", "true", "true")
			  MODEL,
		      "'ax' may overlap");
	check_refused("{" FUSE "\"normalizer\":{\"type\":\"Prepend\",\"prepend\":\"_\"},"
		      "\"added_tokens\":[" ADDED_TOKEN("1", "xy", "false", "false") MODEL,
		      "is put in front of what follows");
	check_refused(
	    "{" FUSE "\"added_tokens\":[" ADDED_TOKEN(
		"1", "xy", "false",
		"false") ",{\"id\":2,\"content\":\"z\",\"single_word\":false,\"lstrip\":false,"
			 "\"rstrip\":false,\"normalized\":true,\"special\":false}" MODEL,
	    "before the text is normalised, some behind it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_refused_by_name),
		cmocka_unit_test(added_tokens_of_other_kinds_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
