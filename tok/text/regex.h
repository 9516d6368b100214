/*
 * regex.h - regular expressions as the reference programs understand them.
 *
 * Patterns come in two dialects: Oniguruma (tokenizer.json) and Rust's
 * fancy-regex (tiktoken, tekken).  They are translated to PCRE2 with UTF and
 * UCP; \p{..}, \s, \d and \w become the sets of unicode.h, so that the answer
 * does not depend on the PCRE2 that happens to be installed.
 *
 * Not done: Oniguruma's (?i) also lets one character stand for several ("ss"
 * for U+00DF, "ff" for U+FB00); no published tokenizer's pattern asks for it.
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
