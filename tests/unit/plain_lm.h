/*
 * plain_lm.h - models of tokens in memory, and what the byte machine is to say of them, by going
 * through all rows of tokens.
 *
 *	struct plain_lm lm = plain_table(4, rows);       // a bigram model
 *	struct plain_lm lm = plain_random(seed, 9, 3);   // nine ids, order 3
 *	const double p = plain_p(&lm, ids, count, id);
 *
 * A model is its function p; a hashed one has small whole numbers as weights, so that its
 * probabilities are what fractions are in double precision.
 */
#ifndef TESTS_UNIT_PLAIN_LM_H
#define TESTS_UNIT_PLAIN_LM_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/random.h"
#include "tok/bytes/machine.h"

enum { PLAIN_IDS = 64, PLAIN_TEXT = 64 };

struct plain_lm {
	struct tok_lm lm; /* the first */
	struct tok_lm_info info;
	double (*p)(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id);
	const double *rows; /* plain_table: behind nothing, behind id 0, ... */
	uint64_t seed;      /* plain_random */
	size_t order;
	const void *source; /* of a function of the test's own */
	tok_id start[2], eos[2];

	size_t calls, asked, longest;
	size_t fails_at; /* this call fails; 0: none */
	double lie;      /* is written over the first number of each row, unless it is 0 */
};

static inline double plain_p(const struct plain_lm *lm, const tok_id *ids, size_t count, tok_id id)
{
	return lm->p(lm, ids, count, id);
}

/* ---- rows ------------------------------------------------------------------------- */

static inline void plain_whole(const struct plain_lm *lm, const struct tok_lm_request *request,
			       double *log_p)
{
	for (tok_id id = 0; id < lm->info.size; id++)
		log_p[id] = log(plain_p(lm, request->ids, request->count, id));
	if (lm->lie != 0.0)
		log_p[0] = lm->lie;
}

/* The best few, by choosing again and again. */
static inline void plain_best(const struct plain_lm *lm, const struct tok_lm_request *request,
			      struct tok_lm_row *out)
{
	bool taken[PLAIN_IDS] = { false };
	double rest = 1.0;
	out->best_count = lm->info.top < lm->info.size ? lm->info.top : lm->info.size;
	for (size_t i = 0; i < out->best_count; i++) {
		tok_id best = TOK_NO_ID;
		double most = -1.0;
		for (tok_id id = 0; id < lm->info.size; id++) {
			const double p = plain_p(lm, request->ids, request->count, id);
			if (!taken[id] && p > most) {
				best = id;
				most = p;
			}
		}
		taken[best] = true;
		rest -= most;
		out->best[i] = (struct tok_lm_top){ best, log(most) };
	}
	out->log_rest = log(fmax(rest, 0.0));
}

static inline enum tok_status plain_rows(struct tok_lm *base, const struct tok_lm_request *requests,
					 size_t count, struct tok_lm_row *out,
					 struct tok_error *err)
{
	struct plain_lm *lm = (struct plain_lm *)base;
	if (++lm->calls == lm->fails_at)
		return tok_fail(err, TOK_EIO, "the model has gone");
	lm->asked += count;
	for (size_t i = 0; i < count; i++) {
		if (requests[i].count > lm->longest)
			lm->longest = requests[i].count;
		if (lm->info.top)
			plain_best(lm, &requests[i], &out[i]);
		else
			plain_whole(lm, &requests[i], out[i].log_p);
	}
	return TOK_OK;
}

/* ---- models ----------------------------------------------------------------------- */

static inline double plain_table_p(const struct plain_lm *lm, const tok_id *ids, size_t count,
				   tok_id id)
{
	return lm->rows[(count ? ids[count - 1] + 1 : 0) * lm->info.size + id];
}

static inline uint64_t plain_weight(uint64_t key, tok_id id)
{
	struct tok_random random = tok_random_of(key, id);
	const uint64_t weight = tok_random_below(&random, 12);
	return weight < 2 ? 0 : weight; /* some are impossible */
}

static inline double plain_hash_p(const struct plain_lm *lm, const tok_id *ids, size_t count,
				  tok_id id)
{
	const size_t seen = count < lm->order - 1 ? count : lm->order - 1;
	uint64_t key = lm->seed * 31 + seen, sum = 1;
	for (size_t i = count - seen; i < count; i++)
		key = key * 1000003 + ids[i] + 1;
	for (tok_id i = 0; i < lm->info.size; i++)
		sum += plain_weight(key, i);
	/* The last id is always possible, so that no row is empty. */
	return (double)(plain_weight(key, id) + (id + 1 == lm->info.size)) / (double)sum;
}

static inline struct plain_lm plain_of(size_t size, size_t order)
{
	return (struct plain_lm){ .lm = { .rows = plain_rows },
				  .info = { .name = "plain",
					    .size = size,
					    .markov_order = order,
					    .batch = 3,
					    .deterministic = true },
				  .order = order };
}

static inline struct plain_lm plain_table(size_t size, const double *rows)
{
	struct plain_lm lm = plain_of(size, 2);
	lm.p = plain_table_p;
	lm.rows = rows;
	return lm;
}

static inline struct plain_lm plain_random(uint64_t seed, size_t size, size_t order)
{
	struct plain_lm lm = plain_of(size, order);
	lm.p = plain_hash_p;
	lm.seed = seed;
	return lm;
}

/* As the machine takes it; `lm` stays where it is from now on. */
static inline struct tok_lm *plain_use(struct plain_lm *lm)
{
	lm->info.start = lm->start;
	lm->info.eos = lm->eos;
	lm->lm.info = &lm->info;
	return &lm->lm;
}

/* ---- vocabularies ------------------------------------------------------------------ */

struct plain_vocab {
	struct tok_span texts[PLAIN_IDS];
	enum tok_byte_kind kinds[PLAIN_IDS];
	size_t count;
};

static inline void plain_add(struct plain_vocab *v, struct tok_span text, enum tok_byte_kind kind)
{
	v->texts[v->count] = text;
	v->kinds[v->count++] = kind;
}

/* The longest token at each place; more than `room` or none: SIZE_MAX.  Of equal texts the first.
 */
static inline size_t plain_longest_match(const struct plain_vocab *v, struct tok_span text,
					 tok_id *out, size_t room)
{
	size_t count = 0;
	while (text.count > 0) {
		size_t longest = 0;
		for (tok_id id = 0; id < v->count; id++)
			if (v->kinds[id] == TOK_BYTE_TEXT && v->texts[id].count > longest &&
			    tok_span_starts(text, v->texts[id])) {
				longest = v->texts[id].count;
				if (count < room)
					out[count] = id;
			}
		if (longest == 0 || count == room)
			return SIZE_MAX;
		count++;
		text = tok_span_slice(text, longest, text.count);
	}
	return count;
}

/* ---- all rows of tokens -------------------------------------------------------------- */

struct plain_sums {
	double p, end, special;
	size_t covers;
};

struct plain_walk {
	const struct plain_vocab *vocab;
	const struct plain_lm *lm;
	enum tok_bytes_semantics semantics;
	struct tok_span text;
	tok_id ids[PLAIN_IDS]; /* with the start */
	size_t count;
	uint8_t bytes[2 * PLAIN_TEXT]; /* of the ids */
	size_t byte_count;
	struct plain_sums sums;
};

/* Is the row with `id` behind it what the longest match makes of its bytes? */
static inline bool plain_is_valid(const struct plain_walk *w, tok_id id)
{
	uint8_t bytes[3 * PLAIN_TEXT];
	tok_id ids[PLAIN_IDS];
	const struct tok_span text = w->vocab->texts[id];
	const size_t start = w->lm->info.start_count, count = w->count - start;
	if (w->semantics == TOK_BYTES_ALL)
		return true;
	memcpy(bytes, w->bytes, w->byte_count);
	memcpy(bytes + w->byte_count, text.bytes, text.count);
	const struct tok_span all = { bytes, w->byte_count + text.count };
	return plain_longest_match(w->vocab, all, ids, PLAIN_IDS) == count + 1 &&
	       memcmp(ids, w->ids + start, count * sizeof *ids) == 0 && ids[count] == id;
}

/* What the row of the model is divided by. */
static inline double plain_whole_mass(const struct plain_walk *w)
{
	double sum = 0.0;
	if (w->semantics != TOK_BYTES_VALID_RENORM)
		return 1.0;
	for (tok_id id = 0; id < w->vocab->count; id++)
		if (w->vocab->kinds[id] != TOK_BYTE_TEXT || plain_is_valid(w, id))
			sum += plain_p(w->lm, w->ids, w->count, id);
	return sum;
}

static inline void plain_at_end(struct plain_walk *w, double weight)
{
	const double whole = plain_whole_mass(w);
	for (tok_id id = 0; id < w->vocab->count; id++) {
		const double p = weight * plain_p(w->lm, w->ids, w->count, id) / whole;
		if (w->vocab->kinds[id] == TOK_BYTE_END)
			w->sums.end += p;
		else if (w->vocab->kinds[id] == TOK_BYTE_NONTEXT)
			w->sums.special += p;
	}
}

/* Rows that go on from w->ids, which are shorter than the text. */
static inline void plain_go_on(struct plain_walk *w, double weight)
{
	const double whole = plain_whole_mass(w);
	for (tok_id id = 0; id < w->vocab->count; id++) {
		const struct tok_span text = w->vocab->texts[id],
				      rest = tok_span_slice(w->text, w->byte_count, w->text.count);
		const double p = plain_p(w->lm, w->ids, w->count, id) / whole;
		const size_t common = text.count < rest.count ? text.count : rest.count;
		if (w->vocab->kinds[id] != TOK_BYTE_TEXT || p == 0.0 ||
		    memcmp(text.bytes, rest.bytes, common) != 0 || !plain_is_valid(w, id))
			continue;
		if (text.count >= rest.count) {
			w->sums.p += weight * p;
			w->sums.covers++;
		}
		if (text.count > rest.count)
			continue;
		memcpy(w->bytes + w->byte_count, text.bytes, text.count);
		w->byte_count += text.count;
		w->ids[w->count++] = id;
		if (text.count == rest.count)
			plain_at_end(w, weight * p);
		else
			plain_go_on(w, weight * p);
		w->count--;
		w->byte_count -= text.count;
	}
}

static inline struct plain_sums plain_sum(const struct plain_vocab *vocab,
					  const struct plain_lm *lm,
					  enum tok_bytes_semantics semantics, struct tok_span text)
{
	struct plain_walk w = { .vocab = vocab, .lm = lm, .semantics = semantics, .text = text };
	memcpy(w.ids, lm->start, sizeof lm->start);
	w.count = lm->info.start_count;
	if (text.count > 0) {
		plain_go_on(&w, 1.0);
		return w.sums;
	}
	w.sums.p = 1.0;
	w.sums.covers = 1;
	plain_at_end(&w, 1.0);
	return w.sums;
}

#endif
