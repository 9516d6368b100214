/* http_curl.c - libcurl, loaded when a server is first spoken to. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vocab/lm/load_curl.h"

/* ABI 4 since 2006. */
static const char library_name[] = "libcurl.so.4";

/* POSIX has a pointer to a function fit into one to an object, ISO C does not convert them. */
static bool find(void *library, const char *name, void *call, size_t size)
{
	void *symbol = dlsym(library, name);
	memcpy(call, &symbol, size);
	return symbol != NULL;
}

#define FIND(call) find(library, "curl_" #call, &out->call, sizeof out->call)

enum tok_status lm_curl_load(struct lm_curl *out, struct tok_error *err)
{
	void *library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		return tok_fail(err, TOK_EARG, "servers need libcurl: %s",
				why ? why : "it cannot be loaded");
	}
	if (!FIND(easy_init) || !FIND(easy_cleanup) || !FIND(easy_setopt) || !FIND(easy_perform) ||
	    !FIND(easy_getinfo) || !FIND(easy_strerror) || !FIND(slist_append) ||
	    !FIND(slist_free_all) || !FIND(multi_init) || !FIND(multi_cleanup) ||
	    !FIND(multi_add_handle) || !FIND(multi_remove_handle) || !FIND(multi_perform) ||
	    !FIND(multi_poll) || !FIND(multi_info_read) || !FIND(multi_strerror))
		return tok_fail(err, TOK_EARG, "servers need libcurl: %s lacks a call",
				library_name);
	return TOK_OK;
}

enum tok_status lm_curl_check_url(const char *url, struct tok_error *err)
{
	if (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)
		return TOK_OK;
	return tok_fail(err, TOK_EARG, "'%s' must begin with http:// or https://", url);
}

static bool add_header(const struct lm_curl *calls, const char *line, struct curl_slist **list)
{
	struct curl_slist *longer = calls->slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer != NULL;
}

enum tok_status lm_curl_headers(const struct lm_curl *calls, const char *key,
				struct curl_slist **out, struct tok_error *err)
{
	char line[1024];
	const int n = snprintf(line, sizeof line, "Authorization: Bearer %s", key ? key : "");
	*out = NULL;
	if (n >= (int)sizeof line)
		return tok_fail(err, TOK_EARG, "the key is too long");
	/* A line end would begin a header of its own. */
	for (const char *at = key; at && *at; at++)
		if (*at < '!' || *at > '~')
			return tok_fail(err, TOK_EARG, "the key has a blank, or what is no ASCII");
	const bool fits = add_header(calls, "Content-Type: application/json", out) &&
			  (!key || add_header(calls, line, out));
	return fits ? TOK_OK : tok_fail_memory(err);
}

void lm_curl_usual(const struct lm_curl *calls, CURL *curl, struct curl_slist *headers,
		   uint64_t timeout_ms, char *trouble)
{
	enum { CONNECT_MS = 10000 };
	calls->easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	calls->easy_setopt(curl, CURLOPT_PROXY, "");
	calls->easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	calls->easy_setopt(curl, CURLOPT_ERRORBUFFER, trouble);
	calls->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	calls->easy_setopt(curl, CURLOPT_TIMEOUT_MS,
			   timeout_ms < INT32_MAX ? (long)timeout_ms : (long)INT32_MAX);
}
