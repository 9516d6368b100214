/* machine_small.c - what a row says of many ids where that is too small for a sum of doubles:
 * logarithms, added relative to the greatest of them.  Only asked where a plain sum has lost
 * digits.
 */
#include <math.h>

#include "tok/bytes/machine_internal.h"

static struct tok_bounds both(double value)
{
	return (struct tok_bounds){ value, value };
}

static struct tok_bounds logs_of(struct tok_bounds sum)
{
	return (struct tok_bounds){ tok_is_small(sum.low) && sum.low < sum.high ? -INFINITY
										: log(sum.low),
				    log(sum.high) };
}

/* ---- rows in parts -------------------------------------------------------------------- */

double tok_least(const double *numbers, size_t count)
{
	double least = INFINITY;
	for (size_t i = 0; i < count; i++)
		if (fabs(numbers[i]) < least && numbers[i] != 0.0)
			least = fabs(numbers[i]);
	return least;
}

static double least_of_part(const struct tok_lm_part *part, struct tok_part *big)
{
	if (!big)
		return tok_least(part->add, part->count);
	if (big->least == 0.0)
		big->least = tok_least(part->add, part->count);
	return big->least;
}

static bool may_hide(double scale, double log_scale, double least)
{
	return tok_is_small(scale * least) && (scale > 0.0 || log_scale > -INFINITY);
}

static bool find_hidden(const struct tok_core *core, const struct tok_row *row)
{
	const struct tok_lm_parts *parts = &row->parts;
	bool found = may_hide(parts->scale, parts->log_scale, core->base_least);
	for (size_t i = 0; !found && i < parts->count; i++) {
		const struct tok_lm_part *part = &parts->parts[i];
		found = may_hide(part->scale, part->log_scale, least_of_part(part, row->big[i]));
	}
	return found;
}

/* Looked at where something is small, and no sooner: most rows never are. */
bool tok_row_hides(const struct tok_core *core, struct tok_row *row)
{
	if (row->hiding == TOK_HIDING_UNKNOWN)
		row->hiding = find_hidden(core, row) ? TOK_HIDING_SOMETHING : TOK_HIDING_NOTHING;
	return row->hiding == TOK_HIDING_SOMETHING;
}

/* ---- whole rows, and rows of the best -------------------------------------------------- */

static double sum_whole(const struct tok_core *core, const struct tok_row *row,
			const struct tok_mask *mask, struct tok_range ranks)
{
	struct tok_log_sum sum = tok_log_sum_none();
	for (uint32_t rank = tok_mask_next(mask, ranks.begin, ranks.end); rank < ranks.end;
	     rank = tok_mask_next(mask, rank + 1, ranks.end))
		tok_log_sum_add(&sum, row->log_p[core->tokens->by_rank[rank]]);
	return tok_log_sum_of(&sum);
}

static struct tok_bounds whole_logs(const struct tok_row *row, double log_value)
{
	const struct tok_bounds logs = tok_row_log_around(row, log_value);
	return (struct tok_bounds){ logs.low + row->log_scale, logs.high + row->log_scale };
}

/* `known` of ids that are told, and `unseen` more. */
static struct tok_bounds add_unseen(const struct tok_row *row, double known, double unseen)
{
	return (struct tok_bounds){
		tok_log_add(known, log(tok_unseen_least(&row->unseen, unseen))),
		tok_log_add(known, tok_unseen_log_most(&row->unseen, unseen)),
	};
}

static struct tok_bounds sum_best(const struct tok_row *row, const struct tok_mask *mask,
				  struct tok_range ranks)
{
	struct tok_log_sum sum = tok_log_sum_none();
	double unseen = (double)tok_mask_count(mask, ranks);
	for (size_t i = 0; i < row->known_count; i++) {
		const struct tok_known *known = &row->known[i];
		if (known->rank < ranks.begin || known->rank >= ranks.end ||
		    !tok_mask_has(mask, known->rank))
			continue;
		tok_log_sum_add(&sum, known->log_p);
		unseen -= 1.0;
	}
	return add_unseen(row, tok_log_sum_of(&sum), unseen);
}

struct tok_bounds tok_row_log_sum(struct tok_core *core, struct tok_row *row, struct tok_mask *mask,
				  struct tok_range ranks, struct tok_bounds sum)
{
	if (!tok_is_small(sum.high) || (row->in_parts && !tok_row_hides(core, row)))
		return logs_of(sum);
	if (row->in_parts) {
		const struct tok_bounds logs = tok_joined_log_sum(core, row, mask, ranks);
		return (struct tok_bounds){ logs.low + row->log_scale, logs.high + row->log_scale };
	}
	return row->log_p ? whole_logs(row, sum_whole(core, row, mask, ranks))
			  : sum_best(row, mask, ranks);
}

/* ---- ids that are no text --------------------------------------------------------------- */

static bool may_end(const struct tok_core *core, const struct tok_row *row)
{
	return !core->validity || tok_validity_end(core->validity, &row->of->state->valid);
}

/* In parts. */
static struct tok_bounds sum_joined_others(struct tok_core *core, struct tok_row *row,
					   enum tok_byte_kind kind)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_row_masses *others = &row->other_low;
	const double plain = kind == TOK_BYTE_END ? others->end : others->nontext;
	struct tok_log_sum low = tok_log_sum_none(), high = tok_log_sum_none();
	if (!tok_is_small(plain) || (plain > 0.0 && !tok_row_hides(core, row)))
		return both(log(plain) + row->log_scale);
	for (size_t i = 0; i < t->other_count; i++) {
		if (t->kinds[t->others[i]] != kind || !tok_row_hides(core, row))
			continue;
		const struct tok_lm_log_p p = tok_lm_parts_log_p(&row->parts, t->others[i]);
		core->loose |= p.low < p.high;
		tok_log_sum_add(&low, p.low);
		tok_log_sum_add(&high, p.high);
	}
	return (struct tok_bounds){ tok_log_sum_of(&low) + row->log_scale,
				    tok_log_sum_of(&high) + row->log_scale };
}

static struct tok_bounds sum_best_others(const struct tok_core *core, const struct tok_row *row,
					 enum tok_byte_kind kind)
{
	const struct tok_byte_tokens *t = core->tokens;
	struct tok_log_sum sum = tok_log_sum_none();
	double unseen = 0.0;
	for (size_t i = 0; i < t->other_count; i++)
		unseen += t->kinds[t->others[i]] == kind;
	for (size_t i = 0; i < row->known_count; i++) {
		const struct tok_known *known = &row->known[i];
		if (known->rank < t->text_count ||
		    t->kinds[t->others[known->rank - t->text_count]] != kind)
			continue;
		tok_log_sum_add(&sum, known->log_p);
		unseen -= 1.0;
	}
	return add_unseen(row, tok_log_sum_of(&sum), unseen);
}

struct tok_bounds tok_row_log_others(struct tok_core *core, struct tok_row *row,
				     enum tok_byte_kind kind)
{
	if (kind == TOK_BYTE_END && !may_end(core, row))
		return both(-INFINITY);
	const bool is_end = kind == TOK_BYTE_END;
	const double low = is_end ? row->other_low.end : row->other_low.nontext,
		     high = is_end ? row->other_high.end : row->other_high.nontext;
	if (row->vague || (row->in_parts && low < high))
		return (struct tok_bounds){ log(low) + row->log_scale, log(high) + row->log_scale };
	if (row->in_parts)
		return sum_joined_others(core, row, kind);
	return row->log_p
		   ? whole_logs(row, tok_byte_tokens_log_other(core->tokens, row->log_p, kind))
		   : sum_best_others(core, row, kind);
}

/* ---- rows of which next to nothing is valid ------------------------------------------------ */

/* A row in parts becomes a whole one. */
static bool spread(struct tok_core *core, struct tok_row *row)
{
	if (!tok_row_make_room(core, row))
		return false;
	for (size_t id = 0; id < core->tokens->size; id++) {
		const struct tok_lm_log_p p = tok_lm_parts_log_p(&row->parts, (tok_id)id);
		row->log_p[id] = p.log_p;
		row->error += p.low < p.high ? exp(p.high) - exp(p.low) : 0.0;
	}
	core->loose |= row->error > 0.0;
	row->in_parts = false;
	return true;
}

enum tok_status tok_row_renormalise(struct tok_core *core, struct tok_row *row,
				    const struct tok_mask *mask, bool *found, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	const bool ends = may_end(core, row);
	if (row->in_parts && !spread(core, row))
		return tok_fail_memory(err);
	row->log_scale = 0.0;
	const double text = sum_whole(core, row, mask, tok_node_ranks(t, 0)),
		     end = tok_row_log_others(core, row, TOK_BYTE_END).low,
		     nontext = tok_row_log_others(core, row, TOK_BYTE_NONTEXT).low,
		     all = tok_log_add(tok_log_add(text, end), nontext);
	row->log_valid = all;
	*found = all > -INFINITY;
	if (!*found)
		return TOK_OK;
	if (row->error > 0.0) /* all of it is as far from the truth as its numbers are */
		row->error = row->error < 0.5 * exp(all) ? 4.0 * row->error / exp(all) : 1.0;
	for (uint32_t rank = 0; rank < t->text_count; rank++) {
		double *log_p = &row->log_p[t->by_rank[rank]];
		*log_p = tok_mask_has(mask, rank) ? *log_p - all : -INFINITY;
	}
	for (size_t i = 0; i < t->other_count; i++) {
		double *log_p = &row->log_p[t->others[i]];
		*log_p = ends || t->kinds[t->others[i]] != TOK_BYTE_END ? *log_p - all : -INFINITY;
	}
	tok_row_take_exponentials(core, row);
	return TOK_OK;
}
