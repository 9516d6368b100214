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
		const double less = exp(sum->most - log_value);
		sum->shares = sum->shares * less + sign;
		sum->size = sum->size * less + 1.0;
		sum->most = log_value;
	} else if (log_value > -INFINITY) {
		const double share = exp(log_value - sum->most);
		sum->shares += sign * share;
		sum->size += share;
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

/* Logarithms that are far from 0 have fewer digits behind the point, which are all that shares are
 * made of. */
struct tok_bounds tok_log_sum_bounds(const struct tok_log_sum *sum)
{
	const double error = tok_error_of(sum->size) * (1.0 + 0.01 * fabs(sum->most));
	if (tok_has_digits(sum->shares, sum->size)) {
		const double log_value = tok_log_sum_of(sum);
		return (struct tok_bounds){ log_value, log_value };
	}
	return (struct tok_bounds){ sum->most + log(fmax(0.0, sum->shares - error)),
				    sum->most + log(fmax(0.0, sum->shares) + error) };
}
