/*
 * subword_internal.h - how long the old rows of a script are.
 */
#ifndef HYPER_TRANSPLANT_SUBWORD_INTERNAL_H
#define HYPER_TRANSPLANT_SUBWORD_INTERNAL_H

#include "hypernet/transplant/subword.h"

struct script_median {
	int32_t script; /* of ICU */
	double length;
};

/* A zeroed struct is empty. */
struct script_medians {
	struct script_median *list; /* by script, rising */
	size_t count;
	double all; /* of all rows */
};

/* `rows` as hyper_rows_check left them. */
TOK_MUST_USE enum tok_status script_medians_make(const struct hyper_vocab *source,
						 const struct hyper_rows_view *rows,
						 struct script_medians *out, struct tok_error *err);
void script_medians_release(struct script_medians *medians);

/* How long a row of a token with this text is to be. */
double script_medians_of(const struct script_medians *medians, struct tok_span text);

#endif
