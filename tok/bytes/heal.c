/* heal.c - the next byte behind tokens that are chosen anew.  A way is a row of tokens that spells
 * a part of what was taken away; ways are followed place by place, and those that the model cannot
 * tell apart are one.  Weights are logarithms, which keep all digits. */
#include "tok/bytes/heal.h"

#include <math.h>
#include <stdlib.h>

#include "tok/bytes/heal_internal.h"
#include "tok/bytes/small_internal.h"

enum { WAYS_MOST = 4096 };

static const uint32_t no_way = UINT32_MAX;

struct way {
	uint32_t before; /* or no_way */
	tok_id id;
	size_t at; /* how much of the text it spells */
	double log_weight;
};

struct walk {
	struct tok_healing *h;
	struct way *ways;
	size_t count, capacity;
	struct tok_log_sum symbols[TOK_MIX_SYMBOLS], outside; /* not whole yet */
};

/* ---- ways ------------------------------------------------------------------------------ */

/* The id `steps` before the end of a context, TOK_NO_ID before its beginning. */
static tok_id id_before(const struct walk *w, uint32_t way, size_t steps)
{
	for (; way != no_way && w->ways[way].before != no_way; way = w->ways[way].before)
		if (steps-- == 0)
			return w->ways[way].id;
	return steps < w->h->count ? w->h->ids[w->h->count - 1 - steps] : TOK_NO_ID;
}

/* Does a model of finite order see the same behind both? */
static bool is_same(const struct walk *w, uint32_t a, uint32_t b)
{
	const size_t order = w->h->lm->info->markov_order;
	if (order == 0 || w->ways[a].at != w->ways[b].at)
		return false;
	for (size_t i = 0; i + 1 < order; i++)
		if (id_before(w, a, i) != id_before(w, b, i))
			return false;
	return true;
}

static enum tok_status add_way(struct walk *w, uint32_t before, tok_id id, size_t at,
			       double log_weight, struct tok_error *err)
{
	if (log_weight == -INFINITY)
		return TOK_OK;
	if (w->count == WAYS_MOST)
		return tok_fail(err, TOK_ELIMIT,
				"what was taken away is divided in more than %d ways: take fewer "
				"tokens back",
				WAYS_MOST);
	if (!tok_grow(&w->ways, &w->capacity, w->count + 1, sizeof *w->ways))
		return tok_fail_memory(err);
	w->ways[w->count] = (struct way){ before, id, at, log_weight };
	for (uint32_t i = 0; i < w->count; i++) {
		if (is_same(w, i, (uint32_t)w->count)) {
			w->ways[i].log_weight = tok_log_add(w->ways[i].log_weight, log_weight);
			return TOK_OK;
		}
	}
	w->count++;
	return TOK_OK;
}

static enum tok_status write_context(struct walk *w, uint32_t way, struct tok_error *err)
{
	struct tok_buffer *context = &w->h->context;
	size_t count = 0;
	for (uint32_t i = way; w->ways[i].before != no_way; i = w->ways[i].before)
		count++;
	tok_buffer_clear(context);
	if (!tok_buffer_add(context, w->h->ids, w->h->count * sizeof(tok_id)) ||
	    !tok_buffer_reserve(context, count * sizeof(tok_id)))
		return tok_fail_memory(err);
	context->count += count * sizeof(tok_id);
	for (uint32_t i = way; w->ways[i].before != no_way; i = w->ways[i].before)
		memcpy(context->bytes + (w->h->count + --count) * sizeof(tok_id), &w->ways[i].id,
		       sizeof(tok_id));
	return TOK_OK;
}

/* ---- one step --------------------------------------------------------------------------- */

/* A row behind a way, made whole. */
struct row {
	const struct walk *walk;
	uint32_t way;
	double log_scale;
};

static double log_p_of(const struct row *row, tok_id id)
{
	return row->walk->h->row[id] + row->log_scale;
}

static double log_mass_of(const struct row *row, uint32_t node)
{
	const struct tok_healing *h = row->walk->h;
	const double mass = h->masses[node];
	return (tok_is_small(mass) ? tok_byte_tokens_log_mass(h->tokens, h->row, node)
				   : log(mass)) +
	       row->log_scale;
}

static double log_other_of(const struct row *row, enum tok_byte_kind kind)
{
	return tok_byte_tokens_log_other(row->walk->h->tokens, row->walk->h->row, kind) +
	       row->log_scale;
}

/* What goes on from a node. */
static void add_children(struct walk *w, const struct row *row, uint32_t node, double log_weight)
{
	for (unsigned b = 0; b < 256; b++) {
		const uint32_t child = tok_byte_tokens_child(w->h->tokens, node, (uint8_t)b);
		if (child)
			tok_log_sum_add(&w->symbols[b], log_weight + log_mass_of(row, child));
	}
}

/* The text is spelled: whatever comes, comes behind it. */
static void end_way(struct walk *w, const struct row *row)
{
	const double log_weight = w->ways[row->way].log_weight;
	add_children(w, row, 0, log_weight);
	tok_log_sum_add(&w->symbols[TOK_MIX_END], log_weight + log_other_of(row, TOK_BYTE_END));
	tok_log_sum_add(&w->outside, log_weight + log_other_of(row, TOK_BYTE_NONTEXT));
}

/* Tokens that spell all of the rest, or go on behind it. */
static enum tok_status leave_at(struct walk *w, const struct row *row, uint32_t node,
				double log_weight, struct tok_error *err)
{
	const tok_id *ids;
	const size_t count = tok_byte_tokens_ends(w->h->tokens, node, &ids);
	enum tok_status status = TOK_OK;
	add_children(w, row, node, log_weight);
	for (size_t i = 0; status == TOK_OK && i < count; i++)
		status = add_way(w, row->way, ids[i], w->h->text.count,
				 log_weight + log_p_of(row, ids[i]), err);
	return status;
}

/* What fits from a place on: the sum of tokens that spell a part of the rest, a logarithm, and the
 * node of those that spell all of it, 0 where there is none. */
static double sum_fitting(const struct row *row, struct tok_span rest, uint32_t *all)
{
	const struct tok_healing *h = row->walk->h;
	struct tok_log_sum sum = tok_log_sum_none();
	uint32_t node = 0;
	for (size_t i = 0; i < rest.count; i++) {
		const tok_id *ids;
		node = tok_byte_tokens_child(h->tokens, node, rest.bytes[i]);
		if (!node || i + 1 == rest.count)
			break;
		const size_t count = h->one ? 0 : tok_byte_tokens_ends(h->tokens, node, &ids);
		for (size_t k = 0; k < count; k++)
			tok_log_sum_add(&sum, log_p_of(row, ids[k]));
	}
	*all = node;
	if (node)
		tok_log_sum_add(&sum, log_mass_of(row, node));
	return tok_log_sum_of(&sum);
}

static enum tok_status go_on(struct walk *w, const struct row *row, struct tok_error *err)
{
	const struct tok_healing *h = w->h;
	const size_t at = w->ways[row->way].at;
	const struct tok_span rest = tok_span_slice(tok_buffer_span(&h->text), at, h->text.count);
	uint32_t all, node = 0;
	const double sum = sum_fitting(row, rest, &all);
	if (sum == -INFINITY) /* nobody who draws token by token gets further */
		return TOK_OK;
	const double log_weight = w->ways[row->way].log_weight - sum;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; !h->one && i + 1 < rest.count; i++) {
		const tok_id *ids;
		node = tok_byte_tokens_child(h->tokens, node, rest.bytes[i]);
		if (!node)
			break;
		const size_t count = tok_byte_tokens_ends(h->tokens, node, &ids);
		for (size_t k = 0; status == TOK_OK && k < count; k++)
			status = add_way(w, row->way, ids[k], at + i + 1,
					 log_weight + log_p_of(row, ids[k]), err);
	}
	if (status == TOK_OK && all)
		status = leave_at(w, row, all, log_weight, err);
	return status;
}

static enum tok_status take_way(struct walk *w, uint32_t way, struct tok_error *err)
{
	struct row row = { .walk = w, .way = way };
	enum tok_status status = write_context(w, way, err);
	if (status == TOK_OK)
		status = tok_healing_ask(w->h, &row.log_scale, err);
	if (status != TOK_OK)
		return status;
	if (w->ways[way].at < w->h->text.count)
		return go_on(w, &row, err);
	end_way(w, &row);
	return TOK_OK;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* Place by place, so that a way has all of its weight when its turn comes. */
static enum tok_status walk_text(struct walk *w, struct tok_error *err)
{
	enum tok_status status = add_way(w, no_way, TOK_NO_ID, 0, 0.0, err);
	for (size_t at = 0; at <= w->h->text.count; at++)
		for (uint32_t i = 0; status == TOK_OK && i < w->count; i++)
			if (w->ways[i].at == at)
				status = take_way(w, i, err);
	return status;
}

static enum tok_status make_whole(const struct walk *w, struct tok_heal *heal,
				  struct tok_error *err)
{
	struct tok_log_sum all = tok_log_sum_none();
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		tok_log_sum_add(&all, tok_log_sum_of(&w->symbols[s]));
	const double whole = tok_log_sum_of(&all), outside = tok_log_sum_of(&w->outside);
	if (whole == -INFINITY)
		return tok_fail(err, TOK_ETEXT,
				"no token spells what was taken away and goes on behind it");
	heal->windows = w->h->windows;
	heal->exact = heal->windows.count == 1;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		heal->log_p[s] = tok_log_sum_of(&w->symbols[s]) - whole;
		heal->p[s] = heal->low[s] = heal->high[s] = tok_exp_of(heal->log_p[s]);
		if (!heal->exact)
			tok_hold_small(&heal->low[s], &heal->high[s]);
	}
	heal->outside = tok_exp_of(outside - tok_log_add(whole, outside));
	return TOK_OK;
}

enum tok_status tok_heal_next(const struct tok_byte_tokens *tokens, struct tok_lm *lm,
			      const tok_id *ids, size_t count, size_t back, struct tok_heal *out,
			      struct tok_error *err)
{
	struct tok_healing h;
	struct tok_heal heal = { .back = 0 };
	struct walk w = { .h = &h, .outside = tok_log_sum_none() };
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		w.symbols[s] = tok_log_sum_none();
	enum tok_status status = tok_healing_init(&h, tokens, lm, ids, count, back, err);
	if (status == TOK_OK)
		status = walk_text(&w, err);
	if (status == TOK_OK)
		status = make_whole(&w, &heal, err);
	if (status == TOK_OK) {
		heal.rows = h.rows;
		heal.back = h.back;
		*out = heal;
	}
	free(w.ways);
	tok_healing_release(&h);
	return status;
}
