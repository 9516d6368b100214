#include "vocab/lm/http_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "vocab/lm/load_curl.h"
#include "vocab/lm/provider.h"

struct lm_http {
	struct lm_curl calls;
	CURL *curl;
	struct curl_slist *headers;
	char *url; /* the base, and room for a path */
	size_t base_count, room;
	char *key; /* a copy, to be hidden where a server repeats it; or NULL */
	struct tok_buffer answer, shown;
	size_t limit;
	bool too_long, no_memory;
	char trouble[CURL_ERROR_SIZE];
};

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct lm_http *http = context;
	http->too_long = size * count > http->limit - http->answer.count;
	http->no_memory = !http->too_long && !tok_buffer_add(&http->answer, bytes, size * count);
	return http->too_long || http->no_memory ? 0 : size * count;
}

static enum tok_status fill(struct lm_http *http, const char *base, const char *key,
			    struct tok_error *err)
{
	size_t count = strlen(base);
	while (count > 0 && base[count - 1] == '/')
		count--;
	http->base_count = count;
	http->room = count + 64;
	http->url = malloc(http->room);
	http->key = key ? strdup(key) : NULL;
	http->curl = http->calls.easy_init();
	const enum tok_status status = lm_curl_headers(&http->calls, key, &http->headers, err);
	if (status != TOK_OK)
		return status;
	if (!http->url || !http->curl || (key && !http->key))
		return tok_fail_memory(err);
	memcpy(http->url, base, count);
	return TOK_OK;
}

enum tok_status lm_http_new(const char *base, const char *key, uint64_t timeout_ms,
			    struct lm_http **out, struct tok_error *err)
{
	enum tok_status status = lm_curl_check_url(base, err);
	if (status != TOK_OK)
		return status;
	struct lm_http *http = calloc(1, sizeof *http);
	if (!http)
		return tok_fail_memory(err);
	status = lm_curl_load(&http->calls, err);
	if (status != TOK_OK) {
		free(http);
		return status;
	}
	status = fill(http, base, key, err);
	if (status != TOK_OK) {
		lm_http_free(http);
		return status;
	}
	/* What no question changes. */
	lm_curl_usual(&http->calls, http->curl, http->headers, timeout_ms, http->trouble);
	http->calls.easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, take_answer);
	http->calls.easy_setopt(http->curl, CURLOPT_WRITEDATA, http);
	*out = http;
	return TOK_OK;
}

void lm_http_free(struct lm_http *http)
{
	if (!http)
		return;
	if (http->curl)
		http->calls.easy_cleanup(http->curl);
	http->calls.slist_free_all(http->headers);
	tok_buffer_release(&http->answer);
	tok_buffer_release(&http->shown);
	free(http->key);
	free(http->url);
	free(http);
}

static CURLcode perform(struct lm_http *http, const char *path, struct tok_span question)
{
	snprintf(http->url + http->base_count, http->room - http->base_count, "%s", path);
	http->calls.easy_setopt(http->curl, CURLOPT_URL, http->url);
	if (question.count == 0) {
		http->calls.easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
	} else {
		http->calls.easy_setopt(http->curl, CURLOPT_POSTFIELDS,
					(const char *)question.bytes);
		http->calls.easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)question.count);
	}
	tok_buffer_clear(&http->answer);
	http->too_long = http->no_memory = false;
	http->trouble[0] = 0;
	return http->calls.easy_perform(http->curl);
}

struct tok_span lm_http_reason(struct tok_json_document *doc, struct tok_span answer)
{
	if (tok_json_read(doc, answer, NULL) != TOK_OK || doc->values->kind != TOK_JSON_OBJECT)
		return answer;
	const struct tok_json *error = tok_json_get(doc->values, "error");
	const struct tok_json *message = error ? tok_json_get(error, "message") : NULL;
	return message && message->kind == TOK_JSON_STRING ? tok_json_text(message) : answer;
}

static enum tok_status tell_refusal(struct lm_http *http, long code, struct tok_json_document *doc,
				    struct tok_error *err)
{
	struct tok_span text = lm_http_reason(doc, tok_buffer_span(&http->answer));
	if (!lm_http_hide(http->key, text, &http->shown, &text))
		return tok_fail_memory(err);
	return tok_fail(err, TOK_EIO, "the server says %ld: '%s'", code, tok_show(text).text);
}

enum tok_status lm_http_ask(struct lm_http *http, const char *path, struct tok_span question,
			    size_t limit, struct tok_json_document *doc, struct tok_error *err)
{
	http->limit = limit;
	const CURLcode code = perform(http, path, question);
	if (http->no_memory || code == CURLE_OUT_OF_MEMORY)
		return tok_fail_memory(err);
	if (http->too_long)
		return tok_fail(err, TOK_EFORMAT, "%s: an answer of more than %zu bytes", http->url,
				limit);
	if (code != CURLE_OK)
		return tok_fail(err, TOK_EIO, "%s: %s", http->url,
				http->trouble[0] ? http->trouble : http->calls.easy_strerror(code));
	long said = 0;
	http->calls.easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &said);
	const enum tok_status status = said == 200
					   ? tok_json_read(doc, tok_buffer_span(&http->answer), err)
					   : tell_refusal(http, said, doc, err);
	return status == TOK_OK ? TOK_OK : tok_fail_in(err, status, "%s", http->url);
}

const char *vocab_lm_http(void)
{
	return "libcurl " LIBCURL_VERSION;
}
