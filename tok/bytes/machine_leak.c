/* machine_leak.c - what rows over what is valid have shared out, or could not. */
#include <math.h>

#include "tok/bytes/machine_internal.h"

/* What valid leaks, where rows were renormalised: those places that begin here have all that there
 * is of their rows but what is valid, and what of rows others are in was valid is known. */
double tok_front_valid_leak(struct tok_core *core, struct tok_front *front)
{
	struct tok_log_sum text = tok_log_sum_none(), leak = tok_log_sum_none();
	for (size_t i = 0; i < front->count; i++) {
		struct tok_place *place = &front->places[i];
		const double log_valid = place->head->row->log_valid,
			     log_p = tok_place_log_share(core, place).low + place->head->log_kept;
		tok_log_sum_add(&text, place->node == 0 ? log_p : log_p + log_valid);
		if (place->node == 0)
			tok_log_sum_add(&leak, log_p + log(fmax(0.0, -expm1(log_valid))));
	}
	return text.most > -INFINITY ? fmin(1.0, exp(tok_log_sum_of(&leak) - tok_log_sum_of(&text)))
				     : 0.0;
}

/* valid-renorm: the share of heads that begin here and behind which nothing is valid, so that there
 * is nothing to share out. */
double tok_front_dead_share(struct tok_core *core, struct tok_front *front)
{
	struct tok_log_sum text = tok_log_sum_none(), dead = tok_log_sum_none();
	for (size_t i = 0; i < front->count; i++) {
		struct tok_place *place = &front->places[i];
		const double log_p = tok_place_log_share(core, place).low;
		tok_log_sum_add(&text, log_p);
		if (place->node == 0 && place->head->row->log_valid == -INFINITY)
			tok_log_sum_add(&dead, log_p);
	}
	return dead.most > -INFINITY ? fmin(1.0, exp(tok_log_sum_of(&dead) - tok_log_sum_of(&text)))
				     : 0.0;
}
