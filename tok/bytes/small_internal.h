/* small_internal.h - when doubles are no longer what to calculate in. */
#ifndef TOK_BYTES_SMALL_INTERNAL_H
#define TOK_BYTES_SMALL_INTERNAL_H

#include <stdbool.h>

/* Sums and products that are less have lost digits, if not all of what they are made of. */
static inline bool tok_is_small(double value)
{
	return value < 1e-280;
}

/* log(exp(a) + exp(b)) */
double tok_log_add(double a, double b);

#endif
