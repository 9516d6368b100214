/*
 * http_ask.c - a server that is asked in OpenAI's manner, several questions at once.
 *
 * Each open question has a place with a handle of its own, which is kept for the next one; all of
 * them go over the connections of one multi handle.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/base/arena.h"
#include "tok/text/json_write.h"
#include "vocab/lm/ask_internal.h"
#include "vocab/lm/load_curl.h"
#include "vocab/lm/http_internal.h"

struct place {
	CURL *curl; /* NULL: not yet */
	bool open;
	uint64_t id;
	double begun;
	struct tok_buffer question, answer;
	bool too_long, no_memory;
	char trouble[CURL_ERROR_SIZE];
};

enum { SHOWN_OUTPUT, SHOWN_FINISH, SHOWN_REASON, SHOWN_RAW, SHOWN_TEXTS };

struct server {
	struct vocab_ask base;
	struct lm_curl calls;
	CURLM *multi;
	struct curl_slist *headers;
	struct tok_arena arena;
	char *url, *key; /* in the arena */
	bool chat;
	uint64_t timeout_ms;
	struct tok_buffer before, behind; /* of a question: what is around the prompt */
	struct place *places;
	size_t most;
	struct tok_json_document doc;
	struct tok_buffer shown[SHOWN_TEXTS]; /* texts without the key, one each */
};

/* ---- asking ---- */

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct place *p = context;
	p->too_long = size * count > VOCAB_ASK_ANSWER_BYTES - p->answer.count;
	p->no_memory = !p->too_long && !tok_buffer_add(&p->answer, bytes, size * count);
	return p->too_long || p->no_memory ? 0 : size * count;
}

static enum tok_status open_place(struct server *s, struct place *p, struct tok_error *err)
{
	if (p->curl)
		return TOK_OK;
	p->curl = s->calls.easy_init();
	if (!p->curl)
		return tok_fail_memory(err);
	lm_curl_usual(&s->calls, p->curl, s->headers, s->timeout_ms, p->trouble);
	s->calls.easy_setopt(p->curl, CURLOPT_PRIVATE, p);
	s->calls.easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, take_answer);
	s->calls.easy_setopt(p->curl, CURLOPT_WRITEDATA, p);
	if (s->calls.easy_setopt(p->curl, CURLOPT_URL, s->url) != CURLE_OK)
		return tok_fail_memory(err);
	return TOK_OK;
}

static enum tok_status put(struct vocab_ask *ask, uint64_t id, struct tok_span prompt,
			   struct tok_error *err)
{
	struct server *s = (struct server *)ask;
	struct place *p = s->places;
	while (p->open)
		p++;
	const enum tok_status status = open_place(s, p, err);
	if (status != TOK_OK)
		return status;
	tok_buffer_clear(&p->question);
	tok_buffer_clear(&p->answer);
	if (!tok_buffer_add(&p->question, s->before.bytes, s->before.count) ||
	    !tok_json_put_string(&p->question, prompt) ||
	    !tok_buffer_add(&p->question, s->behind.bytes, s->behind.count))
		return tok_fail_memory(err);
	s->calls.easy_setopt(p->curl, CURLOPT_POSTFIELDS, (const char *)p->question.bytes);
	s->calls.easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->question.count);
	p->too_long = p->no_memory = false;
	p->trouble[0] = 0;
	p->id = id;
	p->begun = lm_ask_now();
	if (s->calls.multi_add_handle(s->multi, p->curl) != CURLM_OK)
		return tok_fail_memory(err);
	p->open = true;
	return TOK_OK;
}

/* ---- what it says ---- */

/* Some servers say the key that they were sent.  False if memory is out, which is told. */
static bool hide(struct server *s, size_t which, struct tok_span *text, struct tok_error *err)
{
	if (lm_http_hide(s->key, *text, &s->shown[which], text))
		return true;
	tok_fail_memory(err);
	return false;
}

/* choices[0].message.content, or choices[0].text; null is what a model says that says nothing. */
static bool read_answer(struct server *s, const struct place *p, struct vocab_said *out)
{
	struct tok_error *trouble = &out->trouble;
	if (tok_json_read(&s->doc, tok_buffer_span(&p->answer), trouble) != TOK_OK)
		return false;
	const struct tok_json *choices = tok_json_get(s->doc.values, "choices");
	const struct tok_json *choice =
	    choices && choices->kind == TOK_JSON_ARRAY && choices->count > 0 ? choices + 1 : NULL;
	const struct tok_json *holder =
	    choice && s->chat ? tok_json_get(choice, "message") : choice;
	const struct tok_json *text =
	    holder ? tok_json_get(holder, s->chat ? "content" : "text") : NULL;
	if (!text || (text->kind != TOK_JSON_STRING && text->kind != TOK_JSON_NULL)) {
		tok_fail(trouble, TOK_EFORMAT, "the answer has no 'choices' with a text");
		return false;
	}
	if (text->kind == TOK_JSON_STRING)
		out->output = tok_json_text(text);
	out->finish = lm_ask_text(choice, "finish_reason");
	lm_ask_usage(s->doc.values, out);
	return hide(s, SHOWN_OUTPUT, &out->output, trouble) &&
	       hide(s, SHOWN_FINISH, &out->finish, trouble);
}

static enum vocab_ask_outcome outcome_of(long code)
{
	switch (code) {
	case 401: /* who are you? */
	case 402: /* nothing is left to pay with */
	case 404: /* no such path, no such model */
	case 405: /* that path is not asked so */
	case 407: /* a proxy asks who you are */
		return VOCAB_ASK_NEVER;
	case 408:
	case 409:
	case 425:
	case 429:
		return VOCAB_ASK_AGAIN;
	default:
		break;
	}
	if (code >= 300 && code < 400)
		return VOCAB_ASK_NEVER;
	return code >= 400 && code < 500 ? VOCAB_ASK_REFUSED : VOCAB_ASK_AGAIN;
}

static void read_refusal(struct server *s, const struct place *p, struct vocab_said *out)
{
	struct tok_span text = lm_http_reason(&s->doc, tok_buffer_span(&p->answer));
	out->outcome = outcome_of(out->code);
	if (!hide(s, SHOWN_REASON, &text, &out->trouble))
		return;
	if (out->code >= 300 && out->code < 400)
		tok_fail(&out->trouble, TOK_EIO,
			 "the server says %ld, which is another place, and is not followed",
			 out->code);
	else
		tok_fail(&out->trouble, TOK_EIO, "the server says %ld: '%s'", out->code,
			 tok_show(text).text);
}

static void read_failure(struct server *s, const struct place *p, CURLcode code,
			 struct vocab_said *out)
{
	out->outcome = VOCAB_ASK_AGAIN;
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
	    code == CURLE_PEER_FAILED_VERIFICATION)
		out->outcome = VOCAB_ASK_NEVER;
	if (p->too_long)
		tok_fail(&out->trouble, TOK_EFORMAT, "an answer of more than %d bytes",
			 VOCAB_ASK_ANSWER_BYTES);
	else
		tok_fail(&out->trouble, TOK_EIO, "%s",
			 p->trouble[0] ? p->trouble : s->calls.easy_strerror(code));
}

static enum tok_status tell(struct server *s, struct place *p, CURLcode code,
			    struct vocab_said *out, struct tok_error *err)
{
	curl_off_t wait = 0;
	*out = (struct vocab_said){ .id = p->id, .seconds = lm_ask_now() - p->begun };
	if (p->no_memory || code == CURLE_OUT_OF_MEMORY)
		return tok_fail_memory(err);
	s->calls.easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &out->code);
	s->calls.easy_getinfo(p->curl, CURLINFO_RETRY_AFTER, &wait);
	out->wait_seconds = wait > 0 ? (uint64_t)wait : 0;
	if (code != CURLE_OK)
		read_failure(s, p, code, out);
	else if (out->code != 200)
		read_refusal(s, p, out);
	else
		out->outcome = read_answer(s, p, out) ? VOCAB_ASK_ANSWER : VOCAB_ASK_AGAIN;
	out->raw = tok_buffer_span(&p->answer);
	if (out->outcome == VOCAB_ASK_ANSWER || !hide(s, SHOWN_RAW, &out->raw, &out->trouble))
		out->raw = (struct tok_span){ NULL, 0 };
	return out->trouble.status == TOK_ENOMEM ? tok_fail_memory(err) : TOK_OK;
}

/* One that has ended; NULL: none has. */
static struct place *take_done(struct server *s, CURLcode *code)
{
	int left;
	const CURLMsg *message = s->calls.multi_info_read(s->multi, &left);
	while (message && message->msg != CURLMSG_DONE)
		message = s->calls.multi_info_read(s->multi, &left);
	if (!message)
		return NULL;
	*code = message->data.result;
	struct place *p = NULL;
	CURL *curl = message->easy_handle;
	s->calls.easy_getinfo(curl, CURLINFO_PRIVATE, &p);
	s->calls.multi_remove_handle(s->multi, curl);
	p->open = false;
	return p;
}

static enum tok_status get(struct vocab_ask *ask, uint64_t wait_ms, bool *got,
			   struct vocab_said *out, struct tok_error *err)
{
	struct server *s = (struct server *)ask;
	const int wait = wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
	CURLcode code = CURLE_OK;
	int running;
	CURLMcode trouble = s->calls.multi_perform(s->multi, &running);
	struct place *p = trouble == CURLM_OK ? take_done(s, &code) : NULL;
	if (!p && trouble == CURLM_OK) {
		trouble = s->calls.multi_poll(s->multi, NULL, 0, wait, NULL);
		if (trouble == CURLM_OK)
			trouble = s->calls.multi_perform(s->multi, &running);
		p = trouble == CURLM_OK ? take_done(s, &code) : NULL;
	}
	if (trouble == CURLM_OUT_OF_MEMORY)
		return tok_fail_memory(err);
	if (trouble != CURLM_OK)
		return tok_fail(err, TOK_EIO, "%s", s->calls.multi_strerror(trouble));
	*got = p != NULL;
	return p ? tell(s, p, code, out, err) : TOK_OK;
}

/* ---- opening ---- */

static void free_server(struct vocab_ask *ask)
{
	struct server *s = (struct server *)ask;
	for (size_t i = 0; s->places && i < s->most; i++) {
		struct place *p = &s->places[i];
		if (p->open)
			s->calls.multi_remove_handle(s->multi, p->curl);
		if (p->curl)
			s->calls.easy_cleanup(p->curl);
		tok_buffer_release(&p->question);
		tok_buffer_release(&p->answer);
	}
	if (s->multi)
		s->calls.multi_cleanup(s->multi);
	if (s->headers)
		s->calls.slist_free_all(s->headers);
	tok_buffer_release(&s->before);
	tok_buffer_release(&s->behind);
	tok_json_release(&s->doc);
	for (size_t i = 0; i < SHOWN_TEXTS; i++)
		tok_buffer_release(&s->shown[i]);
	free(s->places);
	tok_arena_release(&s->arena);
	free(s);
}

/* Does the path, which is before a question mark, end so? */
static bool ends_in(const char *url, const char *end)
{
	const size_t count = strcspn(url, "?#"), tail = strlen(end);
	return count >= tail && memcmp(url + count - tail, end, tail) == 0;
}

static enum tok_status choose_form(struct server *s, const char *url,
				   const struct vocab_ask_options *o, struct tok_error *err)
{
	const enum tok_status status = lm_curl_check_url(url, err);
	if (status != TOK_OK)
		return status;
	s->chat = ends_in(url, "/chat/completions");
	if (!s->chat && !ends_in(url, "/completions"))
		return tok_fail(err, TOK_EARG,
				"the path of '%s' must end in /chat/completions or /completions",
				url);
	if (!s->chat && o->system)
		return tok_fail(err, TOK_EARG,
				"a system prompt needs a server of /chat/completions");
	return TOK_OK;
}

static bool put_text(struct tok_buffer *to, const char *text)
{
	return tok_buffer_add(to, text, strlen(text));
}

static bool put_string(struct tok_buffer *to, const char *text)
{
	return tok_json_put_string(to, tok_span_of(text));
}

/* What is around a prompt. */
static bool make_frame(struct server *s, const struct vocab_ask_options *o)
{
	char end[128] = "";
	bool ok = put_text(&s->before, "{");
	if (o->model)
		ok = ok && put_text(&s->before, "\"model\":") && put_string(&s->before, o->model) &&
		     put_text(&s->before, ",");
	ok = ok && put_text(&s->before, s->chat ? "\"messages\":[" : "\"prompt\":");
	if (o->system)
		ok = ok && put_text(&s->before, "{\"role\":\"system\",\"content\":") &&
		     put_string(&s->before, o->system) && put_text(&s->before, "},");
	if (s->chat)
		ok = ok && put_text(&s->before, "{\"role\":\"user\",\"content\":");
	if (o->max_tokens)
		snprintf(end, sizeof end, ",\"max_tokens\":%" PRIu64, o->max_tokens);
	return ok && put_text(&s->behind, s->chat ? "}]" : "") && put_text(&s->behind, end) &&
	       put_text(&s->behind, ",\"temperature\":0,\"stream\":false}");
}

static char *copy(struct server *s, const char *text)
{
	const size_t size = strlen(text) + 1;
	char *to = tok_arena_array(&s->arena, size, 1);
	return to ? memcpy(to, text, size) : NULL;
}

static enum tok_status fill(struct server *s, const char *url, const struct vocab_ask_options *o,
			    struct tok_error *err)
{
	enum tok_status status = choose_form(s, url, o, err);
	if (status == TOK_OK)
		status = lm_curl_load(&s->calls, err);
	if (status == TOK_OK)
		status = lm_curl_headers(&s->calls, o->key, &s->headers, err);
	if (status != TOK_OK)
		return status;
	/* A server that does not know it is waited for a second. */
	struct curl_slist *longer = s->calls.slist_append(s->headers, "Expect:");
	s->headers = longer ? longer : s->headers;
	s->url = copy(s, url);
	s->key = o->key ? copy(s, o->key) : NULL;
	s->places = calloc(s->most, sizeof *s->places);
	s->multi = s->calls.multi_init();
	if (!longer || !s->url || (o->key && !s->key) || !s->places || !s->multi ||
	    !make_frame(s, o))
		return tok_fail_memory(err);
	return TOK_OK;
}

enum tok_status vocab_ask_server(const char *url, const struct vocab_ask_options *options,
				 struct vocab_ask **out, struct tok_error *err)
{
	struct server *s = calloc(1, sizeof *s);
	if (!s)
		return tok_fail_memory(err);
	s->base = (struct vocab_ask){ put, get, free_server };
	s->most = options->most;
	s->timeout_ms = options->timeout_ms ? options->timeout_ms : LM_ASK_TIMEOUT_MS;
	const enum tok_status status = fill(s, url, options, err);
	if (status != TOK_OK) {
		free_server(&s->base);
		return status;
	}
	*out = &s->base;
	return TOK_OK;
}
