/*
 * http_llama.c - llama-server: rows of all ids, by number.
 *
 * /completion with as many n_probs as there are ids answers with the logarithms of a softmax over
 * the whole vocabulary, before any sampler, whatever the temperature.  Ids are taken, never
 * strings: bytes that are no UTF-8 are lost in those.  Without cache_prompt the same context
 * gives the same row.  The bytes of each id are told beside; special tokens have none unless
 * the server was started with --special, so an id without bytes proves nothing.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/text/json_write.h"
#include "vocab/lm/http_internal.h"
#include "vocab/lm/provider_internal.h"

/* An id in an answer has its text twice, as string and as bytes. */
enum { SMALL_BYTES = 1 << 24, ID_BYTES = 2048 };

struct llama_lm {
	struct tok_lm base;
	struct lm_peer peer;
	struct lm_http *http;
	struct tok_json_document doc;
	struct tok_buffer question;
	struct lm_vocabulary vocabulary; /* to be compared with the first row that comes */
};

static bool put(struct tok_buffer *out, const char *text)
{
	return tok_buffer_add(out, text, strlen(text));
}

static const struct tok_json *object_in(const struct tok_json *value, const char *key)
{
	const struct tok_json *member = value ? tok_json_get(value, key) : NULL;
	return member && member->kind == TOK_JSON_OBJECT ? member : NULL;
}

static const struct tok_json *first_of(const struct tok_json *value, const char *key)
{
	const struct tok_json *member = value ? tok_json_get(value, key) : NULL;
	return member && member->kind == TOK_JSON_ARRAY && member->count > 0 ? member + 1 : NULL;
}

static bool number_in(const struct tok_json *value, const char *key, size_t most, size_t *out)
{
	const struct tok_json *member = value ? tok_json_get(value, key) : NULL;
	if (!member || member->kind != TOK_JSON_UNSIGNED || member->as.whole == 0 ||
	    member->as.whole > most)
		return false;
	*out = (size_t)member->as.whole;
	return true;
}

/* ---- what it is ---- */

static enum tok_status read_size(struct llama_lm *l, struct tok_error *err)
{
	const enum tok_status status =
	    lm_http_ask(l->http, "/v1/models", (struct tok_span){ 0 }, SMALL_BYTES, &l->doc, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *model = first_of(l->doc.values, "data");
	if (!number_in(object_in(model, "meta"), "n_vocab", TOK_ID_MAX + (size_t)1,
		       &l->peer.info.size))
		return tok_fail(err, TOK_EFORMAT,
				"/v1/models tells no 'n_vocab': this is no llama-server");
	return TOK_OK;
}

/* What a text is to the server; at most one id is wanted. */
static enum tok_status read_ids(struct llama_lm *l, const char *question, const tok_id **out,
				size_t *count, struct tok_error *err)
{
	const enum tok_status status =
	    lm_http_ask(l->http, "/tokenize", tok_span_of(question), SMALL_BYTES, &l->doc, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *id = first_of(l->doc.values, "tokens");
	if (!id)
		return TOK_OK;
	if (id->kind != TOK_JSON_UNSIGNED || id->as.whole >= l->peer.info.size)
		return tok_fail(err, TOK_EFORMAT, "/tokenize gives what is no id");
	tok_id *ids = tok_arena_array(&l->peer.arena, 1, sizeof *ids);
	if (!ids)
		return tok_fail_memory(err);
	*ids = (tok_id)id->as.whole;
	*out = ids;
	*count = 1;
	return TOK_OK;
}

/* The end is told as text, which is asked for its id. */
static enum tok_status read_properties(struct llama_lm *l, struct tok_error *err)
{
	enum tok_status status =
	    lm_http_ask(l->http, "/props", (struct tok_span){ 0 }, SMALL_BYTES, &l->doc, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *settings = object_in(l->doc.values, "default_generation_settings");
	const struct tok_json *eos = tok_json_get(l->doc.values, "eos_token");
	if (!number_in(settings, "n_ctx", UINT32_MAX, &l->peer.info.max_context))
		return tok_fail(err, TOK_EFORMAT, "/props tells no 'n_ctx'");
	/* The place of the token that it predicts is one of them. */
	l->peer.info.max_context -= l->peer.info.max_context > 1;
	if (!eos || eos->kind != TOK_JSON_STRING || eos->count == 0)
		return TOK_OK;

	tok_buffer_clear(&l->question);
	if (!put(&l->question, "{\"add_special\":false,\"parse_special\":true,\"content\":") ||
	    !tok_json_put_string(&l->question, tok_json_text(eos)) ||
	    !tok_buffer_add(&l->question, "}", 2))
		return tok_fail_memory(err);
	return read_ids(l, (const char *)l->question.bytes, &l->peer.info.eos,
			&l->peer.info.eos_count, err);
}

static enum tok_status read_server(struct llama_lm *l, struct tok_error *err)
{
	enum tok_status status = read_size(l, err);
	if (status == TOK_OK)
		status = read_properties(l, err);
	if (status == TOK_OK)
		status = read_ids(l, "{\"content\":\"\",\"add_special\":true}", &l->peer.info.start,
				  &l->peer.info.start_count, err);
	if (status != TOK_OK)
		return status;
	l->peer.info.name = "llama-server";
	l->peer.info.batch = 1;
	l->peer.info.deterministic = true;
	l->peer.seen = tok_arena_array(&l->peer.arena, l->peer.info.size / 8 + 1, 1);
	return l->peer.seen ? TOK_OK : tok_fail_memory(err);
}

/* ---- rows ---- */

/* What the server samples does not matter to a row, but is text for it, and one that is cut inside
 * a character is an error there.  So it is made to sample the end, or id 0, which is a whole token
 * or <unk> wherever there is no end. */
static enum tok_status put_question(struct llama_lm *l, const struct tok_lm_request *request,
				    struct tok_error *err)
{
	char text[200];
	tok_buffer_clear(&l->question);
	bool ok = put(&l->question, "{\"prompt\":[");
	for (size_t i = 0; ok && i < request->count; i++) {
		snprintf(text, sizeof text, "%s%u", i > 0 ? "," : "", request->ids[i]);
		ok = put(&l->question, text);
	}
	snprintf(text, sizeof text,
		 "],\"n_predict\":1,\"n_probs\":%zu,\"post_sampling_probs\":false,"
		 "\"cache_prompt\":false,\"stream\":false,\"logit_bias\":[[%u,1e6]]}",
		 l->peer.info.size, l->peer.info.eos_count > 0 ? l->peer.info.eos[0] : 0);
	return ok && put(&l->question, text) ? TOK_OK : tok_fail_memory(err);
}

static bool read_entry(const struct tok_json *entry, tok_id *id, double *log_p)
{
	const struct tok_json *number = tok_json_get(entry, "id");
	const struct tok_json *value = tok_json_get(entry, "logprob");
	if (!number || number->kind != TOK_JSON_UNSIGNED || number->as.whole > TOK_ID_MAX || !value)
		return false;
	*id = (tok_id)number->as.whole;
	if (value->kind == TOK_JSON_DOUBLE)
		*log_p = value->as.real;
	else if (value->kind == TOK_JSON_UNSIGNED)
		*log_p = (double)value->as.whole;
	else if (value->kind == TOK_JSON_NEGATIVE)
		*log_p = (double)value->as.negative;
	else
		return false;
	/* A probability of 0 is the lowest float there. */
	if (*log_p < -1e30)
		*log_p = -INFINITY;
	return true;
}

static enum tok_status compare_bytes(struct llama_lm *l, const struct tok_json *entry, tok_id id,
				     struct tok_error *err)
{
	const struct tok_json *list = tok_json_get(entry, "bytes");
	if (!list || list->kind != TOK_JSON_ARRAY || list->count == 0)
		return TOK_OK;
	tok_buffer_clear(&l->question);
	const struct tok_json *item = list + 1;
	for (size_t i = 0; i < list->count; i++, item = tok_json_next(item)) {
		if (item->kind != TOK_JSON_UNSIGNED || item->as.whole > 255)
			return tok_fail(err, TOK_EFORMAT, "id %u: what is no byte", id);
		if (!tok_buffer_add_byte(&l->question, (uint8_t)item->as.whole))
			return tok_fail_memory(err);
	}
	lm_vocabulary_compare(&l->vocabulary, id, tok_buffer_span(&l->question));
	return TOK_OK;
}

/* Of a row that was read without trouble. */
static enum tok_status check_tokens(struct llama_lm *l, const struct tok_json *list,
				    struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	l->vocabulary.compared = l->vocabulary.differ = 0;
	const struct tok_json *entry = list + 1;
	for (size_t i = 0; status == TOK_OK && i < list->count; i++) {
		const tok_id id = (tok_id)tok_json_get(entry, "id")->as.whole;
		status = compare_bytes(l, entry, id, err);
		entry = tok_json_next(entry);
	}
	if (status == TOK_OK)
		status = lm_vocabulary_verdict(&l->vocabulary, err);
	if (status == TOK_OK)
		lm_vocabulary_release(&l->vocabulary);
	return status;
}

static enum tok_status read_row(struct llama_lm *l, struct tok_lm_row *row, struct tok_error *err)
{
	const struct tok_json *token = first_of(l->doc.values, "completion_probabilities");
	const struct tok_json *list = token ? tok_json_get(token, "top_logprobs") : NULL;
	if (!list || list->kind != TOK_JSON_ARRAY)
		return tok_fail(err, TOK_EFORMAT, "/completion tells no 'top_logprobs'");
	if (list->count != l->peer.info.size)
		return tok_fail(err, TOK_EFORMAT, "a row of %u ids: the model has %zu", list->count,
				l->peer.info.size);

	memset(l->peer.seen, 0, l->peer.info.size / 8 + 1);
	const struct tok_json *entry = list + 1;
	for (size_t i = 0; i < list->count; i++, entry = tok_json_next(entry)) {
		tok_id id;
		double log_p;
		if (!read_entry(entry, &id, &log_p) || id >= l->peer.info.size ||
		    l->peer.seen[id / 8] & 1u << id % 8)
			return tok_fail(err, TOK_EFORMAT,
					"entry %zu of a row has no id of its own, or no number", i);
		l->peer.seen[id / 8] |= (uint8_t)(1u << id % 8);
		row->log_p[id] = log_p;
	}
	const enum tok_status status = l->vocabulary.tokens ? check_tokens(l, list, err) : TOK_OK;
	return status == TOK_OK ? lm_row_check(&l->peer, row, err) : status;
}

static enum tok_status ask(struct llama_lm *l, const struct tok_lm_request *request,
			   struct tok_lm_row *row, struct tok_error *err)
{
	enum tok_status status = lm_request_check(&l->peer.info, request, err);
	if (status == TOK_OK)
		status = put_question(l, request, err);
	if (status == TOK_OK)
		status = lm_http_ask(l->http, "/completion", tok_buffer_span(&l->question),
				     SMALL_BYTES + l->peer.info.size * ID_BYTES, &l->doc, err);
	return status == TOK_OK ? read_row(l, row, err) : status;
}

static enum tok_status rows_of(struct tok_lm *lm, const struct tok_lm_request *requests,
			       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct llama_lm *l = (struct llama_lm *)lm;
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status = ask(l, &requests[i], &out[i], err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static void free_llama(struct tok_lm *lm)
{
	struct llama_lm *l = (struct llama_lm *)lm;
	lm_http_free(l->http);
	lm_vocabulary_release(&l->vocabulary);
	lm_peer_release(&l->peer);
	tok_json_release(&l->doc);
	tok_buffer_release(&l->question);
	free(l);
}

enum tok_status lm_llama_open(const char *url, const struct tok_tokenizer *tokenizer,
			      const struct vocab_lm_options *options, struct tok_lm **out,
			      struct tok_error *err)
{
	struct llama_lm *l = calloc(1, sizeof *l);
	if (!l)
		return tok_fail_memory(err);
	enum tok_status status = lm_http_new(url, options->key, options->timeout_ms, &l->http, err);
	if (status == TOK_OK)
		status = read_server(l, err);
	if (status == TOK_OK)
		status = lm_vocabulary_init(&l->vocabulary, tokenizer, &l->peer.info, err);
	if (status == TOK_OK && options->bos_given)
		status = lm_peer_start(&l->peer, options->bos, options->bos_count, err);
	if (status != TOK_OK) {
		free_llama(&l->base);
		return status;
	}
	l->base = (struct tok_lm){ &l->peer.info, rows_of, free_llama };
	*out = &l->base;
	return TOK_OK;
}
