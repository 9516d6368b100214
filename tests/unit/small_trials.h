/*
 * small_trials.h - random models that give as little as e^-10000 to some ids and nothing to others,
 * and sums over all rows of tokens as logarithms.
 *
 *	struct trial t;
 *	make_small_trial(&t, seed);
 *	toy_machine_make(&t.toy, options);
 *	small_sum(&t, semantics, text).p;       // log P
 */
#ifndef TESTS_UNIT_SMALL_TRIALS_H
#define TESTS_UNIT_SMALL_TRIALS_H

#include <float.h>

#include "tests/unit/byte_trials.h"

static inline long double log_add(long double a, long double b)
{
	const long double most = fmaxl(a, b), least = fminl(a, b);
	return least == -INFINITY ? most : most + log1pl(expl(least - most));
}

/* ---- models ------------------------------------------------------------------------ */

static inline double small_number(struct tok_random *random)
{
	const double part = (double)tok_random_below(random, 1 << 20) / (1 << 20);
	switch (tok_random_below(random, 6)) {
	case 0:
	case 1:
		return -INFINITY;
	case 2:
	case 3:
		return -1e4 * part;
	case 4:
		return -600.0 - 200.0 * part; /* where doubles end */
	}
	return -3.0 - 5.0 * part;
}

/* Whoever tells other rows is the `source` of the model. */
struct small_source {
	void (*row)(const struct plain_lm *lm, const tok_id *ids, size_t count, double *log_p);
};

/* One id has what is left. */
static inline void small_row(const struct plain_lm *lm, const tok_id *ids, size_t count,
			     double *log_p)
{
	const struct small_source *source = lm->source;
	if (source) {
		source->row(lm, ids, count, log_p);
		return;
	}
	const size_t seen = count < lm->order - 1 ? count : lm->order - 1;
	uint64_t key = lm->seed * 31 + seen;
	double others = 0.0;
	for (size_t i = count - seen; i < count; i++)
		key = key * 1000003 + ids[i] + 1;
	struct tok_random random = tok_random_of(key, 11);
	const size_t most = tok_random_below(&random, lm->info.size);
	for (size_t id = 0; id < lm->info.size; id++) {
		log_p[id] = small_number(&random);
		others += id == most ? 0.0 : exp(log_p[id]);
	}
	log_p[most] = log1p(-others);
}

static inline enum tok_status small_rows(struct tok_lm *base, const struct tok_lm_request *requests,
					 size_t count, struct tok_lm_row *out,
					 struct tok_error *err)
{
	struct plain_lm *lm = (struct plain_lm *)base;
	(void)err;
	for (size_t i = 0; i < count; i++) {
		double room[PLAIN_IDS] = { 0 }, *row = lm->info.top ? room : out[i].log_p;
		bool taken[PLAIN_IDS] = { false };
		long double rest = -INFINITY;
		small_row(lm, requests[i].ids, requests[i].count, row);
		for (out[i].best_count = 0; out[i].best_count < lm->info.top;) {
			tok_id best = TOK_NO_ID;
			for (tok_id id = 0; id < lm->info.size; id++)
				if (!taken[id] && (best == TOK_NO_ID || row[id] > row[best]))
					best = id;
			taken[best] = true;
			out[i].best[out[i].best_count++] = (struct tok_lm_top){ best, row[best] };
		}
		for (tok_id id = 0; lm->info.top && id < lm->info.size; id++)
			rest = taken[id] ? rest : log_add(rest, row[id]);
		out[i].log_rest = (double)rest;
	}
	return TOK_OK;
}

static inline void make_small_trial(struct trial *t, uint64_t seed)
{
	make_trial(t, seed, true);
	t->toy.lm.lm.rows = small_rows;
}

/* ---- all rows of tokens -------------------------------------------------------------- */

struct small_sums {
	long double p, end, special; /* logarithms */
};

struct small_walk {
	struct plain_walk walk;
	struct small_sums sums;
};

/* The row of the model as its semantics has it. */
static inline void small_law(const struct plain_walk *w, long double *law)
{
	double row[PLAIN_IDS];
	long double whole = -INFINITY;
	small_row(w->lm, w->ids, w->count, row);
	for (tok_id id = 0; id < w->vocab->count; id++) {
		const bool valid = w->vocab->kinds[id] != TOK_BYTE_TEXT || plain_is_valid(w, id);
		law[id] = valid ? row[id] : -INFINITY;
		whole = log_add(whole, law[id]);
	}
	for (tok_id id = 0; id < w->vocab->count; id++)
		if (w->semantics == TOK_BYTES_VALID_RENORM && whole > -INFINITY)
			law[id] -= whole;
}

static inline void small_at_end(struct small_walk *w, long double weight)
{
	long double law[PLAIN_IDS];
	small_law(&w->walk, law);
	for (tok_id id = 0; id < w->walk.vocab->count; id++) {
		const enum tok_byte_kind kind = w->walk.vocab->kinds[id];
		if (kind == TOK_BYTE_END)
			w->sums.end = log_add(w->sums.end, weight + law[id]);
		else if (kind == TOK_BYTE_NONTEXT)
			w->sums.special = log_add(w->sums.special, weight + law[id]);
	}
}

static inline void small_go_on(struct small_walk *small, long double weight)
{
	struct plain_walk *w = &small->walk;
	long double law[PLAIN_IDS];
	small_law(w, law);
	for (tok_id id = 0; id < w->vocab->count; id++) {
		const struct tok_span text = w->vocab->texts[id],
				      rest = tok_span_slice(w->text, w->byte_count, w->text.count);
		const size_t common = text.count < rest.count ? text.count : rest.count;
		const long double log_p = weight + law[id];
		if (w->vocab->kinds[id] != TOK_BYTE_TEXT || log_p == -INFINITY ||
		    memcmp(text.bytes, rest.bytes, common) != 0)
			continue;
		if (text.count >= rest.count)
			small->sums.p = log_add(small->sums.p, log_p);
		if (text.count > rest.count)
			continue;
		memcpy(w->bytes + w->byte_count, text.bytes, text.count);
		w->byte_count += text.count;
		w->ids[w->count++] = id;
		if (text.count == rest.count)
			small_at_end(small, log_p);
		else
			small_go_on(small, log_p);
		w->count--;
		w->byte_count -= text.count;
	}
}

static inline struct small_sums small_sum(const struct trial *t, enum tok_bytes_semantics semantics,
					  struct tok_span text)
{
	const struct small_sums none = { -INFINITY, -INFINITY, -INFINITY };
	struct small_walk w = { .walk = { .vocab = &t->toy.vocab,
					  .lm = &t->toy.lm,
					  .semantics = semantics,
					  .text = text },
				.sums = none };
	memcpy(w.walk.ids, t->toy.lm.start, sizeof t->toy.lm.start);
	w.walk.count = t->toy.lm.info.start_count;
	if (text.count > 0) {
		small_go_on(&w, 0.0);
		return w.sums;
	}
	w.sums.p = 0.0;
	small_at_end(&w, 0.0);
	return w.sums;
}

/* How much of the trial's text, up to `most` bytes, is possible. */
static inline size_t small_possible(const struct trial *t, enum tok_bytes_semantics semantics,
				    size_t most)
{
	size_t n = 0;
	while (n < most &&
	       small_sum(t, semantics, (struct tok_span){ t->text, n + 1 }).p > -INFINITY)
		n++;
	return n;
}

/* ---- what is to be ---------------------------------------------------------------------- */

/* Logarithms that came from some that are as far below 0 as `depth`. */
static inline void assert_log(double is, long double wanted, long double depth, const char *what)
{
	if (wanted == -INFINITY ? is != -INFINITY
				: !(fabsl(is - wanted) <= 1e-12L * (1.0L + fabsl(depth))))
		fail_msg("%s: %.17g, not %.17Lg", what, is, wanted);
}

/* A number whose logarithm is this: where doubles do not hold it, it is as little as they can. */
static inline void assert_value(double is, long double wanted_log, long double depth,
				const char *what)
{
	const long double wanted = expl(wanted_log),
			  error = 1e-12L * (1.0L + fabsl(depth)) * wanted;
	if (wanted >= 2.0L * DBL_MIN ? !(fabsl(is - wanted) <= error)
				     : (wanted_log > -INFINITY) != (is > 0.0 && is < 3 * DBL_MIN))
		fail_msg("%s: %.17g, not %.17Lg", what, is, wanted);
}

/* Logarithms of what comes behind the text, as shares of it: bytes, the end, special. */
enum { SMALL_END = 256, SMALL_SPECIAL, SMALL_SYMBOLS };

static inline void small_next(const struct trial *t, enum tok_bytes_semantics semantics,
			      struct tok_span text, long double *law)
{
	const struct small_sums now = small_sum(t, semantics, text);
	uint8_t more[PLAIN_TEXT];
	law[SMALL_END] = now.end - now.p;
	law[SMALL_SPECIAL] = now.special - now.p;
	if (text.count)
		memcpy(more, text.bytes, text.count);
	for (unsigned b = 0; b < 256; b++) {
		more[text.count] = (uint8_t)b;
		law[b] =
		    has_byte(&t->toy.vocab, (uint8_t)b)
			? small_sum(t, semantics, (struct tok_span){ more, text.count + 1 }).p -
			      now.p
			: -INFINITY;
	}
}

static inline void assert_small_next(const struct trial *t, struct tok_machine *m,
				     enum tok_bytes_semantics semantics, struct tok_span text)
{
	const struct tok_next_bytes next = next_of(m);
	const long double log_p = small_sum(t, semantics, text).p;
	long double law[SMALL_SYMBOLS];
	small_next(t, semantics, text, law);
	assert_true(next.exact);
	assert_log(next.log_p, log_p, log_p, "P");
	for (size_t s = 0; s <= SMALL_END; s++) {
		const double value = s < 256 ? next.joint[s] : next.end;
		assert_log(tok_next_log(&next, s), law[s], log_p + law[s], "log");
		assert_value(value, law[s], log_p, "value");
	}
	assert_value(next.special, law[SMALL_SPECIAL], log_p, "special");
}

static inline void assert_small_text(const struct trial *t, struct tok_machine *m,
				     enum tok_bytes_semantics semantics, struct tok_span text)
{
	struct tok_text_p p;
	struct tok_error err = { 0 };
	const long double log_p = small_sum(t, semantics, text).p;
	assert_int_equal(tok_machine_log_p(m, &p, &err), TOK_OK);
	assert_log(p.log_p, log_p, log_p, "P");
	assert_int_equal(tok_machine_length(m), text.count);
}

#endif
