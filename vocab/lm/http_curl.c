/* http_curl.c - libcurl, loaded when a server is first spoken to. */
#include <dlfcn.h>
#include <stdbool.h>
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
	    !FIND(slist_free_all))
		return tok_fail(err, TOK_EARG, "servers need libcurl: %s lacks a call",
				library_name);
	return TOK_OK;
}
