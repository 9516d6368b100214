/* test_transplant_vocab.c - a vocabulary and its roles, from folders that say them in many ways. */
#include "cmd/transplant_vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/tensor_files.h"

#define ADDED(ID, NAME)                                                                            \
	"{\"id\":" #ID ",\"content\":\"" NAME "\",\"single_word\":false,\"lstrip\":false,"         \
	"\"rstrip\":false,\"normalized\":false,\"special\":true}"
static const char tokenizer[] =
    "{\"added_tokens\":[" ADDED(0, "<unk>") "," ADDED(1, "<s>") "," ADDED(2, "</s>") "," ADDED(
	3, "<|pad|>") "," ADDED(4, "[CLS]") "],\"model\":{\"type\":\"BPE\",\"unk_token\":"
					    "\"<unk>\",\"vocab\":{\"<unk>\":0,\"<s>\":1,\"</"
					    "s>\":2,\"<|pad|>\":3,\"[CLS]\":4,\"a\":5,\"b\":7},"
					    "\"merges\":[]}}";

/* "bos=1 eos=2": what is not there is left out. */
static void check(const char *const *files, const char *wanted)
{
	char folder[32], text[128] = "";
	size_t used = 0;
	tensor_folder_make(folder);
	tensor_write(folder, "tokenizer.json", tok_span_of(tokenizer));
	for (size_t i = 0; files[i]; i += 2)
		tensor_write(folder, files[i], tok_span_of(files[i + 1]));
	struct transplant_vocab v = { 0 };
	struct tok_error err = { 0 };
	if (transplant_vocab_open(&v, folder, NULL, &err) != TOK_OK)
		used = (size_t)snprintf(text, sizeof text, "%s", err.message + strlen(folder));
	for (size_t role = 0; v.tokenizer && role < HYPER_ROLE_COUNT; role++)
		if (v.vocab.roles[role] != TOK_NO_ID)
			used += (size_t)snprintf(
			    text + used, sizeof text - used, "%s%s=%u", used ? " " : "",
			    hyper_role_name((enum hyper_role)role), v.vocab.roles[role]);
	if (v.tokenizer) {
		char *path = tensor_path(folder, "tokenizer.json");
		assert_string_equal(v.file, path);
		free(path);
	}
	tensor_folder_remove(folder);
	assert_string_equal(text, wanted);
	transplant_vocab_close(&v);
	assert_null(v.tokenizer);
}

static void roles_by_file(void **state)
{
	(void)state;
	check((const char *[]){ NULL }, "bos=1 eos=2 pad=3 unk=0 cls=4");
	/* The first file that knows a role tells it; usual names are not asked for then. */
	check((const char *[]){ "tokenizer_config.json",
				"{\"eos_token\":{\"content\":\"<|pad|>\"},\"bos_token\":null,"
				"\"mask_token\":\"<none>\",\"unk_token\":\"a\"}",
				"special_tokens_map.json",
				"{\"eos_token\":\"<s>\",\"sep_token\":\"</s>\"}", "config.json",
				"{\"eos_token_id\":1,\"sep_token_id\":1,\"pad_token_id\":[7,5],"
				"\"bos_token_id\":6,\"mask_token_id\":99,\"cls_token_id\":-1,"
				"\"text_config\":{\"cls_token_id\":4,\"pad_token_id\":5}}",
				NULL },
	      "eos=3 pad=7 unk=5 sep=2 cls=4");
	check(
	    (const char *[]){ "config.json", "{\"bos_token_id\":null,\"eos_token_id\":[]}", NULL },
	    "bos=1 eos=2 pad=3 unk=0 cls=4");
	check((const char *[]){ "config.json", "{\"bos_token_id\":2}", NULL }, "bos=2 unk=0");
}

static void files_that_are_broken(void **state)
{
	(void)state;
	check((const char *[]){ "config.json", "{\"bos_token_id\":2", NULL },
	      "/config.json: line 1 column 18: expected ',' or '}'");
	check((const char *[]){ "tokenizer_config.json", "[1]", "config.json", "7", NULL },
	      "bos=1 eos=2 pad=3 unk=0 cls=4");
	struct transplant_vocab v = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(transplant_vocab_open(&v, "/no/such", NULL, &err), TOK_EIO);
	assert_null(v.tokenizer);
}

static void tokens_are_bytes(void **state)
{
	(void)state;
	struct transplant_vocab v = { 0 };
	assert_int_equal(transplant_vocab_open(&v, "bytes", NULL, NULL), TOK_OK);
	assert_null(v.file);
	assert_int_equal(v.vocab.count, 256);
	for (size_t id = 0; id < 256; id++) {
		assert_int_equal(v.vocab.kinds[id], HYPER_TOKEN_TEXT);
		assert_int_equal(v.vocab.bytes[id].count, 1);
		assert_int_equal(v.vocab.bytes[id].bytes[0], id);
	}
	transplant_vocab_close(&v);
}

static void ids_of_a_gguf_file(void **state)
{
	(void)state;
	/* A byte-level vocabulary of three, and keys for what is special. */
	struct tok_buffer file = tensor_gguf(0, 8);
	char folder[32];
	tensor_put_text(&file, "tokenizer.ggml.model");
	tensor_put_number(&file, 8, 4);
	tensor_put_text(&file, "gpt2");
	tensor_put_text(&file, "tokenizer.ggml.pre");
	tensor_put_number(&file, 8, 4);
	tensor_put_text(&file, "gpt-2");
	tensor_put_text(&file, "tokenizer.ggml.tokens");
	tensor_put_number(&file, 9, 4);
	tensor_put_number(&file, 8, 4);
	tensor_put_number(&file, 3, 8);
	tensor_put_text(&file, "<e>");
	tensor_put_text(&file, "\xC4\xA0");
	tensor_put_text(&file, "a");
	tensor_put_text(&file, "tokenizer.ggml.token_type");
	tensor_put_number(&file, 9, 4);
	tensor_put_number(&file, 5, 4);
	tensor_put_number(&file, 3, 8);
	tensor_put_number(&file, 3, 4);
	tensor_put_number(&file, 1, 4);
	tensor_put_number(&file, 1, 4);
	tensor_put_text(&file, "tokenizer.ggml.merges");
	tensor_put_number(&file, 9, 4);
	tensor_put_number(&file, 8, 4);
	tensor_put_number(&file, 0, 8);
	tensor_put_pair(&file, "tokenizer.ggml.eos_token_id", 4, 0);
	tensor_put_pair(&file, "tokenizer.ggml.padding_token_id", 4, 2);
	tensor_put_pair(&file, "tokenizer.ggml.seperator_token_id", 4, 1);
	tensor_folder_make(folder);
	tensor_write(folder, "m.gguf", tok_buffer_span(&file));
	struct transplant_vocab v = { 0 };
	struct tok_error err = { 0 };
	if (transplant_vocab_open(&v, folder, NULL, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(v.vocab.count, 3);
	assert_int_equal(v.vocab.kinds[0], HYPER_TOKEN_SPECIAL);
	assert_true(tok_span_equal(v.vocab.bytes[1], tok_span_of(" ")));
	static const tok_id wanted[HYPER_ROLE_COUNT] = { TOK_NO_ID, 0,         2,        TOK_NO_ID,
							 1,         TOK_NO_ID, TOK_NO_ID };
	assert_memory_equal(v.vocab.roles, wanted, sizeof wanted);
	transplant_vocab_close(&v);
	tok_buffer_release(&file);
	tensor_folder_remove(folder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_by_file),
		cmocka_unit_test(files_that_are_broken),
		cmocka_unit_test(tokens_are_bytes),
		cmocka_unit_test(ids_of_a_gguf_file),
	};
	static char cache[32];
	tensor_folder_make(cache);
	setenv("XDG_CACHE_HOME", cache, 1);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tensor_folder_remove(cache);
	return failed;
}
