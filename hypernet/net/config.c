#include "hypernet/net/config.h"

#include <stdio.h>

#include "tok/text/json.h"

/* One config.json being read: the first failure is the one that counts. */
struct reader {
	struct tok_json_document doc;
	struct tok_error *err;
	enum tok_status status;
};

/* The value of a key; NULL where it is missing or null. */
static const struct tok_json *find_value(const struct reader *r, const char *key)
{
	const struct tok_json *value = tok_json_get(r->doc.values, key);
	return value && value->kind != TOK_JSON_NULL ? value : NULL;
}

static void fail(struct reader *r, enum tok_status status)
{
	if (r->status == TOK_OK)
		r->status = status;
}

/* ---- values --------------------------------------------------------------------- */

/* A whole number of `least` to `most`; `missing` where there is none, if that is not SIZE_MAX. */
static size_t read_size(struct reader *r, const char *key, size_t least, size_t most,
			size_t missing)
{
	const struct tok_json *value = find_value(r, key);
	if (r->status != TOK_OK || (!value && missing != SIZE_MAX))
		return missing;
	if (!value)
		fail(r, tok_fail(r->err, TOK_EFORMAT, "'%s' is missing", key));
	else if (value->kind != TOK_JSON_UNSIGNED || value->as.whole < least ||
		 value->as.whole > most)
		fail(r, tok_json_fail(&r->doc, value, r->err,
				      "this must be a whole number from %zu to %zu", least, most));
	return r->status == TOK_OK ? (size_t)value->as.whole : 0;
}

static bool read_flag(struct reader *r, const char *key, bool missing)
{
	const struct tok_json *value = find_value(r, key);
	if (r->status != TOK_OK || !value)
		return missing;
	if (value->kind != TOK_JSON_TRUE && value->kind != TOK_JSON_FALSE)
		fail(r, tok_json_fail(&r->doc, value, r->err, "this must be true or false"));
	return value->kind == TOK_JSON_TRUE;
}

static void read_languages(struct reader *r, struct hyper_config *c)
{
	const struct tok_json *list = find_value(r, "langs");
	if (r->status != TOK_OK || !list || !c->takes_language)
		return;
	if (list->kind != TOK_JSON_ARRAY || list->count > c->language_count) {
		fail(r, tok_json_fail(&r->doc, list, r->err,
				      "this must be a list of at most n_langs = %zu codes",
				      c->language_count));
		return;
	}
	struct tok_span *codes = tok_arena_array(&c->arena, list->count, sizeof *codes);
	const struct tok_json *item = list + 1;
	for (size_t i = 0; codes && i < list->count; i++, item = tok_json_next(item)) {
		if (item->kind != TOK_JSON_STRING) {
			fail(r, tok_json_fail(&r->doc, item, r->err, "a code must be a string"));
			return;
		}
		codes[i] = tok_arena_copy(&c->arena, tok_json_text(item));
		if (!codes[i].bytes)
			codes = NULL;
	}
	if (!codes)
		fail(r, tok_fail_memory(r->err));
	c->languages = codes;
	c->language_names = list->count;
}

/* ---- what is refused -------------------------------------------------------------- */

static void refuse_flag(struct reader *r, const char *key, bool missing, bool wanted)
{
	if (read_flag(r, key, missing) != wanted && r->status == TOK_OK)
		fail(r, tok_fail(r->err, TOK_EARG,
				 "'%s' must be %s: no published network has it otherwise", key,
				 wanted ? "true" : "false"));
}

static void refuse_text(struct reader *r, const char *key, const char *wanted)
{
	const struct tok_json *value = find_value(r, key);
	if (r->status != TOK_OK || !value ||
	    (value->kind == TOK_JSON_STRING &&
	     tok_span_equal(tok_json_text(value), tok_span_of(wanted))))
		return;
	fail(r, tok_fail(r->err, TOK_EARG, "'%s' must be '%s': no published network is another",
			 key, wanted));
}

static void refuse_unpublished(struct reader *r)
{
	refuse_text(r, "hn_model_type", "roberta");
	refuse_text(r, "hn_model_name_or_path", "roberta-base");
	refuse_flag(r, "hn_embed_using_source_embeddings", false, true);
	refuse_flag(r, "hn_add_inter_token_attention", false, false);
	refuse_flag(r, "hn_embed_target_priors", false, false);
	refuse_flag(r, "hn_concat_last_hidden_state", false, false);
	if (read_size(r, "hn_language_adapter_bottleneck_dim", 0, HYPER_SIZE_MAX, 0) > 0)
		fail(r, tok_fail(r->err, TOK_EARG,
				 "'hn_language_adapter_bottleneck_dim' must be 0: no published "
				 "network has adapters"));
}

/* ---- the whole -------------------------------------------------------------------- */

static void read_sizes(struct reader *r, struct hyper_config *c)
{
	c->embedding = read_size(r, "n_embd", 1, HYPER_SIZE_MAX, SIZE_MAX);
	c->hidden = read_size(r, "hn_hidden_size", 1, HYPER_SIZE_MAX, SIZE_MAX);
	c->intermediate = read_size(r, "hn_intermediate_size", 1, HYPER_SIZE_MAX, 2 * c->hidden);
	c->layers = read_size(r, "hn_n_layers", 1, HYPER_LAYERS_MAX, SIZE_MAX);
	c->heads = read_size(r, "hn_num_attention_heads", 1, HYPER_SIZE_MAX, c->hidden / 64);
	c->surface = read_size(r, "hn_surface_maxlen", 1, HYPER_SURFACE_MAX, SIZE_MAX);
	c->extra = read_size(r, "hn_n_extra_tokens", 0, HYPER_SIZE_MAX, SIZE_MAX);
	c->vocabulary = read_size(r, "original_vocab_size", 1, HYPER_SIZE_MAX, SIZE_MAX);
	c->pad = (tok_id)read_size(r, "pad_token_id", 0, HYPER_SIZE_MAX, SIZE_MAX);
}

static void read_flags(struct reader *r, struct hyper_config *c)
{
	c->untied = read_flag(r, "separate_out_embeddings", false);
	c->single_head = read_flag(r, "hn_single_head", false);
	c->predicts_bias = read_flag(r, "hn_predict_bias", true);
	c->rescales = read_flag(r, "hn_rescale_embeddings", false);
	c->takes_language = read_flag(r, "hn_embed_lang_id", false);
	if (c->takes_language)
		c->language_count = read_size(r, "n_langs", 1, HYPER_SIZE_MAX, SIZE_MAX);
}

static void check_sizes(struct reader *r, const struct hyper_config *c)
{
	if (r->status != TOK_OK)
		return;
	if (c->heads == 0 || c->hidden % c->heads != 0)
		fail(r, tok_fail(r->err, TOK_EFORMAT,
				 "'hn_num_attention_heads' (%zu) must divide hn_hidden_size (%zu)",
				 c->heads, c->hidden));
	else if (c->pad >= c->vocabulary + c->extra)
		fail(r, tok_fail(r->err, TOK_EFORMAT,
				 "'pad_token_id' (%u) must be less than original_vocab_size + "
				 "hn_n_extra_tokens (%zu)",
				 c->pad, c->vocabulary + c->extra));
}

enum tok_status hyper_config_read(struct tok_span json, struct hyper_config *out,
				  struct tok_error *err)
{
	struct reader r = { .err = err };
	struct hyper_config c = { 0 };
	r.status = tok_json_read(&r.doc, json, err);
	if (r.status == TOK_OK && r.doc.values->kind != TOK_JSON_OBJECT)
		fail(&r, tok_fail(err, TOK_EFORMAT, "this must be an object"));
	if (r.status == TOK_OK)
		fail(&r, tok_json_unique(&r.doc, r.doc.values, err));
	if (r.status == TOK_OK) {
		refuse_unpublished(&r);
		read_sizes(&r, &c);
		read_flags(&r, &c);
		read_languages(&r, &c);
		check_sizes(&r, &c);
	}
	tok_json_release(&r.doc);
	if (r.status != TOK_OK) {
		hyper_config_release(&c);
		return r.status;
	}
	*out = c;
	return TOK_OK;
}

void hyper_config_release(struct hyper_config *config)
{
	tok_arena_release(&config->arena);
	*config = (struct hyper_config){ 0 };
}

/* ---- languages -------------------------------------------------------------------- */

/* "en ru de ...", as much of it as fits. */
static void list_codes(const struct hyper_config *c, char *text, size_t room)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < c->language_names; i++) {
		const int n = snprintf(text + used, room - used, "%s%s", i ? " " : "",
				       tok_show(c->languages[i]).text);
		if (n < 0 || (size_t)n >= room - used) {
			text[used] = '\0';
			return;
		}
		used += (size_t)n;
	}
}

enum tok_status hyper_config_language(const struct hyper_config *config, const char *code,
				      size_t *out, struct tok_error *err)
{
	char known[300];
	if (!config->takes_language)
		return tok_fail(err, TOK_EARG, "this network takes no language");
	for (size_t i = 0; i < config->language_names; i++) {
		if (tok_span_equal(config->languages[i], tok_span_of(code))) {
			*out = i;
			return TOK_OK;
		}
	}
	list_codes(config, known, sizeof known);
	return tok_fail(err, TOK_EARG, "there is no language '%s'; there are: %s",
			tok_show(tok_span_of(code)).text,
			config->language_names ? known : "none by name");
}
