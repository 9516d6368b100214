#include "tok/text/json_internal.h"

#include <math.h>

/*
 * Scores of Unigram pieces decide between segmentations, so doubles are made
 * as serde_json makes them by default, which is not always the nearest one:
 * the digits that fit in 64 bits, times or divided by one power of ten.
 */

#define TENS(n)                                                                                    \
	1e##n##0, 1e##n##1, 1e##n##2, 1e##n##3, 1e##n##4, 1e##n##5, 1e##n##6, 1e##n##7, 1e##n##8,  \
	    1e##n##9
static const double powers[] = {
	TENS(0),  TENS(1),  TENS(2),  TENS(3),  TENS(4),  TENS(5),  TENS(6),  TENS(7),
	TENS(8),  TENS(9),  TENS(10), TENS(11), TENS(12), TENS(13), TENS(14), TENS(15),
	TENS(16), TENS(17), TENS(18), TENS(19), TENS(20), TENS(21), TENS(22), TENS(23),
	TENS(24), TENS(25), TENS(26), TENS(27), TENS(28), TENS(29), 1e300,    1e301,
	1e302,    1e303,    1e304,    1e305,    1e306,    1e307,    1e308,
};
enum { TOP_POWER = 308, FAR_EXPONENT = 1000000000 };

/* False: beyond a double. */
static bool scale_digits(uint64_t digits, int64_t exponent, double *out)
{
	double f = (double)digits;
	while (f != 0 && exponent < -TOP_POWER) {
		f /= 1e308;
		exponent += TOP_POWER;
	}
	if (f != 0 && exponent > TOP_POWER)
		return false;
	if (f != 0)
		f = exponent < 0 ? f / powers[-exponent] : f * powers[exponent];
	*out = f;
	return !isinf(f);
}

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
	return at < end && *at >= '0' && *at <= '9';
}

/* Add the digit to *digits if there is room. */
static bool take_digit(uint64_t *digits, uint8_t byte)
{
	const uint64_t digit = byte - (unsigned)'0';
	if (*digits > (UINT64_MAX - digit) / 10)
		return false;
	*digits = *digits * 10 + digit;
	return true;
}

static const uint8_t *read_whole(const uint8_t *at, const uint8_t *end, uint64_t *digits,
				 int64_t *exponent)
{
	if (*at == '0')
		return is_digit(at + 1, end) ? NULL : at + 1;
	while (is_digit(at, end) && take_digit(digits, *at))
		at++;
	for (; is_digit(at, end); at++)
		++*exponent;
	return at;
}

static const uint8_t *read_fraction(const uint8_t *at, const uint8_t *end, uint64_t *digits,
				    int64_t *exponent)
{
	if (!is_digit(at, end))
		return NULL;
	for (; is_digit(at, end) && take_digit(digits, *at); at++)
		--*exponent;
	while (is_digit(at, end))
		at++;
	return at;
}

static const uint8_t *read_exponent(const uint8_t *at, const uint8_t *end, int64_t *exponent)
{
	const bool negative = at < end && *at == '-';
	int64_t value = 0;
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (!is_digit(at, end))
		return NULL;
	for (; is_digit(at, end); at++)
		value = value < FAR_EXPONENT ? value * 10 + (*at - '0') : value;
	*exponent += negative ? -value : value;
	return at;
}

const uint8_t *json_read_number(const uint8_t *at, const uint8_t *end, struct tok_json *out,
				bool *too_large)
{
	const bool negative = *at == '-';
	uint64_t digits = 0;
	int64_t exponent = 0;

	*too_large = false;
	at += negative;
	if (!is_digit(at, end))
		return NULL;
	at = read_whole(at, end, &digits, &exponent);
	bool whole = exponent == 0 && (!negative || (digits != 0 && digits <= (uint64_t)1 << 63));
	if (at && at < end && *at == '.') {
		whole = false;
		at = read_fraction(at + 1, end, &digits, &exponent);
	}
	if (at && at < end && (*at == 'e' || *at == 'E')) {
		whole = false;
		at = read_exponent(at + 1, end, &exponent);
	}
	if (!at)
		return NULL;
	if (whole && !negative) {
		*out = (struct tok_json){ .kind = TOK_JSON_UNSIGNED, .as.whole = digits };
	} else if (whole) {
		*out = (struct tok_json){ .kind = TOK_JSON_NEGATIVE,
					  .as.negative = -(int64_t)(digits - 1) - 1 };
	} else {
		double value;
		if (!scale_digits(digits, exponent, &value)) {
			*too_large = true;
			return NULL;
		}
		*out = (struct tok_json){ .kind = TOK_JSON_DOUBLE,
					  .as.real = negative ? -value : value };
	}
	return at;
}
