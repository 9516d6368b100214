/*
 * test_tensor_folder.c - several files: shards and their index, folders, and which tensors of a
 * model are embeddings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hypernet/tensor/folder.h"
#include "tests/unit/tensor_files.h"

static char folder[32];

static int make_folder(void **state)
{
	(void)state;
	tensor_folder_make(folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	tensor_folder_remove(folder);
	return 0;
}

static void write_text(const char *name, const char *text)
{
	tensor_write(folder, name, tok_span_of(text));
}

static void write_tensors(const char *name, const char *header, size_t data_bytes)
{
	struct tok_buffer file = tensor_safetensors(header, data_bytes);
	tensor_write(folder, name, tok_buffer_span(&file));
	tok_buffer_release(&file);
}

#define MATRIX(name, places)                                                                       \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[" places "]}"

/* Opened, or NULL, with the message checked. */
static struct hyper_tensors *open_path(const char *path, const char *why)
{
	struct hyper_tensors *tensors = NULL;
	struct tok_error err = { 0 };
	const enum tok_status status = hyper_tensors_open(path, &tensors, &err);
	if ((status == TOK_OK) != (why == NULL) || (why && !strstr(err.message, why)))
		fail_msg("wanted '%s', not '%s'", why ? why : "all well", err.message);
	if (why && !strstr(err.message, folder))
		fail_msg("'%s' does not name the file", err.message);
	return tensors;
}

static struct hyper_tensors *open_name(const char *name, const char *why)
{
	char *path = tensor_path(folder, name);
	struct hyper_tensors *tensors = open_path(path, why);
	free(path);
	return tensors;
}

/* ---- shards ------------------------------------------------------------------------------- */

#define INDEX "model.safetensors.index.json"

static void write_shards(void)
{
	write_tensors("model-00001-of-00002.safetensors", "{" MATRIX("b", "0,24") "}", 24);
	write_tensors("model-00002-of-00002.safetensors",
		      "{" MATRIX("c", "24,48") "," MATRIX("a", "0,24") "}", 48);
}

static void shards_are_one_set(void **state)
{
	(void)state;
	write_shards();
	write_text(INDEX, "{\"metadata\":{\"total_size\":72},\"weight_map\":{"
			  "\"a\":\"model-00002-of-00002.safetensors\","
			  "\"b\":\"model-00001-of-00002.safetensors\","
			  "\"c\":\"model-00002-of-00002.safetensors\"}}");
	for (int by_folder = 0; by_folder < 2; by_folder++) {
		struct hyper_tensors *t =
		    by_folder ? open_path(folder, NULL) : open_name(INDEX, NULL);
		static const char *const names[] = { "b", "a", "c" };
		assert_int_equal(hyper_tensors_count(t), 3);
		for (size_t i = 0; i < 3; i++) {
			assert_string_equal(hyper_tensors_at(t, i)->name, names[i]);
			assert_int_equal(hyper_tensors_at(t, i)->file, i > 0);
		}
		assert_int_equal(hyper_tensors_find(t, "c")->data.bytes[0], 24);
		assert_int_equal(hyper_tensors_file_count(t), 2);
		assert_non_null(strstr(hyper_tensors_file(t, 1), "/model-00002-of-"));
		hyper_tensors_close(t);
	}
}

static void indexes_that_lie_are_refused(void **state)
{
	static const struct {
		const char *index, *why;
	} rows[] = {
		{ "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\"}}",
		  "tensor 'a' is not in 'model-00001-of-00002.safetensors'" },
		{ "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\","
		  "\"b\":\"model-00002-of-00002.safetensors\"}}",
		  "tensor 'b' is not in" },
		{ "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
		  "\"c\":\"model-00002-of-00002.safetensors\"}}",
		  "tensor 'a' is not in 'model-00001-of-00002.safetensors'" },
		{ "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\","
		  "\"a\":\"model-00002-of-00002.safetensors\"}}",
		  "a" },
		{ "{\"weight_map\":{\"a\":\"model-00003-of-00002.safetensors\"}}",
		  "model-00003-of-00002.safetensors: cannot be opened" },
		{ "{\"weight_map\":{\"a\":\"../x.safetensors\"}}", "a name without '/'" },
		{ "{\"weight_map\":{\"a\":\"/dev/zero\"}}", "a name without '/'" },
		{ "{\"weight_map\":{\"a\":\"\"}}", "a name without '/'" },
		{ "{\"weight_map\":{\"a\":\"..\"}}", "a name without '/'" },
		{ "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\\u0000\"}}",
		  "a name without '/'" },
		{ "{\"weight_map\":{\"a\":1}}", "a name without '/'" },
		{ "{\"weight_map\":{}}", "'weight_map' must be an object" },
		{ "{\"weight_map\":[]}", "'weight_map' must be an object" },
		{ "{}", "'weight_map' must be an object" },
		{ "[]", "'weight_map' must be an object" },
		{ "{", "model.safetensors.index.json: " },
		{ "", "the file is empty" },
	};
	(void)state;
	write_shards();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		write_text(INDEX, rows[i].index);
		open_name(INDEX, rows[i].why);
	}
	write_tensors("model-00001-of-00002.safetensors", "{" MATRIX("a", "0,24") "}", 24);
	write_text(INDEX, "{\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\","
			  "\"c\":\"model-00002-of-00002.safetensors\"}}");
	open_name(INDEX, "there are two tensors 'a'");
}

/* ---- which file --------------------------------------------------------------------------- */

static void a_folder_has_one_set(void **state)
{
	(void)state;
	open_path(folder, "the folder holds no tensors");
	write_tensors(".hidden.safetensors", "{}", 0);
	write_text("tokenizer.json", "{}");
	open_path(folder, "the folder holds no tensors");
	write_tensors("one.safetensors", "{" MATRIX("one", "0,24") "}", 24);
	hyper_tensors_close(open_path(folder, NULL));
	write_tensors(HYPER_MAPPING_NAME, "{}", 0);
	hyper_tensors_close(open_path(folder, NULL));
	struct tok_buffer gguf = tensor_gguf(0, 0);
	tensor_write(folder, "two.gguf", tok_buffer_span(&gguf));
	tok_buffer_release(&gguf);
	open_path(folder, "more than one file of tensors");
	hyper_tensors_close(open_name("two.gguf", NULL));
	write_shards();
	write_text(INDEX, "{\"weight_map\":{\"b\":\"model-00001-of-00002.safetensors\"}}");
	struct hyper_tensors *t = open_path(folder, NULL);
	assert_non_null(hyper_tensors_find(t, "b"));
	hyper_tensors_close(t);
	write_tensors("model.safetensors", "{}", 0);
	t = open_path(folder, NULL);
	assert_int_equal(hyper_tensors_count(t), 0);
	hyper_tensors_close(t);
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	open_name("missing.safetensors", "cannot be opened: No such file");
	write_text("empty.safetensors", "");
	open_name("empty.safetensors", "the file is empty");
	char *pipe = tensor_path(folder, "pipe.safetensors"), command[128];
	snprintf(command, sizeof command, "mkfifo '%s'", pipe);
	assert_int_equal(system(command), 0);
	open_path(pipe, "no regular file");
	free(pipe);
}

/* ---- embeddings ---------------------------------------------------------------------------- */

static void check_embeddings(const char *config, const char *header, size_t data_bytes,
			     const char *wanted)
{
	struct hyper_folder *model;
	struct hyper_embeddings e;
	struct tok_error err = { 0 };
	char got[sizeof err.message];
	write_tensors("model.safetensors", header, data_bytes);
	if (config)
		write_text("config.json", config);
	if (hyper_folder_open(folder, &model, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_true(tok_span_equal(hyper_folder_config(model), tok_span_of(config ? config : "")));
	if (hyper_folder_embeddings(model, NULL, NULL, &e, &err) == TOK_OK)
		snprintf(got, sizeof got, "%s %s %s %s %zu", e.input->name,
			 e.output ? e.output->name : "-", e.bias ? e.bias->name : "-",
			 e.tied ? "tied" : "untied", e.vocab_size);
	else
		snprintf(got, sizeof got, "%s", err.message);
	if (strncmp(got, wanted, strlen(wanted)) != 0)
		fail_msg("%s %s: '%s', not '%s'", config ? config : "", header, got, wanted);
	hyper_folder_close(model);
}

#define LLAMA "model.embed_tokens.weight"
#define BIAS(name, places)                                                                         \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[" places "]}"
#define WIDE(name, places)                                                                         \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[" places "]}"

static void embeddings_are_found(void **state)
{
	static const char one[] = "{" MATRIX(LLAMA, "0,24") "}";
	static const char two[] =
	    "{" MATRIX(LLAMA, "0,24") "," MATRIX("lm_head.weight", "24,48") "}";
	static const char roberta[] = "{" MATRIX("roberta.embeddings.word_embeddings.weight",
						 "0,24") "," BIAS("lm_head.bias", "24,36") "}";
	static const char vision[] =
	    "{" MATRIX("language_model.model.embed_tokens.weight",
		       "0,24") "," MATRIX("language_model.lm_head.weight", "24,48") "}";
	(void)state;
	check_embeddings(NULL, one, 24, LLAMA " - - tied 3");
	check_embeddings(NULL, two, 48, LLAMA " lm_head.weight - untied 3");
	check_embeddings("{}", two, 48, LLAMA " lm_head.weight - untied 3");
	check_embeddings("{\"tie_word_embeddings\":true}", two, 48,
			 LLAMA " lm_head.weight - tied 3");
	check_embeddings("{\"tie_word_embeddings\":false}", one, 24, LLAMA " - - untied 3");
	check_embeddings("{\"tie_word_embeddings\":null,\"vocab_size\":2}", one, 24,
			 LLAMA " - - tied 2");
	check_embeddings("{\"vocab_size\":4}", one, 24, LLAMA " - - tied 3");
	check_embeddings("{\"vocab_size\":-1}", one, 24, LLAMA " - - tied 3");
	check_embeddings("{\"text_config\":{\"vocab_size\":1,\"tie_word_embeddings\":true}}",
			 vision, 48,
			 "language_model.model.embed_tokens.weight language_model.lm_head.weight "
			 "- tied 1");
	check_embeddings("{\"text_config\":3}", roberta, 36,
			 "roberta.embeddings.word_embeddings.weight - lm_head.bias tied 3");
	check_embeddings("{}", "{" MATRIX("transformer.wte.weight", "0,24") "}", 24,
			 "transformer.wte.weight - - tied 3");
	check_embeddings("{}", "{" MATRIX("embeddings.word_embeddings.weight", "0,24") "}", 24,
			 "embeddings.word_embeddings.weight - - tied 3");
}

static void equal_numbers_are_tied(void **state)
{
	struct tok_buffer file = tensor_safetensors(
	    "{" MATRIX(LLAMA, "0,24") "," MATRIX("lm_head.weight", "24,48") "}", 48);
	struct hyper_folder *model;
	struct hyper_embeddings e;
	struct tok_error err = { 0 };
	(void)state;
	memcpy(file.bytes + file.count - 24, file.bytes + file.count - 48, 24);
	tensor_write(folder, "model.safetensors", tok_buffer_span(&file));
	tok_buffer_release(&file);
	assert_int_equal(hyper_folder_open(folder, &model, &err), TOK_OK);
	assert_int_equal(hyper_folder_embeddings(model, NULL, NULL, &e, &err), TOK_OK);
	assert_true(e.output && e.tied);
	hyper_folder_close(model);
}

static void shapes_must_fit(void **state)
{
	(void)state;
	check_embeddings("{}", "{" MATRIX("x", "0,24") "}", 24,
			 "no tensor is called as input embeddings are");
	check_embeddings("{}", "{" BIAS(LLAMA, "0,12") "}", 12,
			 "tensor 'model.embed_tokens.weight' is no matrix");
	check_embeddings(
	    "{}", "{" MATRIX(LLAMA, "0,24") "," WIDE("lm_head.weight", "24,48") "}", 48,
	    "tensors 'model.embed_tokens.weight' and 'lm_head.weight' differ in shape");
	check_embeddings("{}", "{" MATRIX(LLAMA, "0,24") "," MATRIX("lm_head.bias", "24,48") "}",
			 48, "tensor 'lm_head.bias' has 6 numbers for 3 tokens");
}

static void tensors_can_be_named(void **state)
{
	struct hyper_folder *model;
	struct hyper_embeddings e;
	struct tok_error err = { 0 };
	(void)state;
	write_tensors("model.safetensors", "{" MATRIX("x", "0,24") "," MATRIX("y", "24,48") "}",
		      48);
	char *path = tensor_path(folder, "model.safetensors");
	assert_int_equal(hyper_folder_open(path, &model, &err), TOK_OK);
	assert_int_equal(hyper_folder_embeddings(model, "x", "y", &e, &err), TOK_OK);
	assert_string_equal(e.input->name, "x");
	assert_string_equal(e.output->name, "y");
	assert_int_equal(hyper_folder_embeddings(model, "x", NULL, &e, &err), TOK_OK);
	assert_null(e.output);
	assert_int_equal(hyper_folder_embeddings(model, "z", "y", &e, &err), TOK_EARG);
	assert_string_equal(err.message, "there is no tensor 'z'");
	assert_int_equal(hyper_folder_embeddings(model, "x", "z", &e, &err), TOK_EARG);
	hyper_folder_close(model);
	free(path);
}

static void gguf_says_all_itself(void **state)
{
	static const uint64_t sizes[] = { 2, 3, 0 };
	struct tok_buffer file = tensor_gguf(1, 1);
	struct hyper_folder *model;
	struct hyper_embeddings e;
	struct tok_error err = { 0 };
	(void)state;
	tensor_put_text(&file, "tokenizer.ggml.tokens");
	tensor_put_number(&file, 9, 4);
	tensor_put_number(&file, 8, 4);
	tensor_put_number(&file, 2, 8);
	tensor_put_text(&file, "a");
	tensor_put_text(&file, "b");
	tensor_put_record(&file, "token_embd.weight", sizes, 0, 0);
	tensor_pad(&file, 32);
	for (size_t i = 0; i < 24; i++)
		tensor_put_number(&file, 0, 1);
	tensor_write(folder, "m.gguf", tok_buffer_span(&file));
	tok_buffer_release(&file);
	assert_int_equal(hyper_folder_open(folder, &model, &err), TOK_OK);
	assert_int_equal(hyper_folder_embeddings(model, NULL, NULL, &e, &err), TOK_OK);
	assert_true(e.input->shape[0] == 3 && e.tied && !e.output && e.vocab_size == 2);
	hyper_folder_close(model);
}

static void bad_configs_are_refused(void **state)
{
	static const char *const configs[] = { "", "[]", "{", "{\"a\":1}}" };
	struct hyper_folder *model = NULL;
	(void)state;
	write_tensors("model.safetensors", "{}", 0);
	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		struct tok_error err = { 0 };
		write_text("config.json", configs[i]);
		assert_int_equal(hyper_folder_open(folder, &model, &err), TOK_EFORMAT);
		assert_non_null(strstr(err.message, "/config.json: "));
		assert_null(model);
	}
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FOLDER(shards_are_one_set),   WITH_FOLDER(indexes_that_lie_are_refused),
		WITH_FOLDER(a_folder_has_one_set), WITH_FOLDER(what_is_no_file_is_refused),
		WITH_FOLDER(embeddings_are_found), WITH_FOLDER(equal_numbers_are_tied),
		WITH_FOLDER(shapes_must_fit),      WITH_FOLDER(tensors_can_be_named),
		WITH_FOLDER(gguf_says_all_itself), WITH_FOLDER(bad_configs_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
