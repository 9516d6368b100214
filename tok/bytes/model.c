#include "tok/bytes/model.h"

#include <math.h>

#include "tok/bytes/small_internal.h"

static double sum_parts(const struct tok_lm_parts *parts, tok_id id)
{
	double p = parts->scale * parts->base[id];
	for (size_t i = 0; i < parts->count; i++)
		p += parts->parts[i].scale * tok_lm_part_add(&parts->parts[i], id);
	return fmax(p, 0.0);
}

double tok_lm_parts_log_p(const struct tok_lm_parts *parts, tok_id id)
{
	const double p = sum_parts(parts, id);
	struct tok_log_sum sum = tok_log_sum_none();
	if (!tok_is_small(p))
		return log(p);
	tok_log_sum_add_scaled(&sum, parts->scale, parts->log_scale, parts->base[id]);
	for (size_t i = 0; i < parts->count; i++)
		tok_log_sum_add_scaled(&sum, parts->parts[i].scale, parts->parts[i].log_scale,
				       tok_lm_part_add(&parts->parts[i], id));
	return tok_log_sum_beside(&sum, p);
}
