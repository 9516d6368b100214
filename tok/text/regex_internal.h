/*
 * regex_internal.h - sets of code points, and patterns on their way to PCRE2.
 *
 * A pattern is read once, from left to right.  Its flags are ours: what is
 * written for PCRE2 has none, and names no Unicode data of PCRE2's own but
 * categories, corrected to Unicode 16.0.
 */
#ifndef TOK_TEXT_REGEX_INTERNAL_H
#define TOK_TEXT_REGEX_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/text/regex.h"
#include "tok/text/unicode.h"

enum { TOK_CODE_END = 0x110000 };

/* ---- sets of code points (regex_set.c) ------------------------------------ */

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
/* These two leave the set tidy, and `other` a ruin that is still to be released. */
void tok_set_intersect(struct tok_set *set, struct tok_set *other);
void tok_set_subtract(struct tok_set *set, struct tok_set *other);
/* Is all of [begin, end) in a tidy set? */
bool tok_set_covers(const struct tok_set *set, uint32_t begin, uint32_t end);
void tok_set_release(struct tok_set *set);

/* ---- sets that have a name (regex_property.c) ----------------------------- */

enum tok_shorthand { TOK_SET_SPACE, TOK_SET_DIGIT, TOK_SET_WORD, TOK_SET_HEX };

/* What \s, \d, \w and \h hold in a dialect.  Oniguruma's \w takes the digits of
 * Latin-1 above 127 for letters, but not inside a class. */
void tok_set_add_shorthand(struct tok_set *set, enum tok_shorthand what,
			   enum tok_regex_dialect dialect, bool in_class);

/* The property `name` of \p{name}: a general category, long or short, a binary
 * property, a script; case, spaces, '_' and '-' do not count.  False if there
 * is no such property. */
bool tok_set_add_property(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect,
			  bool in_class);

/* A POSIX bracket: alpha, digit, ...  False if there is no such class. */
bool tok_set_add_posix(struct tok_set *set, struct tok_span name, enum tok_regex_dialect dialect);

/* ---- letters whatever their case (regex_fold.c) --------------------------- */

/* `code` and all characters with the same simple case folding. */
void tok_set_add_variants(struct tok_set *set, uint32_t code);

/* The variants of every member. */
void tok_set_fold(struct tok_set *set);

/* ---- sets as PCRE2 reads them (regex_write.c) ----------------------------- */

/* Whose categories PCRE2 has: 14, 15, 16, or 0 for any other version. */
unsigned tok_set_pcre2_unicode(void);

/* Write a tidy set as one bracket class; `unicode` is as above.  False if memory
 * is out. */
TOK_MUST_USE bool tok_set_write(const struct tok_set *set, unsigned unicode,
				struct tok_buffer *out);

/* ---- a pattern being translated ------------------------------------------- */

enum {
	TOK_REGEX_DEPTH = 100,              /* groups and classes in one another */
	TOK_REGEX_WRITTEN = 8 * 1024 * 1024 /* bytes of translation, at most */
};

struct tok_pattern_flags {
	bool fold;     /* i */
	bool extended; /* x */
	bool dot_all;  /* Ruby m, Rust s */
	bool lines;    /* Rust m */
	bool lazy;     /* Rust U */
};

struct tok_pattern_group {
	struct tok_pattern_flags flags; /* to go back to */
	size_t begin;                   /* in the output */
	unsigned further;               /* parentheses that close with it */
	bool looks, behind;             /* look-around; was it in look-behind before? */
	bool leaks;                     /* flags set inside stay */
};

/* What a quantifier would find in front of it. */
enum tok_pattern_front { TOK_FRONT_NOTHING, TOK_FRONT_ATOM, TOK_FRONT_REPEATED };

struct tok_pattern {
	struct tok_span text;
	size_t at;
	enum tok_regex_dialect dialect;
	struct tok_error *err;

	struct tok_buffer out;
	struct tok_buffer run; /* uint32_t: letters still to be folded together */
	struct tok_pattern_flags flags;
	struct tok_pattern_group groups[TOK_REGEX_DEPTH];
	unsigned group_count, class_depth, captures, unicode;
	unsigned further; /* as in a group, for the pattern itself */
	enum tok_pattern_front front;
	size_t atom; /* where what stands in front begins in the output */
	bool behind; /* inside look-behind */
	bool named;  /* Oniguruma: some group has a name, so others do not capture */
};

static inline int tok_pattern_peek(const struct tok_pattern *p, size_t ahead)
{
	return p->at + ahead < p->text.count ? p->text.bytes[p->at + ahead] : -1;
}

static inline bool tok_pattern_is_ruby(const struct tok_pattern *p)
{
	return p->dialect == TOK_REGEX_ONIGURUMA;
}

/* "pattern '...', byte 7: `what`". */
enum tok_status tok_pattern_fail(struct tok_pattern *p, const char *what);

/* Append to the output. */
enum tok_status tok_pattern_put(struct tok_pattern *p, const char *text);
enum tok_status tok_pattern_put_code(struct tok_pattern *p, uint32_t code);
enum tok_status tok_pattern_put_set(struct tok_pattern *p, struct tok_set *set);

/* Spaces and comments that the flag x hides, and "(?#...)". */
enum tok_status tok_pattern_skip(struct tok_pattern *p);

/* regex_fold.c: the next literal character; what is still in the run. */
enum tok_status tok_pattern_literal(struct tok_pattern *p, uint32_t code);
enum tok_status tok_pattern_flush(struct tok_pattern *p);
/* The same, with the last literal apart so that it alone is repeated. */
enum tok_status tok_pattern_flush_atom(struct tok_pattern *p);
/* "|ss|..." for the members of a class whose folding is several characters. */
enum tok_status tok_pattern_put_multiples(struct tok_pattern *p, const struct tok_set *set);

/* regex_escape.c: one character, with the backslash at p->at.  An escape that
 * stands for something else fails. */
enum tok_status tok_pattern_read_code(struct tok_pattern *p, uint32_t *code);
/* \p{..}, \P{..}, \s and the like with the backslash at p->at; *found false if
 * it is none of them.  Adds to `set`, the complement where it is negated. */
enum tok_status tok_pattern_read_set(struct tok_pattern *p, bool *found, struct tok_set *set);
/* Any escape outside a class. */
enum tok_status tok_pattern_escape(struct tok_pattern *p);

/* regex_class.c: a bracket class with '[' at p->at. */
enum tok_status tok_pattern_bracket(struct tok_pattern *p);

/* regex_repeat.c: a quantifier, if there is one at p->at. */
enum tok_status tok_pattern_repeat(struct tok_pattern *p, bool *found);

/* regex_translate.c: the whole pattern for PCRE2 in p->out.  The caller has set
 * text, dialect, unicode and err, and releases. */
enum tok_status tok_pattern_translate(struct tok_pattern *p);
void tok_pattern_release(struct tok_pattern *p);

#endif
