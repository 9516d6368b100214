/*
 * provider.h - language models that others compute, as struct tok_lm.
 *
 *	status = vocab_lm_open("exec:python3 adapter.py gpt2", tokenizer, &options, &lm, &err);
 *
 *	FILE.tlm              the built-in model: ngram.h
 *	arpa:FILE             the same from ARPA, read into memory
 *	exec:PROGRAM ARGS     a process that speaks tokp/1 or its JSON form; an argument vector, no shell
 *	llama:http://HOST     llama-server: /completion with all probabilities, bytes not strings
 *	openai:http://HOST    completions with the best few: bounds only
 *	replay:FILE           what --record wrote of one of these
 *
 * tokp/1: the first line of the process is a JSON object {"tokp":1,"vocab_size":...,"start":[...],"eos":
 * [...],"nontext":[...],"max_ctx":...,"markov_order":...,"topk":...,"batch":...,"form":"frames"|"json"}; then
 * frames both ways, little endian: u32 length, u8 op, u8 status, u16 0, u32 request, payload (see
 * tok-lm(5)); or lines {"id":1,"ctx":[...]} answered by {"id":1,"lp":[...]} or {"id":1,"topk":[[id,lp],...],
 * "rest":lp}.  Every answer is looked at: length, numbers, sum, time.  Who dies, hangs or lies is
 * TOK_EIO or TOK_EFORMAT with what and where; a process is waited for, its pipes never block.
 */
#ifndef VOCAB_LM_PROVIDER_H
#define VOCAB_LM_PROVIDER_H

#include "tok/bytes/model.h"
#include "tok/pipe/tokenizer.h"

struct vocab_lm_options {
	uint64_t timeout_ms;  /* of one request; 0: 60,000 */
	const char *record;   /* a file that gets all rows; or NULL */
	bool bos_given;       /* use these start ids instead of the provider's */
	const tok_id *bos;
	size_t bos_count;
};

TOK_API TOK_MUST_USE enum tok_status vocab_lm_open(const char *name,
						   const struct tok_tokenizer *tokenizer,
						   const struct vocab_lm_options *options,
						   struct tok_lm **out, struct tok_error *err);

/* Answer requests for `lm` on standard input and output until they end: tok lm serve. */
TOK_API TOK_MUST_USE enum tok_status vocab_lm_serve(struct tok_lm *lm, int in, int out,
						    struct tok_error *err);

#endif
