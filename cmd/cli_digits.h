/*
 * cli_digits.h - numbers to decimal, fast: most of what a program that writes ids as
 * text would else spend its time on.
 */
#ifndef CMD_CLI_DIGITS_H
#define CMD_CLI_DIGITS_H

#include <stdint.h>
#include <string.h>

/* The longest: 4294967295. */
enum { CLI_DIGITS_MAX = 10 };

extern const char cli_digit_pairs[200]; /* "000102...99" */

static inline char *cli_put_pair(char *at, uint32_t below_100)
{
	memcpy(at, cli_digit_pairs + 2 * below_100, 2);
	return at + 2;
}

/* Four digits, zeros before them. */
static inline char *cli_put_four(char *at, uint32_t below_10000)
{
	at = cli_put_pair(at, below_10000 / 100);
	return cli_put_pair(at, below_10000 % 100);
}

/* One to four digits. */
static inline char *cli_put_upto_four(char *at, uint32_t below_10000)
{
	if (below_10000 >= 1000)
		return cli_put_four(at, below_10000);
	if (below_10000 >= 100) {
		*at++ = (char)('0' + below_10000 / 100);
		return cli_put_pair(at, below_10000 % 100);
	}
	if (below_10000 >= 10)
		return cli_put_pair(at, below_10000);
	*at++ = (char)('0' + below_10000);
	return at;
}

/* Returns where the next byte goes; there must be room for CLI_DIGITS_MAX. */
static inline char *cli_put_digits(char *at, uint32_t number)
{
	if (number < 10000)
		return cli_put_upto_four(at, number);
	if (number < 100000000) {
		at = cli_put_upto_four(at, number / 10000);
		return cli_put_four(at, number % 10000);
	}
	at = cli_put_upto_four(at, number / 100000000);
	number %= 100000000;
	at = cli_put_four(at, number / 10000);
	return cli_put_four(at, number % 10000);
}

#endif
