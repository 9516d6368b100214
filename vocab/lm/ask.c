#include "vocab/lm/ask_internal.h"

#include <time.h>

enum tok_status vocab_ask_put(struct vocab_ask *ask, uint64_t id, struct tok_span prompt,
			      struct tok_error *err)
{
	return ask->put(ask, id, prompt, err);
}

enum tok_status vocab_ask_get(struct vocab_ask *ask, uint64_t wait_ms, bool *got,
			      struct vocab_said *out, struct tok_error *err)
{
	*got = false;
	return ask->get(ask, wait_ms, got, out, err);
}

void vocab_ask_free(struct vocab_ask *ask)
{
	if (ask)
		ask->free(ask);
}

struct tok_span lm_ask_text(const struct tok_json *object, const char *name)
{
	const struct tok_json *member = tok_json_get(object, name);
	if (!member || member->kind != TOK_JSON_STRING)
		return (struct tok_span){ NULL, 0 };
	return tok_json_text(member);
}

void lm_ask_usage(const struct tok_json *object, struct vocab_said *out)
{
	const struct tok_json *usage = tok_json_get(object, "usage");
	const struct tok_json *a = usage ? tok_json_get(usage, "prompt_tokens") : NULL;
	const struct tok_json *b = usage ? tok_json_get(usage, "completion_tokens") : NULL;
	out->has_usage = a && b && a->kind == TOK_JSON_UNSIGNED && b->kind == TOK_JSON_UNSIGNED;
	if (!out->has_usage)
		return;
	out->prompt_tokens = a->as.whole;
	out->output_tokens = b->as.whole;
}

double lm_ask_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
