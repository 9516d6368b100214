/* machine_fill.c - what a row of the model holds, and whether it is one. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tok/base/exponentials.h"
#include "tok/bytes/machine_internal.h"

/* How far from 1 a row may sum to. */
static const double sum_tolerance = 1e-3;

/* ---- what a row says ---------------------------------------------------------- */

static const struct tok_known *find_known(const struct tok_row *row, uint32_t rank)
{
	size_t low = 0, high = row->known_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (row->known[middle].rank < rank)
			low = middle + 1;
		else
			high = middle;
	}
	return &row->known[low];
}

static bool is_known(const struct tok_row *row, const struct tok_known *known, uint32_t rank)
{
	return known < row->known + row->known_count && known->rank == rank;
}

static struct tok_bounds both(double value)
{
	return (struct tok_bounds){ value, value };
}

static struct tok_bounds best_p(const struct tok_core *core, const struct tok_row *row, tok_id id)
{
	const uint32_t rank = core->tokens->rank_of[id];
	const struct tok_known *known = find_known(row, rank);
	if (is_known(row, known, rank))
		return both(known->p);
	return (struct tok_bounds){ tok_unseen_least(&row->unseen, 1.0),
				    tok_unseen_most(&row->unseen, 1.0) };
}

struct tok_bounds tok_row_around(const struct tok_row *row, double value)
{
	if (!(row->error > 0.0))
		return both(value);
	return (struct tok_bounds){ fmax(0.0, value - row->error), fmin(1.0, value + row->error) };
}

struct tok_bounds tok_row_log_around(const struct tok_row *row, double log_value)
{
	if (!(row->error > 0.0))
		return both(log_value);
	const struct tok_bounds value = tok_row_around(row, exp(log_value));
	return (struct tok_bounds){ log(value.low), log(value.high) };
}

/* Of a row over what is valid, of which no digits are left, nothing is known. */
static struct tok_bounds scale_bounds(const struct tok_row *row, struct tok_bounds p)
{
	if (row->vague)
		return (struct tok_bounds){ 0.0, p.high > 0.0 ? 1.0 : 0.0 };
	return (struct tok_bounds){ p.low * row->scale, p.high * row->scale };
}

struct tok_bounds tok_row_p(struct tok_core *core, const struct tok_row *row, tok_id id)
{
	if (row->in_parts)
		return scale_bounds(row, tok_joined_p(core, row, id));
	if (row->log_p)
		return scale_bounds(row,
				    tok_row_around(row, row->sums.p[core->tokens->rank_of[id]]));
	return best_p(core, row, id);
}

/* Logarithms of what is not scaled; of a vague row there is nothing to scale by. */
static struct tok_bounds scale_logs(const struct tok_row *row, struct tok_bounds log_p)
{
	if (row->vague)
		return (struct tok_bounds){ -INFINITY, log_p.high > -INFINITY ? 0.0 : -INFINITY };
	return (struct tok_bounds){ log_p.low + row->log_scale, log_p.high + row->log_scale };
}

static struct tok_bounds joined_log_p(struct tok_core *core, struct tok_row *row, tok_id id)
{
	const struct tok_bounds joined = tok_joined_p(core, row, id);
	if (!tok_is_small(joined.high) || !tok_row_hides(core, row))
		return scale_logs(row, (struct tok_bounds){ log(joined.low), log(joined.high) });
	const struct tok_lm_log_p exact = tok_lm_parts_log_p(&row->parts, id);
	core->loose |= exact.low < exact.high;
	return scale_logs(row, (struct tok_bounds){ exact.low, exact.high });
}

struct tok_bounds tok_row_log_p(struct tok_core *core, struct tok_row *row, tok_id id)
{
	if (row->in_parts)
		return joined_log_p(core, row, id);
	if (row->log_p)
		return scale_logs(row, tok_row_log_around(row, row->log_p[id]));
	const uint32_t rank = core->tokens->rank_of[id];
	const struct tok_known *known = find_known(row, rank);
	if (is_known(row, known, rank))
		return both(known->log_p);
	return (struct tok_bounds){ log(tok_unseen_least(&row->unseen, 1.0)),
				    tok_unseen_log_most(&row->unseen, 1.0) };
}

/* Of those that are not known, only how many are valid. */
static struct tok_bounds sum_best(const struct tok_row *row, const struct tok_mask *mask,
				  struct tok_range ranks)
{
	const struct tok_known *known = find_known(row, ranks.begin);
	double unseen = (double)tok_mask_count(mask, ranks), seen = 0.0;
	for (; known < row->known + row->known_count && known->rank < ranks.end; known++) {
		if (!tok_mask_has(mask, known->rank))
			continue;
		seen += known->p;
		unseen -= 1.0;
	}
	return (struct tok_bounds){ seen + tok_unseen_least(&row->unseen, unseen),
				    seen + tok_unseen_most(&row->unseen, unseen) };
}

struct tok_bounds tok_row_sum(struct tok_core *core, const struct tok_row *row,
			      struct tok_mask *mask, struct tok_range ranks)
{
	if (ranks.begin == ranks.end)
		return both(0.0);
	if (row->in_parts)
		return scale_bounds(row, tok_joined_sum(core, row, mask, ranks));
	if (!row->log_p)
		return sum_best(row, mask, ranks);
	const double sum =
	    mask ? tok_sums_masked(&row->sums, mask, ranks) : tok_sums_range(&row->sums, ranks);
	return scale_bounds(row, tok_row_around(row, sum));
}

void tok_row_firsts(struct tok_core *core, const struct tok_row *row, struct tok_mask *mask,
		    struct tok_bounds out[256])
{
	const struct tok_byte_tokens *t = core->tokens;
	const size_t count = t->first[1] - t->first[0];
	struct tok_bounds joined[256];
	if (row->in_parts)
		tok_joined_firsts(core, row, mask, joined);
	for (uint32_t i = 0; i < count; i++)
		out[i] = row->in_parts
			     ? scale_bounds(row, joined[i])
			     : tok_row_sum(core, row, mask, tok_node_ranks(t, t->first[0] + i));
}

/* ---- is it a distribution? ------------------------------------------------------- */

static enum tok_status check_sum(double sum, struct tok_error *err)
{
	if (fabs(sum - 1.0) <= sum_tolerance)
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT, "a row of the model sums to %.6g, not to 1", sum);
}

static enum tok_status check_number(double log_p, size_t id, struct tok_error *err)
{
	if (log_p <= sum_tolerance) /* false of what is no number */
		return TOK_OK;
	return tok_fail(err, TOK_EFORMAT,
			"a row of the model has %g for id %zu, which is no logarithm of a "
			"probability",
			log_p, id);
}

/* ---- scales ---------------------------------------------------------------------- */

/* A row of tokens may be the beginning of an encoding without being one. */
static void leave_out_end(const struct tok_core *core, struct tok_row *row)
{
	if (core->validity && !tok_validity_end(core->validity, &row->of->state->valid))
		row->other_low.end = row->other_high.end = 0.0;
}

/* Less of a row than this would leave its numbers few digits when they are divided by it. */
static const double next_to_nothing = 1e-20;

/* `*sum` is all that is valid, and 1 then.  Where there is nothing the row stays as it is. */
static enum tok_status renormalise_little(struct tok_core *core, struct tok_row *row,
					  const struct tok_mask *mask, double *sum,
					  struct tok_error *err)
{
	bool found = false;
	if (*sum >= next_to_nothing || (*sum == 0.0 && row->in_parts && !tok_row_hides(core, row)))
		return TOK_OK;
	const enum tok_status status = tok_row_renormalise(core, row, mask, &found, err);
	if (found)
		*sum = 1.0;
	return status;
}

/* An error of what rows are divided by that is more than doubles have. */
static const double digits_least = 1e-12;

static double vague_high(double p)
{
	return p > 0.0 ? 1.0 : 0.0;
}

/* What is valid is what parts have left of each other. */
static void make_vague(struct tok_row *row)
{
	row->vague = true;
	row->other_low = (struct tok_row_masses){ 0 };
	row->other_high = (struct tok_row_masses){ vague_high(row->other_high.end),
						   vague_high(row->other_high.nontext) };
}

/* `*sum` is of all that the row has, and then of what is valid. */
static enum tok_status sum_valid(struct tok_core *core, struct tok_row *row, double *sum,
				 struct tok_error *err)
{
	struct tok_mask *mask;
	const double log_all = log(*sum);
	const enum tok_status status = tok_mask_find(core, row->of->state, 0, &mask, err);
	if (status != TOK_OK)
		return status;
	const struct tok_bounds text =
	    tok_row_sum(core, row, mask, tok_node_ranks(core->tokens, 0));
	*sum = row->other_low.end + row->other_low.nontext + text.low;
	const double high = row->other_high.end + row->other_high.nontext + text.high;
	row->log_valid = log(*sum);
	if (high - *sum > digits_least * high) {
		make_vague(row);
		row->log_valid = log(0.5 * (*sum + high)) - log_all;
		*sum = 1.0;
		tok_mask_release(mask);
		return TOK_OK;
	}
	const enum tok_status renormalised = renormalise_little(core, row, mask, sum, err);
	row->log_valid -= log_all;
	tok_mask_release(mask);
	return renormalised;
}

/* Whole rows are renormalised: over all ids, which sum to `sum`, or over what is valid. */
static enum tok_status set_scale(struct tok_core *core, struct tok_row *row, double sum,
				 struct tok_error *err)
{
	enum tok_status status = check_sum(sum, err);
	row->scale = 1.0;
	leave_out_end(core, row);
	if (status == TOK_OK && core->options.semantics == TOK_BYTES_VALID_RENORM)
		status = sum_valid(core, row, &sum, err);
	if (status != TOK_OK)
		return status;
	if (!(sum >= DBL_MIN))
		sum = 1.0;
	row->scale = 1.0 / sum;
	row->log_scale = -log(sum);
	return TOK_OK;
}

/* ---- filling ----------------------------------------------------------------------- */

static void add_other(const struct tok_byte_tokens *t, tok_id id, double p,
		      struct tok_row_masses *out)
{
	*(t->kinds[id] == TOK_BYTE_END ? &out->end : &out->nontext) += p;
}

enum tok_status tok_row_fill_parts(struct tok_core *core, struct tok_row *row,
				   const struct tok_lm_request *request, struct tok_error *err)
{
	double sum;
	const enum tok_status status = tok_row_join(core, row, request, &sum, err);
	return status == TOK_OK ? set_scale(core, row, sum, err) : status;
}

static enum tok_status check_numbers(const double *log_p, size_t count, struct tok_error *err)
{
	bool good = true;
	for (size_t id = 0; id < count; id++)
		good &= log_p[id] <= sum_tolerance;
	for (size_t id = 0; !good && id < count; id++) {
		const enum tok_status status = check_number(log_p[id], id, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

void tok_row_take_exponentials(const struct tok_core *core, struct tok_row *row)
{
	enum { SOME = 1024 };
	const struct tok_byte_tokens *t = core->tokens;
	tok_exponentials *raise = tok_exponentials_of(t->kernel);
	double some[SOME];
	for (size_t begin = 0; begin < t->text_count; begin += SOME) {
		const size_t count = t->text_count - begin < SOME ? t->text_count - begin : SOME;
		for (size_t i = 0; i < count; i++)
			some[i] = row->log_p[t->by_rank[begin + i]];
		raise(some, row->sums.p + begin, count);
	}
	tok_sums_block(&row->sums, t->text_count);
	row->other_low = (struct tok_row_masses){ 0 };
	for (size_t i = 0; i < t->other_count; i++)
		add_other(t, t->others[i], exp(row->log_p[t->others[i]]), &row->other_low);
	const struct tok_bounds end = tok_row_around(row, row->other_low.end),
				nontext = tok_row_around(row, row->other_low.nontext);
	row->other_low = (struct tok_row_masses){ end.low, nontext.low };
	row->other_high = (struct tok_row_masses){ end.high, nontext.high };
}

enum tok_status tok_row_fill_whole(struct tok_core *core, struct tok_row *row,
				   struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	const enum tok_status status = check_numbers(row->log_p, t->size, err);
	if (status != TOK_OK)
		return status;
	tok_row_take_exponentials(core, row);
	const double sum = tok_sums_range(&row->sums, tok_node_ranks(t, 0)) + row->other_low.end +
			   row->other_low.nontext;
	return set_scale(core, row, sum, err);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct tok_known *x = a, *y = b;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Ids that are told twice, or that do not exist, would count for more than they are. */
static enum tok_status read_best(const struct tok_core *core, struct tok_row *row,
				 const struct tok_lm_row *answer, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	double sum = exp(answer->log_rest);
	row->known_count = 0;
	for (size_t i = 0; i < answer->best_count; i++) {
		const struct tok_lm_top best = answer->best[i];
		if (best.id >= t->size)
			return tok_fail(err, TOK_EFORMAT,
					"a row of the model has id %u: ids are below %zu", best.id,
					t->size);
		const enum tok_status status = check_number(best.log_p, best.id, err);
		if (status != TOK_OK)
			return status;
		row->known[row->known_count++] =
		    (struct tok_known){ t->rank_of[best.id], best.log_p, exp(best.log_p) };
		sum += exp(best.log_p);
	}
	if (row->known_count)
		qsort(row->known, row->known_count, sizeof *row->known, compare_ranks);
	for (size_t i = 1; i < row->known_count; i++)
		if (row->known[i].rank == row->known[i - 1].rank)
			return tok_fail(err, TOK_EFORMAT, "a row of the model has id %u twice",
					row->known[i].rank < t->text_count
					    ? t->by_rank[row->known[i].rank]
					    : t->others[row->known[i].rank - t->text_count]);
	return check_sum(sum, err);
}

/* Of ids of one kind that are no text. */
static struct tok_bounds sum_others(const struct tok_core *core, const struct tok_row *row,
				    enum tok_byte_kind kind)
{
	const struct tok_byte_tokens *t = core->tokens;
	double seen = 0.0, unseen = 0.0;
	for (size_t i = 0; i < t->other_count; i++)
		unseen += t->kinds[t->others[i]] == kind;
	for (size_t i = row->known_count; i > 0 && row->known[i - 1].rank >= t->text_count; i--) {
		if (t->kinds[t->others[row->known[i - 1].rank - t->text_count]] != kind)
			continue;
		seen += row->known[i - 1].p;
		unseen -= 1.0;
	}
	return (struct tok_bounds){ seen + tok_unseen_least(&row->unseen, unseen),
				    seen + tok_unseen_most(&row->unseen, unseen) };
}

enum tok_status tok_row_fill_best(struct tok_core *core, struct tok_row *row,
				  const struct tok_lm_row *answer, struct tok_error *err)
{
	const enum tok_status status = read_best(core, row, answer, err);
	if (status != TOK_OK)
		return status;
	row->unseen = tok_unseen_of(core->tokens, answer);
	const struct tok_bounds end = sum_others(core, row, TOK_BYTE_END),
				nontext = sum_others(core, row, TOK_BYTE_NONTEXT);
	row->other_low = (struct tok_row_masses){ end.low, nontext.low };
	row->other_high = (struct tok_row_masses){ end.high, nontext.high };
	leave_out_end(core, row);
	row->scale = 1.0;
	row->log_scale = 0.0;
	return TOK_OK;
}
