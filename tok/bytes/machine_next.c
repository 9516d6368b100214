/* machine_next.c - what a front says.  A head that begins at the end of the text stands for all
 * of its weight, any other place for what goes on from there: tokens that end at the place
 * have heads of their own.  So each row of tokens is counted once, whatever was dropped. */
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

static void add_product(struct tok_bounds *sum, struct tok_bounds weight, struct tok_bounds mass)
{
	sum->low += weight.low * mass.low;
	sum->high += weight.high * mass.high;
}

struct tok_bounds tok_place_below(struct tok_core *core, struct tok_place *place)
{
	if (!place->summed)
		place->below = tok_row_sum(core, place->head->row, place->mask,
					   tok_node_below(core->tokens, place->node));
	place->summed = true;
	return place->below;
}

enum tok_status tok_front_mass(struct tok_core *core, struct tok_front *front,
			       struct tok_bounds *out, struct tok_error *err)
{
	const struct tok_bounds all = { 1.0, 1.0 };
	struct tok_bounds mass = { 0 };
	if (front->weighed) {
		*out = front->mass;
		return TOK_OK;
	}
	const enum tok_status status = need_rows(core, front, false, err);
	if (status != TOK_OK)
		return status;
	for (size_t i = 0; i < front->count; i++) {
		struct tok_place *place = &front->places[i];
		add_product(&mass, place->weight,
			    place->node == 0 ? all : tok_place_below(core, place));
	}
	front->weighed = true;
	front->mass = mass;
	*out = mass;
	return TOK_OK;
}

enum tok_status tok_front_need(struct tok_core *core, const struct tok_front *front,
			       struct tok_error *err)
{
	return need_rows(core, front, false, err);
}

/* ---- the next byte -------------------------------------------------------------------- */

struct sums {
	struct tok_bounds bytes[256], end, special;
};

/* A head that begins here: all that its row has. */
static enum tok_status add_fresh(struct tok_core *core, const struct tok_place *place,
				 struct sums *sums, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_row *row = place->head->row;
	const struct tok_row_masses *low = &row->other_low, *high = &row->other_high;
	struct tok_mask *mask = NULL;
	if (core->validity) {
		const enum tok_status status =
		    tok_mask_find(core, place->head->state, 0, &mask, err);
		if (status != TOK_OK)
			return status;
	}
	struct tok_bounds firsts[256];
	tok_row_firsts(core, row, mask, firsts);
	for (uint32_t c = t->first[0]; c < t->first[1]; c++)
		add_product(&sums->bytes[t->bytes[c]], place->weight, firsts[c - t->first[0]]);
	tok_mask_release(mask);
	add_product(&sums->end, place->weight,
		    (struct tok_bounds){ low->end * row->scale, high->end * row->scale });
	add_product(&sums->special, place->weight,
		    (struct tok_bounds){ low->nontext * row->scale, high->nontext * row->scale });
	return TOK_OK;
}

static enum tok_status add_place(struct tok_core *core, const struct tok_place *place,
				 struct sums *sums, struct tok_error *err)
{
	const struct tok_byte_tokens *t = core->tokens;
	if (place->node == 0)
		return add_fresh(core, place, sums, err);
	for (uint32_t c = t->first[place->node]; c < t->first[place->node + 1]; c++)
		add_product(&sums->bytes[t->bytes[c]], place->weight,
			    tok_row_sum(core, place->head->row, place->mask, tok_node_ranks(t, c)));
	return TOK_OK;
}

static double middle(struct tok_bounds b)
{
	return b.low == b.high ? b.low : 0.5 * (b.low + b.high);
}

/* All that may follow. */
static struct tok_bounds sum_all(const struct sums *sums)
{
	struct tok_bounds all = { sums->end.low + sums->special.low,
				  sums->end.high + sums->special.high };
	for (size_t b = 0; b < 256; b++) {
		all.low += sums->bytes[b].low;
		all.high += sums->bytes[b].high;
	}
	return all;
}

/* What bounds of one outcome are to be divided by. */
struct whole {
	struct tok_bounds text, next; /* P, the sum of outcomes */
	double dropped;
	bool parts; /* outcomes are all that there is: nothing leaks */
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

static void write_values(const struct sums *sums, const struct whole *w, bool leaks,
			 struct tok_next_bytes *out)
{
	const double text = middle(w->text) > 0.0 ? middle(w->text) : 1.0; /* all was dropped */
	double rest = middle(w->text);
	for (size_t b = 0; b < 256; b++) {
		const double joint = middle(sums->bytes[b]);
		out->joint[b] = joint / text;
		rest -= joint;
	}
	out->end = middle(sums->end) / text;
	out->special = middle(sums->special) / text;
	rest -= middle(sums->end) + middle(sums->special);
	out->leak = leaks ? fmax(0.0, rest / text) : 0.0;
}

static void write_bounds(const struct sums *sums, const struct whole *w, struct tok_next_bytes *out)
{
	for (size_t b = 0; b < 256; b++) {
		const struct tok_bounds bounds = divide(w, sums->bytes[b]);
		out->low[b] = bounds.low;
		out->high[b] = bounds.high;
	}
	const struct tok_bounds end = divide(w, sums->end);
	out->end_low = end.low;
	out->end_high = end.high;
}

static void write_same_bounds(struct tok_next_bytes *out)
{
	memcpy(out->low, out->joint, sizeof out->low);
	memcpy(out->high, out->joint, sizeof out->high);
	out->end_low = out->end_high = out->end;
}

static struct tok_text_p text_of(const struct tok_machine *m, struct tok_bounds mass)
{
	const struct tok_front *front = tok_machine_front(m);
	const double hidden = 0.5 * (m->hidden_low + m->hidden_high);
	struct tok_text_p out = { .log_p = front->origin + log(middle(mass)) - hidden };
	out.exact = front->dropped == -INFINITY && m->core->lm->info->top == 0;
	out.low = out.high = out.log_p;
	if (out.exact)
		return out;
	const double most = tok_log_add(log(mass.high), front->dropped);
	out.low = fmin(0.0, front->origin + log(mass.low) - m->hidden_high);
	out.high = fmin(0.0, front->origin + most - m->hidden_low);
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
	struct whole w = { .dropped = exp(front->dropped),
			   .parts = core->options.semantics != TOK_BYTES_VALID };
	struct sums sums = { 0 };
	enum tok_status status = need_rows(core, front, true, err);
	if (status == TOK_OK)
		status = tok_front_mass(core, front, &w.text, err);
	for (size_t i = 0; status == TOK_OK && i < front->count; i++)
		status = add_place(core, &front->places[i], &sums, err);
	if (status != TOK_OK)
		return status;
	w.next = sum_all(&sums);

	const struct tok_text_p text = text_of(m, w.text);
	out->exact = text.exact;
	out->log_p = text.log_p;
	out->log_p_low = text.low;
	out->log_p_high = text.high;
	write_values(&sums, &w, !w.parts, out);
	if (out->exact)
		write_same_bounds(out);
	else
		write_bounds(&sums, &w, out);
	return TOK_OK;
}
