/*
 * http_internal.h - JSON to and from a server.
 *
 *	status = lm_http_new("http://127.0.0.1:8080", key, 60000, &http, &err);
 *	status = lm_http_ask(http, "/completion", question, limit, &doc, &err);
 *	lm_http_free(http);
 *
 * One connection, which is kept; no proxy, no redirection.  TOK_EIO where the server cannot be
 * reached, is late or says no, with its own words; TOK_EFORMAT where what it says is no JSON.
 */
#ifndef VOCAB_LM_HTTP_INTERNAL_H
#define VOCAB_LM_HTTP_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/text/json.h"

struct lm_http;

/* `key`: a bearer token, or NULL.  Nothing is sent yet. */
TOK_MUST_USE enum tok_status lm_http_new(const char *base, const char *key, uint64_t timeout_ms,
					 struct lm_http **out, struct tok_error *err);
void lm_http_free(struct lm_http *http);

/* GET where `question` is empty, else POST.  An answer of more than `limit` bytes is
 * TOK_EFORMAT.  *doc is read anew and lives until the next call. */
TOK_MUST_USE enum tok_status lm_http_ask(struct lm_http *http, const char *path,
					 struct tok_span question, size_t limit,
					 struct tok_json_document *doc, struct tok_error *err);

/* The words of a server that says no: the message of {"error":{"message":"..."}}, or all of it. */
struct tok_span lm_http_reason(struct tok_json_document *doc, struct tok_span answer);

/* The text with stars for the key, in `room`, or as it is if the key is not in it, is NULL or is
 * shorter than 8 bytes.  Also found are characters in the ways of JSON: \/, \u0073, and these in a
 * string of a string.  False if memory is out. */
TOK_MUST_USE bool lm_http_hide(const char *key, struct tok_span text, struct tok_buffer *room,
			       struct tok_span *out);

#endif
