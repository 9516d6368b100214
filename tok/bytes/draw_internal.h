/* draw_internal.h - what all draws begin with. */
#ifndef TOK_BYTES_DRAW_INTERNAL_H
#define TOK_BYTES_DRAW_INTERNAL_H

#include "tok/bytes/draw.h"

static inline double tok_draw_sum(const double p[TOK_MIX_SYMBOLS])
{
	double sum = 0.0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		sum += p[s];
	return sum;
}

#endif
