/*
 * http_openai.c - completions in OpenAI's manner: the best few of a row, so only bounds follow.
 *
 * Servers name ids in three ways: as the member `id` of a list (llama-server), as "token_id:7"
 * (vLLM, which is asked to) or only as text.  Text is an id again where the tokenizer works on
 * bytes and no byte was lost; otherwise the row ends before it, because what a row does not tell
 * must not be more probable than what it does.  For the same reason the sampled token, which is
 * told even when it is none of the best, is dropped then.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/pipe/byte_level.h"
#include "tok/text/json_write.h"
#include "vocab/lm/http_internal.h"
#include "vocab/lm/provider_internal.h"

/* The most that completions give. */
enum { TOP = 5, ANSWER_BYTES = 1 << 24, ENTRIES_MAX = 64 };

struct openai_lm {
	struct tok_lm base;
	struct lm_peer peer;
	const struct tok_tokenizer *tokenizer;
	struct lm_http *http;
	struct tok_span model; /* its name, in the arena of the peer */
	struct tok_json_document doc;
	struct tok_buffer question;
};

/* ---- ids by name ---- */

/* Some servers write a character that is cut as this one. */
static bool lost_bytes(struct tok_span text)
{
	for (size_t i = 0; i + 3 <= text.count; i++)
		if (memcmp(text.bytes + i, "\xEF\xBF\xBD", 3) == 0)
			return true;
	return false;
}

static enum tok_status find_text(const struct openai_lm *o, struct tok_span text, tok_id *out,
				 struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	*out = TOK_NO_ID;
	if (!tok_tokenizer_takes_bytes(o->tokenizer) || lost_bytes(text) ||
	    tok_span_starts(text, tok_span_of("bytes:")))
		return TOK_OK;
	const struct tok_span raised = tok_raise_bytes(text, &arena);
	if (raised.bytes)
		*out = tok_tokenizer_find(o->tokenizer, raised);
	tok_arena_release(&arena);
	return raised.bytes ? TOK_OK : tok_fail_memory(err);
}

/* TOK_NO_ID: nobody knows which. */
static enum tok_status find_id(const struct openai_lm *o, struct tok_span name, tok_id *out,
			       struct tok_error *err)
{
	static const char mark[] = "token_id:";
	if (!tok_span_starts(name, tok_span_of(mark)))
		return find_text(o, name, out, err);
	uint64_t id = 0;
	for (size_t i = sizeof mark - 1; i < name.count && id <= TOK_ID_MAX; i++) {
		if (name.bytes[i] < '0' || name.bytes[i] > '9')
			return find_text(o, name, out, err);
		id = id * 10 + (name.bytes[i] - (uint64_t)'0');
	}
	*out = id <= TOK_ID_MAX ? (tok_id)id : TOK_NO_ID;
	return TOK_OK;
}

/* ---- rows ---- */

static bool read_number(const struct tok_json *value, double *out)
{
	if (value && value->kind == TOK_JSON_DOUBLE)
		*out = value->as.real;
	else if (value && value->kind == TOK_JSON_UNSIGNED)
		*out = (double)value->as.whole;
	else if (value && value->kind == TOK_JSON_NEGATIVE)
		*out = (double)value->as.negative;
	else
		return false;
	return true;
}

static const struct tok_json *first_of(const struct tok_json *value, const char *key)
{
	const struct tok_json *list =
	    value && value->kind == TOK_JSON_OBJECT ? tok_json_get(value, key) : NULL;
	return list && list->kind == TOK_JSON_ARRAY && list->count > 0 ? list + 1 : NULL;
}

/* {" the":-1.5,...} */
static enum tok_status read_names(const struct openai_lm *o, const struct tok_json *object,
				  struct tok_lm_top *out, size_t *count, struct tok_error *err)
{
	const struct tok_json *key = object + 1;
	*count = object->count;
	for (size_t i = 0; i < object->count; i++, key = tok_json_next(key + 1)) {
		const enum tok_status status = find_id(o, tok_json_text(key), &out[i].id, err);
		if (status != TOK_OK)
			return status;
		if (!read_number(key + 1, &out[i].log_p))
			return tok_fail(err, TOK_EFORMAT, "a token without a number");
	}
	return TOK_OK;
}

/* [{"id":262,"token":" the","logprob":-1.5},...] */
static enum tok_status read_list(const struct tok_json *list, struct tok_lm_top *out, size_t *count,
				 struct tok_error *err)
{
	const struct tok_json *item = list + 1;
	*count = list->count;
	for (size_t i = 0; i < list->count; i++, item = tok_json_next(item)) {
		const struct tok_json *id = tok_json_get(item, "id");
		if (!id || id->kind != TOK_JSON_UNSIGNED || id->as.whole > TOK_ID_MAX ||
		    !read_number(tok_json_get(item, "logprob"), &out[i].log_p))
			return tok_fail(err, TOK_EFORMAT, "a token without an id and a number");
		out[i].id = (tok_id)id->as.whole;
	}
	return TOK_OK;
}

/* The two forms of choices[0].logprobs. */
static enum tok_status read_entries(const struct openai_lm *o, struct tok_lm_top *out,
				    size_t *count, struct tok_error *err)
{
	const struct tok_json *choice = first_of(o->doc.values, "choices");
	const struct tok_json *log_p =
	    choice && choice->kind == TOK_JSON_OBJECT ? tok_json_get(choice, "logprobs") : NULL;
	const struct tok_json *names = first_of(log_p, "top_logprobs");
	const struct tok_json *list = first_of(first_of(log_p, "content"), "top_logprobs");
	if (names && names->kind == TOK_JSON_OBJECT && names->count <= ENTRIES_MAX)
		return read_names(o, names, out, count, err);
	if (list && list[-1].count <= ENTRIES_MAX)
		return read_list(list - 1, out, count, err);
	return tok_fail(err, TOK_EFORMAT, "the answer tells no 'top_logprobs'");
}

static int by_probability(const void *a, const void *b)
{
	const struct tok_lm_top *left = a, *right = b;
	return (left->log_p < right->log_p) - (left->log_p > right->log_p);
}

static enum tok_status read_row(struct openai_lm *o, struct tok_lm_row *row, struct tok_error *err)
{
	struct tok_lm_top entries[ENTRIES_MAX];
	size_t count;
	const enum tok_status status = read_entries(o, entries, &count, err);
	if (status != TOK_OK)
		return status;
	qsort(entries, count, sizeof *entries, by_probability);
	double sum = 0;
	row->best_count = 0;
	while (row->best_count < count && row->best_count < TOP &&
	       entries[row->best_count].id != TOK_NO_ID) {
		row->best[row->best_count] = entries[row->best_count];
		sum += exp(entries[row->best_count++].log_p);
	}
	row->log_rest = sum < 1 ? log1p(-sum) : -INFINITY;
	return lm_row_check(&o->peer, row, err);
}

static enum tok_status put_question(struct openai_lm *o, const struct tok_lm_request *request,
				    struct tok_error *err)
{
	static const char head[] = "{\"model\":", prompt[] = ",\"prompt\":[";
	char text[160];
	tok_buffer_clear(&o->question);
	bool ok = tok_buffer_add(&o->question, head, sizeof head - 1) &&
		  tok_json_put_string(&o->question, o->model) &&
		  tok_buffer_add(&o->question, prompt, sizeof prompt - 1);
	for (size_t i = 0; ok && i < request->count; i++) {
		const int n =
		    snprintf(text, sizeof text, "%s%u", i > 0 ? "," : "", request->ids[i]);
		ok = tok_buffer_add(&o->question, text, (size_t)n);
	}
	const int n = snprintf(text, sizeof text,
			       "],\"max_tokens\":1,\"temperature\":1,\"logprobs\":%d,"
			       "\"return_tokens_as_token_ids\":true}",
			       TOP);
	return ok && tok_buffer_add(&o->question, text, (size_t)n) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status rows_of(struct tok_lm *lm, const struct tok_lm_request *requests,
			       size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	struct openai_lm *o = (struct openai_lm *)lm;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < count; i++) {
		status = lm_request_check(&o->peer.info, &requests[i], err);
		if (status == TOK_OK)
			status = put_question(o, &requests[i], err);
		if (status == TOK_OK)
			status = lm_http_ask(o->http, "/completions", tok_buffer_span(&o->question),
					     ANSWER_BYTES, &o->doc, err);
		if (status == TOK_OK)
			status = read_row(o, &out[i], err);
	}
	return status;
}

/* ---- opening ---- */

static void free_openai(struct tok_lm *lm)
{
	struct openai_lm *o = (struct openai_lm *)lm;
	lm_http_free(o->http);
	lm_peer_release(&o->peer);
	tok_json_release(&o->doc);
	tok_buffer_release(&o->question);
	free(o);
}

/* The first that the server has. */
static enum tok_status read_model(struct openai_lm *o, struct tok_error *err)
{
	const enum tok_status status =
	    lm_http_ask(o->http, "/models", (struct tok_span){ 0 }, ANSWER_BYTES, &o->doc, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *model = first_of(o->doc.values, "data");
	const struct tok_json *id =
	    model && model->kind == TOK_JSON_OBJECT ? tok_json_get(model, "id") : NULL;
	if (!id || id->kind != TOK_JSON_STRING)
		return tok_fail(err, TOK_EFORMAT, "/models names no model");
	o->model = tok_arena_copy(&o->peer.arena, tok_json_text(id));
	return o->model.bytes ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status open_server(struct openai_lm *o, const char *url,
				   const struct vocab_lm_options *options, struct tok_error *err)
{
	/* URL#MODEL */
	const char *mark = strchr(url, '#');
	const size_t length = mark ? (size_t)(mark - url) : strlen(url);
	char *base = tok_arena_array(&o->peer.arena, length + 1, 1);
	if (!base)
		return tok_fail_memory(err);
	memcpy(base, url, length);
	enum tok_status status =
	    lm_http_new(base, options->key, options->timeout_ms, &o->http, err);
	if (status != TOK_OK || !mark)
		return status == TOK_OK ? read_model(o, err) : status;
	o->model = tok_arena_copy(&o->peer.arena, tok_span_of(mark + 1));
	return o->model.bytes ? TOK_OK : tok_fail_memory(err);
}

enum tok_status lm_openai_open(const char *url, const struct tok_tokenizer *tokenizer,
			       const struct vocab_lm_options *options, struct tok_lm **out,
			       struct tok_error *err)
{
	if (!tokenizer)
		return tok_fail(err, TOK_EARG, "the tokenizer of the model must be given");
	struct openai_lm *o = calloc(1, sizeof *o);
	if (!o)
		return tok_fail_memory(err);
	o->tokenizer = tokenizer;
	o->peer.info = (struct tok_lm_info){
		.name = "completions", .size = tok_tokenizer_size(tokenizer), .batch = 1, .top = TOP
	};
	o->peer.seen = tok_arena_array(&o->peer.arena, o->peer.info.size / 8 + 1, 1);
	enum tok_status status =
	    o->peer.seen ? open_server(o, url, options, err) : tok_fail_memory(err);
	if (status == TOK_OK && options->bos_given)
		status = lm_peer_start(&o->peer, options->bos, options->bos_count, err);
	if (status != TOK_OK) {
		free_openai(&o->base);
		return status;
	}
	o->base = (struct tok_lm){ &o->peer.info, rows_of, free_openai };
	*out = &o->base;
	return TOK_OK;
}
