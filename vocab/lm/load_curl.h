/*
 * load_curl.h - libcurl, loaded when a server is first spoken to.
 *
 * It and the thirty libraries that it is made of take longer to load than a tokenizer takes to
 * open: whoever only encodes does not wait for them.
 */
#ifndef VOCAB_LM_LOAD_CURL_H
#define VOCAB_LM_LOAD_CURL_H

#include <curl/curl.h>

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
};

/* TOK_EARG where there is no libcurl, or one without a call. */
TOK_MUST_USE enum tok_status lm_curl_load(struct lm_curl *out, struct tok_error *err);

#endif
