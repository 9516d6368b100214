/* tokens_mass.c - from a row of the model to probabilities of nodes.  All terms are positive and
 * each sum adds a node's ids and its children, so that a mass is as exact as its own size. */
#include <math.h>

#include "tok/bytes/small_internal.h"
#include "tok/bytes/tokens_internal.h"

/* masses[node] is what ends there; add what lies below. */
static void sum_upwards(const struct tok_byte_tokens *t, double *masses)
{
	for (uint32_t node = t->nodes; node-- > 0;)
		for (uint32_t child = t->first[node]; child < t->first[node + 1]; child++)
			masses[node] += masses[child];
}

static void add_other(const struct tok_byte_tokens *t, tok_id id, double p,
		      struct tok_row_masses *out)
{
	*(t->kinds[id] == TOK_BYTE_END ? &out->end : &out->nontext) += p;
}

void tok_byte_tokens_masses(const struct tok_byte_tokens *t, const double *log_p, double *masses,
			    struct tok_row_masses *out)
{
	for (uint32_t node = 0; node < t->nodes; node++) {
		masses[node] = 0.0;
		for (uint32_t i = 0; i < t->ending[node]; i++)
			masses[node] += exp(log_p[t->by_rank[t->rank[node] + i]]);
	}
	sum_upwards(t, masses);
	*out = (struct tok_row_masses){ 0 };
	for (size_t i = 0; i < t->other_count; i++)
		add_other(t, t->others[i], exp(log_p[t->others[i]]), out);
}

double tok_byte_tokens_log_mass(const struct tok_byte_tokens *t, const double *log_p, uint32_t node)
{
	const struct tok_range ranks = tok_node_ranks(t, node);
	struct tok_log_sum sum = tok_log_sum_none();
	for (uint32_t rank = ranks.begin; rank < ranks.end; rank++)
		tok_log_sum_add(&sum, log_p[t->by_rank[rank]]);
	return tok_log_sum_of(&sum);
}

double tok_byte_tokens_log_other(const struct tok_byte_tokens *t, const double *log_p,
				 enum tok_byte_kind kind)
{
	struct tok_log_sum sum = tok_log_sum_none();
	for (size_t i = 0; i < t->other_count; i++)
		if (t->kinds[t->others[i]] == kind)
			tok_log_sum_add(&sum, log_p[t->others[i]]);
	return tok_log_sum_of(&sum);
}

/* ---- rows of which the best are known --------------------------------------------- */

struct tok_unseen tok_unseen_of(const struct tok_byte_tokens *t, const struct tok_lm_row *row)
{
	struct tok_unseen u = { .log_rest = row->log_rest,
				.count = (double)(t->size - row->best_count) };
	for (size_t i = 0; i < row->best_count; i++)
		u.log_least = fmin(u.log_least, row->best[i].log_p);
	u.rest = exp(u.log_rest);
	u.least = exp(u.log_least);
	return u;
}

double tok_unseen_least(const struct tok_unseen *u, double m)
{
	return m > 0.0 ? fmax(0.0, u->rest - (u->count - m) * u->least) : 0.0;
}

double tok_unseen_most(const struct tok_unseen *u, double m)
{
	return fmin(u->rest, m * u->least);
}

double tok_unseen_log_most(const struct tok_unseen *u, double m)
{
	return m > 0.0 ? fmin(u->log_rest, log(m) + u->log_least) : -INFINITY;
}

/* *seen: of ids that pass through each node, or are of each other kind, how many are known. */
static void add_best(const struct tok_byte_tokens *t, const struct tok_lm_row *row, double *seen,
		     double *masses, struct tok_row_masses *others,
		     struct tok_row_masses *others_seen)
{
	for (size_t i = 0; i < row->best_count; i++) {
		const tok_id id = row->best[i].id;
		const double p = exp(row->best[i].log_p);
		if (t->kinds[id] != TOK_BYTE_TEXT) {
			add_other(t, id, p, others);
			add_other(t, id, 1.0, others_seen);
			continue;
		}
		const struct tok_span text = t->texts[id];
		uint32_t node = 0;
		for (size_t at = 0;; at++) {
			masses[node] += p;
			seen[node] += 1.0;
			if (at == text.count)
				break;
			node = tok_byte_tokens_child(t, node, text.bytes[at]);
		}
	}
}

static void count_others(const struct tok_byte_tokens *t, struct tok_row_masses *out)
{
	for (size_t i = 0; i < t->other_count; i++)
		add_other(t, t->others[i], 1.0, out);
}

void tok_byte_tokens_bounds(const struct tok_byte_tokens *t, const struct tok_lm_row *row,
			    double *low, double *high, struct tok_row_masses *low_other,
			    struct tok_row_masses *high_other)
{
	const struct tok_unseen u = tok_unseen_of(t, row);
	struct tok_row_masses sum = { 0 }, seen = { 0 }, all = { 0 };
	for (uint32_t node = 0; node < t->nodes; node++)
		low[node] = high[node] = 0.0;
	add_best(t, row, high, low, &sum, &seen); /* high: how many are known */
	for (uint32_t node = 0; node < t->nodes; node++) {
		const double m = (double)t->through[node] - high[node], known = low[node];
		low[node] = known + tok_unseen_least(&u, m);
		high[node] = known + tok_unseen_most(&u, m);
	}
	count_others(t, &all);
	low_other->end = sum.end + tok_unseen_least(&u, all.end - seen.end);
	high_other->end = sum.end + tok_unseen_most(&u, all.end - seen.end);
	low_other->nontext = sum.nontext + tok_unseen_least(&u, all.nontext - seen.nontext);
	high_other->nontext = sum.nontext + tok_unseen_most(&u, all.nontext - seen.nontext);
}
