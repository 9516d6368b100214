/*
 * provider.h - language models that others compute, as struct tok_lm.
 *
 *	status = vocab_lm_open("exec:python3 adapter.py gpt2", tokenizer, &options, &lm, &err);
 *
 *	FILE.tlm              the built-in model: ngram.h
 *	arpa:FILE             the same from ARPA whose words are ids, read into memory
 *	exec:PROGRAM ARGS     a process that speaks tokp/1 or its JSON form; no shell
 *	llama:http://HOST     llama-server: /completion with all probabilities, bytes not strings
 *	openai:http://HOST/v1#MODEL  completions with the best few: bounds only; no end
 *	replay:FILE           what --record wrote of one of these
 *
 * Whoever can tell what its ids are is asked, and believed only if that is what the tokenizer says:
 * TOK_EARG names ids that differ.  A process and a record are asked at once, a llama-server tells
 * it with its first row; others cannot.
 *
 * The protocol of processes is tokp/1, tok-lm(5).  Every answer is looked at: length, numbers, sum,
 * time.  Who dies, hangs or breaks the protocol is TOK_EIO or TOK_EFORMAT, with what happened, and
 * is asked no more: the process is ended and waited for.  A row that is no distribution is
 * TOK_EFORMAT, a refusal that the provider words itself TOK_EIO, and both may ask on.  One thread.
 */
#ifndef VOCAB_LM_PROVIDER_H
#define VOCAB_LM_PROVIDER_H

#include "tok/base/buffer.h"
#include "tok/bytes/model.h"
#include "tok/pipe/tokenizer.h"
#include "vocab/lm/ngram.h"

/* The bytes of a file, added to `out`, however they lie there. */
typedef enum tok_status vocab_lm_reader(const char *path, struct tok_buffer *out,
					struct tok_error *err);

struct vocab_lm_options {
	uint64_t timeout_ms; /* of one request, the first line has ten times as long; 0: 60,000 */
	const char *record;  /* a file that gets all rows, bit for bit; or NULL */
	bool bos_given;      /* use these start ids instead of the provider's */
	const tok_id *bos;
	size_t bos_count;
	const char *key;                  /* a bearer token for a server; or NULL */
	vocab_lm_reader *read;            /* arpa: needs it; NULL: it is TOK_EARG */
	struct vocab_arpa_report *report; /* gets what arpa: did to the file; or NULL */
};

/* TOK_EARG for a name that is none of these kinds.  `tokenizer` is borrowed for as long as the
 * model lives; NULL: ids are not looked at, and openai: is TOK_EARG. */
TOK_API TOK_MUST_USE enum tok_status vocab_lm_open(const char *name,
						   const struct tok_tokenizer *tokenizer,
						   const struct vocab_lm_options *options,
						   struct tok_lm **out, struct tok_error *err);

/* The library that servers are spoken to with, and its version; NULL where this build has none, and
 * llama: and openai: are TOK_EARG. */
TOK_API const char *vocab_lm_http(void);

/* Answer for `lm` in tokp/1, frames with 8-byte numbers, until `in` ends: TOK_OK.  What `lm`
 * refuses is told to whoever asked; TOK_EFORMAT for what is no question.  With the tokenizer of
 * `lm` it also tells what the ids are. */
TOK_API TOK_MUST_USE enum tok_status vocab_lm_serve(struct tok_lm *lm,
						    const struct tok_tokenizer *tokenizer, int in,
						    int out, struct tok_error *err);

#endif
