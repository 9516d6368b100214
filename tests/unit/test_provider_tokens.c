/* test_provider_tokens.c - ids of a model beside those of the tokenizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider_laws.h"
#include "sample_toys.h"
#include "vocab/lm/vocabulary_internal.h"

#define ADDED(id, content)                                                                         \
	"{\"id\":" id ",\"content\":\"" content "\",\"single_word\":false,\"lstrip\":false,"       \
	"\"rstrip\":false,\"normalized\":false,\"special\":true}"

/* 0 is the end, 1 another special token, then texts. */
#define TOY_BYTES                                                                                  \
	"{\"added_tokens\":[" ADDED("0", "<end>") "," ADDED(                                       \
	    "1",                                                                                   \
	    "<mark>") "],\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"    \
		      "\"trim_offsets\":true,\"use_regex\":false},\"decoder\":{\"type\":"          \
		      "\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"            \
		      "\"use_regex\":false},\"model\":{\"type\":\"BPE\",\"vocab\":{\"<end>\":0,"   \
		      "\"<mark>\":1,\"\\u0100\":2,\"\\u0120\":3,\"a\":4,\"\\u0120a\":5},"          \
		      "\"merges\":[[\"\\u0120\",\"a\"]]}}"

static void each_id_is_compared(void **state)
{
	static const tok_id eos[] = { 0 };
	const struct tok_lm_info info = { .size = 8, .eos = eos, .eos_count = 1 };
	static const struct {
		tok_id id;
		const char *text;
		size_t count;
		const char *differs; /* NULL: it is what the tokenizer says */
	} rows[] = {
		{ 0, "", 0, NULL },
		{ 0, "whatever", 8, NULL },
		{ 1, "", 0, NULL },
		{ 1, "<mark>", 6, NULL },
		{ 1, "<mask>", 6, "1 adds '<mask>', here nothing" },
		{ 2, "\0", 1, NULL },
		{ 2, "", 0, "2 adds nothing, here 0x00" },
		{ 3, " ", 1, NULL },
		{ 3, "\xC4\xA0", 2, "3 adds 0xc4a0, here ' '" },
		{ 4, "A", 1, "4 adds 'A', here 'a'" },
		{ 5, " a", 2, NULL },
		{ 5, " a ", 3, "5 adds ' a ', here ' a'" },
		{ 6, "", 0, NULL }, /* more than the tokenizer has */
		{ 7, "a token that somebody has added", 31,
		  "7 adds 'a token that somebody ha'..., here nothing" },
		{ 7, "\xFF\0\1\2\3\4\5\6\7\x08\x09\x0A\x0B", 13,
		  "7 adds 0xff000102030405060708090a..., here nothing" },
	};
	(void)state;
	struct tok_tokenizer *tokenizer = toy_new(TOY_BYTES);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct lm_vocabulary v;
		struct tok_error err = { 0 };
		assert_int_equal(lm_vocabulary_init(&v, tokenizer, &info, &err), TOK_OK);
		lm_vocabulary_compare(
		    &v, rows[i].id,
		    (struct tok_span){ (const uint8_t *)rows[i].text, rows[i].count });
		const enum tok_status status = lm_vocabulary_verdict(&v, &err);
		assert_int_equal(status, rows[i].differs ? TOK_EARG : TOK_OK);
		if (rows[i].differs) {
			assert_non_null(strstr(err.message, "1 of 1 ids differ: "));
			assert_string_equal(strstr(err.message, "differ: ") + 8, rows[i].differs);
		}
		lm_vocabulary_release(&v);
	}
	tok_tokenizer_free(tokenizer);
}

/* However many differ, the sentence stays one. */
static void the_first_few_are_told(void **state)
{
	const struct tok_lm_info info = { .size = 5000 };
	struct lm_vocabulary v;
	struct tok_error err = { 0 };
	(void)state;
	struct tok_tokenizer *bytes = bytes_new();
	assert_int_equal(lm_vocabulary_init(&v, bytes, &info, &err), TOK_OK);
	for (tok_id id = 0; id < info.size; id++)
		lm_vocabulary_compare(&v, id, tok_span_of("0123456789 123456789 123456789"));
	assert_int_equal(lm_vocabulary_verdict(&v, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "5000 of 5000 ids differ: 0 adds '0123456789 "));
	assert_non_null(strstr(err.message, "; 2 adds"));
	assert_null(strstr(err.message, "; 3 adds"));
	assert_int_equal(lm_vocabulary_verdict(&v, NULL), TOK_EARG);
	lm_vocabulary_release(&v);
	tok_tokenizer_free(bytes);
}

/* Of a served model and of a record: the same with its own tokenizer, no tokenizer, one that has no
 * bytes to compare; and refused with another. */
static void models_come_with_their_tokenizer(void **state)
{
	static const struct {
		const char *tokenizer; /* NULL: bytes; "": none */
		enum tok_status status;
	} rows[] = {
		{ NULL, TOK_OK },    { "", TOK_OK },          { TOY_WORDPIECE, TOK_OK },
		{ TOY_BPE, TOK_OK }, { TOY_BYTES, TOK_EARG },
	};
	char path[] = "/tmp/tok-provider-XXXXXX", replay[64];
	(void)state;
	const int file = mkstemp(path);
	assert_true(file >= 0);
	close(file);
	snprintf(replay, sizeof replay, "replay:%s", path);
	const char *const names[] = { "exec:/proc/self/exe --serve full", replay };
	struct tok_tokenizer *bytes = bytes_new();
	const struct vocab_lm_options options = { .record = path };
	for (size_t n = 0; n < 2; n++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			struct tok_lm *lm;
			struct tok_error err = { 0 };
			const char *json = rows[i].tokenizer;
			struct tok_tokenizer *t = json && *json ? toy_new(json) : NULL;
			assert_int_equal(vocab_lm_open(names[n], json ? t : bytes,
						       n == 0 && i == 0 ? &options : NULL, &lm,
						       &err),
					 rows[i].status);
			if (rows[i].status == TOK_OK) {
				check_full(lm, 0);
				lm->free(lm);
			} else {
				assert_non_null(strstr(err.message, "not those of the tokenizer"));
				assert_non_null(strstr(err.message, names[n]));
				assert_int_equal(vocab_lm_open(names[n], t, NULL, &lm, NULL),
						 TOK_EARG);
			}
			tok_tokenizer_free(t);
			assert_no_children();
		}
	}
	unlink(path);
	tok_tokenizer_free(bytes);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_id_is_compared),
		cmocka_unit_test(the_first_few_are_told),
		cmocka_unit_test(models_come_with_their_tokenizer),
	};
	int code;
	if (provider_serve(argc, argv, &code))
		return code;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
