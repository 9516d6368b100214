/*
 * What config.json of a hypernetwork says: those of the five that were published, defaults, and
 * what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hypernet/net/config.h"

/* What all of them have in common, and keys of a base model that mean nothing here. */
#define COMMON                                                                                     \
	"\"architectures\":[\"ZettHypernet\"],\"hn_model_name_or_path\":\"roberta-base\","         \
	"\"hn_model_type\":\"roberta\",\"hn_embed_using_source_embeddings\":true,"                 \
	"\"hn_rescale_embeddings\":true,\"hn_add_inter_token_attention\":false,"                   \
	"\"hn_embed_target_priors\":false,\"hn_language_adapter_bottleneck_dim\":0,"               \
	"\"hn_inter_token_attention_bias_scaler\":1.0,\"hn_n_inter_token_blocks\":16,"             \
	"\"hn_inter_token_attention_bias_by_priors\":true,\"use_unigram_bias\":true,"              \
	"\"hn_concat_last_hidden_state\":false,\"hn_predict_bias\":true,\"hn_n_layers\":3,"        \
	"\"hn_surface_maxlen\":7,\"hn_single_head\":false,\"hidden_act\":\"silu\","                \
	"\"max_position_embeddings\":32768,\"layer_norm_eps\":1e-12,\"vocab_size\":5"

#define MANY_CODES                                                                                 \
	"[\"en\",\"ru\",\"de\",\"es\",\"fr\",\"it\",\"pt\",\"el\",\"ko\",\"fi\",\"id\",\"tr\","    \
	"\"ar\",\"vi\",\"bg\",\"ca\",\"hi\",\"et\",\"bn\",\"ta\",\"ur\",\"sw\",\"te\",\"eu\","     \
	"\"ht\",\"qu\"]"
#define FEW_CODES "[\"en\",\"github-issues\",\"python\",\"javascript\",\"java\",\"cpp\",\"go\"]"

#define CONFIG(embedding, hidden, middle, heads, extra, vocabulary, pad, untied, language,         \
	       languages, codes)                                                                   \
	"{" COMMON ",\"n_embd\":" embedding ",\"hn_hidden_size\":" hidden                          \
	",\"hn_intermediate_size\":" middle ",\"hn_num_attention_heads\":" heads                   \
	",\"hn_n_extra_tokens\":" extra ",\"original_vocab_size\":" vocabulary                     \
	",\"pad_token_id\":" pad ",\"separate_out_embeddings\":" untied                            \
	",\"hn_embed_lang_id\":" language ",\"n_langs\":" languages ",\"langs\":" codes "}"

static const struct {
	const char *name, *json;
	size_t embedding, middle, heads, extra, vocabulary, languages;
	tok_id pad;
	bool untied;
} published[] = {
	{ "xlm-roberta-base",
	  CONFIG("768", "768", "1536", "12", "161", "250002", "1", "false", "true", "26",
		 MANY_CODES),
	  768, 1536, 12, 161, 250002, 26, 1, false },
	{ "TinyLlama-1.1B",
	  CONFIG("2048", "2048", "4096", "32", "362", "32000", "2", "true", "false", "7",
		 FEW_CODES),
	  2048, 4096, 32, 362, 32000, 0, 2, true },
	{ "Mistral-7B-v0.1",
	  CONFIG("4096", "4096", "8192", "32", "522", "32000", "2", "true", "false", "7",
		 FEW_CODES),
	  4096, 8192, 32, 522, 32000, 0, 2, true },
	{ "multilingual-Mistral-7B-v0.1",
	  CONFIG("4096", "4096", "8192", "32", "522", "32000", "2", "true", "true", "26",
		 MANY_CODES),
	  4096, 8192, 32, 522, 32000, 26, 2, true },
	{ "Meta-Llama-3-8B-experimental",
	  CONFIG("4096", "4096", "8192", "32", "1", "128256", "128001", "true", "false", "7",
		 FEW_CODES),
	  4096, 8192, 32, 1, 128256, 0, 128001, true },
};

static void published_ones_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
		struct hyper_config c = { 0 };
		struct tok_error err = { 0 };
		if (hyper_config_read(tok_span_of(published[i].json), &c, &err) != TOK_OK)
			fail_msg("%s: %s", published[i].name, err.message);
		assert_int_equal(c.embedding, published[i].embedding);
		assert_int_equal(c.hidden, published[i].embedding);
		assert_int_equal(c.intermediate, published[i].middle);
		assert_int_equal(c.heads, published[i].heads);
		assert_int_equal(c.extra, published[i].extra);
		assert_int_equal(c.vocabulary, published[i].vocabulary);
		assert_int_equal(c.pad, published[i].pad);
		assert_int_equal(c.untied, published[i].untied);
		assert_int_equal(hyper_config_source_width(&c),
				 c.untied ? 2 * c.embedding : c.embedding);
		assert_int_equal(c.layers, 3);
		assert_int_equal(c.surface, 7);
		assert_true(c.predicts_bias && c.rescales && !c.single_head);
		assert_int_equal(c.takes_language, published[i].languages > 0);
		assert_int_equal(c.language_count, published[i].languages);
		assert_int_equal(c.language_names, published[i].languages);
		hyper_config_release(&c);
	}
}

/* ---- variants of a small one -------------------------------------------------------- */

/* `small` with the value of one key replaced, or the key left out (""). */
static const struct {
	const char *key, *value;
} small[] = {
	{ "n_embd", "8" },
	{ "hn_hidden_size", "128" },
	{ "hn_n_layers", "2" },
	{ "hn_surface_maxlen", "5" },
	{ "hn_n_extra_tokens", "0" },
	{ "original_vocab_size", "10" },
	{ "pad_token_id", "0" },
	{ "hn_embed_using_source_embeddings", "true" },
};

static struct tok_span vary(const char *key, const char *value, char *json, size_t room)
{
	size_t used = (size_t)snprintf(json, room, "{\"\":0");
	bool seen = false;
	for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
		const bool this = strcmp(small[i].key, key) == 0;
		const char *take = this ? value : small[i].value;
		seen = seen || this;
		if (*take)
			used += (size_t)snprintf(json + used, room - used, ",\"%s\":%s",
						 small[i].key, take);
	}
	if (!seen && *value)
		used += (size_t)snprintf(json + used, room - used, ",\"%s\":%s", key, value);
	snprintf(json + used, room - used, "}");
	return tok_span_of(json);
}

static void what_is_missing_or_null_has_a_default(void **state)
{
	char json[1024];
	struct tok_error err = { 0 };
	struct hyper_config c = { 0 };
	(void)state;
	static const char *const nulls[] = {
		"", "null,\"hn_intermediate_size\":null,\"hn_embed_lang_id\":null,"
		    "\"hn_predict_bias\":null"
	};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
		    hyper_config_read(vary("hn_num_attention_heads", nulls[i], json, sizeof json),
				      &c, &err),
		    TOK_OK);
		assert_int_equal(c.heads, 2);
		assert_int_equal(c.intermediate, 256);
		assert_true(c.predicts_bias);
		assert_false(c.untied || c.single_head || c.rescales || c.takes_language);
		hyper_config_release(&c);
	}
}

static const struct {
	const char *key, *value;
	enum tok_status status;
	const char *says; /* part of the message */
} refused[] = {
	{ "n_embd", "", TOK_EFORMAT, "'n_embd' is missing" },
	{ "hn_hidden_size", "null", TOK_EFORMAT, "'hn_hidden_size' is missing" },
	{ "hn_n_layers", "", TOK_EFORMAT, "'hn_n_layers' is missing" },
	{ "hn_surface_maxlen", "", TOK_EFORMAT, "'hn_surface_maxlen' is missing" },
	{ "hn_n_extra_tokens", "", TOK_EFORMAT, "'hn_n_extra_tokens' is missing" },
	{ "original_vocab_size", "", TOK_EFORMAT, "'original_vocab_size' is missing" },
	{ "pad_token_id", "null", TOK_EFORMAT, "'pad_token_id' is missing" },
	{ "n_embd", "0", TOK_EFORMAT, "at n_embd: this must be a whole number from 1 to 16777216" },
	{ "n_embd", "16777217", TOK_EFORMAT, "at n_embd" },
	{ "n_embd", "-8", TOK_EFORMAT, "at n_embd" },
	{ "n_embd", "8.5", TOK_EFORMAT, "at n_embd" },
	{ "n_embd", "\"8\"", TOK_EFORMAT, "at n_embd" },
	{ "hn_n_layers", "257", TOK_EFORMAT, "at hn_n_layers: this must be a whole number from 1" },
	{ "hn_surface_maxlen", "64", TOK_EFORMAT, "from 1 to 63" },
	{ "hn_num_attention_heads", "3", TOK_EFORMAT,
	  "'hn_num_attention_heads' (3) must divide hn_hidden_size (128)" },
	{ "hn_hidden_size", "63", TOK_EFORMAT,
	  "'hn_num_attention_heads' (0) must divide hn_hidden_size (63)" },
	{ "pad_token_id", "10", TOK_EFORMAT, "'pad_token_id' (10) must be less than" },
	{ "hn_single_head", "1", TOK_EFORMAT, "at hn_single_head: this must be true or false" },
	{ "hn_embed_lang_id", "true", TOK_EFORMAT, "'n_langs' is missing" },
	{ "hn_embed_lang_id", "true,\"n_langs\":1,\"langs\":[\"a\",\"b\"]", TOK_EFORMAT,
	  "at langs: this must be a list of at most n_langs = 1 codes" },
	{ "hn_embed_lang_id", "true,\"n_langs\":2,\"langs\":[\"a\",2]", TOK_EFORMAT,
	  "at langs[1]: a code must be a string" },
	{ "hn_single_head", "false,\"n_embd\":9", TOK_EFORMAT, "n_embd" }, /* twice */
	{ "hn_model_type", "\"t5\"", TOK_EARG, "'hn_model_type' must be 'roberta'" },
	{ "hn_model_name_or_path", "\"roberta-large\"", TOK_EARG, "'hn_model_name_or_path'" },
	{ "hn_embed_using_source_embeddings", "false", TOK_EARG,
	  "'hn_embed_using_source_embeddings' must be true" },
	{ "hn_embed_using_source_embeddings", "", TOK_EARG,
	  "'hn_embed_using_source_embeddings' must be true" },
	{ "hn_add_inter_token_attention", "true", TOK_EARG,
	  "'hn_add_inter_token_attention' must be false" },
	{ "hn_embed_target_priors", "true", TOK_EARG, "'hn_embed_target_priors' must be false" },
	{ "hn_concat_last_hidden_state", "true", TOK_EARG,
	  "'hn_concat_last_hidden_state' must be false" },
	{ "hn_language_adapter_bottleneck_dim", "8", TOK_EARG,
	  "'hn_language_adapter_bottleneck_dim' must be 0" },
};

static void others_are_refused_by_the_name_of_the_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		char json[1024];
		struct hyper_config c = { .layers = 77 };
		struct tok_error err = { 0 };
		const struct tok_span text =
		    vary(refused[i].key, refused[i].value, json, sizeof json);
		const enum tok_status status = hyper_config_read(text, &c, &err);
		if (status != refused[i].status || !strstr(err.message, refused[i].says))
			fail_msg("%s: status %d, '%s'", json, (int)status, err.message);
		assert_int_equal(c.layers, 77);
	}
	struct hyper_config c;
	struct tok_error err = { 0 };
	assert_int_equal(hyper_config_read(tok_span_of("[]"), &c, &err), TOK_EFORMAT);
	assert_int_equal(hyper_config_read(tok_span_of("{"), &c, &err), TOK_EFORMAT);
}

/* ---- languages ---------------------------------------------------------------------- */

static void languages_have_their_places(void **state)
{
	struct tok_error err = { 0 };
	struct hyper_config c = { 0 };
	char json[1024];
	size_t at = 99;
	(void)state;
	assert_int_equal(hyper_config_read(tok_span_of(published[0].json), &c, &err), TOK_OK);
	assert_int_equal(hyper_config_language(&c, "en", &at, &err), TOK_OK);
	assert_int_equal(at, 0);
	assert_int_equal(hyper_config_language(&c, "qu", &at, &err), TOK_OK);
	assert_int_equal(at, 25);
	assert_int_equal(hyper_config_language(&c, "EN", &at, &err), TOK_EARG);
	assert_string_equal(err.message,
			    "there is no language 'EN'; there are: en ru de es fr it pt el ko fi "
			    "id tr ar vi bg ca hi et bn ta ur sw te eu ht qu");
	hyper_config_release(&c);

	assert_int_equal(hyper_config_read(tok_span_of(published[1].json), &c, &err), TOK_OK);
	assert_int_equal(hyper_config_language(&c, "en", &at, &err), TOK_EARG);
	assert_string_equal(err.message, "this network takes no language");
	hyper_config_release(&c);

	const struct tok_span text =
	    vary("hn_embed_lang_id", "true,\"n_langs\":3", json, sizeof json);
	assert_int_equal(hyper_config_read(text, &c, &err), TOK_OK);
	assert_int_equal(c.language_count, 3);
	assert_int_equal(hyper_config_language(&c, "en", &at, &err), TOK_EARG);
	assert_string_equal(err.message, "there is no language 'en'; there are: none by name");
	assert_int_equal(at, 25);
	hyper_config_release(&c);
}

/* More names than a message holds end where they do not fit. */
static void long_lists_are_cut(void **state)
{
	static char json[20000];
	struct tok_error err = { 0 };
	struct hyper_config c = { 0 };
	char value[12000];
	size_t at, used = (size_t)snprintf(value, sizeof value, "true,\"n_langs\":500,\"langs\":[");
	(void)state;
	for (int i = 0; i < 500; i++)
		used += (size_t)snprintf(value + used, sizeof value - used, "%s\"code%d\"",
					 i ? "," : "", i);
	snprintf(value + used, sizeof value - used, "]");
	const struct tok_span text = vary("hn_embed_lang_id", value, json, sizeof json);
	assert_int_equal(hyper_config_read(text, &c, &err), TOK_OK);
	assert_int_equal(hyper_config_language(&c, "code499", &at, &err), TOK_OK);
	assert_int_equal(at, 499);
	assert_int_equal(hyper_config_language(&c, "?", &at, &err), TOK_EARG);
	assert_non_null(strstr(err.message, "code0 code1 "));
	hyper_config_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_ones_are_read),
		cmocka_unit_test(what_is_missing_or_null_has_a_default),
		cmocka_unit_test(others_are_refused_by_the_name_of_the_key),
		cmocka_unit_test(languages_have_their_places),
		cmocka_unit_test(long_lists_are_cut),
	};
	return cmocka_run_group_tests_name("hyper_config", tests, NULL, NULL);
}
