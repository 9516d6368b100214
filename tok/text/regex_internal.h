/*
 * regex_internal.h - sets of code points, and patterns on their way to PCRE2.
 */
#ifndef TOK_TEXT_REGEX_INTERNAL_H
#define TOK_TEXT_REGEX_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/text/regex.h"
#include "tok/text/unicode.h"

/* ---- sets of code points (regex_set.c) ---- */

/* Ranges; sorted and apart once tok_set_tidy has run.  `failed`: memory was out. */
struct tok_set {
	struct tok_range *ranges; /* half open, code points */
	size_t count, capacity;
	bool failed;
};

void tok_set_add(struct tok_set *set, uint32_t first, uint32_t last);
void tok_set_tidy(struct tok_set *set);
void tok_set_unite(struct tok_set *set, const struct tok_set *other);
void tok_set_complement(struct tok_set *set);
void tok_set_intersect(struct tok_set *set, struct tok_set *other);
void tok_set_release(struct tok_set *set);

enum tok_shorthand { TOK_SET_SPACE, TOK_SET_DIGIT, TOK_SET_WORD, TOK_SET_HEX };

/* What \s, \d, \w and \h hold in a dialect. */
void tok_set_add_shorthand(struct tok_set *set, enum tok_shorthand what,
			   enum tok_regex_dialect dialect);

/* The property `name` of \p{name}: a general category, long or short, a few
 * binary properties, a script; case, spaces, '_' and '-' do not count.  False
 * if there is no such property. */
bool tok_set_add_property(struct tok_set *set, struct tok_span name);

/* A POSIX bracket: alpha, digit, ...  False if there is no such class. */
bool tok_set_add_posix(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect);

/* Write "[\x{..}-\x{..}...]", or "[^...]".  False if memory is out. */
TOK_MUST_USE bool tok_set_write(const struct tok_set *set, bool negated, struct tok_buffer *out);

/* ---- translation (regex_translate.c, regex_class.c) ---- */

struct tok_pattern {
	struct tok_span text;
	size_t at;
	enum tok_regex_dialect dialect;
	struct tok_buffer out;
	unsigned depth;
	struct tok_error *err;
};

enum { TOK_REGEX_DEPTH = 100 };

/* "pattern '...', byte 7: `what`". */
enum tok_status tok_pattern_fail(struct tok_pattern *p, const char *what);

/* One escape for a single character after the backslash at p->at: *code, and
 * p->at behind it.  *found false if it is no such escape. */
enum tok_status tok_pattern_escape(struct tok_pattern *p, bool *found, uint32_t *code);

/* \p{..}, \P{..}, \s and the like with the backslash at p->at; *found false if
 * it is none of them.  Adds to `set`, the complement where it is negated. */
enum tok_status tok_pattern_class_escape(struct tok_pattern *p, bool *found, struct tok_set *set);

/* A bracket class with '[' at p->at, written to p->out. */
enum tok_status tok_pattern_bracket(struct tok_pattern *p);

/* The whole pattern for PCRE2 in p->out, which the caller releases. */
enum tok_status tok_pattern_translate(struct tok_pattern *p);

#endif
