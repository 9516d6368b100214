/* config.json and its like for another tokenizer: as published, shortened by what is not asked for.
 */
#include "hypernet/transplant/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- vocabularies with only the tokens that matter ---------------------------------------------
 */

struct token {
	tok_id id;
	const char *name;
	int role; /* -1: none */
};

struct toy {
	struct hyper_vocab vocab;
	struct tok_span *bytes;
	uint8_t *kinds;
};

static struct toy make(const struct token *tokens, size_t count)
{
	struct toy toy = { 0 };
	const size_t all = (size_t)tokens[count - 1].id + 1;
	toy.bytes = calloc(all, sizeof *toy.bytes);
	toy.kinds = calloc(all, 1);
	memset(toy.vocab.roles, 0xFF, sizeof toy.vocab.roles);
	for (size_t i = 0; i < count; i++) {
		toy.bytes[tokens[i].id] = tok_span_of(tokens[i].name);
		toy.kinds[tokens[i].id] = HYPER_TOKEN_SPECIAL;
		if (tokens[i].role >= 0)
			toy.vocab.roles[tokens[i].role] = tokens[i].id;
	}
	toy.vocab.bytes = toy.bytes;
	toy.vocab.kinds = toy.kinds;
	toy.vocab.count = all;
	return toy;
}

static void release(struct toy *toy)
{
	free(toy->bytes);
	free(toy->kinds);
}

/* By name, as matching by bytes does. */
static struct hyper_matches match(const struct toy *source, const struct toy *target)
{
	struct hyper_matches m = { .count = target->vocab.count };
	m.source = malloc(m.count * sizeof *m.source);
	m.classes = malloc(m.count);
	memset(m.source, 0xFF, m.count * sizeof *m.source);
	memset(m.classes, HYPER_MATCH_NONE, m.count);
	for (size_t t = 0; t < m.count; t++) {
		if (!target->kinds[t])
			continue;
		m.classes[t] = HYPER_MATCH_NEW;
		for (size_t s = 0; s < source->vocab.count; s++) {
			if (!source->kinds[s] ||
			    !tok_span_equal(source->bytes[s], target->bytes[t]))
				continue;
			m.source[t] = (tok_id)s;
			m.classes[t] = HYPER_MATCH_EXACT;
		}
	}
	return m;
}

enum { BOS, EOS, PAD, UNK, SEP, CLS, MASK };

static const struct token llama3[] = { { 1000, "<|begin_of_text|>", BOS },
				       { 1001, "<|end_of_text|>", -1 },
				       { 1008, "<|eom_id|>", -1 },
				       { 1009, "<|eot_id|>", EOS } };
static const struct token qwen[] = { { 643, "<|endoftext|>", PAD }, { 644, "<|im_start|>", -1 },
				     { 645, "<|im_end|>", EOS },    { 652, "<|vision_start|>", -1 },
				     { 655, "<|image_pad|>", -1 },  { 656, "<|video_pad|>", -1 } };
static const struct token gemma[] = { { 0, "<pad>", PAD },
				      { 1, "<eos>", EOS },
				      { 2, "<bos>", BOS },
				      { 106, "<end_of_turn>", -1 },
				      { 144, "<image_soft_token>", -1 } };
static const struct token gpt2[] = { { 256, "<|endoftext|>", EOS } };
static const struct token bert[] = { { 0, "[PAD]", PAD },
				     { 1, "[UNK]", UNK },
				     { 2, "[CLS]", CLS },
				     { 3, "[SEP]", SEP },
				     { 4, "[MASK]", MASK } };
static const struct token t5[] = { { 0, "<pad>", PAD }, { 1, "</s>", EOS }, { 2, "<unk>", UNK } };
static const struct token other[] = { { 3, "<image_soft_token>", -1 },
				      { 5, "<s>", BOS },
				      { 6, "</s>", EOS },
				      { 7, "<pad>", PAD },
				      { 8, "<|endoftext|>", -1 },
				      { 9, "<end_of_turn>", -1 } };

#define VOCAB(list) list, sizeof list / sizeof list[0]

/* ---- configurations ----------------------------------------------------------------------------
 */

struct row {
	const char *name;
	const struct token *source;
	size_t source_count;
	const struct token *target;
	size_t target_count;
	size_t rows, source_rows;
	int tied;
	const char *config, *wanted, *notes; /* wanted: NULL, notes says why it fails */
};

static const struct row rows[] = {
	{ "Llama 3", VOCAB(llama3), VOCAB(other), 16, 1024, -1,
	  "{\n  \"architectures\": [\n    \"LlamaForCausalLM\"\n  ],\n  \"bos_token_id\": 1000,\n"
	  "  \"eos_token_id\": [\n    1001,\n    1008,\n    1009\n  ],\n  \"rms_norm_eps\": "
	  "1e-05,\n"
	  "  \"rope_theta\": 500000.0,\n  \"tie_word_embeddings\": false,\n  \"vocab_size\": "
	  "1024\n}\n",
	  "{\n  \"architectures\": [\n    \"LlamaForCausalLM\"\n  ],\n  \"bos_token_id\": 5,\n"
	  "  \"eos_token_id\": [6],\n  \"rms_norm_eps\": 1e-05,\n"
	  "  \"rope_theta\": 500000.0,\n  \"tie_word_embeddings\": false,\n  \"vocab_size\": "
	  "16\n}\n",
	  "" },
	{ "Llama 3, the same", VOCAB(llama3), VOCAB(llama3), 1024, 1024, -1,
	  "{\"eos_token_id\":[1001,1008,1009],\"bos_token_id\":1000,\"pad_token_id\":null,"
	  "\"vocab_size\":1024,\"initializer_range\":2.0e-2 ,\"suppress_tokens\":[1001]}",
	  "{\"eos_token_id\":[1001,1008,1009],\"bos_token_id\":1000,\"pad_token_id\":null,"
	  "\"vocab_size\":1024,\"initializer_range\":2.0e-2 ,\"suppress_tokens\":[1001]}",
	  "" },
	{ "Qwen2-VL, broken ties", VOCAB(qwen), VOCAB(other), 10, 700, 0,
	  "{\"model_type\": \"qwen2\", \"eos_token_id\": 645, \"pad_token_id\": 643, "
	  "\"tie_word_embeddings\": true, \"vocab_size\": 700}",
	  "{\"model_type\": \"qwen2\", \"eos_token_id\": 6, \"pad_token_id\": 7, "
	  "\"tie_word_embeddings\": false, \"vocab_size\": 10}",
	  "" },
	{ "Qwen2-VL", VOCAB(qwen), VOCAB(other), 10, 700, -1,
	  "{\"image_token_id\": 655, \"vocab_size\": 700}", NULL,
	  "'image_token_id' is 655 (<|image_pad|>), which is no token of the new tokenizer" },
	{ "Gemma 3", VOCAB(gemma), VOCAB(other), 10, 200, -1,
	  "{\n  \"model_type\": \"gemma3\",\n  \"boi_token_index\": 999,\n  \"eos_token_id\": [\n  "
	  "  1,\n"
	  "    106\n  ],\n  \"image_token_index\": 144,\n  \"text_config\": {\n"
	  "    \"hidden_size\": 2560,\n    \"rope_scaling\": {\"factor\": 8.0}\n  },\n"
	  "  \"vision_config\": {\"vocab_size\": 9, \"bos_token_id\": 2}\n}",
	  "{\n  \"model_type\": \"gemma3\",\n  \"boi_token_index\": 999,\n  \"eos_token_id\": [6, "
	  "9],\n"
	  "  \"image_token_index\": 3,\n  \"text_config\": {\n"
	  "    \"hidden_size\": 2560,\n    \"rope_scaling\": {\"factor\": 8.0},\n"
	  "    \"vocab_size\": 10\n  },\n"
	  "  \"vision_config\": {\"vocab_size\": 9, \"bos_token_id\": 2}\n}",
	  "" },
	{ "Gemma 3, as many rows", VOCAB(gemma), VOCAB(gemma), 200, 200, -1,
	  "{\"model_type\": \"gemma3\", \"text_config\": {\"bos_token_id\": 2}}",
	  "{\"model_type\": \"gemma3\", \"text_config\": {\"bos_token_id\": 2}}", "" },
	{ "a text_config with sizes", VOCAB(gemma), VOCAB(other), 10, 200, 1,
	  "{\"model_type\":\"x\",\"text_config\":{\"vocab_size\":200,\"bos_token_id\":2,"
	  "\"inner_config\":{\"pad_token_id\":0}},\"pad_token_id\":0}",
	  "{\"model_type\":\"x\",\"text_config\":{\"vocab_size\":10,\"bos_token_id\":5,"
	  "\"inner_config\":{\"pad_token_id\":7}},\"pad_token_id\":7,\"tie_word_embeddings\":true}",
	  "" },
	{ "GPT-2", VOCAB(gpt2), VOCAB(other), 10, 257, -1,
	  "{\"model_type\": \"gpt2\", \"bos_token_id\": 256, \"eos_token_id\": 256, "
	  "\"vocab_size\": 257}",
	  /* Its end of text is a token there too, but no longer the one that ends. */
	  "{\"model_type\": \"gpt2\", \"bos_token_id\": 8, \"eos_token_id\": 6, \"vocab_size\": "
	  "10}",
	  "" },
	{ "to GPT-2", VOCAB(llama3), VOCAB(gpt2), 257, 1024, -1,
	  "{\"bos_token_id\": 1000, \"eos_token_id\": 1009}",
	  "{\"bos_token_id\": null, \"eos_token_id\": 256}",
	  "bos_token_id: null now: the new tokenizer has no token in the place of 1000 "
	  "(<|begin_of_text|>)\n" },
	{ "BERT", VOCAB(bert), VOCAB(bert), 10, 5, -1,
	  "{\"architectures\": [\"BertForMaskedLM\"], \"pad_token_id\": 0, \"type_vocab_size\": 2, "
	  "\"vocab_size\": 5}",
	  "{\"architectures\": [\"BertForMaskedLM\"], \"pad_token_id\": 0, \"type_vocab_size\": 2, "
	  "\"vocab_size\": 10}",
	  "" },
	{ "T5", VOCAB(t5), VOCAB(other), 10, 3, -1,
	  "{\"decoder_start_token_id\": 0, \"eos_token_id\": 1, \"pad_token_id\": 0, "
	  "\"vocab_size\": 3}",
	  "{\"decoder_start_token_id\": 7, \"eos_token_id\": 6, \"pad_token_id\": 7, "
	  "\"vocab_size\": 10}",
	  "" },
	{ "generation", VOCAB(gemma), VOCAB(other), 10, 200, 1,
	  "{\n  \"_from_model_config\": true,\n  \"bad_words_ids\": [[1]],\n  \"bos_token_id\": "
	  "2,\n"
	  "  \"suppress_tokens\": [0, 144],\n  \"forced_eos_token_id\": 1,\n  \"top_p\": 0.950,\n"
	  "  \"begin_suppress_tokens\": null,\n  \"sequence_bias\": [[[106], 1.0]]\n}",
	  "{\n  \"_from_model_config\": true,\n  \"bos_token_id\": 5,\n"
	  "  \"forced_eos_token_id\": 6,\n  \"top_p\": 0.950,\n"
	  "  \"begin_suppress_tokens\": null\n}",
	  "bad_words_ids: left out: its ids are those of the old tokenizer\n"
	  "suppress_tokens: left out: its ids are those of the old tokenizer\n"
	  "sequence_bias: left out: its ids are those of the old tokenizer\n" },
	{ "nothing but what goes", VOCAB(gemma), VOCAB(other), 10, 200, -1,
	  "{ \"suppress_tokens\": [1], \"bad_words_ids\": [[2]] }", "{  }",
	  "suppress_tokens: left out: its ids are those of the old tokenizer\n"
	  "bad_words_ids: left out: its ids are those of the old tokenizer\n" },
	{ "the first goes", VOCAB(gemma), VOCAB(other), 10, 200, -1,
	  "{\"suppress_tokens\":[1],\"bad_words_ids\":[[2]],\"a\":\"\\\"}\",\"b\":[{}]}",
	  "{\"a\":\"\\\"}\",\"b\":[{}]}",
	  "suppress_tokens: left out: its ids are those of the old tokenizer\n"
	  "bad_words_ids: left out: its ids are those of the old tokenizer\n" },
	{ "a list without any", VOCAB(llama3), VOCAB(bert), 10, 1024, -1,
	  "{\"eos_token_id\": [1009, -1]}", "{\"eos_token_id\": null}",
	  "eos_token_id: 1009 is left out: the new tokenizer has no such token\n"
	  "eos_token_id: -1 is left out: the new tokenizer has no such token\n" },
	{ "other numbers", VOCAB(gemma), VOCAB(other), 10, 200, -1,
	  "{\"pad_token_id\": -1, \"eos_token_id\": null, \"image_token_id\": -200, "
	  "\"x_token_ids\": [106, 144], \"vocab_size\": 2e2, \"bos_token_id\": \"2\"}",
	  "{\"pad_token_id\": -1, \"eos_token_id\": null, \"image_token_id\": -200, "
	  "\"x_token_ids\": [9, 3], \"vocab_size\": 2e2, \"bos_token_id\": \"2\"}",
	  "" },
	{ "no object", VOCAB(gemma), VOCAB(other), 10, 200, -1, "[1]", NULL,
	  "it must be a JSON object" },
	{ "no JSON", VOCAB(gemma), VOCAB(other), 10, 200, -1, "{\"a\":}", NULL, "line 1" },
	{ "empty", VOCAB(gemma), VOCAB(other), 10, 200, 1, "{}", "{}", "" },
};

static void configurations_are_rewritten(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct toy source = make(row->source, row->source_count);
		struct toy target = make(row->target, row->target_count);
		struct hyper_matches m = match(&source, &target);
		const struct hyper_config_change change = {
			row->rows, row->source_rows, &source.vocab, &target.vocab, &m, row->tied
		};
		struct tok_buffer out = { 0 }, notes = { 0 };
		struct tok_error err = { 0 };
		const enum tok_status status =
		    hyper_config_rewrite(tok_span_of(row->config), &change, &out, &notes, &err);
		if ((status == TOK_OK) != (row->wanted != NULL))
			fail_msg("%s: %s", row->name, err.message);
		if (!row->wanted && (!strstr(err.message, row->notes) || out.count || notes.count))
			fail_msg("%s: %s", row->name, err.message);
		if (row->wanted && !tok_span_equal(tok_buffer_span(&out), tok_span_of(row->wanted)))
			fail_msg("%s: %.*s", row->name, (int)out.count, (char *)out.bytes);
		if (row->wanted &&
		    !tok_span_equal(tok_buffer_span(&notes), tok_span_of(row->notes)))
			fail_msg("%s: %.*s", row->name, (int)notes.count, (char *)notes.bytes);
		tok_buffer_release(&out);
		tok_buffer_release(&notes);
		free(m.source);
		free(m.classes);
		release(&source);
		release(&target);
	}
}

/* A token that only begins like another is not that one. */
static void likeness_is_not_enough(void **state)
{
	(void)state;
	static const uint8_t kept[] = { HYPER_MATCH_EXACT, HYPER_MATCH_ROLE, HYPER_MATCH_BYTE };
	static const uint8_t refused[] = { HYPER_MATCH_SPACE, HYPER_MATCH_CASE,
					   HYPER_MATCH_PREFIX };
	struct toy source = make(VOCAB(gemma)), target = make(VOCAB(other));
	struct hyper_matches m = match(&source, &target);
	const struct hyper_config_change change = { 10, 10, &source.vocab, &target.vocab, &m, -1 };
	for (size_t i = 0; i < 3; i++) {
		struct tok_buffer out = { 0 }, notes = { 0 };
		const struct tok_span config = tok_span_of("{\"image_token_id\":144}");
		m.classes[3] = kept[i];
		assert_int_equal(hyper_config_rewrite(config, &change, &out, &notes, NULL), TOK_OK);
		assert_true(
		    tok_span_equal(tok_buffer_span(&out), tok_span_of("{\"image_token_id\":3}")));
		m.classes[3] = refused[i];
		assert_int_equal(hyper_config_rewrite(config, &change, &out, &notes, NULL),
				 TOK_EARG);
		tok_buffer_release(&out);
		tok_buffer_release(&notes);
	}
	free(m.source);
	free(m.classes);
	release(&source);
	release(&target);
}

static void what_does_not_fit_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *config, *wanted; /* NULL: it is refused */
	} checks[] = {
		{ "{\"vocab_size\": 10, \"eos_token_id\": [6, 5], \"pad_token_id\": null}", "" },
		{ "{\"vocab_size\": 12}", "vocab_size is 12, and there are 10 rows\n" },
		{ "{\"text_config\": {\"vocab_size\": 9, \"bos_token_id\": 10}}",
		  "vocab_size is 9, and there are 10 rows\nbos_token_id is 10, and there are 10 "
		  "rows\n" },
		{ "{\"vision_config\": {\"vocab_size\": 9}, \"image_token_index\": 4}",
		  "image_token_index is 4, which is no token\n" },
		{ "{\"x_token_ids\": [3, 11], \"eos_token_id\": -1}",
		  "x_token_ids is 11, and there are 10 rows\n" },
		{ "[]", NULL },
		{ "{", NULL },
	};
	struct toy toy = make(VOCAB(other));
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		struct tok_buffer out = { 0 };
		const enum tok_status status =
		    hyper_config_check(tok_span_of(checks[i].config), &toy.vocab, 10, &out, NULL);
		assert_int_equal(status, checks[i].wanted ? TOK_OK : TOK_EFORMAT);
		if (checks[i].wanted &&
		    !tok_span_equal(tok_buffer_span(&out), tok_span_of(checks[i].wanted)))
			fail_msg("%s: %.*s", checks[i].config, (int)out.count, (char *)out.bytes);
		tok_buffer_release(&out);
	}
	release(&toy);
}

/* ---- templates
 * ------------------------------------------------------------------------------------ */

static void templates_are_audited(void **state)
{
	(void)state;
	static const struct {
		const char *template, *wanted;
	} audits[] = {
		{ "", "" },
		{ "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + "
		  "'<|im_end|>' }}{% endfor %}<|im_start|>",
		  "<|im_start|>\n<|im_end|>\n" },
		{ "{{ '<|endoftext|>' }}<s></s><pad>", "" },
		{ "<bos><start_of_turn>user<end_of_turn>", "<bos>\n<start_of_turn>\n" },
		{ "{{ '[INST] ' + x[0] + [A] + [1] + ' [/INST]' }}[TOOL_CALLS] <<SYS>>",
		  "[INST]\n[/INST]\n[TOOL_CALLS]\n" },
		{ "{% if loop.index0 < n and n > 2 %}<tools></tools><b>x</b>{{ a<|b }} <||> <| x "
		  "|>",
		  "" },
		{ "<\xEF\xBD\x9CUser\xEF\xBD\x9C>\xEF\xBD\x9C<\xEF\xBD\x9C"
		  "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
		  "<\xEF\xBD\x9CUser\xEF\xBD\x9C>\n"
		  "<\xEF\xBD\x9C"
		  "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>\n" },
		{ "<|unfinished", "" },
		{ "<", "" },
		{ "<s", "" },
		{ "[/", "" },
		{ "<|a|", "" },
	};
	struct toy target = make(VOCAB(other));
	for (size_t i = 0; i < sizeof audits / sizeof audits[0]; i++) {
		struct tok_buffer out = { 0 };
		/* In memory of exactly its size. */
		const size_t count = strlen(audits[i].template);
		uint8_t *copy = malloc(count + 1);
		memcpy(copy, audits[i].template, count);
		copy = realloc(copy, count ? count : 1);
		assert_int_equal(hyper_template_audit((struct tok_span){ copy, count }, NULL,
						      &target.vocab, &out, NULL),
				 TOK_OK);
		if (!tok_span_equal(tok_buffer_span(&out), tok_span_of(audits[i].wanted)))
			fail_msg("%s: %.*s", audits[i].template, (int)out.count, (char *)out.bytes);
		tok_buffer_release(&out);
		free(copy);
	}
	release(&target);
}

/* What was plain text before is not missing. */
static void plain_text_is_not_missing(void **state)
{
	(void)state;
	struct toy source = make(VOCAB(qwen)), target = make(VOCAB(gpt2));
	struct tok_buffer out = { 0 };
	source.kinds[652] = HYPER_TOKEN_TEXT;
	assert_int_equal(
	    hyper_template_audit(
		tok_span_of("[INST]<|vision_start|><|im_end|><|endoftext|><|im_start|><s>"),
		&source.vocab, &target.vocab, &out, NULL),
	    TOK_OK);
	assert_true(
	    tok_span_equal(tok_buffer_span(&out), tok_span_of("<|im_end|>\n<|im_start|>\n")));
	tok_buffer_release(&out);
	release(&source);
	release(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configurations_are_rewritten),
		cmocka_unit_test(likeness_is_not_enough),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(templates_are_audited),
		cmocka_unit_test(plain_text_is_not_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
