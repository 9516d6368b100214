/* heal.c - the next byte behind tokens that are chosen anew.  A way is a row of tokens that spells
 * a part of what was taken away; ways are followed place by place, and those that the model cannot
 * tell apart are one.  Weights are logarithms, which keep all digits, and have bounds, for rows may
 * have lost some. */
#include "tok/bytes/heal.h"

#include <math.h>
#include <stdlib.h>

#include "tok/bytes/heal_internal.h"
#include "tok/bytes/small_internal.h"

enum { WAYS_MOST = 4096 };

static const uint32_t no_way = UINT32_MAX;

/* Logarithms; bounds are the same but for roundings where all digits are known. */
struct weight {
	double log_p, low, high;
};

struct weight_sum {
	struct tok_log_sum value, low, high;
};

struct way {
	uint32_t before; /* or no_way */
	tok_id id;
	size_t at; /* how much of the text it spells */
	struct weight weight;
};

struct walk {
	struct tok_healing *h;
	struct way *ways;
	size_t count, capacity;
	struct weight_sum symbols[TOK_MIX_SYMBOLS], outside; /* not whole yet */
};

/* ---- weights --------------------------------------------------------------------------- */

static const struct weight whole = { 0.0, 0.0, 0.0 };

static struct weight_sum sum_none(void)
{
	const struct tok_log_sum none = tok_log_sum_none();
	return (struct weight_sum){ none, none, none };
}

static void sum_add(struct weight_sum *sum, struct weight w)
{
	tok_log_sum_add(&sum->value, w.log_p);
	tok_log_sum_add(&sum->low, w.low);
	tok_log_sum_add(&sum->high, w.high);
}

static struct weight sum_of(const struct weight_sum *sum)
{
	return (struct weight){ tok_log_sum_of(&sum->value), tok_log_sum_of(&sum->low),
				tok_log_sum_of(&sum->high) };
}

static struct weight add_weights(struct weight a, struct weight b)
{
	return (struct weight){ tok_log_add(a.log_p, b.log_p), tok_log_add(a.low, b.low),
				tok_log_add(a.high, b.high) };
}

/* 0 where `part` is nothing, whatever `all` is. */
static double divide(double part, double all)
{
	return part == -INFINITY ? -INFINITY : part - all;
}

/* What a way has that goes on with `part` of all that fits, which is a sum that holds it. */
static struct weight go_on_with(struct weight way, struct weight part, struct weight all)
{
	return (struct weight){
		way.log_p + divide(part.log_p, all.log_p),
		way.low + divide(part.low, all.high),
		way.high + fmin(0.0, divide(part.high, all.low)),
	};
}

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
			       struct weight weight, struct tok_error *err)
{
	if (weight.high == -INFINITY)
		return TOK_OK;
	if (w->count == WAYS_MOST)
		return tok_fail(err, TOK_ELIMIT,
				"what was taken away is divided in more than %d ways: take fewer "
				"tokens back",
				WAYS_MOST);
	if (!tok_grow(&w->ways, &w->capacity, w->count + 1, sizeof *w->ways))
		return tok_fail_memory(err);
	w->ways[w->count] = (struct way){ before, id, at, weight };
	for (uint32_t i = 0; i < w->count; i++) {
		if (is_same(w, i, (uint32_t)w->count)) {
			w->ways[i].weight = add_weights(w->ways[i].weight, weight);
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

/* A row behind a way, made whole: any sum of it is off by .error at most. */
struct row {
	const struct walk *walk;
	uint32_t way;
	double log_scale, error;
};

static struct weight around(const struct row *row, double log_value)
{
	const double log_p = log_value + row->log_scale;
	if (row->error == 0.0)
		return (struct weight){ log_p, log_p, log_p };
	return (struct weight){ log_p, log(fmax(0.0, exp(log_p) - row->error)),
				log(exp(log_p) + row->error) };
}

static struct weight p_of(const struct row *row, tok_id id)
{
	return around(row, row->walk->h->row[id]);
}

static double log_mass_of(const struct row *row, uint32_t node)
{
	const struct tok_healing *h = row->walk->h;
	const double mass = h->masses[node];
	return tok_is_small(mass) ? tok_byte_tokens_log_mass(h->tokens, h->row, node) : log(mass);
}

static struct weight other_of(const struct row *row, enum tok_byte_kind kind)
{
	return around(row,
		      tok_byte_tokens_log_other(row->walk->h->tokens, row->walk->h->row, kind));
}

/* What goes on from a node, of all that fits. */
static void add_children(struct walk *w, const struct row *row, uint32_t node, struct weight all)
{
	const struct weight way = w->ways[row->way].weight;
	for (unsigned b = 0; b < 256; b++) {
		const uint32_t child = tok_byte_tokens_child(w->h->tokens, node, (uint8_t)b);
		if (child)
			sum_add(&w->symbols[b],
				go_on_with(way, around(row, log_mass_of(row, child)), all));
	}
}

/* The text is spelled: whatever comes, comes behind it. */
static void end_way(struct walk *w, const struct row *row)
{
	const struct weight way = w->ways[row->way].weight;
	add_children(w, row, 0, whole);
	sum_add(&w->symbols[TOK_MIX_END], go_on_with(way, other_of(row, TOK_BYTE_END), whole));
	sum_add(&w->outside, go_on_with(way, other_of(row, TOK_BYTE_NONTEXT), whole));
}

/* Tokens that end at a node, of all that fits: as far as `at` is the text spelled then. */
static enum tok_status add_ending(struct walk *w, const struct row *row, uint32_t node, size_t at,
				  struct weight all, struct tok_error *err)
{
	const tok_id *ids;
	const size_t count = tok_byte_tokens_ends(w->h->tokens, node, &ids);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; status == TOK_OK && i < count; i++) {
		const struct weight way = w->ways[row->way].weight;
		status =
		    add_way(w, row->way, ids[i], at, go_on_with(way, p_of(row, ids[i]), all), err);
	}
	return status;
}

/* What fits from a place on: the sum of tokens that spell a part of the rest, and the node of those
 * that spell all of it, 0 where there is none. */
static struct weight sum_fitting(const struct row *row, struct tok_span rest, uint32_t *all)
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
			tok_log_sum_add(&sum, h->row[ids[k]]);
	}
	*all = node;
	if (node)
		tok_log_sum_add(&sum, log_mass_of(row, node));
	return around(row, tok_log_sum_of(&sum));
}

static enum tok_status go_on(struct walk *w, const struct row *row, struct tok_error *err)
{
	const struct tok_healing *h = w->h;
	const size_t at = w->ways[row->way].at;
	const struct tok_span rest = tok_span_slice(tok_buffer_span(&h->text), at, h->text.count);
	uint32_t last, node = 0;
	const struct weight all = sum_fitting(row, rest, &last);
	enum tok_status status = TOK_OK;
	if (all.high == -INFINITY) /* nobody who draws token by token gets further */
		return TOK_OK;
	for (size_t i = 0; status == TOK_OK && !h->one && i + 1 < rest.count; i++) {
		node = tok_byte_tokens_child(h->tokens, node, rest.bytes[i]);
		if (!node)
			break;
		status = add_ending(w, row, node, at + i + 1, all, err);
	}
	if (status != TOK_OK || !last)
		return status;
	add_children(w, row, last, all);
	return add_ending(w, row, last, h->text.count, all, err);
}

static enum tok_status take_way(struct walk *w, uint32_t way, struct tok_error *err)
{
	struct row row = { .walk = w, .way = way };
	enum tok_status status = write_context(w, way, err);
	if (status == TOK_OK)
		status = tok_healing_ask(w->h, &row.log_scale, &row.error, err);
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
	enum tok_status status = add_way(w, no_way, TOK_NO_ID, 0, whole, err);
	for (size_t at = 0; at <= w->h->text.count; at++)
		for (uint32_t i = 0; status == TOK_OK && i < w->count; i++)
			if (w->ways[i].at == at)
				status = take_way(w, i, err);
	return status;
}

/* A share of all, whose bounds follow of those of the others. */
static void write_bounds(const struct weight *symbols, size_t s, double most, struct tok_heal *heal)
{
	double others_low = 0.0, others_high = 0.0;
	for (size_t o = 0; o < TOK_MIX_SYMBOLS; o++) {
		others_low += o == s ? 0.0 : exp(symbols[o].low - most);
		others_high += o == s ? 0.0 : exp(symbols[o].high - most);
	}
	const double low = exp(symbols[s].low - most), high = exp(symbols[s].high - most);
	heal->low[s] = low > 0.0 ? low / (low + others_high) : 0.0;
	heal->high[s] = high > 0.0 ? high / (high + others_low) : 0.0;
	heal->low[s] = fmin(heal->low[s], heal->p[s]); /* but for a rounding */
	heal->high[s] = fmax(heal->high[s], heal->p[s]);
	tok_hold_small(&heal->low[s], &heal->high[s]);
}

/* What is told where rows have left nothing but bounds. */
static void take_bounds(struct weight *symbols)
{
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		symbols[s].log_p = symbols[s].high;
}

static double sum_values(const struct weight *symbols)
{
	struct tok_log_sum all = tok_log_sum_none();
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		tok_log_sum_add(&all, symbols[s].log_p);
	return tok_log_sum_of(&all);
}

static enum tok_status make_whole(const struct walk *w, struct tok_heal *heal,
				  struct tok_error *err)
{
	struct weight symbols[TOK_MIX_SYMBOLS];
	const double outside = sum_of(&w->outside).log_p;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		symbols[s] = sum_of(&w->symbols[s]);
	if (sum_values(symbols) == -INFINITY && w->h->unclear)
		take_bounds(symbols);
	const double all = sum_values(symbols);
	if (all == -INFINITY)
		return tok_fail(err, TOK_ETEXT,
				"no token spells what was taken away and goes on behind it");
	heal->windows = w->h->windows;
	heal->exact = heal->windows.count == 1 && !w->h->unclear;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		heal->log_p[s] = symbols[s].log_p - all;
		heal->p[s] = heal->low[s] = heal->high[s] = tok_exp_of(heal->log_p[s]);
		if (w->h->unclear)
			write_bounds(symbols, s, all, heal);
		else if (!heal->exact)
			tok_hold_small(&heal->low[s], &heal->high[s]);
	}
	heal->outside = tok_exp_of(outside - tok_log_add(all, outside));
	return TOK_OK;
}

enum tok_status tok_heal_next(const struct tok_byte_tokens *tokens, struct tok_lm *lm,
			      const tok_id *ids, size_t count, size_t back, struct tok_heal *out,
			      struct tok_error *err)
{
	struct tok_healing h;
	struct tok_heal heal = { .back = 0 };
	struct walk w = { .h = &h, .outside = sum_none() };
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		w.symbols[s] = sum_none();
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
