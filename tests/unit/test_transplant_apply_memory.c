/* Where memory runs out while a model is written, nothing is left: no folder, no memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hypernet/transplant/apply.h"
#include "hypernet/transplant/config.h"
#include "tests/unit/graft_files.h"
#include "tests/unit/heap.h"
#include "vocab/format/gguf_write.h"
#include "vocab/format/read.h"

enum { V = 6, W = 4, NEW = 4 };

static char folder[32];
static char *source, *target;

#define INDEX "model.safetensors.index.json"

static int begin(void **state)
{
	(void)state;
	tensor_folder_make(folder);
	source = tensor_path(folder, "source");
	target = tensor_path(folder, "target");
	char command[128];
	snprintf(command, sizeof command, "mkdir -p '%s'/inner && echo x > '%s'/inner/x", source,
		 source);
	return system(command);
}

static int end(void **state)
{
	(void)state;
	tensor_folder_remove(folder);
	/* heap.h counts what is freed: these were given by libc. */
	__real_free(source);
	__real_free(target);
	return 0;
}

static void write_shards(void)
{
	const struct hyper_write_tensor a = { "model.embed_tokens.weight", HYPER_F16, 2, { V, W } };
	const struct hyper_write_tensor b[] = { { "lm_head.weight", HYPER_F16, 2, { V, W } },
						{ "lm_head.bias", HYPER_F16, 1, { V } } };
	const struct tok_span none = { 0 };
	graft_write_model(source, "a.safetensors", &a, (uint32_t[]){ 1 }, 1, none, 0);
	graft_write_model(source, "b.safetensors", b, (uint32_t[]){ 2, 3 }, 2, none, 0);
	tensor_write(
	    source, INDEX,
	    tok_span_of(
		"{\"metadata\":{\"total_size\":108},\"weight_map\":{"
		"\"model.embed_tokens.weight\":\"a.safetensors\","
		"\"lm_head.weight\":\"b.safetensors\",\"lm_head.bias\":\"b.safetensors\"}}"));
	tensor_write(source, "config.json", tok_span_of("{\"tie_word_embeddings\":false}"));
}

static void a_model_is_written_or_not(void **state)
{
	(void)state;
	uint8_t origins[NEW] = { HYPER_ROW_COPY, HYPER_ROW_SUM, HYPER_ROW_GIVEN, HYPER_ROW_ZERO };
	tok_id sources[NEW] = { 3 };
	uint32_t places[NEW] = { 0 };
	float given[W] = { 1, 2, 3, 4 };
	const struct hyper_side_file file = { "more.json", tok_span_of("{}") };
	struct hyper_recipe recipe = { .origins = origins,
				       .sources = sources,
				       .places = places,
				       .rows = NEW,
				       .given = given,
				       .given_count = 1,
				       .width = W };
	write_shards();
	assert_int_equal(
	    hyper_weights_add(&recipe.weights, (tok_id[]){ 1, 2 }, (float[]){ .5F, .5F }, 2, NULL),
	    TOK_OK);
	struct hyper_folder *model;
	struct hyper_graft graft = { .in = &recipe,
				     .out = &recipe,
				     .dtype = -1,
				     .files = &file,
				     .file_count = 1,
				     .threads = 1 };
	assert_int_equal(hyper_folder_open(source, &model, NULL), TOK_OK);
	graft.model = model;
	assert_int_equal(hyper_folder_embeddings(model, NULL, NULL, &graft.embeddings, NULL),
			 TOK_OK);
	const long before = heap.live;
	enum tok_status status = TOK_ENOMEM;
	size_t n = 1;
	for (; status == TOK_ENOMEM; n++) {
		struct hyper_graft_report report;
		heap.asked = 0;
		heap.fails_at = n;
		status = hyper_graft_write(&graft, target, &report, NULL);
		heap.fails_at = 0;
		assert_int_equal(heap.live, before);
		assert_int_equal(graft_count_names(folder), status == TOK_OK ? 2 : 1);
	}
	assert_int_equal(status, TOK_OK);
	assert_true(n > 20);
	hyper_folder_close(model);
	hyper_weights_release(&recipe.weights);
}

static void a_configuration_is_rewritten_or_not(void **state)
{
	(void)state;
	static const char config[] =
	    "{\"vocab_size\": 3, \"eos_token_id\": [1, 9], \"pad_token_id\": 0,"
	    "\"bad_words_ids\": [[1]], \"image_token_id\": 2, \"model_type\": \"x\"}";
	const struct tok_span bytes[] = { tok_span_of("<|p|>"), tok_span_of("<s>"),
					  tok_span_of("i") };
	const uint8_t kinds[] = { HYPER_TOKEN_SPECIAL, HYPER_TOKEN_SPECIAL, HYPER_TOKEN_SPECIAL };
	struct hyper_vocab vocab = { .bytes = bytes, .kinds = kinds, .count = 3 };
	memset(vocab.roles, 0xFF, sizeof vocab.roles);
	tok_id mapped[] = { 1, TOK_NO_ID, 2 };
	uint8_t classes[] = { HYPER_MATCH_EXACT, HYPER_MATCH_NEW, HYPER_MATCH_EXACT };
	const struct hyper_matches matches = { .source = mapped, .classes = classes, .count = 3 };
	const struct hyper_config_change change = { 5, 3, &vocab, &vocab, &matches, 1 };
	const long before = heap.live;
	enum tok_status status = TOK_ENOMEM;
	size_t n = 1;
	for (; status == TOK_ENOMEM; n++) {
		struct tok_buffer out = { 0 }, notes = { 0 };
		heap.asked = 0;
		heap.fails_at = n;
		status = hyper_config_rewrite(tok_span_of(config), &change, &out, &notes, NULL);
		if (status == TOK_OK)
			status = hyper_template_audit(tok_span_of("<|a|><|p|><|b|>"), &vocab,
						      &vocab, &notes, NULL);
		if (status == TOK_OK)
			status = hyper_config_check(tok_span_of(config), &vocab, 3, &notes, NULL);
		heap.fails_at = 0;
		tok_buffer_release(&out);
		tok_buffer_release(&notes);
		assert_int_equal(heap.live, before);
	}
	assert_int_equal(status, TOK_OK);
	assert_true(n > 10);
}

static void pairs_are_written_or_not(void **state)
{
	(void)state;
	static const char lines[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n##s\n";
	struct tok_spec spec = { 0 };
	const struct vocab_gguf_options options = vocab_gguf_defaults();
	assert_int_equal(vocab_read_bytes(tok_span_of(lines), NULL, &spec, NULL), TOK_OK);
	const long before = heap.live;
	enum tok_status status = TOK_ENOMEM;
	size_t n = 1;
	for (; status == TOK_ENOMEM; n++) {
		struct tok_buffer pairs = { 0 }, out = { 0 };
		uint64_t count, all;
		heap.asked = 0;
		heap.fails_at = n;
		status = vocab_gguf_write(&spec, &options, &pairs, &count, NULL);
		if (status == TOK_OK)
			status =
			    vocab_gguf_replace(tok_buffer_span(&pairs), count,
					       tok_buffer_span(&pairs), count, 9, &out, &all, NULL);
		heap.fails_at = 0;
		tok_buffer_release(&pairs);
		tok_buffer_release(&out);
		assert_int_equal(heap.live, before);
	}
	assert_int_equal(status, TOK_OK);
	assert_true(n > 10);
	tok_spec_release(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_model_is_written_or_not, begin, end),
		cmocka_unit_test(a_configuration_is_rewritten_or_not),
		cmocka_unit_test(pairs_are_written_or_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
