/*
 * ask_internal.h - the two kinds of who is asked, behind one interface; what answers have in
 * common.
 */
#ifndef VOCAB_LM_ASK_INTERNAL_H
#define VOCAB_LM_ASK_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/text/json.h"
#include "vocab/lm/ask.h"

enum { LM_ASK_TIMEOUT_MS = 120000 };

/* Calls behind those of ask.h; the first member of each kind. */
struct vocab_ask {
	enum tok_status (*put)(struct vocab_ask *ask, uint64_t id, struct tok_span prompt,
			       struct tok_error *err);
	enum tok_status (*get)(struct vocab_ask *ask, uint64_t wait_ms, bool *got,
			       struct vocab_said *out, struct tok_error *err);
	void (*free)(struct vocab_ask *ask);
};

/* "usage" of an object, if it is there and tells "prompt_tokens" and "completion_tokens". */
void lm_ask_usage(const struct tok_json *object, struct vocab_said *out);

/* The member of that name if it is a string; else empty. */
struct tok_span lm_ask_text(const struct tok_json *object, const char *name);

/* Seconds of a clock that only goes forward. */
double lm_ask_now(void);

#endif
