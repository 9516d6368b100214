/*
 * text.h - what a tokenizer makes of a text, as numbers.
 *
 *	struct vocab_audit_text_options o = { .words = VOCAB_AUDIT_WORDS_WHITESPACE };
 *	status = vocab_audit_text_new(tokenizer, &o, &audit, &err);
 *	status = vocab_audit_text_line(audit, line, &err);	// each line is encoded by itself
 *	vocab_audit_text_measure(audit, &measures);
 *	vocab_audit_text_free(audit);
 *
 * One a thread and language: those of one tokenizer can be added together.  Encoding is without
 * special tokens.  Ratios are ratios of sums; what has no denominator is NAN here and null in
 * JSON.  Which measure answers which question, and how each is misused: tok-audit(7).
 *
 * Sources: Petrov et al. 2023 (premium), Rust et al. 2021 (fertility, continued words), Zouhar et
 * al. 2023 (Renyi efficiency), Foroutan et al. 2025 (Gini).
 */
#ifndef VOCAB_AUDIT_TEXT_H
#define VOCAB_AUDIT_TEXT_H

#include "tok/pipe/encoder.h"

enum vocab_audit_words {
	VOCAB_AUDIT_WORDS_WHITESPACE,
	VOCAB_AUDIT_WORDS_UAX29,
	VOCAB_AUDIT_WORDS_CODEPOINT
};
#define VOCAB_AUDIT_WORDS_WORDS "whitespace|uax29|codepoint"

struct vocab_audit_text_options {
	enum vocab_audit_words words;
};

struct vocab_audit_measures {
	uint64_t lines, bytes, characters, words, tokens;
	uint64_t unknown; /* tokens */
	uint64_t types;   /* distinct tokens */
	double bytes_per_token, characters_per_token, tokens_per_line;
	/* Words are encoded each by itself, the first of a line as it is, others with a space in
	 * front. */
	double fertility;           /* tokens a word */
	double continued;           /* share of words of two tokens or more */
	double single;              /* STRR: share of running words that are one token */
	double single_types;        /* the same of distinct words */
	double entropy;             /* bits a token */
	double efficiency;          /* Shannon's, over log2 of the types */
	double renyi_efficiency[3]; /* alpha 2, 2.5, 3; over log2 of the types */
	double round_trip;          /* share of lines that decode to themselves */
	double split_characters;    /* share of multi-byte characters in two tokens or more */
};

struct vocab_audit_text;

TOK_API TOK_MUST_USE enum tok_status
vocab_audit_text_new(const struct tok_tokenizer *tokenizer,
		     const struct vocab_audit_text_options *options, struct vocab_audit_text **out,
		     struct tok_error *err);
TOK_API void vocab_audit_text_free(struct vocab_audit_text *audit);
TOK_API TOK_MUST_USE enum tok_status
vocab_audit_text_line(struct vocab_audit_text *audit, struct tok_span line, struct tok_error *err);
/* What `more` counted is counted in `into`; both of one tokenizer and the same options. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_text_add(struct vocab_audit_text *into,
							  const struct vocab_audit_text *more,
							  struct tok_error *err);
TOK_API void vocab_audit_text_measure(const struct vocab_audit_text *audit,
				      struct vocab_audit_measures *out);

/* Of each id how often it came; `size` numbers, borrowed. */
TOK_API const uint64_t *vocab_audit_text_counts(const struct vocab_audit_text *audit, size_t *size);

/* Renyi's entropy of counts in bits (Shannon's for alpha = 1), and what it is of `types` equal
 * ones: efficiency = entropy / log2(types). */
TOK_API double vocab_audit_renyi(const uint64_t *counts, size_t n, double alpha);

/* Gini of costs, 0 where all are equal: sum of |ci - cj| / (2 n^2 mean).  Sorts a copy. */
TOK_API TOK_MUST_USE enum tok_status vocab_audit_gini(const double *costs, size_t n, double *out,
						      struct tok_error *err);

#endif
