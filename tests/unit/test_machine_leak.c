/* What valid leaks is told where rows are renormalised, too: against all valid rows of tokens, as
 * the model has them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/small_trials.h"

enum { TRIALS = CHECKED ? 300 : 1500, LENGTH = 6 };

/* The brief's fractions: of P(x), what goes to rows that no encoding begins with. */
static void fractions(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double leak;
	} rows[] = {
		{ "", 0. }, { "A", 1. / 10 }, { "AA", 0. }, { "AAA", 2. / 25 }, { "BA", 1. / 15 }
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int s = TOK_BYTES_ALL; s <= TOK_BYTES_VALID_RENORM; s++) {
			struct toy_machine toy;
			toy_machine_bigram(&toy, (struct tok_machine_options){
						     .semantics = (enum tok_bytes_semantics)s });
			push_text(toy.m, rows[i].text);
			const struct tok_next_bytes next = next_of(toy.m);
			if (s == TOK_BYTES_ALL)
				assert_true(isnan(next.valid_leak));
			else
				assert_near(next.valid_leak, rows[i].leak, 1e-14, rows[i].text);
			toy_machine_release(&toy);
		}
	}
}

/* As bytes, an end and what is no text leave it. */
static long double define(const struct trial *t, enum tok_bytes_semantics semantics,
			  struct tok_span text)
{
	long double law[SMALL_SYMBOLS], sum = 0.0;
	small_next(t, semantics, text, law);
	for (size_t s = 0; s < SMALL_SYMBOLS; s++)
		sum += expl(law[s]);
	return 1.0L - sum;
}

/* Returns at how many places something leaks; of valid-renorm too, where nothing is valid. */
static size_t walk(struct trial *t, size_t *ends)
{
	const size_t possible = small_possible(t, TOK_BYTES_VALID_RENORM, LENGTH);
	size_t leaks = 0;
	for (size_t n = 0; n <= possible; n++) {
		struct tok_error err = { 0 };
		const struct tok_next_bytes next = next_of(t->toy.m);
		const struct tok_span text = { t->text, n };
		const double wanted = (double)define(t, TOK_BYTES_VALID, text),
			     dead = (double)define(t, TOK_BYTES_VALID_RENORM, text);
		assert_near(next.valid_leak, wanted, 1e-11, "leak");
		assert_near(next.leak, dead, 1e-11, "leak of what is renormalised");
		*ends += dead > 1e-3;
		leaks += wanted > 1e-3;
		if (n < possible)
			assert_int_equal(
			    tok_machine_push(t->toy.m, (struct tok_span){ t->text + n, 1 }, &err),
			    TOK_OK);
	}
	return leaks;
}

/* Of models that are not small, with weights of small_trials' rows as logarithms. */
static void plain_row(const struct plain_lm *lm, const tok_id *ids, size_t count, double *log_p)
{
	for (tok_id id = 0; id < lm->info.size; id++)
		log_p[id] = log(plain_p(lm, ids, count, id));
}

static void all_valid_rows(void **state)
{
	static const struct small_source plain = { plain_row };
	size_t leaks[2] = { 0 }, ends = 0;
	(void)state;
	for (uint64_t seed = 0; seed < TRIALS; seed++) {
		const bool small = seed % 2;
		struct trial t;
		if (small)
			make_small_trial(&t, seed);
		else
			make_trial(&t, seed, true);
		t.toy.lm.source = small ? NULL : &plain;
		if (seed % 5 == 0) /* as if its order were not known */
			t.toy.lm.info.markov_order = 0;
		toy_machine_make(
		    &t.toy, (struct tok_machine_options){ .semantics = TOK_BYTES_VALID_RENORM });
		leaks[small] += walk(&t, &ends);
		toy_machine_release(&t.toy);
	}
	if (!CHECKED) /* the rare case wants all trials */
		assert_true(ends > 0);
	assert_true(leaks[0] > TRIALS / 4 && leaks[1] > TRIALS / 10);
}

/* However long the text: as much is left of it as of one that ends the same. */
static void long_texts(void **state)
{
	(void)state;
	struct toy_machine toys[2];
	for (size_t i = 0; i < 2; i++) {
		toy_machine_bigram(&toys[i],
				   (struct tok_machine_options){
				       .semantics = i ? TOK_BYTES_VALID_RENORM : TOK_BYTES_VALID });
		for (size_t n = 0; n < 4000; n++)
			push_text(toys[i].m, n % 7 == 6 ? "B" : "A");
	}
	for (size_t n = 0; n < 9; n++) {
		const double leak = next_of(toys[0].m).leak;
		assert_near(next_of(toys[1].m).valid_leak, leak, 1e-11, "leak");
		for (size_t i = 0; i < 2; i++)
			push_text(toys[i].m, "A");
	}
	for (size_t i = 0; i < 2; i++)
		toy_machine_release(&toys[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fractions),
		cmocka_unit_test(all_valid_rows),
		cmocka_unit_test(long_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
