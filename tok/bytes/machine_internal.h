/*
 * machine_internal.h - heads, rows and fronts: what the parts of the byte machine share.
 *
 *	machine_heads.c   contexts, what is the same context
 *	machine_sums.c    sums over ranges of ids, of all or of those that are valid
 *	machine_mask.c    which ids are valid
 *	machine_rows.c    rows of the model, asked for in batches and kept for a while
 *	machine_fill.c    what is in a row
 *	machine_small.c   the same where numbers are too small: logarithms, as in small.c
 *	machine_parts.c   rows that a model tells in parts
 *	machine_front.c   what is known behind a byte
 *	machine_step.c    from a front to the next one: a byte
 *	machine_next.c    what a front says
 *	machine_leak.c    what of it goes to rows that are not valid
 *	machine_covers.c  rows of tokens, most probable first
 *	machine_tokens.c  draws token by token: token_walk.h
 *	machine.c         the rest of the interface
 */
#ifndef TOK_BYTES_MACHINE_INTERNAL_H
#define TOK_BYTES_MACHINE_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/bytes/machine.h"
#include "tok/bytes/small_internal.h"
#include "tok/bytes/tokens_internal.h"
#include "tok/bytes/validity_mask_internal.h"

enum {
	ROW_BUCKETS = 1 << 15,
	PART_BUCKETS = 1 << 12,
	STATE_BUCKETS = 1 << 13,
	MASK_BUCKETS = 1 << 13,
	SUM_BLOCK = 64, /* ids, as many as a word of a mask has */
	PART_MEMOS = 4,
	MASK_MEMOS = 8
};

/* The sum over a range, below a mask. */
struct tok_memo {
	uint64_t mask;
	struct tok_range ranks;
	double sum;
};

/* What is known behind a row of tokens about what may follow: one for all heads that agree. */
struct tok_state {
	struct tok_state *next; /* in the bucket */
	size_t refs;
	uint64_t hash;
	struct tok_valid_state valid;
};

/* Which of the ids that pass through a node are valid, where `key` is the validity behind the bytes
 * that lead there: of all of them for the root, else for one of its children.  A bit a rank, in
 * words that begin at multiples of SUM_BLOCK. */
struct tok_mask {
	struct tok_mask *next; /* in the bucket */
	size_t users, bytes;
	uint64_t hash, used; /* .used: when it was last */
	uint64_t serial;     /* never given twice */
	uint32_t node, first_word, word_count, key_count;
	bool made;            /* all of it; else ids with a first byte of those in .children */
	uint64_t children[4]; /* a bit a byte */
	/* Sums of `base` that were asked last. */
	struct tok_memo memos[MASK_MEMOS];
	const double *base;
	double *firsts; /* sums of `base` by first byte; NULL: nobody has asked */
	uint64_t *bits;
	uint64_t key[]; /* words of the state, without zeros at its end; then the bits */
};

/* A context: ids behind which the model may be asked.  Never changed, but for .row and .mark, for
 * how its ids are divided among it and those before it, and for .count while it is new. */
struct tok_head {
	size_t refs;
	struct tok_head *parent; /* NULL: there is none, or the tail says all */
	struct tok_row *row;     /* held while it is wanted */
	struct tok_state *state; /* behind its last token; NULL: without validity */
	uint64_t key;            /* hash of what makes it the same as another one */
	uint64_t mark;
	double log_kept; /* valid-renorm: how much of the rows before it was valid; a logarithm.  As
			  * a text has one encoding, valid contexts with the same future are one */
	size_t count;    /* ids, with those that stand before every text: the most of those
			  * that were made one with it */
	struct tok_buffer older; /* ids taken over from those before it */
	size_t tail_count;
	tok_id tail[]; /* all ids that a model of finite order sees, or a window has; else the last
			  one */
};

/* Probabilities by rank, and the sum of each SUM_BLOCK of them. */
struct tok_sums {
	double *p, *blocks;
};

/* A part of rows (model.h) that is not small, by rank. */
struct tok_part {
	struct tok_part *next; /* in the bucket */
	const tok_id *key;     /* whose part it is */
	size_t users, count, bytes;
	uint64_t used; /* when it was last */
	double text, end, nontext;
	double least; /* how near to 0 what is not 0 comes; 0: nobody has asked */
	uint32_t *ranks;
	struct tok_sums sums; /* by place in `ranks` */
	/* Asked last. */
	struct tok_memo memos[PART_MEMOS];
	tok_id memo_id;
	double memo_add;
};

/* An id of which a row tells. */
struct tok_known {
	uint32_t rank;
	double log_p, p;
};

/* Are there products of parts, not 0, that are too small for doubles? */
enum tok_hiding { TOK_HIDING_UNKNOWN, TOK_HIDING_NOTHING, TOK_HIDING_SOMETHING };

/* What the model says in a context.  Values are to be scaled: by exp(log_scale), which is `scale`.
 * Where the model tells its rows in parts, `parts` is all that there is, unless it was spread out
 * because hardly anything in it is valid. */
struct tok_row {
	struct tok_row *next; /* in the bucket */
	struct tok_head *of;
	uint64_t key;                  /* the head's */
	struct tok_row *older, *newer; /* among those that nobody uses */
	size_t users;
	bool lasts; /* it is told, and may be kept when nobody uses it */
	bool in_parts;
	bool vague;              /* valid-renorm: parts have left no digits of what is valid */
	double error;            /* whole rows: how far values, not scaled, may be from the truth */
	enum tok_hiding hiding;  /* in parts; tok_row_hides() tells */
	double *log_p;           /* whole rows: natural logarithms by id */
	struct tok_sums sums;    /* ... and the same */
	struct tok_known *known; /* rows of the best: by rank */
	size_t known_count;
	struct tok_unseen unseen;
	struct tok_row_masses other_low, other_high;
	double scale, log_scale;
	double log_valid; /* valid-renorm: what of it is valid, a logarithm */
	struct tok_lm_parts parts;
	struct tok_part *big[TOK_LM_PARTS_MAX]; /* NULL: it is small */
};

/* A row of tokens and where the bytes behind it lead to.  Places below which no id is valid have no
 * future and are not kept. */
struct tok_place {
	struct tok_head *head;
	struct tok_mask *mask; /* of the head's state; NULL: all are valid, or .node is the root */
	uint32_t node;
	bool summed;
	struct tok_bounds below;  /* where summed: tok_place_below */
	struct tok_bounds log_p;  /* its weight, from the front's origin */
	struct tok_bounds weight; /* the same, no logarithm */
	size_t ways;              /* rows of tokens in it; SIZE_MAX: too many to count */
};

/* All that is known behind a byte. */
struct tok_front {
	size_t refs, at; /* bytes pushed */
	size_t bytes; /* of memory: its own, and no less than what its new heads and masks have */
	uint8_t byte; /* the last of them */
	double origin;
	double dropped; /* no less than all that was dropped; logarithm, from the origin */
	bool weighed;
	struct tok_bounds mass; /* where weighed: tok_front_mass ... */
	double shift;           /* ... from here beyond the origin: not 0 where that is little */
	size_t count;
	struct tok_place places[];
};

/* A subtree is gone through depth first. */
struct tok_below {
	uint32_t node, next;
	struct tok_valid_state valid;
};

/* Rows that wait for their content. */
struct tok_asking {
	size_t count, row_capacity, request_capacity, answer_capacity;
	struct tok_row **rows;
	struct tok_lm_request *requests;
	struct tok_lm_row *answers;
};

/* Shared by a machine and its forks. */
struct tok_core {
	size_t refs;
	const struct tok_byte_tokens *tokens;
	const struct tok_validity *validity; /* NULL: all rows of tokens */
	struct tok_valid_shared *shared;     /* NULL: its states share nothing */
	struct tok_lm *lm;
	struct tok_machine_options options;
	size_t tail; /* ids that a head keeps at most */
	bool finite; /* the model is of finite order, or has a window: a head is its tail */

	bool in_parts; /* so are rows asked for */
	bool loose;    /* bounds of rows may differ: the best are known only, or parts have taken
			* each other away somewhere */
	struct tok_row *buckets[ROW_BUCKETS];
	struct tok_row *oldest, *newest; /* that nobody uses */
	size_t row_count, row_budget;
	uint64_t clock;
	struct tok_machine_cost cost;

	struct tok_part *part_buckets[PART_BUCKETS];
	size_t part_bytes, part_budget; /* those of live heads apart */
	const double *base;             /* of all parts */
	struct tok_sums base_sums;
	double base_text, base_firsts[256]; /* of all text; by child of the root */
	double base_least;                  /* as of a part */
	struct tok_row_masses base_other;
	struct tok_range base_range; /* asked last */
	double base_range_sum;

	struct tok_state *states[STATE_BUCKETS];
	struct tok_mask *masks[MASK_BUCKETS];
	size_t mask_bytes, mask_budget;    /* those of live places apart */
	uint64_t masks_swept, parts_swept; /* when */
	size_t history_budget;             /* bytes of the fronts that a machine keeps */
	size_t cover_budget;               /* bytes of ids that a search for covers keeps */

	/* Room that calls use. */
	struct tok_lm_top *best; /* of one batch */
	struct tok_buffer contexts;
	struct tok_asking asking;
	uint64_t *bits; /* of a mask that is made */
	size_t bit_capacity;
	struct tok_below *below;
	size_t below_capacity;
	struct tok_head **heads; /* whose rows are needed */
	size_t head_capacity;
	struct tok_place *places; /* of the front that is made */
	size_t place_capacity;
	uint32_t *slots; /* new places by key, one more than their number; 0: free */
	size_t slot_count;
};

struct tok_machine {
	struct tok_core *core;
	struct tok_front **kept; /* the last is where it stands */
	size_t count, capacity;
	size_t kept_bytes; /* of all of them */
	size_t hidden;     /* bytes in front that are not shown */
	double hidden_low, hidden_high;
};

static inline struct tok_front *tok_machine_front(const struct tok_machine *m)
{
	return m->kept[m->count - 1];
}

static inline uint64_t tok_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
	return hash ^ (hash >> 29);
}

/* ---- heads ---- */

struct tok_head *tok_head_first(struct tok_core *core); /* NULL if memory is out */

/* `parent` and one id more, `state` behind it, which is held; NULL if memory is out. */
struct tok_head *tok_head_next(struct tok_core *core, struct tok_head *parent, tok_id id,
			       struct tok_state *state);
struct tok_head *tok_head_hold(struct tok_head *head);
void tok_head_release(struct tok_core *core, struct tok_head *head);
bool tok_head_same(const struct tok_core *core, const struct tok_head *a, const struct tok_head *b);

/* Bytes of memory that it has alone. */
static inline size_t tok_head_bytes(const struct tok_head *head)
{
	return sizeof *head + head->tail_count * sizeof *head->tail +
	       (head->state ? sizeof *head->state : 0);
}

/* Have they the same future?  Where a model in parts tells in the rows that they have, if they have
 * any, that not all of their ids matter.  Keys are hashes of it. */
uint64_t tok_head_future_key(const struct tok_core *core, const struct tok_head *head);
bool tok_head_same_future(const struct tok_core *core, const struct tok_head *a,
			  const struct tok_head *b);

/* The ids that the model is asked with, appended.  Ids of heads before it that nobody else knows
 * become its own. */
TOK_MUST_USE bool tok_head_context(struct tok_core *core, struct tok_head *head,
				   struct tok_buffer *out);

/* How a row of `count` ids, with those that stand before every text, was looked at. */
struct tok_machine_windows tok_head_windows(const struct tok_core *core, size_t count);

/* ---- validity ---- */

/* NULL if memory is out; held. */
struct tok_state *tok_state_find(struct tok_core *core, const struct tok_valid_state *valid);
struct tok_state *tok_state_hold(struct tok_state *state);
void tok_state_release(struct tok_core *core, struct tok_state *state);

/* The state behind `id`, which is valid behind `state`; held.  NULL if memory is out. */
struct tok_state *tok_state_next(struct tok_core *core, const struct tok_state *state, tok_id id);

/* What is valid behind `state`, of the ids that begin with the byte of `child`, a child of the
 * root; 0: of all.  Held. */
TOK_MUST_USE enum tok_status tok_mask_find(struct tok_core *core, const struct tok_state *state,
					   uint32_t child, struct tok_mask **out,
					   struct tok_error *err);
struct tok_mask *tok_mask_hold(struct tok_mask *mask); /* NULL is fine, as below */
void tok_mask_release(struct tok_mask *mask);
void tok_masks_free(struct tok_core *core);

/* Where mask is NULL all are valid. */
static inline bool tok_mask_has(const struct tok_mask *mask, uint32_t rank)
{
	return !mask || (mask->bits[rank / SUM_BLOCK - mask->first_word] >> rank % SUM_BLOCK & 1);
}
bool tok_mask_any(const struct tok_mask *mask, struct tok_range ranks);

/* The first valid rank from `rank` on, `end` where there is none before. */
uint32_t tok_mask_next(const struct tok_mask *mask, uint32_t rank, uint32_t end);
size_t tok_mask_count(const struct tok_mask *mask, struct tok_range ranks);

/* ---- sums ---- */

/* From p, `count` numbers; blocks has one for each SUM_BLOCK of them. */
void tok_sums_block(struct tok_sums *sums, size_t count);
TOK_MUST_USE bool tok_sums_init(struct tok_sums *sums, size_t count);
void tok_sums_release(struct tok_sums *sums);

double tok_sums_range(const struct tok_sums *sums, struct tok_range range);
double tok_sums_masked(const struct tok_sums *sums, const struct tok_mask *mask,
		       struct tok_range ranks);

/* ---- rows ---- */

/* Give each head that has none its row; heads may be the same.  On failure some may have got one
 * that was there already. */
TOK_MUST_USE enum tok_status tok_row_store_need(struct tok_core *core,
						struct tok_head *const *heads, size_t count,
						struct tok_error *err);
void tok_head_drop_row(struct tok_core *core, struct tok_head *head);
void tok_row_store_free(struct tok_core *core);

/* What the model has answered is looked at and taken over; TOK_EFORMAT where it is no
 * distribution. */
TOK_MUST_USE enum tok_status tok_row_fill_whole(struct tok_core *core, struct tok_row *row,
						struct tok_error *err);
TOK_MUST_USE enum tok_status tok_row_fill_best(struct tok_core *core, struct tok_row *row,
					       const struct tok_lm_row *answer,
					       struct tok_error *err);
TOK_MUST_USE enum tok_status tok_row_fill_parts(struct tok_core *core, struct tok_row *row,
						const struct tok_lm_request *request,
						struct tok_error *err);

/* What a row says of an id; of all that are valid in a range of ranks. */
struct tok_bounds tok_row_p(struct tok_core *core, const struct tok_row *row, tok_id id);
struct tok_bounds tok_row_log_p(struct tok_core *core, struct tok_row *row, tok_id id);
struct tok_bounds tok_row_sum(struct tok_core *core, const struct tok_row *row,
			      struct tok_mask *mask, struct tok_range ranks);

/* The sums of all ids by first byte: of the children of the root, in their order. */
void tok_row_firsts(struct tok_core *core, const struct tok_row *row, struct tok_mask *mask,
		    struct tok_bounds out[256]);

/* Their logarithms, where `sum` is what tok_row_sum gave: however small, and -INFINITY only where
 * nothing in the range is possible.  The same of all valid ids of one kind that is no text. */
struct tok_bounds tok_row_log_sum(struct tok_core *core, struct tok_row *row, struct tok_mask *mask,
				  struct tok_range ranks, struct tok_bounds sum);
struct tok_bounds tok_row_log_others(struct tok_core *core, struct tok_row *row,
				     enum tok_byte_kind kind);

/* A row of which next to nothing is valid becomes one over what is, and is whole then; *found false
 * where nothing at all is. */
TOK_MUST_USE enum tok_status tok_row_renormalise(struct tok_core *core, struct tok_row *row,
						 const struct tok_mask *mask, bool *found,
						 struct tok_error *err);

/* A value of a whole row, or its logarithm, with how far it may be from the truth. */
struct tok_bounds tok_row_around(const struct tok_row *row, double value);
struct tok_bounds tok_row_log_around(const struct tok_row *row, double log_value);

/* What a whole row has besides its logarithms and .error. */
void tok_row_take_exponentials(const struct tok_core *core, struct tok_row *row);

/* Room for a whole row. */
TOK_MUST_USE bool tok_row_make_room(const struct tok_core *core, struct tok_row *row);

/* How near to 0 those come that are not 0. */
double tok_least(const double *numbers, size_t count);

/* Rows in parts: the row of this context and the sum of all that it has; an id, and a range, not
 * scaled, with bounds where parts take each other away, and core->loose from then on; whether what
 * is 0 there need not be, and the logarithm of a range; what it no longer needs. */
TOK_MUST_USE enum tok_status tok_row_join(struct tok_core *core, struct tok_row *row,
					  const struct tok_lm_request *request, double *sum,
					  struct tok_error *err);
struct tok_bounds tok_joined_p(struct tok_core *core, const struct tok_row *row, tok_id id);
struct tok_bounds tok_joined_sum(struct tok_core *core, const struct tok_row *row,
				 struct tok_mask *mask, struct tok_range ranks);
bool tok_row_hides(const struct tok_core *core, struct tok_row *row);
struct tok_bounds tok_joined_log_sum(struct tok_core *core, const struct tok_row *row,
				     struct tok_mask *mask, struct tok_range ranks);
void tok_joined_firsts(struct tok_core *core, const struct tok_row *row, struct tok_mask *mask,
		       struct tok_bounds out[256]);
void tok_row_leave_parts(struct tok_row *row);
void tok_parts_free(struct tok_core *core);

/* ---- fronts ---- */

struct tok_front *tok_front_new(size_t count); /* NULL if memory is out */
struct tok_front *tok_front_hold(struct tok_front *front);
void tok_front_release(struct tok_core *core, struct tok_front *front);

void tok_place_release(struct tok_core *core, const struct tok_place *place);

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

/* P of what was pushed, without what was dropped, as a share of exp(origin + shift); 0 only where
 * nothing is left. */
TOK_MUST_USE enum tok_status tok_front_mass(struct tok_core *core, struct tok_front *front,
					    struct tok_bounds *out, struct tok_error *err);

/* Its logarithm, with what was dropped in the upper bound; the mass was told before. */
struct tok_bounds tok_front_log_p(const struct tok_front *front);

/* What one place has of that mass, whose row is there. */
struct tok_bounds tok_place_share(struct tok_core *core, struct tok_place *place, double shift);

/* The same as a logarithm, from the front's origin. */
struct tok_bounds tok_place_log_share(struct tok_core *core, struct tok_place *place);

/* valid-renorm, where all rows are there: what of the text valid leaks here; and what ends here,
 * behind which nothing is valid to the model. */
double tok_front_valid_leak(struct tok_core *core, struct tok_front *front);
double tok_front_dead_share(struct tok_core *core, struct tok_front *front);

/* The mass of what goes on from a place inside a token, whose row is there, and its logarithm. */
struct tok_bounds tok_place_below(struct tok_core *core, struct tok_place *place);
struct tok_bounds tok_place_log_below(struct tok_core *core, struct tok_place *place);

#endif
