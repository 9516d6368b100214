/*
 * hub_internal.h - what is asked of a hub, and what it says.
 */
#ifndef VOCAB_STORE_HUB_INTERNAL_H
#define VOCAB_STORE_HUB_INTERNAL_H

#include "vocab/store/hub.h"

/* ---- hub_listing.c: which files a repository has ---- */

enum { HUB_COMMIT_COUNT = 40, HUB_LISTING_MAX = 32 << 20 };

struct hub_listing {
	const char *commit;   /* 40 hexadecimal digits */
	const char *names[2]; /* of the tokenizer: letters, digits, dots, dashes, underscores */
	size_t count;
	const char *licence; /* or NULL */
};

/* From the JSON of a revision, into `arena`.  TOK_EFORMAT if it is no such JSON, or names no
 * tokenizer. */
TOK_MUST_USE enum tok_status hub_listing_read(struct tok_span json, struct tok_arena *arena,
					      struct hub_listing *out, struct tok_error *err);

/* ---- hub_checksum.c ---- */

struct hub_checksum {
	char hex[65]; /* of SHA-256 where there are 64 digits, of git's SHA-1 where 40 */
};

/* From an ETag: W/"..." and "..." are as what is in them.  False if it is neither of the two. */
bool hub_checksum_read(const char *etag, struct hub_checksum *out);
bool hub_checksum_holds(const struct hub_checksum *checksum, struct tok_span file);

/* ---- hub_url.c ---- */

/* Nothing but visible ASCII: it can begin nothing of its own in a request. */
bool hub_url_is_visible(const char *text);

/* http:// or https://, a host, and maybe a port and a path. */
bool hub_url_is_endpoint(const char *url);

/* To https from anywhere, to http from http, and to nothing else. */
bool hub_url_may_lead(const char *from, const char *to);

/* Has it the endpoint's scheme, host and port?  Other spellings of them count as others. */
bool hub_url_is_at(const char *endpoint, const char *url);

/* For messages: without a name and a password before the host, and without what follows a ?, which
 * may be somebody's signature. */
struct hub_shown_url {
	char text[200];
};
struct hub_shown_url hub_url_show(const char *url);

/* ---- hub_http.c: questions and answers ---- */

struct hub_answer {
	long code;
	char etag[96]; /* X-Linked-Etag, else ETag, else "" */
	bool linked;   /* it is X-Linked-Etag */
	bool sized, linked_sized, ranged, delayed;
	uint64_t size;        /* Content-Length, if sized */
	uint64_t linked_size; /* X-Linked-Size */
	uint64_t begin;       /* of Content-Range */
	uint64_t delay_s;     /* Retry-After */
};

/* Where the bytes of a good answer go. */
struct hub_sink {
	enum tok_status (*put)(void *data, uint64_t at, struct tok_span bytes,
			       struct tok_error *err);
	void *data;
	uint64_t have;  /* these are there: only what follows is asked for */
	uint64_t limit; /* and this is all that is taken */
	bool resumes;   /* else each try begins at 0 */
};

struct hub_http;
TOK_MUST_USE enum tok_status hub_http_new(const struct vocab_hub *hub, struct hub_http **out,
					  struct tok_error *err);
void hub_http_free(struct hub_http *http);

/* HEAD where `sink` is NULL, else GET of the endpoint's `path`.  TOK_OK also with codes that say
 * no, but for those that were tried again in vain.  A HEAD ends where an answer has the checksum.
 */
TOK_MUST_USE enum tok_status hub_http_ask(struct hub_http *http, const char *path,
					  struct hub_sink *sink, struct hub_answer *out,
					  struct tok_error *err);

/* ---- hub_part.c: files that are not all there ---- */

struct hub_part {
	int fd; /* -1: none */
	char *path;
	bool broken;   /* it could not be written, and its room is wanted: it is not kept */
	bool nameless; /* who was waited for is done with it: all is there, or what is there is
			  wrong */
};

/* The file `name` of `folder`, for this process alone: who has it is waited for.  *have: bytes in
 * it. */
TOK_MUST_USE enum tok_status hub_part_open(const char *folder, const char *name,
					   struct hub_part *out, uint64_t *have,
					   struct tok_error *err);
TOK_MUST_USE enum tok_status hub_part_put(struct hub_part *part, uint64_t at, struct tok_span bytes,
					  struct tok_error *err);

/* Its first `count` bytes, in `arena`. */
TOK_MUST_USE enum tok_status hub_part_read(const struct hub_part *part, size_t count,
					   struct tok_arena *arena, struct tok_span *out,
					   struct tok_error *err);
void hub_part_close(struct hub_part *part, bool keep);

#endif
