/*
 * digits.h - where a tokenizer cuts numbers, beside the groups of three that people write.
 *
 * Numbers of 1 to 12 digits, a thousand of each length, drawn by a fixed seed, are encoded each by
 * itself without special tokens; right are cuts that leave multiples of three digits behind them:
 * 1|234|567.  42 without a cut is right too.  A mark in front of a number is no token of it.
 *
 * Operators are those of a thousand sums, differences and so on of two numbers of 1 to 4 digits,
 * without spaces: 12+345.
 *
 * Of a length of which the tokenizer refuses a number there are no numbers (NAN), nor a grade; of
 * operators there are none where it refuses one of these.
 *
 * Why it matters: Singh and Strouse 2024.
 */
#ifndef VOCAB_AUDIT_DIGITS_H
#define VOCAB_AUDIT_DIGITS_H

#include "tok/pipe/encoder.h"

enum { VOCAB_AUDIT_DIGITS_MAX = 12 };

/* Cuts of numbers, places for right ones, and cuts that are at these. */
struct vocab_audit_places {
	uint64_t cuts, wanted, found;
};

/* Who cuts nothing makes no wrong cut (precision 1), and where none is wanted, none is missing
 * (recall 1). */
struct vocab_audit_grade {
	double precision, recall, f1;
};

struct vocab_audit_digits {
	struct vocab_audit_grade grade;                      /* of all numbers together */
	double tokens_per_digit[VOCAB_AUDIT_DIGITS_MAX + 1]; /* by the number of digits, from 1 */
	double pattern_entropy[VOCAB_AUDIT_DIGITS_MAX + 1];  /* bits: 0 if all are cut alike */
	double operators_alone; /* share of + - * / = that are cut off on both sides */
};

TOK_API TOK_MUST_USE enum tok_status vocab_audit_digits(const struct tok_tokenizer *tokenizer,
							struct vocab_audit_digits *out,
							struct tok_error *err);

/* A number is added; bit i of `cuts`: a cut behind its digit i + 1. */
TOK_API void vocab_audit_digits_add(struct vocab_audit_places *places, uint32_t cuts,
				    size_t digits);
TOK_API struct vocab_audit_grade vocab_audit_digits_grade(const struct vocab_audit_places *places);

#endif
