/*
 * regex.h - regular expressions as the reference programs understand them.
 *
 * Patterns come in two dialects: Oniguruma (tokenizer.json) and Rust's
 * fancy-regex (tiktoken, tekken).  They are translated to PCRE2, which is told
 * everything in terms of unicode.h: \p{..}, \s, \d, \w and letters whatever
 * their case, so that the answer does not depend on the PCRE2 that happens to be
 * installed, nor does it on whether that has a just-in-time compiler.
 *
 * Refused with TOK_EFORMAT, where the references would take them: grapheme
 * clusters (\X, \y), look-behind of no fixed length, conditionals, absent
 * operators, ASCII-only flags (Oniguruma's W, D, S, P; Rust's (?-u)), Unicode
 * blocks, and what is too large for PCRE2.
 *
 * A compiled pattern is immutable and shared by threads; each thread brings a
 * struct tok_regex_scratch of its own.
 */
#ifndef TOK_TEXT_REGEX_H
#define TOK_TEXT_REGEX_H

#include "tok/base/span.h"
#include "tok/base/status.h"

enum tok_regex_dialect {
	TOK_REGEX_ONIGURUMA,
	TOK_REGEX_RUST,
	TOK_REGEX_LITERAL /* the pattern stands for itself */
};

struct tok_regex;
struct tok_regex_scratch;

/* Fails with TOK_EFORMAT, quoting the pattern and the place in it. */
TOK_API TOK_MUST_USE enum tok_status tok_regex_new(struct tok_span pattern,
						   enum tok_regex_dialect dialect,
						   struct tok_regex **out, struct tok_error *err);
TOK_API void tok_regex_free(struct tok_regex *regex);

TOK_API struct tok_regex_scratch *tok_regex_scratch_new(void); /* NULL if memory is out */
TOK_API void tok_regex_scratch_free(struct tok_regex_scratch *scratch);

/* First match at or after `from`.  *found tells; *out is it.  Bad bytes in
 * `text` match nothing but a class that takes any character.  Fails with
 * TOK_ELIMIT when the pattern needs more backtracking than is allowed. */
TOK_API TOK_MUST_USE enum tok_status tok_regex_find(const struct tok_regex *regex,
						    struct tok_regex_scratch *scratch,
						    struct tok_span text, size_t from, bool *found,
						    struct tok_range *out, struct tok_error *err);

#endif
