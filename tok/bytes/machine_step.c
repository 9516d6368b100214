/* machine_step.c - a byte: every place moves to a child, tokens that end there begin new heads,
 * what has the same future is made one, and what is too light is dropped if that is allowed. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"

/* Weights below exp of this from the origin move the origin. */
static const double far_from_origin = -64.0;

/* ---- fronts ---------------------------------------------------------------------- */

struct tok_front *tok_front_new(size_t count)
{
	if (count > (SIZE_MAX - sizeof(struct tok_front)) / sizeof(struct tok_place))
		return NULL;
	struct tok_front *front = calloc(1, sizeof *front + count * sizeof *front->places);
	if (front)
		front->refs = 1;
	return front;
}

struct tok_front *tok_front_hold(struct tok_front *front)
{
	front->refs++;
	return front;
}

void tok_front_release(struct tok_front *front)
{
	if (!front || --front->refs > 0)
		return;
	for (size_t i = 0; i < front->count; i++)
		tok_head_release(front->places[i].head);
	free(front);
}

void tok_front_leave(struct tok_core *core, const struct tok_front *front,
		     const struct tok_front *next)
{
	const uint64_t mark = ++core->clock;
	for (size_t i = 0; next && i < next->count; i++)
		next->places[i].head->mark = mark;
	for (size_t i = 0; i < front->count; i++)
		if (front->places[i].head->mark != mark)
			tok_head_drop_row(core, front->places[i].head);
}

/* ---- a step ----------------------------------------------------------------------- */

/* A front that is being made. */
struct step {
	struct tok_core *core;
	struct tok_place *places; /* each holds its head */
	size_t count, capacity;
	size_t moved;  /* the first so many have moved; the others are new */
	double origin; /* how far weights have moved it */
	double dropped;
	uint32_t *slots; /* new places by key, one more than their number; 0: free */
	size_t slot_count;
};

static enum tok_status add_place(struct step *s, const struct tok_place *place,
				 struct tok_error *err)
{
	if (!tok_grow(&s->places, &s->capacity, s->count + 1, sizeof *s->places))
		return tok_fail_memory(err);
	s->places[s->count++] = *place;
	return TOK_OK;
}

/* To the children of `byte`. */
static enum tok_status move_places(struct step *s, const struct tok_front *front, uint8_t byte,
				   struct tok_error *err)
{
	for (size_t i = 0; i < front->count; i++) {
		struct tok_place place = front->places[i];
		place.node = tok_byte_tokens_child(s->core->tokens, place.node, byte);
		if (place.node == 0 || (s->core->validity &&
					!tok_validity_byte(s->core->validity, &place.valid, byte)))
			continue;
		const enum tok_status status = add_place(s, &place, err);
		if (status != TOK_OK)
			return status;
		tok_head_hold(place.head);
	}
	s->moved = s->count;
	return TOK_OK;
}

static bool has_ends(const struct tok_byte_tokens *t, uint32_t node)
{
	return t->ends_from[node] < t->ends_from[node + 1];
}

/* The rows of all places where a token ends. */
static enum tok_status need_rows(struct step *s, struct tok_error *err)
{
	struct tok_head **heads = calloc(s->moved + 1, sizeof *heads);
	if (!heads)
		return tok_fail_memory(err);
	size_t count = 0;
	for (size_t i = 0; i < s->moved; i++)
		if (has_ends(s->core->tokens, s->places[i].node))
			heads[count++] = s->places[i].head;
	const enum tok_status status = tok_row_store_need(s->core, heads, count, err);
	free(heads);
	return status;
}

/* Room for one new place more in the table of them. */
static bool make_slots(struct step *s)
{
	size_t wanted = 16;
	while (wanted < 2 * (s->count - s->moved + 1))
		wanted *= 2;
	if (wanted <= s->slot_count)
		return true;
	free(s->slots);
	s->slots = calloc(wanted, sizeof *s->slots);
	s->slot_count = s->slots ? wanted : 0;
	for (size_t i = s->moved; s->slots && i < s->count; i++) {
		size_t at = s->places[i].head->key & (wanted - 1);
		while (s->slots[at])
			at = (at + 1) & (wanted - 1);
		s->slots[at] = (uint32_t)i + 1;
	}
	return s->slots != NULL;
}

/* The slot of the place with this future, or the one where it is to be. */
static uint32_t *find_slot(struct step *s, const struct tok_head *head)
{
	size_t at = head->key & (s->slot_count - 1);
	while (s->slots[at] && !tok_head_same(s->core, s->places[s->slots[at] - 1].head, head))
		at = (at + 1) & (s->slot_count - 1);
	return &s->slots[at];
}

/* `place` begins here; its head is held for it.  Where another one has the same future, they are
 * one from now on. */
static enum tok_status add_new(struct step *s, struct tok_place *place, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	if (!make_slots(s))
		status = tok_fail_memory(err);
	uint32_t *slot = status == TOK_OK ? find_slot(s, place->head) : NULL;
	if (slot && *slot) {
		struct tok_place *same = &s->places[*slot - 1];
		same->low = tok_log_add(same->low, place->low);
		same->high = tok_log_add(same->high, place->high);
		same->ways =
		    same->ways > SIZE_MAX - place->ways ? SIZE_MAX : same->ways + place->ways;
		tok_head_release(place->head);
		return TOK_OK;
	}
	if (status == TOK_OK)
		status = add_place(s, place, err);
	if (status == TOK_OK)
		*slot = (uint32_t)s->count;
	else
		tok_head_release(place->head);
	return status;
}

/* Heads of the tokens that end where place `i` is. */
static enum tok_status begin_heads(struct step *s, size_t i, struct tok_error *err)
{
	struct tok_core *core = s->core;
	const tok_id *ids;
	const size_t count = tok_byte_tokens_ends(core->tokens, s->places[i].node, &ids);
	for (size_t k = 0; k < count; k++) {
		const struct tok_place from = s->places[i];
		const struct tok_bounds log_p = tok_row_log_p(from.head->row, ids[k]);
		struct tok_place place = { .low = from.low + log_p.low,
					   .high = from.high + log_p.high,
					   .ways = from.ways };
		if (place.high == -INFINITY ||
		    (core->validity &&
		     !tok_validity_token(core->validity, &from.valid, ids[k], &place.valid)))
			continue;
		place.head = tok_head_next(core, from.head, ids[k], &place.valid);
		if (!place.head)
			return tok_fail_memory(err);
		const enum tok_status status = add_new(s, &place, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

static enum tok_status begin_all(struct step *s, struct tok_error *err)
{
	enum tok_status status = need_rows(s, err);
	for (size_t i = 0; status == TOK_OK && i < s->moved; i++)
		status = begin_heads(s, i, err);
	return status;
}

/* ---- what is left out ----------------------------------------------------------------- */

/* Has the place no future, or is it known to have none with this model? */
static bool is_over(const struct tok_core *core, const struct tok_place *place)
{
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_row *row = place->head->row;
	const uint32_t first = t->first[place->node];
	if (place->node == 0 || first == t->first[place->node + 1])
		return place->node != 0;
	return row && !core->in_parts && tok_row_knows(core, row, first) &&
	       tok_row_below(core, row, place->node).high == 0.0;
}

static void leave_out_dead(struct step *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (is_over(s->core, &s->places[i]))
			tok_head_release(s->places[i].head);
		else
			s->places[kept++] = s->places[i];
	}
	s->count = kept;
}

/* No less than the mass of all that goes on from a place; a logarithm. */
static double weigh(const struct tok_core *core, const struct tok_place *place)
{
	const struct tok_row *row = place->head->row;
	if (!row || place->node == 0 || !tok_row_knows(core, row, place->node))
		return place->high;
	return place->high + fmin(0.0, log(tok_row_mass(core, row, place->node).high));
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
			s->places[i] = weighed[i].place;
			continue;
		}
		s->dropped = tok_log_add(s->dropped, weighed[i].weight);
		tok_head_release(weighed[i].place.head);
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
	for (size_t i = 0; i < s->count; i++)
		weighed[i] = (struct weighed){ weigh(s->core, &s->places[i]), s->places[i] };
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
	double most = -INFINITY;
	for (size_t i = 0; i < s->count; i++)
		most = fmax(most, s->places[i].high);
	if (most >= far_from_origin || most == -INFINITY)
		return;
	const double by = floor(most);
	for (size_t i = 0; i < s->count; i++) {
		s->places[i].low -= by;
		s->places[i].high -= by;
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
	front->byte = byte;
	front->origin = s->origin;
	front->dropped = s->dropped;
	front->count = s->count;
	memcpy(front->places, s->places, s->count * sizeof *s->places);
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
		tok_head_release(s.places[i].head);
	free(s.slots);
	free(s.places);
	return status;
}
