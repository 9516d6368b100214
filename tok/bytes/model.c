#include "tok/bytes/model.h"

#include <math.h>

#include "tok/bytes/small_internal.h"

double tok_lm_parts_log_p(const struct tok_lm_parts *parts, tok_id id)
{
	struct tok_log_sum sum = tok_log_sum_none();
	double p = parts->scale * parts->base[id];
	tok_log_sum_add_scaled(&sum, parts->scale, parts->log_scale, parts->base[id]);
	for (size_t i = 0; i < parts->count; i++) {
		const struct tok_lm_part *part = &parts->parts[i];
		const double add = tok_lm_part_add(part, id);
		p += part->scale * add;
		tok_log_sum_add_scaled(&sum, part->scale, part->log_scale, add);
	}
	return tok_log_sum_beside(&sum, p);
}
