#include "tok/bytes/model.h"

#include <math.h>

#include "tok/bytes/small_internal.h"

static struct tok_lm_log_p between(double p, double error)
{
	const double log_p = log(p);
	if (error == 0.0)
		return (struct tok_lm_log_p){ log_p, log_p, log_p };
	return (struct tok_lm_log_p){ log_p, log(fmax(0.0, p - error)), log(p + error) };
}

static struct tok_lm_log_p sum_logs(const struct tok_lm_parts *parts, tok_id id)
{
	struct tok_log_sum sum = tok_log_sum_none();
	tok_log_sum_add_scaled(&sum, parts->scale, parts->log_scale, parts->base[id]);
	for (size_t i = 0; i < parts->count; i++)
		tok_log_sum_add_scaled(&sum, parts->parts[i].scale, parts->parts[i].log_scale,
				       tok_lm_part_add(&parts->parts[i], id));
	const struct tok_bounds bounds = tok_log_sum_bounds(&sum);
	return (struct tok_lm_log_p){ tok_log_sum_of(&sum), bounds.low, bounds.high };
}

struct tok_lm_log_p tok_lm_parts_log_p(const struct tok_lm_parts *parts, tok_id id)
{
	double p = parts->scale * parts->base[id], size = fabs(p);
	for (size_t i = 0; i < parts->count; i++) {
		const double add = parts->parts[i].scale * tok_lm_part_add(&parts->parts[i], id);
		p += add;
		size += fabs(add);
	}
	if (tok_is_small(size))
		return sum_logs(parts, id);
	return between(fmax(p, 0.0), tok_has_digits(p, size) ? 0.0 : tok_error_of(size));
}
