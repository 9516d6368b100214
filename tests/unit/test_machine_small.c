/* The byte machine where probabilities are too small for doubles, against all rows of tokens, in
 * whatever way the text was pushed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/small_trials.h"

enum { TRIALS = CHECKED ? 300 : 1500, LENGTH = 6 };

static enum tok_bytes_semantics semantics_of(uint64_t seed)
{
	return (enum tok_bytes_semantics)(seed % 3);
}

static void make_machine(struct trial *t, uint64_t seed)
{
	make_small_trial(t, seed);
	if (seed % 5 == 0) /* as if its order were not known */
		t->toy.lm.info.markov_order = 0;
	toy_machine_make(&t->toy, (struct tok_machine_options){ .semantics = semantics_of(seed) });
}

/* Returns how many bytes it stands behind then. */
static size_t push_to(const struct trial *t, struct tok_machine *m, size_t n, size_t possible)
{
	struct tok_error err = { 0 };
	const size_t from = tok_machine_length(m);
	const enum tok_status status =
	    tok_machine_push(m, (struct tok_span){ t->text + from, n - from }, &err);
	assert_int_equal(status, n <= possible ? TOK_OK : TOK_ETEXT);
	return tok_machine_length(m);
}

/* ---- ways to push --------------------------------------------------------------------- */

/* All that may come next is asked for at each byte: every row is there. */
static void step_and_ask(struct trial *t, enum tok_bytes_semantics semantics, size_t possible)
{
	for (size_t n = 0;; n++) {
		assert_small_next(t, t->toy.m, semantics, (struct tok_span){ t->text, n });
		if (n == LENGTH || push_to(t, t->toy.m, n + 1, possible) == n)
			break;
	}
}

static void step_and_score(struct trial *t, enum tok_bytes_semantics semantics, size_t possible)
{
	for (size_t n = 0;; n++) {
		assert_small_text(t, t->toy.m, semantics, (struct tok_span){ t->text, n });
		if (n == LENGTH || push_to(t, t->toy.m, n + 1, possible) == n)
			break;
	}
}

static void push_at_once(struct trial *t, enum tok_bytes_semantics semantics, size_t possible)
{
	const struct tok_span text = { t->text, possible };
	assert_int_equal(push_to(t, t->toy.m, LENGTH, possible), possible);
	assert_small_text(t, t->toy.m, semantics, text);
	assert_small_next(t, t->toy.m, semantics, text);
}

/* Forth, back by half, another way on a fork, and forth again. */
static void go_back_and_fork(struct trial *t, enum tok_bytes_semantics semantics, size_t possible)
{
	struct tok_machine *fork;
	struct tok_error err = { 0 };
	const struct tok_span text = { t->text, possible };
	push_to(t, t->toy.m, possible, possible);
	assert_true(tok_machine_back(t->toy.m, possible - possible / 2));
	assert_small_text(t, t->toy.m, semantics, tok_span_slice(text, 0, possible / 2));
	assert_int_equal(tok_machine_fork(t->toy.m, &fork, &err), TOK_OK);
	for (unsigned letter = 0; letter < t->letters; letter++) {
		uint8_t other[PLAIN_TEXT];
		if (possible)
			memcpy(other, t->text, possible / 2);
		other[possible / 2] = (uint8_t)('a' + letter);
		const struct tok_span longer = { other, possible / 2 + 1 };
		const enum tok_status status =
		    tok_machine_push(fork, (struct tok_span){ other + possible / 2, 1 }, &err);
		if (small_sum(t, semantics, longer).p == -INFINITY) {
			assert_int_equal(status, TOK_ETEXT);
			continue;
		}
		assert_int_equal(status, TOK_OK);
		assert_small_next(t, fork, semantics, longer);
		assert_true(tok_machine_back(fork, 1));
	}
	assert_int_equal(push_to(t, t->toy.m, LENGTH, possible), possible);
	assert_small_next(t, t->toy.m, semantics, text);
	tok_machine_free(fork);
}

typedef void way_to_push(struct trial *t, enum tok_bytes_semantics semantics, size_t possible);

static void try_way(way_to_push *way)
{
	size_t deep = 0, ended = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics = semantics_of(seed);
		struct trial t;
		make_machine(&t, seed);
		const size_t possible = small_possible(&t, semantics, LENGTH);
		const struct tok_span text = { t.text, possible };
		way(&t, semantics, possible);
		deep += small_sum(&t, semantics, text).p < -1000.0L;
		ended += possible < LENGTH;
		toy_machine_release(&t.toy);
	}
	assert_true(deep > TRIALS / 4 && ended > TRIALS / 10); /* it is about these */
}

static void asked_at_each_byte(void **state)
{
	(void)state;
	try_way(step_and_ask);
}

static void scored_at_each_byte(void **state)
{
	(void)state;
	try_way(step_and_score);
}

static void pushed_at_once(void **state)
{
	(void)state;
	try_way(push_at_once);
}

static void back_and_forks(void **state)
{
	(void)state;
	try_way(go_back_and_fork);
}

/* ---- bounds ----------------------------------------------------------------------------- */

static void assert_inside(double low, long double log_wanted, double high, const char *what)
{
	const long double wanted = expl(log_wanted);
	if (!(low <= wanted * (1 + 1e-9L) + DBL_MIN && high >= wanted * (1 - 1e-9L) - DBL_MIN &&
	      (high > 0.0 || log_wanted == -INFINITY)))
		fail_msg("%s: %.17Lg is not in [%.17g, %.17g]", what, wanted, low, high);
}

/* False where the text is impossible, or no place is left. */
static bool walk_bounded(struct trial *t, enum tok_bytes_semantics semantics, size_t possible)
{
	for (size_t n = 0; n <= possible; n++) {
		const struct tok_span text = { t->text, n };
		const long double log_p = small_sum(t, semantics, text).p;
		long double law[SMALL_SYMBOLS];
		struct tok_error err = { 0 };
		const struct tok_next_bytes next = next_of(t->toy.m);
		small_next(t, semantics, text, law);
		if (!(next.log_p_low <= log_p + 1e-7L && next.log_p_high >= log_p - 1e-7L))
			fail_msg("P: %.17Lg is not in [%.17g, %.17g]", log_p, next.log_p_low,
				 next.log_p_high);
		for (size_t b = 0; b < 256; b++)
			assert_inside(next.low[b], law[b], next.high[b], "byte");
		assert_inside(next.end_low, law[SMALL_END], next.end_high, "end");
		if (n == possible)
			break;
		const enum tok_status status =
		    tok_machine_push(t->toy.m, (struct tok_span){ t->text + n, 1 }, &err);
		if (status == TOK_ELIMIT)
			return false;
		assert_int_equal(status, TOK_OK);
	}
	return true;
}

static void bounds_hold_the_truth(void **state)
{
	(void)state;
	size_t walked = 0;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics =
		    seed % 2 ? TOK_BYTES_ALL : TOK_BYTES_VALID;
		struct trial t;
		make_small_trial(&t, seed);
		struct tok_machine_options options = { .semantics = semantics };
		switch (seed / 2 % 3) {
		case 0:
			t.toy.lm.info.top = 1 + seed % t.toy.vocab.count;
			break;
		case 1:
			options.beam = 1 + seed % 3;
			break;
		case 2:
			options.prune = 1e-3;
			break;
		}
		toy_machine_make(&t.toy, options);
		walked += walk_bounded(&t, semantics, small_possible(&t, semantics, LENGTH));
		toy_machine_release(&t.toy);
	}
	assert_true(walked > TRIALS / 2);
}

/* ---- covers ------------------------------------------------------------------------------ */

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

static void covers_are_all_rows(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const enum tok_bytes_semantics semantics = semantics_of(seed);
		struct trial t;
		struct tok_error err = { 0 };
		struct told told = { -INFINITY, 0.0 };
		size_t total;
		make_machine(&t, seed);
		const size_t possible = small_possible(&t, semantics, LENGTH);
		const struct tok_span text = { t.text, possible };
		push_to(&t, t.toy.m, possible, possible);
		assert_int_equal(tok_machine_covers(t.toy.m, tell, &told, &total, &err), TOK_OK);
		assert_log((double)told.sum, small_sum(&t, semantics, text).p, told.sum, "sum");
		assert_near(told.shares, 1.0, 1e-9, "shares");
		toy_machine_release(&t.toy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_at_each_byte),    cmocka_unit_test(scored_at_each_byte),
		cmocka_unit_test(pushed_at_once),        cmocka_unit_test(back_and_forks),
		cmocka_unit_test(bounds_hold_the_truth), cmocka_unit_test(covers_are_all_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
