/* draw_internal.h - what draws with weights have in common. */
#ifndef TOK_BYTES_DRAW_INTERNAL_H
#define TOK_BYTES_DRAW_INTERNAL_H

#include "tok/bytes/draw.h"

/* The logarithm of the share that `some`, which are symbols of `all`, have of these. */
double tok_draw_log_share(const struct tok_draw_law *some, const struct tok_draw_law *all);

#endif
