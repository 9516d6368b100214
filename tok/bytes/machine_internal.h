/*
 * machine_internal.h - heads, rows and fronts: what the parts of the byte machine share.
 *
 *	machine_heads.c   contexts, what is the same context
 *	machine_rows.c    rows of the model, asked for in batches and kept for a while
 *	machine_parts.c   rows that a model tells in parts
 *	machine_mask.c    masses of what is valid
 *	machine_step.c    from a front to the next one: a byte
 *	machine_next.c    what a front says
 *	machine_covers.c  rows of tokens, most probable first
 *	machine_tokens.c  draws token by token: token_walk.h
 *	machine.c         the rest of the interface
 */
#ifndef TOK_BYTES_MACHINE_INTERNAL_H
#define TOK_BYTES_MACHINE_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/bytes/machine.h"
#include "tok/bytes/tokens_internal.h"

enum { ROW_BUCKETS = 1 << 12, PART_BUCKETS = 1 << 12 };

struct tok_bounds {
	double low, high;
};

/* A context: ids behind which the model may be asked.  Never changed, but for .row and .mark. */
struct tok_head {
	size_t refs;
	struct tok_head *parent; /* NULL: there is none, or the tail says all */
	struct tok_row *row;     /* held while it is wanted */
	uint64_t key;            /* hash of what makes it the same as another one */
	uint64_t mark;
	struct tok_valid_state valid; /* behind its last token */
	size_t count;                 /* ids, with those that stand before every text */
	size_t tail_count;
	tok_id
	    tail[]; /* the last ids: as many as a model of finite order sees; else the last one */
};

/* A part of rows (model.h) summed over the trie: nodes that it knows, in rising order. */
struct tok_part {
	struct tok_part *next; /* in the bucket */
	const tok_id *key;     /* whose part it is */
	size_t users, count, bytes;
	uint64_t used; /* when it was last */
	double end, nontext;
	uint32_t *nodes;
	double *ends, *below; /* of ids that end at the node, that go on from it */
};

/* What the model says in a context.  Where rows are whole, `high` is `low` and `mass_high` is
 * `mass_low`.  Values are to be scaled: by exp(log_scale), which is `scale`.  Where the model tells
 * its rows in parts, `parts` is all that there is. */
struct tok_row {
	struct tok_row *next; /* in the bucket */
	struct tok_head *of;
	struct tok_row *older, *newer; /* among those that nobody uses */
	size_t users;
	bool ready;
	double *low, *high;           /* natural logarithms by id */
	double *mass_low, *mass_high; /* by node; below 0: not known yet, see tok_row_mask */
	struct tok_row_masses other_low, other_high;
	struct tok_unseen unseen;
	double scale, log_scale;
	struct tok_lm_parts parts;
	struct tok_part *sums[TOK_LM_PARTS_MAX];
};

/* A row of tokens and where the bytes behind it lead to.  Weights are logarithms from the front's
 * origin; places whose node has no children have no future and are not kept. */
struct tok_place {
	struct tok_head *head;
	uint32_t node;
	double low, high;
	size_t ways; /* rows of tokens in it; SIZE_MAX: too many to count */
	struct tok_valid_state valid;
};

/* All that is known behind a byte. */
struct tok_front {
	size_t refs, at; /* bytes pushed */
	uint8_t byte;    /* the last of them */
	double origin;
	double dropped; /* no less than all that was dropped; logarithm, from the origin */
	bool weighed;
	struct tok_bounds mass; /* where weighed: tok_front_mass */
	size_t count;
	struct tok_place places[];
};

/* Shared by a machine and its forks. */
struct tok_core {
	size_t refs;
	const struct tok_byte_tokens *tokens;
	const struct tok_validity *validity; /* NULL: all rows of tokens */
	struct tok_lm *lm;
	struct tok_machine_options options;
	size_t tail; /* ids that a head keeps */
	bool finite; /* the model is of finite order */

	bool in_parts; /* so are rows asked for */
	struct tok_row *buckets[ROW_BUCKETS];
	struct tok_row *oldest, *newest; /* that nobody uses */
	size_t row_count, row_budget;
	uint64_t clock;
	struct tok_machine_cost cost;

	struct tok_part *part_buckets[PART_BUCKETS];
	size_t part_bytes;
	const double *base;             /* of all parts */
	double *base_ends, *base_below; /* its sums by node */
	struct tok_row_masses base_other;

	/* Room that calls use. */
	struct tok_lm_top *best; /* of one batch */
	struct tok_buffer contexts;
	struct tok_level *levels; /* tok_subtree_walk */
	struct tok_valid_state *states;
	bool *dead;
	double *sum_ends, *sum_below; /* by node, 0 between calls: tok_row_join */
};

struct tok_machine {
	struct tok_core *core;
	struct tok_front **kept; /* the last is where it stands */
	size_t count, capacity;
	size_t hidden; /* bytes in front that are not shown */
	double hidden_low, hidden_high;
};

static inline struct tok_front *tok_machine_front(const struct tok_machine *m)
{
	return m->kept[m->count - 1];
}

/* log(exp(a) + exp(b)) */
double tok_log_add(double a, double b);

/* ---- heads ---- */

struct tok_head *tok_head_first(struct tok_core *core); /* NULL if memory is out */
struct tok_head *tok_head_next(struct tok_core *core, struct tok_head *parent, tok_id id,
			       const struct tok_valid_state *valid);
struct tok_head *tok_head_hold(struct tok_head *head);
void tok_head_release(struct tok_head *head);
bool tok_head_same(const struct tok_core *core, const struct tok_head *a, const struct tok_head *b);

/* The ids that the model is asked with, appended. */
TOK_MUST_USE bool tok_head_context(const struct tok_head *head, struct tok_buffer *out);

/* ---- rows ---- */

/* Give each head that has none its row; heads may be the same.  On failure some may have got one
 * that was there already. */
TOK_MUST_USE enum tok_status tok_row_store_need(struct tok_core *core,
						struct tok_head *const *heads, size_t count,
						struct tok_error *err);
void tok_head_drop_row(struct tok_core *core, struct tok_head *head);
void tok_row_store_free(struct tok_core *core);

/* What a row says: the logarithm of an id's probability; the mass of all ids that pass through a
 * node, and of those that go on from it. */
struct tok_bounds tok_row_log_p(const struct tok_row *row, tok_id id);
struct tok_bounds tok_row_mass(const struct tok_core *core, const struct tok_row *row,
			       uint32_t node);
struct tok_bounds tok_row_below(const struct tok_core *core, const struct tok_row *row,
				uint32_t node);

/* Is the mass of the node there? */
static inline bool tok_row_knows(const struct tok_core *core, const struct tok_row *row,
				 uint32_t node)
{
	return core->in_parts || row->mass_high[node] >= 0.0;
}

/* Rows in parts: the row of this context; its mass at a node; what it no longer needs. */
TOK_MUST_USE enum tok_status tok_row_join(struct tok_core *core, struct tok_row *row,
					  const struct tok_lm_request *request,
					  struct tok_error *err);
double tok_joined_p(const struct tok_row *row, tok_id id);
double tok_joined_mass(const struct tok_core *core, const struct tok_row *row, uint32_t node,
		       bool below_only);
void tok_row_leave_parts(struct tok_row *row);
void tok_parts_free(struct tok_core *core);

/* Masses of the subtree of `node`, where `state` is the validity behind the bytes that lead
 * there from a head. */
void tok_row_mask(struct tok_core *core, struct tok_row *row, uint32_t node,
		  const struct tok_valid_state *state);

/* The levels of the subtree of `node` into core->levels; where there is validity, that of each
 * node of them, from `state` at `node`, into core->states and core->dead.  Returns how many. */
size_t tok_subtree_walk(struct tok_core *core, uint32_t node, const struct tok_valid_state *state);

/* ---- fronts ---- */

struct tok_front *tok_front_new(size_t count); /* NULL if memory is out */
struct tok_front *tok_front_hold(struct tok_front *front);
void tok_front_release(struct tok_front *front);

/* The rows of `front` that are not of `next` (or NULL) are wanted no more. */
void tok_front_leave(struct tok_core *core, const struct tok_front *front,
		     const struct tok_front *next);

/* TOK_ETEXT without a message where nothing goes on with this byte. */
TOK_MUST_USE enum tok_status tok_front_step(struct tok_core *core, const struct tok_front *front,
					    uint8_t byte, struct tok_front **out,
					    struct tok_error *err);

/* The rows of all places that are inside a token. */
TOK_MUST_USE enum tok_status tok_front_need(struct tok_core *core, const struct tok_front *front,
					    struct tok_error *err);

/* P of what was pushed, from the origin, without what was dropped. */
TOK_MUST_USE enum tok_status tok_front_mass(struct tok_core *core, struct tok_front *front,
					    struct tok_bounds *out, struct tok_error *err);

#endif
