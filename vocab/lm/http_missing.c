/* http_missing.c - what takes the place of http*.c in a build without libcurl. */
#include "vocab/lm/ask.h"
#include "vocab/lm/provider_internal.h"

const char *vocab_lm_http(void)
{
	return NULL;
}

static enum tok_status refuse(struct tok_error *err)
{
	return tok_fail(err, TOK_EARG,
			"this tok was built without libcurl: it speaks to no server");
}

enum tok_status lm_llama_open(const char *url, const struct tok_tokenizer *tokenizer,
			      const struct vocab_lm_options *options, struct tok_lm **out,
			      struct tok_error *err)
{
	(void)url;
	(void)tokenizer;
	(void)options;
	(void)out;
	return refuse(err);
}

enum tok_status lm_openai_open(const char *url, const struct tok_tokenizer *tokenizer,
			       const struct vocab_lm_options *options, struct tok_lm **out,
			       struct tok_error *err)
{
	(void)url;
	(void)tokenizer;
	(void)options;
	(void)out;
	return refuse(err);
}

enum tok_status vocab_ask_server(const char *url, const struct vocab_ask_options *options,
				 struct vocab_ask **out, struct tok_error *err)
{
	(void)url;
	(void)options;
	(void)out;
	return refuse(err);
}
