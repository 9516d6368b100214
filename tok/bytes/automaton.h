/*
 * automaton.h - a byte automaton of a regular expression, to keep samples inside a language.
 *
 *	status = tok_automaton_new(tok_span_of("[0-9]+"), &a, &err);
 *	state = tok_automaton_step(a, TOK_AUTOMATON_START, '7');    // or TOK_AUTOMATON_DEAD
 *	if (tok_automaton_accepts(a, state)) ...
 *
 * The whole text must match, as with anchors at both ends.  The expression is UTF-8 and speaks of
 * characters; the automaton is of their bytes.  States from which nothing is accepted are dead,
 * so every other one can be completed.  Deterministic and minimal.
 *
 * Syntax: literals, . (no newline), [abc] [^a-z] with \d \w \s \D \W \S (ASCII), \n \r \t
 * \xHH (a byte) \u{H} (a character), ( ) and (?: ), |, *, +, ?, {m}, {m,}, {m,n}.  Anything else is
 * TOK_EFORMAT with its place; more than 1 << 16 states TOK_ELIMIT.  Immutable, shared by threads.
 */
#ifndef TOK_BYTES_AUTOMATON_H
#define TOK_BYTES_AUTOMATON_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum { TOK_AUTOMATON_DEAD = 0, TOK_AUTOMATON_START = 1 };

struct tok_automaton;

TOK_API TOK_MUST_USE enum tok_status
tok_automaton_new(struct tok_span expression, struct tok_automaton **out, struct tok_error *err);
TOK_API void tok_automaton_free(struct tok_automaton *automaton);
TOK_API uint32_t tok_automaton_step(const struct tok_automaton *automaton, uint32_t state,
				    uint8_t byte);
TOK_API bool tok_automaton_accepts(const struct tok_automaton *automaton, uint32_t state);
TOK_API uint32_t tok_automaton_states(const struct tok_automaton *automaton);

#endif
