/* small.c - sums of logarithms: relative to the greatest, so that all digits are kept. */
#include <float.h>

#include "tok/bytes/model.h"
#include "tok/bytes/small_internal.h"

double tok_log_add(double a, double b)
{
	const double most = fmax(a, b), least = fmin(a, b);
	return least == -INFINITY ? most : most + log1p(exp(least - most));
}

double tok_exp_of(double log_p)
{
	return log_p > -INFINITY ? fmax(exp(log_p), DBL_TRUE_MIN) : 0.0;
}

static void add_signed(struct tok_log_sum *sum, double log_value, double sign)
{
	if (log_value > sum->most) {
		sum->shares = sum->shares * exp(sum->most - log_value) + sign;
		sum->most = log_value;
	} else if (log_value > -INFINITY) {
		sum->shares += sign * exp(log_value - sum->most);
	}
}

void tok_log_sum_add(struct tok_log_sum *sum, double log_value)
{
	add_signed(sum, log_value, 1.0);
}

double tok_log_sum_of(const struct tok_log_sum *sum)
{
	return sum->shares > 0.0 ? sum->most + log(sum->shares) : -INFINITY;
}

void tok_log_sum_add_scaled(struct tok_log_sum *sum, double scale, double log_scale, double value)
{
	const double log_of_scale = scale < TOK_LM_SMALL_SCALE ? log_scale : log(scale);
	if (value != 0.0)
		add_signed(sum, log_of_scale + log(fabs(value)), value < 0.0 ? -1.0 : 1.0);
}

double tok_log_sum_beside(const struct tok_log_sum *sum, double plain)
{
	const bool is_small = tok_is_small(plain) && tok_is_small(exp(sum->most));
	return is_small ? tok_log_sum_of(sum) : log(fmax(plain, 0.0));
}
