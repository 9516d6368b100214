/*
 * exponentials.h - e to the power of many numbers.
 *
 *	tok_exponentials *raise = tok_exponentials_of(kernel);
 *	raise(log_p, p, count);
 *
 * Each within two units of the last place of exp(), several times as fast: rows of language models
 * have a hundred thousand of them.  The same numbers whatever the kernel is, and whatever stands
 * beside a number.  -INFINITY gives 0; numbers above 700 or below -700 and NaN give what exp()
 * gives.
 */
#ifndef TOK_BASE_EXPONENTIALS_H
#define TOK_BASE_EXPONENTIALS_H

#include <stddef.h>

#include "tok/base/cpu.h"

/* Two arrays that do not overlap. */
typedef void tok_exponentials(const double *from, double *to, size_t count);

/* By a kernel that runs here; by the scalar one where it has none of its own. */
TOK_API tok_exponentials *tok_exponentials_of(enum tok_kernel kernel);

#endif
