/* machine_tokens.c - draws token by token.  A token is drawn on the way down the trie: at each node
 * one of the ids that end there, or the child that the mass of all longer ones leads to. */
#include <math.h>
#include <stdlib.h>

#include "tok/bytes/machine_internal.h"
#include "tok/bytes/token_walk.h"

struct tok_token_walk {
	struct tok_machine *at; /* a fork, where the walk began */
	struct tok_head *head;  /* behind its last token */
	bool own;               /* the head is not one of the machine's */
	uint32_t node;          /* where the bytes behind the head lead to */
	struct tok_mask
	    *mask; /* what is valid behind the head; NULL: everything, or not known yet */
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
		struct tok_place *place = &front->places[i];
		if (stays(&choice, tok_place_share(core, place, front->shift).low))
			*out = place;
	}
	return *out ? TOK_OK : tok_fail(err, TOK_ETEXT, "no row of tokens covers the text");
}

enum tok_status tok_token_walk_new(struct tok_machine *machine, struct tok_random *random,
				   struct tok_token_walk **out, struct tok_error *err)
{
	const struct tok_core *core = machine->core;
	const struct tok_place *place;
	if (core->options.semantics == TOK_BYTES_VALID || core->lm->info->top)
		return tok_fail(err, TOK_EARG,
				"draws token by token need whole rows, and 'all' or "
				"'valid-renorm'");
	struct tok_token_walk *walk = calloc(1, sizeof *walk);
	if (!walk)
		return tok_fail_memory(err);
	enum tok_status status = tok_machine_fork(machine, &walk->at, err);
	if (status == TOK_OK)
		status = choose_place(walk->at, random, &place, err);
	if (status != TOK_OK) {
		tok_token_walk_free(walk);
		return status;
	}
	walk->head = tok_head_hold(place->head);
	walk->node = place->node;
	walk->mask = tok_mask_hold(place->mask);
	*out = walk;
	return TOK_OK;
}

static void leave_head(struct tok_token_walk *walk)
{
	if (walk->own)
		tok_head_drop_row(walk->at->core, walk->head);
	tok_head_release(walk->at->core, walk->head);
	tok_mask_release(walk->mask);
	walk->head = NULL;
	walk->mask = NULL;
}

void tok_token_walk_free(struct tok_token_walk *walk)
{
	if (!walk)
		return;
	if (walk->head)
		leave_head(walk);
	tok_machine_free(walk->at);
	tok_buffer_release(&walk->bytes);
	free(walk);
}

struct tok_machine_windows tok_token_walk_windows(const struct tok_token_walk *walk)
{
	return tok_head_windows(walk->at->core, walk->head->count);
}

/* ---- a token ------------------------------------------------------------------------------ */

/* What a draw at a node gave: an id that ends there, a child, or (at the root) the end. */
struct drawn {
	bool ended;
	tok_id id;
	uint32_t child;
};

/* Weights are probabilities, or shares of exp(log_whole) where those are too small. */
struct share {
	bool is_small;
	double log_whole;
};

static double weigh_child(const struct tok_token_walk *walk, struct share share, uint32_t child,
			  struct tok_bounds p)
{
	struct tok_core *core = walk->at->core;
	const struct tok_range ranks = tok_node_ranks(core->tokens, child);
	if (!share.is_small)
		return p.low;
	return exp(tok_row_log_sum(core, walk->head->row, walk->mask, ranks, p).low -
		   share.log_whole);
}

static void draw_child(struct tok_token_walk *walk, struct share share, struct choice *choice,
		       struct drawn *out)
{
	struct tok_core *core = walk->at->core;
	const struct tok_byte_tokens *t = core->tokens;
	const struct tok_row *row = walk->head->row;
	struct tok_bounds firsts[256];
	if (walk->node == 0)
		tok_row_firsts(core, row, walk->mask, firsts);
	for (uint32_t c = t->first[walk->node]; c < t->first[walk->node + 1]; c++) {
		const struct tok_bounds p =
		    walk->node == 0 ? firsts[c - t->first[0]]
				    : tok_row_sum(core, row, walk->mask, tok_node_ranks(t, c));
		if (stays(choice, weigh_child(walk, share, c, p)))
			*out = (struct drawn){ .id = TOK_NO_ID, .child = c };
	}
}

static double weigh_end(const struct tok_token_walk *walk, struct share share)
{
	struct tok_row *row = walk->head->row;
	if (!share.is_small)
		return row->other_low.end * row->scale;
	return exp(tok_row_log_others(walk->at->core, row, TOK_BYTE_END).low - share.log_whole);
}

/* Returns the sum of weights.  Ids that end where the walk begins have heads of their own: `inside`
 * is false there. */
static double draw_of(struct tok_token_walk *walk, bool inside, struct share share,
		      struct tok_random *random, struct drawn *out)
{
	struct tok_core *core = walk->at->core;
	const struct tok_byte_tokens *t = core->tokens;
	struct choice choice = { .random = random };
	*out = (struct drawn){ .id = TOK_NO_ID };
	if (walk->node == 0 && stays(&choice, weigh_end(walk, share)))
		out->ended = true;
	draw_child(walk, share, &choice, out);
	for (uint32_t i = 0; inside && i < t->ending[walk->node]; i++) {
		const uint32_t rank = t->rank[walk->node] + i;
		const tok_id id = t->by_rank[rank];
		const double log_p = tok_row_log_p(core, walk->head->row, id).low;
		if (tok_mask_has(walk->mask, rank) &&
		    stays(&choice, exp(share.is_small ? log_p - share.log_whole : log_p)))
			*out = (struct drawn){ .id = id };
	}
	return choice.sum;
}

/* All that a draw may come to; a logarithm. */
static double sum_logs(const struct tok_token_walk *walk, bool inside)
{
	struct tok_core *core = walk->at->core;
	struct tok_row *row = walk->head->row;
	const struct tok_range ranks = inside ? tok_node_ranks(core->tokens, walk->node)
					      : tok_node_below(core->tokens, walk->node);
	const struct tok_bounds sum = tok_row_sum(core, row, walk->mask, ranks);
	const double log_p = tok_row_log_sum(core, row, walk->mask, ranks, sum).low;
	return walk->node != 0
		   ? log_p
		   : tok_log_add(log_p, tok_row_log_others(core, row, TOK_BYTE_END).low);
}

/* False where there is nothing to draw. */
static bool draw_at(struct tok_token_walk *walk, bool inside, struct tok_random *random,
		    struct drawn *out)
{
	struct share share = { .is_small = false };
	if (!tok_is_small(draw_of(walk, inside, share, random, out)))
		return true;
	share = (struct share){ true, sum_logs(walk, inside) };
	return share.log_whole > -INFINITY && draw_of(walk, inside, share, random, out) > 0.0;
}

/* The head behind the token becomes the walk's. */
static enum tok_status take_token(struct tok_token_walk *walk, tok_id id, struct tok_error *err)
{
	struct tok_core *core = walk->at->core;
	struct tok_state *state = NULL;
	if (core->validity) {
		state = tok_state_next(core, walk->head->state, id);
		if (!state)
			return tok_fail_memory(err);
	}
	struct tok_head *next = tok_head_next(core, walk->head, id, state);
	tok_state_release(core, state);
	if (!next)
		return tok_fail_memory(err);
	leave_head(walk);
	walk->head = next;
	walk->own = true;
	walk->node = 0;
	return TOK_OK;
}

static enum tok_status need_row(struct tok_token_walk *walk, struct tok_error *err)
{
	struct tok_core *core = walk->at->core;
	const enum tok_status status = tok_row_store_need(core, &walk->head, 1, err);
	if (status == TOK_OK && core->validity && !walk->mask)
		return tok_mask_find(core, walk->head->state, 0, &walk->mask, err);
	return status;
}

/* Masses of children are not above 0 where validity forbids the byte. */
static enum tok_status go_to(struct tok_token_walk *walk, uint32_t child, struct tok_error *err)
{
	walk->node = child;
	return tok_buffer_add_byte(&walk->bytes, walk->at->core->tokens->bytes[child])
		   ? TOK_OK
		   : tok_fail_memory(err);
}

enum tok_status tok_token_walk_next(struct tok_token_walk *walk, struct tok_random *random,
				    struct tok_token_step *out, struct tok_error *err)
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
		status = take_token(walk, drawn.id, err);
	if (status == TOK_OK)
		*out =
		    (struct tok_token_step){ tok_buffer_span(&walk->bytes), drawn.ended, outside };
	return status;
}
