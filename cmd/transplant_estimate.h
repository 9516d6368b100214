/*
 * transplant_estimate.h - what making rows will take: operations, seconds on this machine, memory.
 *
 *	struct transplant_estimate e;
 *	status = transplant_estimate(&c, &choice, &e, &err);
 *
 * Of the methods' products, which are nearly all of the work, and of the large arrays; files are
 * read and written besides.  To be believed to a factor of two.
 */
#ifndef CMD_TRANSPLANT_ESTIMATE_H
#define CMD_TRANSPLANT_ESTIMATE_H

#include "cmd/transplant_recipes.h"

struct transplant_estimate {
	double
	    operations; /* floating point; where omp sums kept products, those that take as long */
	uint64_t seconds; /* rounded up, at the speed of a product that was tried, by all threads */
	uint64_t memory;  /* bytes */
};

/* Tries the kernel for some milliseconds.  TOK_ENOMEM. */
TOK_MUST_USE enum tok_status transplant_estimate(const struct transplant_case *c,
						 const struct transplant_choice *choice,
						 struct transplant_estimate *out,
						 struct tok_error *err);

#endif
