/*
 * ask.h - questions in words, to a model that others compute; several at once.
 *
 *	struct vocab_ask_options o = { .most = 8, .model = "m", .max_tokens = 256 };
 *	status = vocab_ask_server("http://127.0.0.1:8080/v1/chat/completions", &o, &ask, &err);
 *	status = vocab_ask_put(ask, 17, prompt, &err);		// up to `most` are open
 *	status = vocab_ask_get(ask, 250, &got, &said, &err);	// whichever ends first
 *	vocab_ask_free(ask);
 *
 * A server is asked in OpenAI's manner: one whose path ends in /chat/completions gets messages,
 * one in /completions a prompt; temperature 0, no stream.  No proxy; no redirection, with which
 * the key would go to somebody else.
 *
 * A process is sent {"id":17,"prompt":"..."} and, if there is one, "system", a line each, and
 * answers in any order {"id":17,"output":"..."}, or {"id":17,"error":"..."} where it cannot; an
 * answer may have "finish", a string, and "usage".  The last line may lack its newline.  The
 * process is started without a shell.
 *
 * One thread.
 */
#ifndef VOCAB_LM_ASK_H
#define VOCAB_LM_ASK_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { VOCAB_ASK_MOST = 256, VOCAB_ASK_ANSWER_BYTES = 1 << 22 };

struct vocab_ask_options {
	size_t most;         /* questions that are open at once, 1 to VOCAB_ASK_MOST */
	uint64_t timeout_ms; /* of a question; of a process: between two answers; 0: 120,000 */
	const char *system;  /* what the model is told before each question; or NULL */
	const char *model;   /* its name for the server; NULL: none is sent */
	const char *key;     /* a bearer token for the server; or NULL */
	uint64_t max_tokens; /* of an answer of a server; 0: it may choose */
};

enum vocab_ask_outcome {
	VOCAB_ASK_ANSWER,
	VOCAB_ASK_AGAIN,   /* busy, out of reach, late, or what it said is no answer */
	VOCAB_ASK_REFUSED, /* it does not take this question */
	VOCAB_ASK_NEVER    /* it takes none that is asked so: another key, path or server */
};

/* How a question ended; spans live until the next call. */
struct vocab_said {
	uint64_t id;
	enum vocab_ask_outcome outcome;
	struct tok_span output, finish; /* finish: empty if it is not told */
	bool has_usage;
	uint64_t prompt_tokens, output_tokens;
	double seconds;           /* since it was asked */
	long code;                /* HTTP's; 0: there is none */
	uint64_t wait_seconds;    /* ask nothing before that, as the server says; 0: nothing said */
	struct tok_error trouble; /* why there is no answer */
	struct tok_span raw;      /* all that was said in place of one; empty: nothing */
};

struct vocab_ask;

/* TOK_EARG for an URL or a key that is none, or in a build without libcurl.  Nothing is sent
 * yet. */
TOK_API TOK_MUST_USE enum tok_status vocab_ask_server(const char *url,
						      const struct vocab_ask_options *options,
						      struct vocab_ask **out,
						      struct tok_error *err);

/* The words of `command` are those of exec: in provider.h.  TOK_EIO if it cannot be started. */
TOK_API TOK_MUST_USE enum tok_status vocab_ask_process(const char *command,
						       const struct vocab_ask_options *options,
						       struct vocab_ask **out,
						       struct tok_error *err);

/* Open questions are given up; a process has a second to go. */
TOK_API void vocab_ask_free(struct vocab_ask *ask);

/* Ask; no other open question has this id, and less than `most` are open.  `prompt` is copied. */
TOK_API TOK_MUST_USE enum tok_status vocab_ask_put(struct vocab_ask *ask, uint64_t id,
						   struct tok_span prompt, struct tok_error *err);

/* One that has ended, if one does within `wait_ms`; *got: does one?  Also returns early, with
 * none, and waits where none is open.  TOK_EIO, TOK_EFORMAT: the process died, hung, or said what
 * is no answer to an open question; it is ended, and nothing can be asked any more. */
TOK_API TOK_MUST_USE enum tok_status vocab_ask_get(struct vocab_ask *ask, uint64_t wait_ms,
						   bool *got, struct vocab_said *out,
						   struct tok_error *err);

#endif
