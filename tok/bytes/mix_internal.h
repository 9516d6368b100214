/* mix_internal.h - what mix.c knows of each model, for the four ways to mix in mix_kinds.c. */
#ifndef TOK_BYTES_MIX_INTERNAL_H
#define TOK_BYTES_MIX_INTERNAL_H

#include "tok/bytes/mix.h"
#include "tok/bytes/small_internal.h"

/* One number as logarithms, of which p has all digits however small it is. */
struct tok_mix_logs {
	double p, low, high;
};

struct tok_mix_member {
	struct tok_machine *machine;
	double weight; /* as given, all together one; of proxy the power */
	/* bayes: logarithm of weight times P_i(x), less what is the same for all */
	double log_p, log_low, log_high;
	bool used;     /* its weight is not 0, and the text not impossible */
	bool left_out; /* the text is impossible */

	/* of the next symbol, where mix->known */
	struct tok_mix_law next;
	double small_logs[TOK_MIX_SYMBOLS]; /* of .p, where that is small */
	double whole;                       /* what .p was divided by */
	double special, leak;
	bool exact, known;
	bool certain; /* that it gives something to bytes or the end */
};

struct tok_mix {
	enum tok_mix_kind kind;
	bool known, possible;     /* the next symbol is looked at; and there may be one */
	struct tok_mix_next next; /* where possible */
	struct tok_text_p text;   /* of x, as tok_mix_log_p() tells */
	/* bayes: all that took part in x had certainly something to say, so that it is a mixture of
	 * whole texts; bounds of the logarithm of what members' P sum to; where x begins, too */
	bool heard;
	double origin; /* of members' logarithms */
	double begin_low, begin_high;
	size_t count;
	struct tok_mix_member members[];
};

/* Of the next symbol, which is known. */
struct tok_mix_logs tok_mix_logs_of(const struct tok_mix_member *member, size_t symbol);

/* Bounds of shares from bounds of 257 parts: one is least where the others are most. */
void tok_mix_divide(const double *low, const double *high, double *out_low, double *out_high);

/* All but special, leak and left_out, from members whose next is known.  False where no symbol is
 * possible. */
bool tok_mix_combine(const struct tok_mix *mix, struct tok_mix_next *out);

/* Bounds of the logarithm of what the members' weights times P(x) sum to, for bayes. */
void tok_mix_sum_bounds(const struct tok_mix *mix, double *low, double *high);

#endif
