/*
 * net_internal.h - the network as it is held, and the parts of a prediction.
 *
 *	open.c      weights from tensors
 *	forms.c     the tokens of a block, each distinct surface form once, by shape
 *	memo.c      what is known of pieces, and of pieces at their places
 *	forward.c   the layers, for one thread's share of forms
 *	predict.c   blocks, threads, order
 */
#ifndef HYPER_NET_NET_INTERNAL_H
#define HYPER_NET_NET_INTERNAL_H

#include "hypernet/net/net.h"

/* ---- weights ---------------------------------------------------------------------- */

struct hyper_dense {
	struct hyper_matrix weight;
	const float *bias;
};

struct hyper_norm {
	const float *weight, *bias;
};
#define HYPER_NORM_EPSILON      1e-5F /* of roberta-base */
#define HYPER_PROJECTOR_EPSILON 1e-6F

/* Two layers and what went in, normed: around the transformer. */
struct hyper_projector {
	struct hyper_dense up, down;
	struct hyper_norm norm;
};

struct hyper_head {
	struct hyper_projector projector;
	struct hyper_dense last;
	const float *scale, *shift; /* NULL: none */
};

struct hyper_layer {
	/* The last layer is asked for its first position only, unless the network is plain.  For
	 * one query q of a head, keys and values of all rows are more than is needed: q (K x) is
	 * (K' q) x, and the weighed sum of V x is V times that of x.  (Keys' bias adds the same to
	 * all scores, and values' is added to the sum, as the weights sum up to 1.) */
	bool pruned;
	struct hyper_dense attention; /* queries, keys, values; not where pruned: */
	struct hyper_dense query;
	struct hyper_matrix *keys;  /* of each head: K' times sqrt(heads), H x H / heads */
	struct hyper_dense *values; /* of each head: H / heads x H */
	struct hyper_dense attended;
	struct hyper_norm attended_norm;
	struct hyper_dense up, down;
	struct hyper_norm norm;
};

struct hyper_net {
	struct hyper_config config; /* without its arena's */
	struct hyper_net_options options;
	struct tok_arena arena; /* what is not packed */
	size_t bytes;
	const char *unused;

	const float *in_scale, *in_shift; /* NULL: none */
	const float *fallback;            /* X x source width */
	struct hyper_dense input;
	struct hyper_projector input_projector;
	const float *places; /* position p and type 0, summed; place_count x H */
	size_t place_count;
	const float *languages; /* language_count x H */
	struct hyper_norm embedding_norm;
	struct hyper_layer *layers;
	struct hyper_head in, out; /* out.last.weight.data NULL: none of its own */
	struct hyper_dense bias;   /* .weight.data NULL: none */
	size_t scratch_bytes;      /* of any product with HYPER_ROWS rows */
};

/* Rows of activations that a thread works on: enough that streaming the weights of a layer
 * through the cache is little beside the sums.  More than the rows of any token. */
enum { HYPER_ROWS = 512 };

/* ---- forms ------------------------------------------------------------------------ */

/* How the rows of a token lie: the first position; other pieces; the language; and, where all
 * are computed, positions that are masked.  Keys are `keys` rows from `first_key` on. */
struct hyper_shape {
	uint8_t rows, keys, first_key;
	bool alike; /* nothing but padding: all rows are attended to alike */
};

enum { HYPER_LANGUAGE_PLACE = UINT8_MAX };

struct hyper_form {
	const tok_id *ids;
	uint32_t token; /* of the block: the first with this form, */
	struct hyper_shape shape;
};

struct hyper_forms {
	struct hyper_form *items; /* by shape */
	size_t count;
	uint32_t *next; /* of a token: the next one with the same form, or UINT32_MAX */
	size_t capacity;
	struct tok_arena arena; /* of one block */
};

bool hyper_forms_init(struct hyper_forms *forms, size_t capacity);
void hyper_forms_release(struct hyper_forms *forms);

/* Those of tokens [first, first + count).  False if memory is out. */
bool hyper_forms_take(struct hyper_forms *forms, const struct hyper_net *net,
		      const struct hyper_surfaces *surfaces, size_t first, size_t count);

/* For each row of a form the position of its piece, or HYPER_LANGUAGE_PLACE. */
void hyper_form_places(const struct hyper_net *net, const struct hyper_form *form, size_t length,
		       uint8_t *places);

/* ---- the memo --------------------------------------------------------------------- */

/* The keys of what a form needs, at most HYPER_KEYS_MAX; how many. */
typedef size_t hyper_keys_fn(const struct hyper_net *net, const struct hyper_form *form,
			     size_t length, size_t *keys);
enum { HYPER_KEYS_MAX = HYPER_SURFACE_MAX + 1 };

/* A form's pieces, by id: id < hyper_piece_keys_end.  And its rows in the order of
 * hyper_form_places, by piece and place: id * length + place; the language, which has no place, is
 * the last key. */
hyper_keys_fn hyper_piece_keys, hyper_row_keys;
size_t hyper_piece_keys_end(const struct hyper_net *net);
size_t hyper_row_keys_end(const struct hyper_net *net, size_t length);

/* Rows of `width` numbers, each by its key. */
struct hyper_memo {
	hyper_keys_fn *keys_of;
	float *rows;
	size_t width;
	size_t *keys;    /* of each row */
	uint32_t *slots; /* of each key: its row + 1, or 0 */
	size_t count, capacity;
};

/* `keys_of` makes keys below `end`; no more than `most` rows are ever wanted. */
bool hyper_memo_init(struct hyper_memo *memo, const struct hyper_net *net, hyper_keys_fn *keys_of,
		     size_t end, size_t width, size_t most);
void hyper_memo_release(struct hyper_memo *memo);

/* Give a row to each key of forms[0], forms[1] ... as long as there is room; how many of the
 * forms have all theirs.  Rows from the old `count` on are to be filled.  0: it must be cleared
 * first; then there is room for one form at least. */
size_t hyper_memo_take(struct hyper_memo *memo, const struct hyper_net *net,
		       const struct hyper_form *forms, size_t count, size_t length);
void hyper_memo_clear(struct hyper_memo *memo);

/* The row of a key that has one. */
static inline const float *hyper_memo_row(const struct hyper_memo *memo, size_t key)
{
	return memo->rows + (memo->slots[key] - 1) * memo->width;
}

/* ---- layers ----------------------------------------------------------------------- */

/* What one thread works in: HYPER_ROWS rows each. */
struct hyper_work {
	float *x;     /* H */
	float *wide;  /* the larger of 3 H and the source's width */
	float *mixed; /* H */
	float *mid;   /* I */
	float *first; /* H: first positions */
	float *query; /* H */
	void *scratch;
};

bool hyper_work_init(struct hyper_work *work, const struct hyper_net *net);
void hyper_work_release(struct hyper_work *work);

/* Pieces as they go into the transformer, before position and norm: `count` rows of H, at most
 * HYPER_ROWS, of the pieces `ids`. */
TOK_MUST_USE enum tok_status hyper_project(const struct hyper_net *net,
					   const struct hyper_source *source,
					   struct hyper_work *work, const size_t *ids, size_t count,
					   float *rows, struct tok_error *err);

/* Where the rows of a block go; token 0 is its first. */
struct hyper_rows {
	float *in, *out, *bias;
	const uint32_t *next; /* of hyper_forms */
};

/* One prediction's borrowed things. */
struct hyper_pass {
	const struct hyper_net *net;
	const struct hyper_source *source;
	/* Of pieces, and of what the first layer's attention makes of each row before it has
	 * looked at another; NULL: a plain network's. */
	const struct hyper_memo *pieces, *first_layer;
	size_t length, language;
	struct hyper_rows rows;
};

/* For `first_layer`: `count` rows, at most HYPER_ROWS, of the keys of hyper_row_keys, whose pieces
 * are known. */
void hyper_begin_layers(const struct hyper_pass *pass, struct hyper_work *work, const size_t *keys,
			size_t count, float *rows);

/* The rows of `count` forms with at most HYPER_ROWS rows in all. */
TOK_MUST_USE enum tok_status hyper_forward(const struct hyper_pass *pass, struct hyper_work *work,
					   const struct hyper_form *forms, size_t count,
					   struct tok_error *err);

#endif
