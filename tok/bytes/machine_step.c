/* machine_step.c - a byte: every place moves to a child, tokens that end there begin new heads,
 * what has the same future is made one, and what is too light is dropped if that is allowed. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* Weights below exp of this from the origin move the origin. */
static const double far_from_origin = -64.0;

/* ---- a step ----------------------------------------------------------------------- */

/* A front that is being made, in core->places: each holds its head and its mask. */
struct step {
	struct tok_core *core;
	size_t count;
	size_t moved;  /* the first so many have moved; the others are new */
	double origin; /* how far weights have moved it */
	double dropped;
	size_t bytes; /* of new heads, and of masks that places come below */
};

/* A head that began here may have got a row, which nobody else gives back. */
static void drop_place(struct tok_core *core, const struct tok_place *place)
{
	if (place->node == 0)
		tok_head_drop_row(core, place->head);
	tok_place_release(core, place);
}

/* Takes the place's head and mask over, or gives them back. */
static enum tok_status add_place(struct step *s, const struct tok_place *place,
				 struct tok_error *err)
{
	struct tok_core *core = s->core;
	if (!tok_grow(&core->places, &core->place_capacity, s->count + 1, sizeof *core->places)) {
		drop_place(core, place);
		return tok_fail_memory(err);
	}
	core->places[s->count++] = *place;
	return TOK_OK;
}

/* To the children of `byte`.  Places of the same node follow each other. */
static enum tok_status move_places(struct step *s, const struct tok_front *front, uint8_t byte,
				   struct tok_error *err)
{
	struct tok_core *core = s->core;
	uint32_t from = UINT32_MAX, to = 0;
	for (size_t i = 0; i < front->count; i++) {
		struct tok_place place = front->places[i];
		enum tok_status status = TOK_OK;
		if (place.node != from) {
			from = place.node;
			to = tok_byte_tokens_child(core->tokens, from, byte);
		}
		if (to == 0)
			continue;
		if (core->validity && from == 0) {
			status = tok_mask_find(core, place.head->state, to, &place.mask, err);
		} else {
			tok_mask_hold(place.mask);
		}
		if (status != TOK_OK)
			return status;
		if (from == 0 && place.mask)
			s->bytes += place.mask->bytes;
		place.node = to;
		place.summed = false;
		tok_head_hold(place.head);
		status = add_place(s, &place, err);
		if (status != TOK_OK)
			return status;
	}
	s->moved = s->count;
	return TOK_OK;
}

/* The rows of all places where a token ends. */
static enum tok_status need_rows(struct step *s, struct tok_error *err)
{
	struct tok_core *core = s->core;
	size_t count = 0;
	if (!tok_grow(&core->heads, &core->head_capacity, s->moved, sizeof(core->heads[0])))
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->moved; i++)
		if (core->tokens->ending[core->places[i].node] > 0)
			core->heads[count++] = core->places[i].head;
	return tok_row_store_need(core, core->heads, count, err);
}

/* ---- new heads ------------------------------------------------------------------------ */

/* Room for one new place more in the table of them. */
static bool make_slots(struct step *s)
{
	struct tok_core *core = s->core;
	size_t wanted = core->slot_count ? core->slot_count : 16;
	while (wanted < 2 * (s->count - s->moved + 1))
		wanted *= 2;
	if (wanted == core->slot_count)
		return true;
	uint32_t *slots = calloc(wanted, sizeof *slots);
	if (!slots)
		return false;
	free(core->slots);
	core->slots = slots;
	core->slot_count = wanted;
	for (size_t i = s->moved; i < s->count; i++) {
		size_t at = tok_head_future_key(core, core->places[i].head) & (wanted - 1);
		while (slots[at])
			at = (at + 1) & (wanted - 1);
		slots[at] = (uint32_t)i + 1;
	}
	return true;
}

/* All slots are free again. */
static void clear_slots(struct step *s)
{
	struct tok_core *core = s->core;
	for (size_t i = s->moved; i < s->count; i++) {
		size_t at =
		    tok_head_future_key(core, core->places[i].head) & (core->slot_count - 1);
		for (; core->slots[at]; at = (at + 1) & (core->slot_count - 1))
			core->slots[at] = 0;
	}
}

/* A token that ends at a place, and what it makes there. */
struct ended {
	const struct tok_place *from;
	tok_id id;
	struct tok_state *state; /* behind it; held */
	struct tok_bounds p;
};

/* The slot of the place with the future of this head, or the one where it is to be. */
static uint32_t *find_slot(struct step *s, const struct tok_head *head)
{
	struct tok_core *core = s->core;
	size_t at = tok_head_future_key(core, head) & (core->slot_count - 1);
	while (core->slots[at] &&
	       !tok_head_same_future(core, core->places[core->slots[at] - 1].head, head))
		at = (at + 1) & (core->slot_count - 1);
	return &core->slots[at];
}

/* Where numbers become small, logarithms are added, which keep all digits. */
static const double small_weight = 1e-280;

static void add_weight(double from, double from_log, double p, double p_log, double *weight,
		       double *log_weight)
{
	if (from * p >= small_weight)
		*weight += from * p;
	else
		*log_weight = tok_log_add(*log_weight, from_log + p_log);
}

static void add_to_place(struct tok_core *core, const struct ended *e, struct tok_place *place)
{
	const struct tok_place *from = e->from;
	struct tok_bounds log_p = { 0 };
	if (from->weight.low * e->p.low < small_weight)
		log_p = tok_row_log_p(core, from->head->row, e->id);
	add_weight(from->weight.low, from->log_p.low, e->p.low, log_p.low, &place->weight.low,
		   &place->log_p.low);
	if (!core->loose) {
		place->weight.high = place->weight.low;
		place->log_p.high = place->log_p.low;
	} else {
		add_weight(from->weight.high, from->log_p.high, e->p.high, log_p.high,
			   &place->weight.high, &place->log_p.high);
	}
	place->ways = place->ways > SIZE_MAX - from->ways ? SIZE_MAX : place->ways + from->ways;
}

/* The head that `e` makes, with its row where that tells which of its ids matter. */
static enum tok_status make_head(struct tok_core *core, const struct ended *e,
				 struct tok_head **out, struct tok_error *err)
{
	struct tok_head *head = tok_head_next(core, e->from->head, e->id, e->state);
	if (!head)
		return tok_fail_memory(err);
	if (core->validity) {
		head->log_kept = e->from->head->log_kept + e->from->head->row->log_valid;
	} else if (core->in_parts && core->finite) {
		const enum tok_status status = tok_row_store_need(core, &head, 1, err);
		if (status != TOK_OK) {
			tok_head_release(core, head);
			return status;
		}
	}
	*out = head;
	return TOK_OK;
}

/* Of heads that are made one, of which windows hide what differs, the longest is told. */
static void note_count(struct tok_head *head, size_t count)
{
	if (head->count < count)
		head->count = count;
}

/* Where another token makes a head with the same future, they are one. */
static enum tok_status begin_head(struct step *s, const struct ended *e, struct tok_error *err)
{
	struct tok_core *core = s->core;
	const size_t from = (size_t)(e->from - core->places);
	const struct tok_bounds none = { -INFINITY, -INFINITY };
	struct tok_place place = { .log_p = none };
	enum tok_status status = make_head(core, e, &place.head, err);
	if (status != TOK_OK)
		return status;
	uint32_t *slot = make_slots(s) ? find_slot(s, place.head) : NULL;
	if (!slot || *slot) {
		if (slot)
			note_count(core->places[*slot - 1].head, place.head->count);
		tok_head_drop_row(core, place.head);
		tok_head_release(core, place.head);
		if (!slot)
			return tok_fail_memory(err);
	} else {
		status = add_place(s, &place, err);
		if (status != TOK_OK)
			return status;
		*slot = (uint32_t)s->count;
		s->bytes += tok_head_bytes(place.head);
		core->cost.heads_made++;
	}
	const struct ended moved = { &core->places[from], e->id, e->state, e->p };
	add_to_place(core, &moved, &core->places[*slot - 1]);
	return TOK_OK;
}

/* The token of this rank ends where place `i` is. */
static enum tok_status end_token(struct step *s, size_t i, uint32_t rank, struct tok_error *err)
{
	struct tok_core *core = s->core;
	const struct tok_place *from = &core->places[i];
	struct ended e = { .from = from, .id = core->tokens->by_rank[rank] };
	if (!tok_mask_has(from->mask, rank))
		return TOK_OK;
	e.p = tok_row_p(core, from->head->row, e.id);
	if (e.p.high == 0.0 && tok_row_log_p(core, from->head->row, e.id).high == -INFINITY)
		return TOK_OK;
	if (core->validity) {
		e.state = tok_state_next(core, from->head->state, e.id);
		if (!e.state)
			return tok_fail_memory(err);
	}
	const enum tok_status status = begin_head(s, &e, err);
	tok_state_release(core, e.state);
	return status;
}

/* Both ways to write a weight. */
static void finish_weight(double *weight, double *log_weight)
{
	const bool small = *log_weight > -INFINITY;
	*log_weight = tok_log_add(*log_weight, log(*weight));
	if (small)
		*weight = exp(*log_weight);
}

static void finish_weights(struct step *s)
{
	for (size_t i = s->moved; i < s->count; i++) {
		struct tok_place *place = &s->core->places[i];
		finish_weight(&place->weight.low, &place->log_p.low);
		if (s->core->loose) {
			finish_weight(&place->weight.high, &place->log_p.high);
		} else {
			place->weight.high = place->weight.low;
			place->log_p.high = place->log_p.low;
		}
	}
}

/* Token by token, so that those who ask the same of a part follow each other. */
static enum tok_status begin_all(struct step *s, struct tok_error *err)
{
	const struct tok_byte_tokens *t = s->core->tokens;
	enum tok_status status = need_rows(s, err);
	for (size_t begin = 0, end; status == TOK_OK && begin < s->moved; begin = end) {
		const uint32_t node = s->core->places[begin].node;
		for (end = begin + 1; end < s->moved && s->core->places[end].node == node;)
			end++;
		for (uint32_t k = 0; k < t->ending[node]; k++)
			for (size_t i = begin; status == TOK_OK && i < end; i++)
				status = end_token(s, i, t->rank[node] + k, err);
	}
	clear_slots(s);
	finish_weights(s);
	return status;
}

/* ---- what is left out ----------------------------------------------------------------- */

/* Has the place no future, or is it known to have none with this model? */
static bool is_over(struct tok_core *core, struct tok_place *place)
{
	if (place->node == 0)
		return false;
	const struct tok_range below = tok_node_below(core->tokens, place->node);
	if (below.begin == below.end || (place->mask && !tok_mask_any(place->mask, below)))
		return true;
	return place->head->row && !core->in_parts &&
	       tok_is_small(tok_place_below(core, place).high) &&
	       tok_place_log_below(core, place).high == -INFINITY;
}

static void leave_out_dead(struct step *s)
{
	struct tok_place *places = s->core->places;
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (is_over(s->core, &places[i]))
			drop_place(s->core, &places[i]);
		else
			places[kept++] = places[i];
	}
	s->count = kept;
}

/* No less than the mass of all that goes on from a place; a logarithm. */
static double weigh(struct tok_core *core, struct tok_place *place)
{
	if (place->node == 0 || !place->head->row)
		return place->log_p.high;
	return place->log_p.high + fmin(0.0, tok_place_log_below(core, place).high);
}

struct weighed {
	double weight;
	struct tok_place place;
};

static int compare_weights(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->place.node < y->place.node ? -1 : x->place.node > y->place.node;
}

/* How many of the heaviest are kept. */
static size_t count_kept(const struct tok_machine_options *options, const struct weighed *weighed,
			 size_t count)
{
	size_t kept = options->beam && options->beam < count ? options->beam : count;
	if (options->prune > 0.0) {
		double all = -INFINITY;
		for (size_t i = 0; i < count; i++)
			all = tok_log_add(all, weighed[i].weight);
		while (kept > 1 && weighed[kept - 1].weight < all + log(options->prune))
			kept--;
	}
	return kept;
}

/* The heaviest stay.  So does the heaviest of those that begin here: where each byte is a token,
 * it goes on with any byte, and what is kept never dies out. */
static void keep_heaviest(struct step *s, struct weighed *weighed, size_t kept)
{
	size_t fresh = 0;
	while (fresh < s->count && weighed[fresh].place.node != 0)
		fresh++;
	if (fresh < s->count && fresh >= kept) {
		const struct weighed one = weighed[fresh];
		weighed[fresh] = weighed[kept - 1];
		weighed[kept - 1] = one;
	}
	for (size_t i = 0; i < s->count; i++) {
		if (i < kept) {
			s->core->places[i] = weighed[i].place;
			continue;
		}
		s->dropped = tok_log_add(s->dropped, weighed[i].weight);
		s->bytes -= weighed[i].place.node == 0 ? tok_head_bytes(weighed[i].place.head) : 0;
		drop_place(s->core, &weighed[i].place);
	}
	s->count = kept;
}

static enum tok_status drop_lightest(struct step *s, struct tok_error *err)
{
	const struct tok_machine_options *options = &s->core->options;
	if (options->beam == 0 && options->prune <= 0.0)
		return TOK_OK;
	struct weighed *weighed = calloc(s->count + 1, sizeof *weighed);
	if (!weighed)
		return tok_fail_memory(err);
	for (size_t i = 0; i < s->count; i++) {
		struct tok_place *place = &s->core->places[i];
		const double weight = weigh(s->core, place);
		weighed[i] = (struct weighed){ weight, *place };
	}
	qsort(weighed, s->count, sizeof *weighed, compare_weights);
	const size_t kept = count_kept(options, weighed, s->count);
	if (kept < s->count)
		keep_heaviest(s, weighed, kept);
	free(weighed);
	return TOK_OK;
}

/* By whole numbers, so that moving the origin rounds nothing that matters. */
static void move_origin(struct step *s)
{
	struct tok_place *places = s->core->places;
	double most = -INFINITY;
	for (size_t i = 0; i < s->count; i++)
		most = fmax(most, places[i].log_p.high);
	if (most >= far_from_origin || most == -INFINITY)
		return;
	const double by = floor(most);
	for (size_t i = 0; i < s->count; i++) {
		places[i].log_p.low -= by;
		places[i].log_p.high -= by;
		places[i].weight =
		    (struct tok_bounds){ exp(places[i].log_p.low), exp(places[i].log_p.high) };
	}
	s->dropped -= by;
	s->origin += by;
}

/* ---- the front ---------------------------------------------------------------------- */

static enum tok_status check_count(const struct step *s, struct tok_error *err)
{
	const size_t most = s->core->options.max_heads;
	if (s->count == 0 && s->dropped > -INFINITY)
		return tok_fail(err, TOK_ELIMIT,
				"all rows of tokens that were kept end here: keep more of them");
	if (s->count == 0)
		return TOK_ETEXT;
	if (s->count > most)
		return tok_fail(err, TOK_ELIMIT,
				"more than %zu rows of tokens have different futures: drop the "
				"lightest, or allow more",
				most);
	return TOK_OK;
}

static enum tok_status make_front(struct step *s, const struct tok_front *from, uint8_t byte,
				  struct tok_front **out, struct tok_error *err)
{
	struct tok_front *front = tok_front_new(s->count);
	if (!front)
		return tok_fail_memory(err);
	front->at = from->at + 1;
	front->bytes = sizeof *front + s->count * sizeof front->places[0] + s->bytes;
	front->byte = byte;
	front->origin = s->origin;
	front->dropped = s->dropped;
	front->count = s->count;
	memcpy(front->places, s->core->places, s->count * sizeof front->places[0]);
	s->count = 0;
	if (s->core->cost.heads_most < front->count)
		s->core->cost.heads_most = front->count;
	*out = front;
	return TOK_OK;
}

enum tok_status tok_front_step(struct tok_core *core, const struct tok_front *front, uint8_t byte,
			       struct tok_front **out, struct tok_error *err)
{
	struct step s = { .core = core, .origin = front->origin, .dropped = front->dropped };
	enum tok_status status = move_places(&s, front, byte, err);
	if (status == TOK_OK)
		status = begin_all(&s, err);
	if (status == TOK_OK) {
		leave_out_dead(&s);
		status = drop_lightest(&s, err);
	}
	if (status == TOK_OK)
		status = check_count(&s, err);
	if (status == TOK_OK) {
		move_origin(&s);
		status = make_front(&s, front, byte, out, err);
	}
	for (size_t i = 0; i < s.count; i++)
		drop_place(core, &core->places[i]);
	return status;
}
