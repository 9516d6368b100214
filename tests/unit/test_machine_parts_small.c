/* Rows in parts whose products are too small for doubles, against all rows of tokens in long
 * doubles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/small_trials.h"
#include "tok/bytes/machine_internal.h"

enum { TRIALS = CHECKED ? 250 : 700, GREAT_TRIALS = TRIALS / 5, LENGTH = 5 };

/* ---- models ---------------------------------------------------------------------------- */

/* p = scale * base + scale of the part of the last id * it + the part of the last two, of which the
 * last has one id that gets what is left.  Made when it is asked for, and the same from then on. */
enum { PARTS = 2, CONTEXTS = (PLAIN_IDS + 1) * (PLAIN_IDS + 1) };

struct made_part {
	tok_id ids[PLAIN_IDS];
	double add[PLAIN_IDS], log_gamma; /* what it leaves to shorter contexts */
	size_t count;
};

struct model {
	struct small_source source; /* the first */
	double base[PLAIN_IDS];
	bool some_negative;
	struct made_part *parts[CONTEXTS][PARTS];
};

/* Often so small that a product of two is nothing to a double. */
static double draw_number(struct tok_random *random)
{
	const double part = (double)tok_random_below(random, 1 << 20) / (1 << 20);
	switch (tok_random_below(random, 5)) {
	case 0:
		return 0.0;
	case 1:
		return exp(-5.0 - 4.0 * part);
	case 2:
		return exp(-600.0 - 100.0 * part);
	}
	return exp(-700.0 * part);
}

/* May be the product of several that doubles hold. */
static double draw_gamma(struct tok_random *random)
{
	const double part = (double)tok_random_below(random, 1 << 20) / (1 << 20);
	switch (tok_random_below(random, 5)) {
	case 0:
		return -INFINITY;
	case 1:
		return -1500.0 * part;
	case 2:
		return -600.0 - 200.0 * part;
	}
	return -1.0 - part;
}

static struct made_part *make_part(const struct plain_lm *lm, uint64_t key)
{
	struct tok_random random = tok_random_of(key, 13);
	struct made_part *part = calloc(1, sizeof *part);
	assert_non_null(part);
	part->log_gamma = draw_gamma(&random);
	for (tok_id id = 0; id < lm->info.size; id++) {
		const double add = draw_number(&random);
		if (add == 0.0 && tok_random_below(&random, 2) == 0)
			continue;
		part->ids[part->count] = id;
		part->add[part->count++] = add;
	}
	return part;
}

static size_t context_of(const tok_id *ids, size_t count, size_t seen)
{
	size_t context = 0;
	for (size_t i = count < seen ? 0 : count - seen; i < count; i++)
		context = context * (PLAIN_IDS + 1) + ids[i] + 1;
	return context;
}

static long double parts_p(const struct tok_lm_parts *parts, tok_id id)
{
	long double p = expl(parts->log_scale) * parts->base[id];
	for (size_t i = 0; i < parts->count; i++)
		for (size_t k = 0; k < parts->parts[i].count; k++)
			if (parts->parts[i].ids[k] == id)
				p += expl(parts->parts[i].log_scale) * parts->parts[i].add[k];
	return p;
}

/* Half of what the base gives to an id is taken away from it, where doubles can say so. */
static void take_away(const struct model *m, const struct tok_lm_parts *parts,
		      struct made_part *part)
{
	const double log_scale = parts->log_scale - parts->parts[0].log_scale;
	for (size_t k = 0; k < part->count; k += 2) {
		const double half = 0.5 * m->base[part->ids[k]] * exp(log_scale);
		if (m->some_negative && half > 1e-290)
			part->add[k] = -half;
	}
}

/* One id of the longest context has what is left. */
static void make_whole(const struct plain_lm *lm, struct tok_lm_parts *parts,
		       struct made_part *longest, uint64_t key)
{
	struct tok_random random = tok_random_of(key, 17);
	const tok_id most = (tok_id)tok_random_below(&random, lm->info.size);
	size_t at = 0;
	long double sum = 0.0;
	while (at < longest->count && longest->ids[at] < most)
		at++;
	if (at == longest->count || longest->ids[at] != most) {
		memmove(longest->ids + at + 1, longest->ids + at,
			(longest->count - at) * sizeof longest->ids[0]);
		memmove(longest->add + at + 1, longest->add + at,
			(longest->count - at) * sizeof longest->add[0]);
		longest->ids[at] = most;
		longest->count++;
	}
	longest->add[at] = 0.0;
	parts->parts[0].count = longest->count;
	for (tok_id id = 0; id < lm->info.size; id++)
		sum += parts_p(parts, id);
	longest->add[at] = (double)(1.0L - sum);
}

static void model_parts_of(const struct plain_lm *lm, const tok_id *ids, size_t count,
			   struct tok_lm_parts *out)
{
	struct model *m = (struct model *)(uintptr_t)lm->source;
	const size_t context = context_of(ids, count, lm->order - 1);
	struct made_part **made = m->parts[context];
	const bool is_new = !made[0];
	*out = (struct tok_lm_parts){ .base = m->base, .scale = 1.0, .count = PARTS };
	for (size_t i = 0; i < PARTS; i++) {
		const uint64_t key = lm->seed * 7919 + context * 104729 + i;
		if (is_new)
			made[i] = make_part(lm, key);
		out->parts[i] = (struct tok_lm_part){ .ids = made[i]->ids,
						      .add = made[i]->add,
						      .count = made[i]->count,
						      .scale = exp(out->log_scale),
						      .log_scale = out->log_scale };
		out->log_scale += made[i]->log_gamma;
	}
	out->scale = exp(out->log_scale);
	if (is_new) {
		take_away(m, out, made[0]);
		make_whole(lm, out, made[0], lm->seed + context);
	}
}

static enum tok_status tell_parts(struct tok_lm *lm, const struct tok_lm_request *request,
				  struct tok_lm_parts *out, struct tok_error *err)
{
	(void)err;
	model_parts_of((struct plain_lm *)lm, request->ids, request->count, out);
	for (size_t i = 0; i < out->count; i++) /* nobody reads those */
		if (out->parts[i].scale >= TOK_LM_SMALL_SCALE)
			out->parts[i].log_scale = NAN;
	if (out->scale >= TOK_LM_SMALL_SCALE)
		out->log_scale = NAN;
	return TOK_OK;
}

static void model_row(const struct plain_lm *lm, const tok_id *ids, size_t count, double *log_p)
{
	struct tok_lm_parts parts;
	model_parts_of(lm, ids, count, &parts);
	for (tok_id id = 0; id < lm->info.size; id++)
		log_p[id] = (double)logl(parts_p(&parts, id));
}

static void model_make(struct model *m, struct trial *t)
{
	struct plain_lm *lm = &t->toy.lm;
	struct tok_random random = tok_random_of(lm->seed, 19);
	*m = (struct model){ .source = { model_row }, .some_negative = lm->seed % 2 };
	for (size_t id = 0; id < lm->info.size; id++)
		m->base[id] = draw_number(&random);
	lm->source = m;
	lm->lm.parts = tell_parts;
}

static void model_release(struct model *m)
{
	for (size_t i = 0; i < CONTEXTS; i++)
		for (size_t k = 0; k < PARTS; k++)
			free(m->parts[i][k]);
}

/* ---- what is told ------------------------------------------------------------------------ */

static enum tok_bytes_semantics semantics_of(uint64_t seed)
{
	return (enum tok_bytes_semantics)(seed % 3);
}

struct seen {
	size_t deep, ended, hides, spread;
};

/* How rows of live heads are kept; none that was spread is when nobody uses it. */
static void look_at_rows(const struct tok_machine *m, struct seen *seen)
{
	for (const struct tok_row *row = m->core->oldest; row; row = row->newer)
		assert_true(row->in_parts);
	const struct tok_front *front = tok_machine_front(m);
	for (size_t i = 0; i < front->count; i++) {
		const struct tok_row *row = front->places[i].head->row;
		seen->hides += row && row->hiding == TOK_HIDING_SOMETHING;
		seen->spread += row && !row->in_parts;
	}
}

/* All at once, or byte by byte. */
static void walk(struct trial *t, uint64_t seed, struct seen *seen)
{
	const enum tok_bytes_semantics semantics = semantics_of(seed);
	const size_t possible = small_possible(t, semantics, LENGTH);
	struct tok_error err = { 0 };
	for (size_t n = seed % 2 ? 0 : possible; n <= possible; n++) {
		const size_t from = tok_machine_length(t->toy.m);
		const struct tok_span text = { t->text, n };
		assert_int_equal(tok_machine_push(t->toy.m, tok_span_slice(text, from, n), &err),
				 TOK_OK);
		assert_small_text(t, t->toy.m, semantics, text);
		assert_small_next(t, t->toy.m, semantics, text);
		look_at_rows(t->toy.m, seen);
	}
	seen->deep += small_sum(t, semantics, (struct tok_span){ t->text, possible }).p < -1000.0L;
	seen->ended += possible < LENGTH;
	if (possible < LENGTH)
		assert_int_equal(
		    tok_machine_push(t->toy.m, (struct tok_span){ t->text + possible, 1 }, &err),
		    TOK_ETEXT);
}

struct told {
	long double sum;
	double shares;
};

static bool tell(void *context, const struct tok_cover *cover)
{
	struct told *told = context;
	told->sum = log_add(told->sum, cover->log_p);
	told->shares += cover->share;
	return true;
}

static void assert_covers(struct trial *t, uint64_t seed)
{
	struct told told = { -INFINITY, 0.0 };
	struct tok_error err = { 0 };
	size_t total;
	const struct tok_span text = { t->text, tok_machine_length(t->toy.m) };
	assert_int_equal(tok_machine_covers(t->toy.m, tell, &told, &total, &err), TOK_OK);
	assert_log((double)told.sum, small_sum(t, semantics_of(seed), text).p, told.sum, "sum");
	assert_near(told.shares, 1.0, 1e-9, "shares");
}

static void try_one(struct trial *t, uint64_t seed, struct seen *seen)
{
	struct model *m = malloc(sizeof *m);
	assert_non_null(m);
	t->toy.lm.seed = seed;
	model_make(m, t);
	toy_machine_make(&t->toy, (struct tok_machine_options){ .semantics = semantics_of(seed) });
	if (seed % 4 == 1) /* nothing is kept that is not needed */
		t->toy.m->core->part_budget = t->toy.m->core->mask_budget = 0;
	walk(t, seed, seen);
	assert_covers(t, seed);
	toy_machine_release(&t->toy);
	model_release(m);
	free(m);
}

static void all_digits_of_parts(void **state)
{
	(void)state;
	struct seen seen = { 0 };
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		struct trial t;
		make_small_trial(&t, seed);
		try_one(&t, seed, &seen);
	}
	assert_true(seen.deep > TRIALS / 8 && seen.ended > TRIALS / 20); /* it is about these */
	assert_true(seen.hides > TRIALS);
}

/* Of more ids than are gone through one by one. */
static void all_digits_of_great_parts(void **state)
{
	(void)state;
	enum { LETTERS = 3, TEXTS = LETTERS + 9 + 27 + 20 };
	static uint8_t room[TEXTS][4];
	struct seen seen = { 0 };
	for (uint64_t seed = 0; seed < GREAT_TRIALS; seed++) {
		struct trial t = { .random = tok_random_of(seed, 7), .letters = LETTERS };
		for (size_t i = 0; i < TEXTS; i++) {
			const size_t length = i < 3 ? 1 : i < 12 ? 2 : i < 39 ? 3 : 4;
			size_t rest = i < 3 ? i : i < 12 ? i - 3 : i < 39 ? i - 12 : 4 * (i - 39);
			for (size_t k = 0; k < length; k++, rest /= LETTERS)
				room[i][k] = (uint8_t)('a' + rest % LETTERS);
			plain_add(&t.toy.vocab, (struct tok_span){ room[i], length },
				  TOK_BYTE_TEXT);
		}
		plain_add(&t.toy.vocab, tok_span_of("a"), TOK_BYTE_NONTEXT);
		plain_add(&t.toy.vocab, tok_span_of(""), TOK_BYTE_END);
		t.toy.lm = plain_random(seed, TEXTS + 2, 1 + seed % 3);
		for (size_t i = 0; i < TRIAL_LENGTH; i++)
			t.text[i] = (uint8_t)('a' + tok_random_below(&t.random, LETTERS));
		try_one(&t, seed, &seen);
	}
	assert_true(seen.hides > GREAT_TRIALS && seen.spread > GREAT_TRIALS / 10);
}

/* ---- one id ------------------------------------------------------------------------------- */

static void an_id_of_parts(void **state)
{
	(void)state;
	size_t small = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		struct trial t;
		struct tok_lm_parts exact, parts;
		struct tok_error err = { 0 };
		struct model *m = malloc(sizeof *m);
		assert_non_null(m);
		make_small_trial(&t, seed);
		model_make(m, &t);
		model_parts_of(&t.toy.lm, NULL, 0, &exact);
		const struct tok_lm_request request = { NULL, 0 };
		assert_int_equal(tell_parts(&t.toy.lm.lm, &request, &parts, &err), TOK_OK);
		for (tok_id id = 0; id < t.toy.lm.info.size; id++) {
			const long double wanted = logl(parts_p(&exact, id));
			assert_log(tok_lm_parts_log_p(&parts, id).log_p, wanted, wanted, "an id");
			small += wanted < -745.0L && wanted > -INFINITY;
		}
		model_release(m);
		free(m);
	}
	assert_true(small > TRIALS / 4);
}

/* What is not small and takes each other away leaves nothing, not what logarithms round to. */
static void what_is_taken_away_is_nothing(void **state)
{
	(void)state;
	static const double base[] = { .67, 1e-300 };
	static const tok_id ids[] = { 0, 1 };
	const double add[] = { -(.7 * .67), -(.7 * 1e-300) };
	const struct tok_lm_parts parts = {
		.base = base, .scale = .7, .parts = { { ids, add, 2, 1.0, 0.0 } }, .count = 1
	};
	assert_true(tok_lm_parts_log_p(&parts, 0).log_p == -INFINITY);
	assert_true(tok_lm_parts_log_p(&parts, 1).log_p <= log(1e-300) - 30.0);
}

/* Of what is left where numbers took each other away, however small they were, bounds are known. */
static void what_is_left_has_bounds(void **state)
{
	(void)state;
	static const tok_id ids[] = { 0 };
	static const double bases[] = { .7, .7e-200, .7e-290 },
			    left[] = { 0.0, 1e-20, 1e-12, 1e-3 };
	for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
		for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
			const double scale = .3, add = -(scale * bases[b]) * (1.0 - left[i]);
			const struct tok_lm_parts parts = { .base = &bases[b],
							    .scale = scale,
							    .parts = { { ids, &add, 1, 1.0, 0.0 } },
							    .count = 1 };
			const long double truth = (long double)scale * bases[b] + add;
			const struct tok_lm_log_p p = tok_lm_parts_log_p(&parts, 0);
			const long double log_truth = logl(fmaxl(truth, 0.0L));
			assert_true(p.low - 1e-11L <= log_truth && log_truth <= p.high + 1e-11L);
			assert_true((p.low < p.high) == (i < 3));
			assert_true(p.low <= p.log_p && p.log_p <= p.high);
			assert_true(p.high < log(bases[b]) + log(fmax(1.1 * left[i], 1e-11)));
			assert_true(i < (b < 2 ? 2 : 3) || p.high - p.low < 1.0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_digits_of_parts),
		cmocka_unit_test(all_digits_of_great_parts),
		cmocka_unit_test(an_id_of_parts),
		cmocka_unit_test(what_is_taken_away_is_nothing),
		cmocka_unit_test(what_is_left_has_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
