/*
 * model.h - a language model over tokens, whoever computes it: the one thing that the
 * byte machine asks.
 *
 *	struct tok_lm *lm = ...;                       // vocab/lm opens files, processes, servers
 *	status = tok_lm_rows(lm, requests, count, rows, &err);
 *	tok_lm_free(lm);
 *
 * A row is the distribution of the next token after a context: natural logarithms, one an
 * id, -INFINITY for impossible.  A context is named by its ids; a provider that keeps
 * states of its own (a cache of keys and values) recognises those that go on from earlier ones.
 * Rows are what they are: "exact" anywhere in tok/bytes means exact given these rows.
 *
 * One thread at a time.  Failures: TOK_EIO the provider died, hung or broke the protocol;
 * TOK_EFORMAT a row that is none (not a number, does not sum to one within 1e-3, another
 * length than promised); TOK_ELIMIT a context longer than max_context.
 */
#ifndef TOK_BYTES_MODEL_H
#define TOK_BYTES_MODEL_H

#include "tok/base/span.h"
#include "tok/base/status.h"

struct tok_lm_info {
	const char *name;
	size_t size;         /* numbers in a row: ids 0 .. size - 1 */
	const tok_id *start; /* ids that stand before every text (BOS); may be none */
	size_t start_count;
	const tok_id *eos; /* ids that end a text; pooled into one symbol */
	size_t eos_count;
	size_t max_context;  /* ids, with start; 0: no limit */
	size_t markov_order; /* rows depend on the last order - 1 ids only; 0: on all */
	size_t top;          /* rows tell the best so many only; 0: all */
	size_t batch;        /* contexts that are well asked for together */
	bool deterministic;  /* the same context gives the same row, bit for bit */
	/* Longer contexts are cut to windows (window.h) of so many ids, with start; 0: they are
	 * not. None has both this and a finite order. */
	size_t window, stride;
};

struct tok_lm_request {
	const tok_id *ids; /* with the start ids */
	size_t count;
};

struct tok_lm_top {
	tok_id id;
	double log_p;
};

struct tok_lm_row {
	double *log_p;           /* room for info.size; where top is 0 */
	struct tok_lm_top *best; /* room for info.top; else */
	size_t best_count;
	double log_rest; /* of all others together */
	/* Where numbers have lost digits: so far are all of them together from what the model says,
	 * as probabilities.  Whoever asks sets it to 0, and most models leave that. */
	double error;
};

/* ---- rows in parts: for models that keep what differs from a shorter context ----
 *
 *	p(id) = scale * base[id] + sum of part.scale * part.add[i] over all part.ids[i] == id
 *
 * Parts are borrowed and live as long as the model.  Equal `ids` are equal parts, whatever
 * their scale: who sums parts over a trie may keep the sums under that pointer.  Numbers may
 * be below 0 where a model was rounded; where the sum is, p is 0.  A row then costs what its
 * contexts have seen, not the vocabulary.
 *
 * A scale below TOK_LM_SMALL_SCALE is told by its logarithm, since as a double it may have lost
 * digits, or all of itself; elsewhere nobody reads the logarithm. */
enum { TOK_LM_PARTS_MAX = 4 };
#define TOK_LM_SMALL_SCALE 1e-280

struct tok_lm_part {
	const tok_id *ids; /* rising */
	const double *add;
	size_t count; /* at least 1 */
	double scale, log_scale;
};

struct tok_lm_parts {
	const double *base; /* info.size probabilities, the same in every row */
	double scale, log_scale;
	struct tok_lm_part parts[TOK_LM_PARTS_MAX];
	size_t count;
	/* So many of the first of the last markov_order - 1 ids are not what it depends on: two
	 * contexts that can spare as many, and whose other ids are the same, have the same rows
	 * here and behind whatever goes on from here.  Where there are fewer ids than it does not
	 * spare, that there are no more is what it depends on too. */
	size_t spare;
};

/* What a part adds to an id, not scaled. */
static inline double tok_lm_part_add(const struct tok_lm_part *part, tok_id id)
{
	size_t low = 0, high = part->count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (part->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < part->count && part->ids[low] == id ? part->add[low] : 0.0;
}

/* Natural logarithm of p(id), with all its digits however small that is; bounds are the same,
 * unless parts have taken each other away until less than 1e-4 of them was left: these hold the
 * truth, and .log_p is what doubles leave. */
struct tok_lm_log_p {
	double log_p, low, high;
};
TOK_API struct tok_lm_log_p tok_lm_parts_log_p(const struct tok_lm_parts *parts, tok_id id);

struct tok_lm {
	const struct tok_lm_info *info;
	enum tok_status (*rows)(struct tok_lm *lm, const struct tok_lm_request *requests,
				size_t count, struct tok_lm_row *out, struct tok_error *err);
	void (*free)(struct tok_lm *lm);
	/* NULL where rows are not made of parts. */
	enum tok_status (*parts)(struct tok_lm *lm, const struct tok_lm_request *request,
				 struct tok_lm_parts *out, struct tok_error *err);
};
#endif
