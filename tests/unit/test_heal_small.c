/* Token healing where doubles do not hold what models give, against drawing token by token in
 * logarithms of long doubles; and masses of nodes of such rows. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/small_trials.h"
#include "tok/bytes/heal.h"

enum { TRIALS = CHECKED ? 400 : 2000 };

/* ---- drawing token by token ------------------------------------------------------------- */

struct drawing {
	const struct trial *t;
	bool one;
	tok_id ids[PLAIN_IDS];
	size_t count;
	long double log_p[TOK_MIX_SYMBOLS], outside;
};

static bool fits(const struct drawing *d, tok_id id, struct tok_span rest)
{
	const struct plain_vocab *v = &d->t->toy.vocab;
	if (rest.count == 0)
		return true;
	return v->kinds[id] == TOK_BYTE_TEXT && (tok_span_starts(v->texts[id], rest) ||
						 (!d->one && tok_span_starts(rest, v->texts[id])));
}

static void add_to(long double *sum, long double log_p)
{
	*sum = log_add(*sum, log_p);
}

/* Only what fits is drawn from, each step made whole. */
static void draw_all(struct drawing *d, struct tok_span rest, long double weight)
{
	const struct plain_vocab *v = &d->t->toy.vocab;
	long double sum = -INFINITY;
	double row[PLAIN_IDS];
	small_row(&d->t->toy.lm, d->ids, d->count, row);
	for (tok_id id = 0; id < v->count; id++)
		if (fits(d, id, rest))
			add_to(&sum, row[id]);
	for (tok_id id = 0; id < v->count; id++) {
		const long double now = weight + row[id] - sum;
		if (row[id] == -INFINITY || !fits(d, id, rest))
			continue;
		if (v->kinds[id] == TOK_BYTE_END) {
			add_to(&d->log_p[TOK_MIX_END], now);
		} else if (v->kinds[id] == TOK_BYTE_NONTEXT) {
			add_to(&d->outside, now);
		} else if (v->texts[id].count > rest.count) {
			add_to(&d->log_p[v->texts[id].bytes[rest.count]], now);
		} else {
			d->ids[d->count++] = id;
			draw_all(d, tok_span_slice(rest, v->texts[id].count, rest.count), now);
			d->count--;
		}
	}
}

/* ---- prompts ------------------------------------------------------------------------------- */

/* Ids, the last `back` of which are taken away; returns how many bytes those are. */
static size_t make_prompt(struct trial *t, tok_id *ids, size_t back, uint8_t *taken)
{
	const struct plain_vocab *v = &t->toy.vocab;
	size_t texts = 0, length = 0;
	while (texts < v->count && v->kinds[texts] == TOK_BYTE_TEXT)
		texts++;
	for (size_t i = 0; i < 2 + back; i++) {
		ids[i] = (tok_id)tok_random_below(&t->random, texts);
		if (i < 2)
			continue;
		memcpy(taken + length, v->texts[ids[i]].bytes, v->texts[ids[i]].count);
		length += v->texts[ids[i]].count;
	}
	return length;
}

static size_t assert_heal(const struct tok_heal *heal, const struct drawing *d)
{
	long double whole = -INFINITY;
	size_t small = 0;
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
		add_to(&whole, d->log_p[s]);
	for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++) {
		const long double wanted = d->log_p[s] - whole;
		assert_log(heal->log_p[s], wanted, 1e5L, "log");
		assert_value(heal->p[s], wanted, 1e5L, "p");
		small += wanted < -745.0L && wanted > -INFINITY;
	}
	assert_value(heal->outside, d->outside - log_add(whole, d->outside), 1e5L, "outside");
	return small;
}

static void as_if_drawn_token_by_token(void **state)
{
	(void)state;
	size_t small = 0, impossible = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const size_t back = seed % 4;
		struct trial t;
		struct tok_heal heal;
		struct tok_error err = { 0 };
		tok_id ids[8];
		uint8_t taken[16];
		bool possible = false;
		make_small_trial(&t, seed);
		toy_machine_make(&t.toy, (struct tok_machine_options){ 0 });
		if (seed % 5 == 0)
			t.toy.lm.info.markov_order = 0;
		const struct tok_span rest = { taken, make_prompt(&t, ids, back, taken) };
		struct drawing d = { .t = &t, .one = back == 1, .count = 2, .outside = -INFINITY };
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			d.log_p[s] = -INFINITY;
		memcpy(d.ids, ids, sizeof ids);
		draw_all(&d, rest, 0.0L);
		for (size_t s = 0; s < TOK_MIX_SYMBOLS; s++)
			possible |= d.log_p[s] > -INFINITY;
		assert_int_equal(
		    tok_heal_next(t.toy.tokens, &t.toy.lm.lm, ids, 2 + back, back, &heal, &err),
		    possible ? TOK_OK : TOK_ETEXT);
		impossible += !possible;
		if (possible)
			small += assert_heal(&heal, &d);
		toy_machine_release(&t.toy);
	}
	assert_true(small > TRIALS / 8 && impossible > TRIALS / 50);
}

/* ---- masses --------------------------------------------------------------------------------- */

static void masses_are_sums(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS / 4; seed++) {
		struct trial t;
		double row[PLAIN_IDS];
		long double kinds[] = { -INFINITY, -INFINITY, -INFINITY };
		make_small_trial(&t, seed);
		const struct plain_vocab *v = &t.toy.vocab;
		toy_machine_make(&t.toy, (struct tok_machine_options){ 0 });
		small_row(&t.toy.lm, NULL, 0, row);
		for (tok_id id = 0; id < v->count; id++) {
			long double wanted = -INFINITY;
			uint32_t node = 0;
			add_to(&kinds[v->kinds[id]], row[id]);
			if (v->kinds[id] != TOK_BYTE_TEXT)
				continue;
			for (size_t i = 0; i < v->texts[id].count; i++)
				node = tok_byte_tokens_child(t.toy.tokens, node,
							     v->texts[id].bytes[i]);
			for (tok_id other = 0; other < v->count; other++)
				if (v->kinds[other] == TOK_BYTE_TEXT &&
				    tok_span_starts(v->texts[other], v->texts[id]))
					add_to(&wanted, row[other]);
			assert_log(tok_byte_tokens_log_mass(t.toy.tokens, row, node), wanted,
				   wanted, "mass");
		}
		assert_log(tok_byte_tokens_log_mass(t.toy.tokens, row, 0), kinds[TOK_BYTE_TEXT],
			   0.0L, "text");
		assert_log(tok_byte_tokens_log_other(t.toy.tokens, row, TOK_BYTE_END),
			   kinds[TOK_BYTE_END], kinds[TOK_BYTE_END], "end");
		assert_log(tok_byte_tokens_log_other(t.toy.tokens, row, TOK_BYTE_NONTEXT),
			   kinds[TOK_BYTE_NONTEXT], kinds[TOK_BYTE_NONTEXT], "nontext");
		toy_machine_release(&t.toy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_if_drawn_token_by_token),
		cmocka_unit_test(masses_are_sums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
