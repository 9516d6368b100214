/*
 * hub.h - tokenizers of models on Hugging Face's hub, or on a server that speaks as it does.
 *
 *	struct vocab_hub_model model;
 *	if (!vocab_hub_parse("org/model@main", &model))
 *		...
 *	const struct vocab_hub hub = { .endpoint = "https://huggingface.co", .folder = folder };
 *	status = vocab_hub_fetch(&hub, &model, &got, &err);
 *	status = vocab_store_add(store, name, &got.source, &about, &err);
 *	vocab_hub_release(&got);
 *
 * What is asked: GET ENDPOINT/api/models/MODEL/revision/REVISION, whose JSON names the commit and
 * its files; of these the file, or the two, that vocab_source_open() would take of a folder; of
 * each, HEAD and then GET of ENDPOINT/MODEL/resolve/COMMIT/FILE.  A file is what its checksum says,
 * or is not taken: X-Linked-Etag, else ETag, is the SHA-256 of its bytes or the SHA-1 that git has
 * of it.  (https://huggingface.co/docs/hub/api; huggingface_hub 0.36, file_download.py.)
 *
 * Up to 5 redirections are followed, none from https to http.  The token is sent to the endpoint
 * only: a redirection to another scheme, host or port goes without, and so do all behind it.
 * A server must have a certificate that the system trusts, or one of `certificates`.  Proxies are
 * those that libcurl knows of, from the environment.  Connecting may take 10 s.  What
 * is cut, late, or answered by 429 or 5xx is asked again, five times in all, after what the
 * server's Retry-After says, at most 60 s, or a quarter of a second, and twice as long each time.
 *
 * A file lies in `folder`, called by its checksum, until all is there: who comes next goes on where
 * the last one was stopped.  Of several that fetch the same one does, and the others wait for it.
 *
 * One thread a call.  Nothing is left in memory on failure.
 */
#ifndef VOCAB_STORE_HUB_H
#define VOCAB_STORE_HUB_H

#include "vocab/store/store.h"

enum { VOCAB_HUB_REVISION_MAX = 255, VOCAB_HUB_STALL_S = 30 };

struct vocab_hub {
	const char *endpoint;     /* http:// or https:// */
	const char *token;        /* visible ASCII; NULL: none */
	const char *folder;       /* made when there is something to put in it */
	const char *certificates; /* a PEM file of whom to trust; NULL: the system's */
	unsigned stall_s; /* less than a byte a second for so long is late; 0: VOCAB_HUB_STALL_S */
	/* Told, before and as they come, how many bytes of the `place`th file are there; `size`: of
	 * how many, 0 if that is not known.  NULL: nobody is told. */
	void (*tell)(void *data, size_t place, uint64_t have, uint64_t size);
	void *data;
};

struct vocab_hub_model {
	char name[VOCAB_STORE_NAME_MAX + 1];       /* "ORG/MODEL" or "MODEL" */
	char revision[VOCAB_HUB_REVISION_MAX + 1]; /* a branch, a tag or a commit */
};

/* "ORG/MODEL" or "MODEL", behind an @ the revision, which else is "main".  Names have letters,
 * digits, dots, dashes and underscores, and no part of dots only: nothing that leads out of a
 * folder.  False if it is no such name. */
TOK_API bool vocab_hub_parse(const char *text, struct vocab_hub_model *out);

struct vocab_hub_tokenizer {
	struct vocab_source source; /* in memory; paths are names in the repository */
	const char *origin;         /* "hf:ORG/MODEL@COMMIT" */
	const char *licence;        /* as the model's card says it, or NULL */
	struct tok_arena arena;     /* private */
};

/* TOK_EARG: no such model or revision, it is not for everybody, no libcurl, a bad endpoint, token
 * or file of certificates.  TOK_EFORMAT: no tokenizer among the files, a wrong checksum or length,
 * an answer that is none.  TOK_ELIMIT: a file of more than VOCAB_STORE_FILE_MAX.  TOK_EIO: the
 * network, a server that is not trusted, the folder.
 */
TOK_API TOK_MUST_USE enum tok_status vocab_hub_fetch(const struct vocab_hub *hub,
						     const struct vocab_hub_model *model,
						     struct vocab_hub_tokenizer *out,
						     struct tok_error *err);
TOK_API void vocab_hub_release(struct vocab_hub_tokenizer *tokenizer);

#endif
