/* machine_next.c - what a front says.  A head that begins at the end of the text stands for all
 * of its weight, any other place for what goes on from there: tokens that end at the place
 * have heads of their own.  So each row of tokens is counted once, whatever was dropped. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

static enum tok_status need_rows(struct tok_core *core, const struct tok_front *front, bool fresh,
				 struct tok_error *err)
{
	size_t count = 0;
	if (!tok_grow(&core->heads, &core->head_capacity, front->count, sizeof(core->heads[0])))
		return tok_fail_memory(err);
	for (size_t i = 0; i < front->count; i++)
		if (fresh || front->places[i].node != 0)
			core->heads[count++] = front->places[i].head;
	return tok_row_store_need(core, core->heads, count, err);
}

struct tok_bounds tok_place_below(struct tok_core *core, struct tok_place *place)
{
	if (!place->summed)
		place->below = tok_row_sum(core, place->head->row, place->mask,
					   tok_node_below(core->tokens, place->node));
	place->summed = true;
	return place->below;
}

struct tok_bounds tok_place_log_below(struct tok_core *core, struct tok_place *place)
{
	return tok_row_log_sum(core, place->head->row, place->mask,
			       tok_node_below(core->tokens, place->node),
			       tok_place_below(core, place));
}

/* ---- P ---------------------------------------------------------------------------------- */

struct tok_bounds tok_place_log_share(struct tok_core *core, struct tok_place *place)
{
	struct tok_bounds share = place->log_p;
	if (place->node != 0) {
		const struct tok_bounds below = tok_place_log_below(core, place);
		share.low += below.low;
		share.high += below.high;
	}
	return share;
}

struct tok_bounds tok_place_share(struct tok_core *core, struct tok_place *place, double shift)
{
	if (shift != 0.0) {
		const struct tok_bounds share = tok_place_log_share(core, place);
		return (struct tok_bounds){ exp(share.low - shift), exp(share.high - shift) };
	}
	if (place->node == 0)
		return place->weight;
	const struct tok_bounds below = tok_place_below(core, place);
	return (struct tok_bounds){ place->weight.low * below.low,
				    place->weight.high * below.high };
}

static struct tok_bounds sum_shares(struct tok_core *core, struct tok_front *front, double shift)
{
	struct tok_bounds mass = { 0 };
	for (size_t i = 0; i < front->count; i++) {
		const struct tok_bounds share = tok_place_share(core, &front->places[i], shift);
		mass.low += share.low;
		mass.high += share.high;
	}
	return mass;
}

/* Of the share of one place; a logarithm. */
static double find_most(struct tok_core *core, struct tok_front *front)
{
	double most = -INFINITY;
	for (size_t i = 0; i < front->count; i++)
		most = fmax(most, tok_place_log_share(core, &front->places[i]).high);
	return most;
}

enum tok_status tok_front_mass(struct tok_core *core, struct tok_front *front,
			       struct tok_bounds *out, struct tok_error *err)
{
	if (front->weighed) {
		*out = front->mass;
		return TOK_OK;
	}
	const enum tok_status status = need_rows(core, front, false, err);
	if (status != TOK_OK)
		return status;
	front->mass = sum_shares(core, front, 0.0);
	if (tok_is_small(front->mass.high)) {
		const double most = find_most(core, front);
		front->shift = most > -INFINITY ? most : 0.0;
		front->mass = sum_shares(core, front, front->shift);
	}
	front->weighed = true;
	*out = front->mass;
	return TOK_OK;
}

struct tok_bounds tok_front_log_p(const struct tok_front *front)
{
	const double from = front->origin + front->shift;
	return (struct tok_bounds){
		from + log(front->mass.low),
		from + tok_log_add(log(front->mass.high), front->dropped - front->shift),
	};
}

enum tok_status tok_front_need(struct tok_core *core, const struct tok_front *front,
			       struct tok_error *err)
{
	return need_rows(core, front, false, err);
}

/* ---- the next byte -------------------------------------------------------------------- */

enum { BYTES = 256, END = BYTES, SPECIAL, OUTCOMES };

/* Of each outcome, as shares of exp(origin + shift); and logarithms of what is too small for that.
 */
struct sums {
	double shift;
	struct tok_bounds plain[OUTCOMES];
	bool any_small; /* else there is nothing in: */
	struct tok_bounds small[OUTCOMES];
};

static void sums_init(struct sums *sums, double shift)
{
	memset(sums->plain, 0, sizeof sums->plain);
	sums->shift = shift;
	sums->any_small = false;
}

/* What shares of places are multiplied by; nothing where all of them are too small. */
static struct tok_bounds plain_weight(const struct sums *sums, const struct tok_place *place)
{
	return sums->shift == 0.0 ? place->weight : (struct tok_bounds){ 0 };
}

/* False where the product is too small for that. */
static bool add_product(struct sums *sums, size_t outcome, struct tok_bounds weight,
			struct tok_bounds mass)
{
	const double high = weight.high * mass.high;
	if (tok_is_small(high))
		return false;
	sums->plain[outcome].low += weight.low * mass.low;
	sums->plain[outcome].high += high;
	return true;
}

static void add_small(struct sums *sums, size_t outcome, struct tok_bounds log_p)
{
	const struct tok_bounds none = { -INFINITY, -INFINITY };
	for (size_t o = 0; !sums->any_small && o < OUTCOMES; o++)
		sums->small[o] = none;
	sums->any_small = true;
	struct tok_bounds *small = &sums->small[outcome];
	small->low = tok_log_add(small->low, log_p.low);
	small->high = tok_log_add(small->high, log_p.high);
}

static void add_logs(struct sums *sums, size_t outcome, const struct tok_place *place,
		     struct tok_bounds log_mass)
{
	const struct tok_bounds log_p = { place->log_p.low + log_mass.low - sums->shift,
					  place->log_p.high + log_mass.high - sums->shift };
	if (log_p.high == -INFINITY)
		return;
	if (tok_is_small(exp(log_p.high))) {
		add_small(sums, outcome, log_p);
		return;
	}
	sums->plain[outcome].low += exp(log_p.low);
	sums->plain[outcome].high += exp(log_p.high);
}

static void add_others(struct tok_core *core, const struct tok_place *place,
		       enum tok_byte_kind kind, struct sums *sums)
{
	struct tok_row *row = place->head->row;
	const struct tok_row_masses *low = &row->other_low, *high = &row->other_high;
	const bool end = kind == TOK_BYTE_END;
	const struct tok_bounds mass = { (end ? low->end : low->nontext) * row->scale,
					 (end ? high->end : high->nontext) * row->scale };
	const size_t outcome = end ? END : SPECIAL;
	if (!add_product(sums, outcome, plain_weight(sums, place), mass))
		add_logs(sums, outcome, place, tok_row_log_others(core, row, kind));
}

/* What of a child is too small for a product. */
static void add_child_logs(struct tok_core *core, const struct tok_place *place,
			   struct tok_mask *mask, uint32_t child, struct tok_bounds mass,
			   struct sums *sums)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_range ranks = tok_node_ranks(t, child);
	struct tok_row *row = place->head->row;
	if (row->in_parts && mass.high == 0.0 && !tok_row_hides(core, row))
		return;
	add_logs(sums, t->bytes[child], place, tok_row_log_sum(core, row, mask, ranks, mass));
}

/* A head that begins here: all that its row has. */
static enum tok_status add_fresh(struct tok_core *core, const struct tok_place *place,
				 struct sums *sums, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	struct tok_mask *mask = NULL;
	if (core->validity) {
		const enum tok_status status =
		    tok_mask_find(core, place->head->state, 0, &mask, err);
		if (status != TOK_OK)
			return status;
	}
	const struct tok_bounds weight = plain_weight(sums, place);
	struct tok_bounds firsts[256];
	tok_row_firsts(core, place->head->row, mask, firsts);
	for (uint32_t c = t->first[0]; c < t->first[1]; c++)
		if (!add_product(sums, t->bytes[c], weight, firsts[c - t->first[0]]))
			add_child_logs(core, place, mask, c, firsts[c - t->first[0]], sums);
	tok_mask_release(mask);
	add_others(core, place, TOK_BYTE_END, sums);
	add_others(core, place, TOK_BYTE_NONTEXT, sums);
	return TOK_OK;
}

static enum tok_status add_place(struct tok_core *core, const struct tok_place *place,
				 struct sums *sums, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_bounds weight = plain_weight(sums, place);
	if (place->node == 0)
		return add_fresh(core, place, sums, err);
	for (uint32_t c = t->first[place->node]; c < t->first[place->node + 1]; c++) {
		const struct tok_bounds mass =
		    tok_row_sum(core, place->head->row, place->mask, tok_node_ranks(t, c));
		if (!add_product(sums, t->bytes[c], weight, mass))
			add_child_logs(core, place, place->mask, c, mass, sums);
	}
	return TOK_OK;
}

static double middle(struct tok_bounds b)
{
	return b.low == b.high ? b.low : 0.5 * (b.low + b.high);
}

/* All that may follow. */
static struct tok_bounds sum_all(const struct sums *sums)
{
	struct tok_bounds all = { 0 };
	for (size_t o = 0; o < OUTCOMES; o++) {
		all.low += sums->plain[o].low;
		all.high += sums->plain[o].high;
	}
	return all;
}

static double log_small(const struct sums *sums, size_t outcome)
{
	if (!sums->any_small)
		return -INFINITY;
	const struct tok_bounds b = sums->small[outcome];
	return b.low == b.high ? b.low : tok_log_add(b.low, b.high) - log(2.0);
}

/* A share of the text, 0 only where the outcome is impossible; its logarithm where it is small. */
static double divide_value(const struct sums *sums, size_t outcome, double text, double *log_value)
{
	const double plain = middle(sums->plain[outcome]), value = plain / text,
		     small = log_small(sums, outcome);
	if (small == -INFINITY && (!tok_is_small(value) || plain == 0.0))
		return value;
	*log_value = tok_log_add(log(plain), small) - log(text);
	return tok_exp_of(*log_value);
}

/* What bounds of one outcome are to be divided by. */
struct whole {
	struct tok_bounds text, next; /* P, the sum of outcomes */
	double dropped;
	double leak; /* below 0: what outcomes leave */
	bool parts;  /* outcomes are all that there is: nothing leaks */
};

/* What was dropped may all go on with this outcome, or none of it. */
static struct tok_bounds divide(const struct whole *w, struct tok_bounds one)
{
	struct tok_bounds out = { one.low / (w->text.high + w->dropped),
				  (one.high + w->dropped) / w->text.low };
	if (w->parts) {
		const double others_high = fmax(0.0, w->next.high - one.high) + w->dropped,
			     others_low = fmax(0.0, w->next.low - one.low);
		if (one.low > 0.0)
			out.low = fmax(out.low, one.low / (one.low + others_high));
		out.high =
		    fmin(out.high, (one.high + w->dropped) / (one.high + w->dropped + others_low));
	}
	out.low = fmin(fmax(out.low, 0.0), 1.0);
	out.high = out.high >= 0.0 ? fmin(out.high, 1.0) : 1.0; /* no number: nothing is known */
	if (out.low > out.high)                                 /* by a rounding */
		out = (struct tok_bounds){ out.high, out.low };
	return out;
}

/* What no outcome has. */
static double leak_of(const struct sums *sums, double text)
{
	double rest = text;
	for (size_t o = 0; o < OUTCOMES; o++)
		rest -= middle(sums->plain[o]);
	return fmax(0.0, rest);
}

static void write_values(const struct sums *sums, const struct whole *w, struct tok_next_bytes *out)
{
	const double text = middle(w->text) > 0.0 ? middle(w->text) : 1.0; /* all was dropped */
	double log_special;
	for (size_t b = 0; b < BYTES; b++)
		out->joint[b] = divide_value(sums, b, text, &out->small_logs[b]);
	out->end = divide_value(sums, END, text, &out->small_logs[END]);
	out->special = divide_value(sums, SPECIAL, text, &log_special);
	out->leak = w->leak >= 0.0 ? w->leak : leak_of(sums, middle(w->text)) / text;
}

static void write_valid_leak(struct tok_core *core, struct tok_front *front,
			     struct tok_next_bytes *out)
{
	out->valid_leak = NAN;
	switch (core->options.semantics) {
	case TOK_BYTES_ALL:
		break;
	case TOK_BYTES_VALID:
		out->valid_leak = out->leak;
		break;
	case TOK_BYTES_VALID_RENORM:
		out->valid_leak = tok_front_valid_leak(core, front);
		break;
	}
}

/* What is too small for a plain sum is at least nothing, and at most a number that has all its
 * digits. */
static struct tok_bounds bound(const struct sums *sums, const struct whole *w, size_t outcome)
{
	struct tok_bounds one = sums->plain[outcome];
	if (log_small(sums, outcome) > -INFINITY)
		one.high += fmax(exp(sums->small[outcome].high), DBL_MIN);
	return divide(w, one);
}

static void write_bounds(const struct sums *sums, const struct whole *w, struct tok_next_bytes *out)
{
	for (size_t b = 0; b < BYTES; b++) {
		const struct tok_bounds bounds = bound(sums, w, b);
		out->low[b] = bounds.low;
		out->high[b] = bounds.high;
	}
	const struct tok_bounds end = bound(sums, w, END), special = bound(sums, w, SPECIAL);
	out->end_low = end.low;
	out->end_high = end.high;
	out->special_low = special.low;
	out->special_high = special.high;
}

/* What rounds off where all but what leaks is taken away from 1. */
static const double leak_error = 1e-13;

/* What none of the outcomes has; of `all` that is nothing. */
static void write_leak_bounds(enum tok_bytes_semantics semantics, struct tok_next_bytes *out)
{
	double low = out->end_low + out->special_low, high = out->end_high + out->special_high;
	out->leak_low = out->leak_high = 0.0;
	if (semantics == TOK_BYTES_ALL)
		return;
	for (size_t b = 0; b < BYTES; b++) {
		low += out->low[b];
		high += out->high[b];
	}
	out->leak_low = fmax(0.0, 1.0 - high - leak_error);
	out->leak_high = fmax(0.0, fmin(1.0, 1.0 - low + leak_error));
}

static void write_same_bounds(struct tok_next_bytes *out)
{
	memcpy(out->low, out->joint, sizeof out->low);
	memcpy(out->high, out->joint, sizeof out->high);
	out->end_low = out->end_high = out->end;
	for (size_t b = 0; !out->exact && b < BYTES; b++)
		tok_hold_small(&out->low[b], &out->high[b]);
	out->special_low = out->special_high = out->special;
	out->leak_low = out->leak_high = out->leak;
	if (out->exact)
		return;
	tok_hold_small(&out->end_low, &out->end_high);
	tok_hold_small(&out->special_low, &out->special_high);
}

/* Were all rows whole, and nothing dropped?  Then bounds are the values. */
static bool is_known(const struct tok_machine *m)
{
	return tok_machine_front(m)->dropped == -INFINITY && !m->core->loose;
}

static struct tok_text_p text_of(const struct tok_machine *m, struct tok_bounds mass)
{
	const struct tok_front *front = tok_machine_front(m);
	const double hidden = 0.5 * (m->hidden_low + m->hidden_high),
		     from = front->origin + front->shift;
	struct tok_text_p out = { .log_p = from + log(middle(mass)) - hidden };
	out.exact = is_known(m) && tok_machine_text_windows(m).count == 1;
	out.low = out.high = out.log_p;
	if (is_known(m))
		return out;
	out.low = fmin(0.0, tok_front_log_p(front).low - m->hidden_high);
	out.high = fmin(0.0, tok_front_log_p(front).high - m->hidden_low);
	return out;
}

enum tok_status tok_machine_log_p(struct tok_machine *m, struct tok_text_p *out,
				  struct tok_error *err)
{
	struct tok_bounds mass;
	const enum tok_status status = tok_front_mass(m->core, tok_machine_front(m), &mass, err);
	if (status == TOK_OK)
		*out = text_of(m, mass);
	return status;
}

enum tok_status tok_machine_next(struct tok_machine *m, struct tok_next_bytes *out,
				 struct tok_error *err)
{
	struct tok_core *core = m->core;
	struct tok_front *front = tok_machine_front(m);
	const enum tok_bytes_semantics semantics = core->options.semantics;
	struct whole w = { .leak = semantics == TOK_BYTES_VALID ? -1.0 : 0.0 };
	struct sums sums;
	enum tok_status status = need_rows(core, front, true, err);
	if (status == TOK_OK)
		status = tok_front_mass(core, front, &w.text, err);
	sums_init(&sums, front->shift);
	for (size_t i = 0; status == TOK_OK && i < front->count; i++)
		status = add_place(core, &front->places[i], &sums, err);
	if (status != TOK_OK)
		return status;
	if (semantics == TOK_BYTES_VALID_RENORM)
		w.leak = tok_front_dead_share(core, front);
	w.parts = w.leak == 0.0;
	if (front->dropped > -INFINITY) /* rounded up */
		w.dropped = fmax(exp(front->dropped - front->shift), DBL_MIN);

	const struct tok_text_p text = text_of(m, w.text);
	out->known = is_known(m);
	out->exact = out->known && tok_machine_windows(m).count == 1;
	out->log_p = text.log_p;
	out->log_p_low = text.low;
	out->log_p_high = text.high;
	write_values(&sums, &w, out);
	write_valid_leak(core, front, out);
	if (out->known) {
		write_same_bounds(out);
	} else {
		w.next = sum_all(&sums);
		write_bounds(&sums, &w, out);
		write_leak_bounds(semantics, out);
	}
	return TOK_OK;
}

double tok_next_log(const struct tok_next_bytes *next, size_t symbol)
{
	return tok_log_of(symbol < BYTES ? next->joint[symbol] : next->end,
			  next->small_logs[symbol]);
}

struct tok_text_p tok_next_logs(const struct tok_next_bytes *next, size_t symbol)
{
	const double log_p = tok_next_log(next, symbol);
	struct tok_text_p out = { log_p, log_p, log_p, next->exact };
	if (next->known)
		return out;
	out.low = log(symbol < BYTES ? next->low[symbol] : next->end_low);
	out.high = log(symbol < BYTES ? next->high[symbol] : next->end_high);
	return out;
}
