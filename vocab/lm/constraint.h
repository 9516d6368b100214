/*
 * constraint.h - a process that says which texts may be written.
 *
 *	status = vocab_constraint_open("exec:python3 balanced.py", 60000, &c, &err);
 *	status = vocab_constraint_ask(c, tok_span_of("(a"), false, &may, &err);
 *	vocab_constraint_free(c);
 *
 * One line is asked, one is answered (tok-lm(5)): the text in lower-case hex, with "." behind it
 * where the question is whether it may end there, "" otherwise; "1" yes, "0" no.  The command is an
 * argument vector, no shell.  Who dies, hangs or answers anything else is TOK_EIO or TOK_EFORMAT,
 * and is asked no more: the process is ended and waited for.  One thread.
 */
#ifndef VOCAB_LM_CONSTRAINT_H
#define VOCAB_LM_CONSTRAINT_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct vocab_constraint;

/* TOK_EARG for a name that does not begin with "exec:".  A time of 0 is 60,000 ms. */
TOK_API TOK_MUST_USE enum tok_status vocab_constraint_open(const char *name, uint64_t timeout_ms,
							   struct vocab_constraint **out,
							   struct tok_error *err);
TOK_API void vocab_constraint_free(struct vocab_constraint *constraint);

/* May a text begin so?  With `ends`: may it be this text? */
TOK_API TOK_MUST_USE enum tok_status vocab_constraint_ask(struct vocab_constraint *constraint,
							  struct tok_span text, bool ends,
							  bool *may, struct tok_error *err);

/* How many questions were asked. */
TOK_API uint64_t vocab_constraint_calls(const struct vocab_constraint *constraint);

#endif
