/*
 * load_curl.h - libcurl, loaded when a server is first spoken to.
 *
 * It and the thirty libraries that it is made of take longer to load than a tokenizer takes to
 * open: whoever only encodes does not wait for them.
 */
#ifndef VOCAB_LM_LOAD_CURL_H
#define VOCAB_LM_LOAD_CURL_H

#include <curl/curl.h>
#include <stdint.h>

#include "tok/base/status.h"

/* The calls, under their names in libcurl, which stays loaded: OpenSSL, that it brings, does not
 * like to be unloaded and to come back. */
struct lm_curl {
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *curl);
	CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*easy_perform)(CURL *curl);
	CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *curl);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *curl);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *more, unsigned more_count,
				int timeout_ms, int *ready);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	const char *(*multi_strerror)(CURLMcode code);
};

/* TOK_EARG where there is no libcurl, or one without a call. */
TOK_MUST_USE enum tok_status lm_curl_load(struct lm_curl *out, struct tok_error *err);

/* TOK_EARG unless it begins with http:// or https://. */
TOK_MUST_USE enum tok_status lm_curl_check_url(const char *url, struct tok_error *err);

/* What every question has: JSON, and a bearer token if `key` is not NULL.  The caller frees *out
 * with slist_free_all, also after a failure; TOK_EARG for a key that is too long or no visible
 * ASCII. */
TOK_MUST_USE enum tok_status lm_curl_headers(const struct lm_curl *calls, const char *key,
					     struct curl_slist **out, struct tok_error *err);

/* No signals, no proxy, these headers, the sentence of what goes wrong in `trouble`, of
 * CURL_ERROR_SIZE bytes.  Only text is set that the library copies, so nothing fails but for lack
 * of memory, which then shows in the first question. */
void lm_curl_usual(const struct lm_curl *calls, CURL *curl, struct curl_slist *headers,
		   uint64_t timeout_ms, char *trouble);

#endif
