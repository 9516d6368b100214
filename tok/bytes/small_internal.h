/* small_internal.h - when doubles are no longer what to calculate in, and sums of logarithms. */
#ifndef TOK_BYTES_SMALL_INTERNAL_H
#define TOK_BYTES_SMALL_INTERNAL_H

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Of a number that is not told by all of its digits, or of its logarithm. */
struct tok_bounds {
	double low, high;
};

/* Has a sum the digits of a double?  `size` is what it would be if no number in it was below 0:
 * where numbers took each other away but for so little, what is left has the errors of all. */
static inline bool tok_has_digits(double sum, double size)
{
	return sum >= 1e-4 * size;
}

/* How far it may be from the truth where it has not. */
static inline double tok_error_of(double size)
{
	return 1e-13 * size;
}

/* Sums and products that are less have lost digits, if not all of what they are made of. */
static inline bool tok_is_small(double value)
{
	return value < 1e-280;
}

/* Of a number whose logarithm is told apart where it is small. */
static inline double tok_log_of(double value, double small_log)
{
	return tok_is_small(value) && value > 0.0 ? small_log : log(value);
}

/* Bounds that are one number hold what a double cannot tell of it. */
static inline void tok_hold_small(double *low, double *high)
{
	if (*low<DBL_MIN && * high> 0.0) {
		*low = 0.0;
		*high = fmax(*high, DBL_MIN);
	}
}

/* log(exp(a) + exp(b)) */
double tok_log_add(double a, double b);

/* exp(log_p), but 0 only for what is impossible: of what is too small the least double is left. */
double tok_exp_of(double log_p);

/* A sum of numbers that are told by logarithms: shares of exp(most), the greatest of them; .size is
 * what .shares would be if none was below 0. */
struct tok_log_sum {
	double most, shares, size;
};

static inline struct tok_log_sum tok_log_sum_none(void)
{
	return (struct tok_log_sum){ -INFINITY, 0.0, 0.0 };
}

void tok_log_sum_add(struct tok_log_sum *sum, double log_value);
double tok_log_sum_of(const struct tok_log_sum *sum);

/* `scale` times a number that may be below 0; `log_scale` counts where the scale is small. */
void tok_log_sum_add_scaled(struct tok_log_sum *sum, double scale, double log_scale, double value);

/* The same as logarithms between which it is, one number unless numbers have taken each other away.
 */
struct tok_bounds tok_log_sum_bounds(const struct tok_log_sum *sum);

#endif
