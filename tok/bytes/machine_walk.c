/* machine_walk.c - draws token by token.  A token is drawn on the way down the trie: at each node
 * one of the ids that end there, or the child that the mass of all longer ones leads to. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"
#include "tok/bytes/walk.h"

struct tok_walk {
	struct tok_machine *at; /* a fork, where the walk began */
	struct tok_head *head;  /* behind its last token */
	bool own;               /* the head is not one of the machine's */
	uint32_t node;          /* where the bytes behind the head lead to */
	struct tok_valid_state valid;
	struct tok_buffer bytes;
};

/* ---- one of several ------------------------------------------------------------------ */

/* Each of a row of weights stays with its share of all before it: the last one that stays is
 * one of them in proportion to its weight. */
struct choice {
	struct tok_random *random;
	double sum;
};

static bool stays(struct choice *c, double weight)
{
	if (!(weight > 0.0))
		return false;
	c->sum += weight;
	return tok_random_real(c->random) * c->sum < weight;
}

/* ---- a cover ---------------------------------------------------------------------------- */

/* Places that begin at the end of the text are whole covers, the others what goes on from them. */
static enum tok_status choose_place(struct tok_machine *m, struct tok_random *random,
				    const struct tok_place **out, struct tok_error *err)
{
	struct tok_core *core = m->core;
	struct tok_front *front = tok_machine_front(m);
	struct choice choice = { .random = random };
	struct tok_bounds mass;
	enum tok_status status = tok_front_mass(core, front, &mass, err);
	if (status == TOK_OK)
		status = tok_front_need(core, front, err);
	if (status != TOK_OK)
		return status;
	*out = NULL;
	for (size_t i = 0; i < front->count; i++) {
		const struct tok_place *place = &front->places[i];
		const double below =
		    place->node == 0 ? 1.0 : tok_row_below(core, place->head->row, place->node).low;
		if (stays(&choice, exp(place->low) * below))
			*out = place;
	}
	return *out ? TOK_OK : tok_fail(err, TOK_ETEXT, "no row of tokens covers the text");
}

enum tok_status tok_walk_new(struct tok_machine *machine, struct tok_random *random,
			     struct tok_walk **out, struct tok_error *err)
{
	const struct tok_core *core = machine->core;
	const struct tok_place *place;
	if (core->options.semantics == TOK_BYTES_VALID || core->lm->info->top)
		return tok_fail(err, TOK_EARG,
				"draws token by token need whole rows, and 'all' or "
				"'valid-renorm'");
	struct tok_walk *walk = calloc(1, sizeof *walk);
	if (!walk)
		return tok_fail_memory(err);
	enum tok_status status = tok_machine_fork(machine, &walk->at, err);
	if (status == TOK_OK)
		status = choose_place(walk->at, random, &place, err);
	if (status != TOK_OK) {
		tok_walk_free(walk);
		return status;
	}
	walk->head = tok_head_hold(place->head);
	walk->node = place->node;
	walk->valid = place->valid;
	*out = walk;
	return TOK_OK;
}

static void leave_head(struct tok_walk *walk)
{
	if (walk->own)
		tok_head_drop_row(walk->at->core, walk->head);
	tok_head_release(walk->head);
	walk->head = NULL;
}

void tok_walk_free(struct tok_walk *walk)
{
	if (!walk)
		return;
	if (walk->head)
		leave_head(walk);
	tok_machine_free(walk->at);
	tok_buffer_release(&walk->bytes);
	free(walk);
}

/* ---- a token ------------------------------------------------------------------------------ */

/* What a draw at a node gave: an id that ends there, a child, or (at the root) the end. */
struct drawn {
	bool ended;
	tok_id id;
	uint32_t child;
	struct tok_valid_state valid; /* behind the id */
};

/* Ids that end where the walk begins have heads of their own: `inside` is false there. */
static bool draw_at(struct tok_walk *walk, bool inside, struct tok_random *random,
		    struct drawn *out)
{
	const struct tok_core *core = walk->at->core;
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_row *row = walk->head->row;
	struct choice choice = { .random = random };
	struct tok_valid_state next = { { 0 } };
	*out = (struct drawn){ .id = TOK_NO_ID };
	if (walk->node == 0 && stays(&choice, row->other_low.end * row->scale))
		out->ended = true;
	for (uint32_t c = t->first[walk->node]; c < t->first[walk->node + 1]; c++)
		if (stays(&choice, tok_row_mass(core, row, c).low))
			*out = (struct drawn){ .id = TOK_NO_ID, .child = c };
	for (uint32_t i = t->ends_from[walk->node]; inside && i < t->ends_from[walk->node + 1];
	     i++) {
		const tok_id id = t->ends[i];
		const double p = exp(tok_row_log_p(row, id).low);
		if (p > 0.0 && core->validity &&
		    !tok_validity_token(core->validity, &walk->valid, id, &next))
			continue;
		if (stays(&choice, p))
			*out = (struct drawn){ .id = id, .valid = next };
	}
	return choice.sum > 0.0;
}

/* The head behind the token becomes the walk's. */
static enum tok_status take_token(struct tok_walk *walk, const struct drawn *drawn,
				  struct tok_error *err)
{
	struct tok_head *next = tok_head_next(walk->at->core, walk->head, drawn->id, &drawn->valid);
	if (!next)
		return tok_fail_memory(err);
	leave_head(walk);
	walk->head = next;
	walk->own = true;
	walk->node = 0;
	walk->valid = drawn->valid;
	return TOK_OK;
}

static enum tok_status need_row(struct tok_walk *walk, struct tok_error *err)
{
	struct tok_core *core = walk->at->core;
	const enum tok_status status = tok_row_store_need(core, &walk->head, 1, err);
	if (status == TOK_OK && core->validity && !tok_row_knows(core, walk->head->row, walk->node))
		tok_row_mask(core, walk->head->row, walk->node, &walk->valid);
	return status;
}

/* Masses of children are not above 0 where validity forbids the byte. */
static enum tok_status go_to(struct tok_walk *walk, uint32_t child, struct tok_error *err)
{
	const struct tok_core *core = walk->at->core;
	const uint8_t byte = core->tokens->bytes[child];
	if (core->validity)
		(void)!tok_validity_byte(core->validity, &walk->valid, byte);
	walk->node = child;
	return tok_buffer_add_byte(&walk->bytes, byte) ? TOK_OK : tok_fail_memory(err);
}

enum tok_status tok_walk_next(struct tok_walk *walk, struct tok_random *random,
			      struct tok_walk_step *out, struct tok_error *err)
{
	struct drawn drawn = { .id = TOK_NO_ID };
	bool inside = false;
	tok_buffer_clear(&walk->bytes);
	enum tok_status status = need_row(walk, err);
	if (status != TOK_OK)
		return status;
	const struct tok_row *row = walk->head->row;
	const double outside = walk->node == 0 ? row->other_low.nontext * row->scale : 0.0;
	while (drawn.id == TOK_NO_ID && !drawn.ended) {
		if (!draw_at(walk, inside, random, &drawn))
			return tok_fail(err, TOK_ETEXT,
					"the model gives nothing to any text that goes on here");
		inside = true;
		if (drawn.id == TOK_NO_ID && !drawn.ended)
			status = go_to(walk, drawn.child, err);
		if (status != TOK_OK)
			return status;
	}
	if (!drawn.ended)
		status = take_token(walk, &drawn, err);
	if (status == TOK_OK)
		*out =
		    (struct tok_walk_step){ tok_buffer_span(&walk->bytes), drawn.ended, outside };
	return status;
}
