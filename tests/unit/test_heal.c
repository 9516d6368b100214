/* Token healing against the brief's column of it, and against drawing token by token. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/byte_laws.h"
#include "tests/unit/checked.h"
#include "tok/bytes/heal.h"

enum { TRIALS = CHECKED ? 600 : 3000 };

static struct tok_heal heal_of(struct toy_machine *toy, const tok_id *ids, size_t count,
			       size_t back)
{
	struct tok_heal heal;
	struct tok_error err = { 0 };
	if (tok_heal_next(toy->tokens, &toy->lm.lm, ids, count, back, &heal, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return heal;
}

/* ---- fractions (worked example 2; tests/oracles and the brief have the same) ---------------- */

enum { A, B, AA, END };

static void naive_and_one_token(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		tok_id ids[2];
		size_t count;
		double naive, healed;
	} rows[] = {
		{ "A", { A }, 1, .2, .6 },
		{ "AA", { AA }, 1, .5, .5 },
		{ "AAA", { AA, A }, 2, .2, .68 },
		{ "BA", { B, A }, 2, .2, 11. / 15 },
	};
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_heal heal = heal_of(&toy, rows[i].ids, rows[i].count, 0);
		assert_near(heal.p['A'], rows[i].naive, 1e-15, rows[i].text);
		assert_int_equal(heal.rows, 1);
		assert_int_equal(heal.back, 0);
		heal = heal_of(&toy, rows[i].ids, rows[i].count, 1);
		assert_near(heal.p['A'], rows[i].healed, 1e-15, rows[i].text);
		assert_int_equal(heal.rows, 2);
		assert_int_equal(heal.back, 1);
		assert_near(heal.outside, 0.0, 0.0, "outside");
	}
	toy_machine_release(&toy);
}

/* AAA without AA A: A, AA fit equally; behind A fit A and AA equally, of which AA spells all;
 * behind A A and behind AA one more has to: A (1/2; 1/2), AA (1/2; 1/2).  Weights: A AA 1/4, A A A
 * 1/8, A A AA 1/8, AA A 1/5, AA AA 3/10. */
static void both_tokens_of_three_letters(void **state)
{
	(void)state;
	static const tok_id ids[] = { AA, A };
	struct toy_machine toy;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	const struct tok_heal heal = heal_of(&toy, ids, 2, 2);
	const double after_a = 1. / 8 + 1. / 5, after_aa = 1. / 4, overshoot = 1. / 8 + 3. / 10;
	assert_int_equal(heal.back, 2);
	assert_near(heal.p['A'], after_a * .2 + after_aa * .5 + overshoot, 1e-15, "A");
	assert_near(heal.p['B'], after_a * .5 + after_aa * .3, 1e-15, "B");
	assert_near(heal.p[TOK_MIX_END], after_a * .3 + after_aa * .2, 1e-15, "end");
	toy_machine_release(&toy);
}

/* ---- drawing token by token ---------------------------------------------------------------------
 */

struct drawing {
	const struct trial *t;
	bool one;
	tok_id ids[PLAIN_IDS];
	size_t count;
	double p[TOK_MIX_SYMBOLS], outside;
};

static bool fits(const struct drawing *d, tok_id id, struct tok_span rest)
{
	const struct plain_vocab *v = &d->t->toy.vocab;
	if (rest.count == 0)
		return true;
	return v->kinds[id] == TOK_BYTE_TEXT && (tok_span_starts(v->texts[id], rest) ||
						 (!d->one && tok_span_starts(rest, v->texts[id])));
}

static void draw_all(struct drawing *d, struct tok_span rest, double weight)
{
	const struct plain_vocab *v = &d->t->toy.vocab;
	double sum = 0.0;
	for (tok_id id = 0; id < v->count; id++)
		if (fits(d, id, rest))
			sum += plain_p(&d->t->toy.lm, d->ids, d->count, id);
	for (tok_id id = 0; id < v->count; id++) {
		const double p = plain_p(&d->t->toy.lm, d->ids, d->count, id);
		if (p == 0.0 || !fits(d, id, rest))
			continue;
		const double now = weight * p / sum;
		if (v->kinds[id] == TOK_BYTE_END) {
			d->p[TOK_MIX_END] += now;
		} else if (v->kinds[id] == TOK_BYTE_NONTEXT) {
			d->outside += now;
		} else if (v->texts[id].count > rest.count) {
			d->p[v->texts[id].bytes[rest.count]] += now;
		} else {
			d->ids[d->count++] = id;
			draw_all(d, tok_span_slice(rest, v->texts[id].count, rest.count), now);
			d->count--;
		}
	}
}

/* The most probable each time; returns whether it ended. */
static bool draw_greedily(struct drawing *d, struct tok_span rest, uint8_t *out, size_t limit,
			  size_t *count)
{
	const struct plain_vocab *v = &d->t->toy.vocab;
	for (*count = 0; *count < limit;) {
		tok_id best = TOK_NO_ID;
		double most = 0.0;
		for (tok_id id = 0; id < v->count; id++) {
			const double p = plain_p(&d->t->toy.lm, d->ids, d->count, id);
			if (v->kinds[id] != TOK_BYTE_NONTEXT && fits(d, id, rest) && p > most) {
				best = id;
				most = p;
			}
		}
		if (best == TOK_NO_ID)
			return false;
		if (v->kinds[best] == TOK_BYTE_END)
			return true;
		d->ids[d->count++] = best;
		for (size_t i = 0; i < v->texts[best].count; i++) {
			if (rest.count > 0)
				rest = tok_span_slice(rest, 1, rest.count);
			else if (*count < limit)
				out[(*count)++] = v->texts[best].bytes[i];
		}
	}
	return false;
}

/* A prompt of ids, the last `back` of them text; returns how long that is. */
static size_t make_prompt(struct trial *t, tok_id *ids, size_t *count, size_t back, uint8_t *taken)
{
	const struct plain_vocab *v = &t->toy.vocab;
	size_t texts = 0, length = 0;
	while (texts < v->count && v->kinds[texts] == TOK_BYTE_TEXT)
		texts++;
	*count = 0;
	for (size_t i = 0; i < t->toy.lm.info.start_count; i++)
		ids[(*count)++] = t->toy.lm.start[i];
	for (size_t i = 0; i < 2 + back; i++) {
		const tok_id id = (tok_id)tok_random_below(&t->random, texts);
		ids[(*count)++] = id;
		if (i < 2)
			continue;
		memcpy(taken + length, v->texts[id].bytes, v->texts[id].count);
		length += v->texts[id].count;
	}
	return length;
}

static void assert_greedy(struct trial *t, struct drawing *d, const tok_id *ids, size_t count,
			  size_t back, struct tok_span rest)
{
	uint8_t wanted[40];
	size_t wanted_count = 0;
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	bool ended = false;
	const size_t limit = 1 + tok_random_below(&t->random, sizeof wanted);
	const bool ends = draw_greedily(d, rest, wanted, limit, &wanted_count);
	assert_int_equal(tok_heal_greedy(t->toy.tokens, &t->toy.lm.lm, ids, count, back, limit,
					 &out, &ended, &err),
			 TOK_OK);
	assert_true(ended == ends);
	assert_int_equal(out.count, wanted_count);
	assert_true(wanted_count == 0 || memcmp(out.bytes, wanted, wanted_count) == 0);
	tok_buffer_release(&out);
}

static void as_if_drawn_token_by_token(void **state)
{
	(void)state;
	size_t impossible = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const size_t back = seed % 4;
		struct trial t;
		struct tok_heal heal;
		struct tok_error err = { 0 };
		tok_id ids[12];
		uint8_t taken[16];
		size_t count;
		double sum = 0.0;
		make_trial(&t, seed, true);
		toy_machine_make(&t.toy, (struct tok_machine_options){ 0 });
		if (seed % 5 == 0)
			t.toy.lm.info.markov_order = 0;
		const struct tok_span rest = { taken, make_prompt(&t, ids, &count, back, taken) };
		struct drawing d = { .t = &t, .one = back == 1, .count = count - back };
		memcpy(d.ids, ids, sizeof ids);
		draw_all(&d, rest, 1.0);
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			sum += d.p[s];
		const enum tok_status status =
		    tok_heal_next(t.toy.tokens, &t.toy.lm.lm, ids, count, back, &heal, &err);
		assert_int_equal(status, sum > 0.0 ? TOK_OK : TOK_ETEXT);
		impossible += status != TOK_OK;
		for (size_t s = 0; status == TOK_OK && s < TOK_MIX_SYMBOLS; s++)
			assert_near(heal.p[s], d.p[s] / sum, 1e-12, "symbol");
		if (status == TOK_OK) {
			assert_near(heal.outside, d.outside / (d.outside + sum), 1e-12, "outside");
			assert_int_equal(heal.back, back);
		}
		assert_greedy(&t, &d, ids, count, back, rest);
		toy_machine_release(&t.toy);
	}
	assert_true(impossible > 10 && impossible < TRIALS / 2);
}

/* A model of finite order is asked about what it can tell apart only. */
static void ways_that_are_one(void **state)
{
	(void)state;
	tok_id ids[40] = { 0 };
	struct toy_machine toy;
	struct tok_error err = { 0 };
	struct tok_heal heal;
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	heal = heal_of(&toy, ids, 40, 40);
	assert_true(heal.rows <= 2 * 40 + 1);
	toy.lm.info.markov_order = 0; /* as if each of the ways was another */
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 40, 40, &heal, &err),
			 TOK_ELIMIT);
	toy.lm.info.markov_order = 2;
	toy_machine_release(&toy);
}

/* ---- what may be taken back
 * ------------------------------------------------------------------------ */

static void not_beyond_what_is_no_text(void **state)
{
	(void)state;
	enum { OTHER = 4 };
	static const tok_id ids[] = { A, B, OTHER, AA, A }, closed[] = { A, OTHER };
	static const char *const texts[] = { "A", "B", "AA" };
	struct toy_machine toy = { .vocab = toy_vocab(texts, 3), .lm = plain_random(8, 5, 3) };
	plain_add(&toy.vocab, tok_span_of(""), TOK_BYTE_NONTEXT);
	toy_machine_make(&toy, (struct tok_machine_options){ 0 });
	const struct tok_heal two = heal_of(&toy, ids, 5, 2);
	struct tok_heal heal = heal_of(&toy, ids, 5, 4);
	assert_int_equal(heal.back, 2);
	assert_same_law(heal.p, two.p, 0.0, "no more than two");
	heal = heal_of(&toy, closed, 2, 1);
	assert_int_equal(heal.back, 0);
	assert_same_law(heal.p, heal_of(&toy, closed, 2, 0).p, 0.0, "naive");
	heal = heal_of(&toy, ids, 1, 7);
	assert_int_equal(heal.back, 1);
	toy_machine_release(&toy);
}

static void the_most_for_one_token(void **state)
{
	(void)state;
	static const char *const texts[] = { "a", "b", "bc", "abcd", "c" };
	static const struct {
		tok_id ids[4];
		size_t count, longest;
	} rows[] = {
		{ { 0, 1 }, 2, 2 },       /* a b: abcd */
		{ { 0, 2 }, 2, 2 },       /* a bc: abcd */
		{ { 1, 0, 1, 4 }, 4, 3 }, /* b a b c */
		{ { 0, 4 }, 2, 1 },       /* a c: c alone */
		{ { 4, 5 }, 2, 0 },       /* the end */
		{ { 0 }, 0, 0 },          { { 3 }, 1, 1 },
	};
	struct toy_machine toy = { .vocab = toy_vocab(texts, 5), .lm = plain_random(1, 6, 2) };
	toy_machine_make(&toy, (struct tok_machine_options){ 0 });
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(tok_heal_longest(toy.tokens, rows[i].ids, rows[i].count),
				 rows[i].longest);
	toy_machine_release(&toy);
}

static void refusals(void **state)
{
	(void)state;
	static const tok_id ids[] = { B, A };
	static const double lies[] = { NAN, INFINITY, 3.0 };
	struct toy_machine toy;
	struct tok_heal heal;
	struct tok_error err = { 0 };
	toy_machine_bigram(&toy, (struct tok_machine_options){ 0 });
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		toy.lm.lie = lies[i];
		assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 1, &heal, &err),
				 TOK_EFORMAT);
	}
	toy.lm.lie = 0.0;
	toy.lm.fails_at = toy.lm.calls + 2;
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 1, &heal, &err), TOK_EIO);
	toy.lm.fails_at = 0;
	toy.lm.info.top = 2;
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 1, &heal, &err), TOK_EARG);
	toy.lm.info.top = 0;
	toy.lm.info.size = 5;
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 1, &heal, &err), TOK_EARG);
	toy.lm.info.size = 4;
	toy.lm.info.markov_order = 0;
	toy.lm.info.max_context = 1;
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 0, &heal, &err), TOK_ELIMIT);
	toy.lm.info.markov_order = 2; /* it is asked about the last id */
	assert_int_equal(tok_heal_next(toy.tokens, &toy.lm.lm, ids, 2, 0, &heal, &err), TOK_OK);
	assert_int_equal(toy.lm.longest, 1);
	toy_machine_release(&toy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(naive_and_one_token),
		cmocka_unit_test(both_tokens_of_three_letters),
		cmocka_unit_test(as_if_drawn_token_by_token),
		cmocka_unit_test(ways_that_are_one),
		cmocka_unit_test(not_beyond_what_is_no_text),
		cmocka_unit_test(the_most_for_one_token),
		cmocka_unit_test(refusals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
