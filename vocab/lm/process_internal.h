/*
 * process_internal.h - a child process that is asked and answers, and never waited for in vain.
 *
 *	status = lm_process_start("python3 adapter.py 'my model'", 60000, &p, &err);
 *	lm_process_clock(p, 60000);                  // from now on
 *	lm_process_say(p, question);                 // borrowed until it is answered
 *	status = lm_process_bytes(p, 12, &header, &err);
 *	lm_process_end(p);
 *
 * What is said is written while the answer is read, so neither side can block the other.  Its
 * standard error is ours.  After a failure the process is gone: it was killed and waited for, and
 * each further call fails as the first did.
 */
#ifndef VOCAB_LM_PROCESS_INTERNAL_H
#define VOCAB_LM_PROCESS_INTERNAL_H

#include "tok/base/arena.h"
#include "tok/base/buffer.h"

/* A command's words: blanks separate, '...' and "..." and \ keep; no shell.  *argv ends with NULL,
 * in the arena.  TOK_EARG for a quote without its end, or no word at all. */
TOK_MUST_USE enum tok_status lm_command_split(const char *command, struct tok_arena *arena,
					      char ***argv, struct tok_error *err);

struct lm_process;

TOK_MUST_USE enum tok_status lm_process_start(const char *command, struct lm_process **out,
					      struct tok_error *err);

/* Its input is closed; it has a second to go by itself.  NULL is fine. */
void lm_process_end(struct lm_process *process);

void lm_process_clock(struct lm_process *process, uint64_t timeout_ms);
void lm_process_say(struct lm_process *process, struct tok_span bytes);
/* What of it is not yet written: whoever says more before that says this again, and the more. */
struct tok_span lm_process_unsaid(const struct lm_process *process);

/* The next `count` bytes that it wrote; *out lives until the next call. */
TOK_MUST_USE enum tok_status lm_process_bytes(struct lm_process *process, size_t count,
					      struct tok_span *out, struct tok_error *err);

/* The next line, without its end, of `limit` bytes at most. */
TOK_MUST_USE enum tok_status lm_process_line(struct lm_process *process, size_t limit,
					     struct tok_span *out, struct tok_error *err);

/* The same where there may be none yet: it is waited for so long at most.  *got: is there one? */
TOK_MUST_USE enum tok_status lm_process_try_line(struct lm_process *process, size_t limit,
						 uint64_t wait_ms, bool *got, struct tok_span *out,
						 struct tok_error *err);

/* After a failure, once: what it had said that no newline ended; lives until the next call. */
struct tok_span lm_process_rest(struct lm_process *process);

/* It broke the protocol, and nothing that it still says can be understood: end it. */
void lm_process_give_up(struct lm_process *process, const struct tok_error *err);

#endif
