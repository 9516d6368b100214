/*
 * exponentials.h - e to the power of many numbers.
 *
 *	tok_exponentials(log_p, p, count);
 *
 * Each within two units of the last place of exp(), several times as fast: rows of language models
 * have a hundred thousand of them.  -INFINITY gives 0; numbers above 700 and NaN give what exp()
 * gives.
 */
#ifndef TOK_BASE_EXPONENTIALS_H
#define TOK_BASE_EXPONENTIALS_H

#include <stddef.h>

#include "tok/base/status.h"

TOK_API void tok_exponentials(const double *from, double *to, size_t count);

#endif
