/*
 * test_lattice_draws.c - what is drawn has the distribution that is listed, for every
 * method and option; and the same test notices a method whose p or alpha is off by a
 * tenth, or that is another one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sample_toys.h"

#define BOUND 3.72 /* deviations: a chance of 1e-4 */

/* Any row of letters is cut anywhere: "a" and "aa" and "aaa". */
#define TOY_LETTERS                                                                                \
	"{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",-30],[\"a\",-2],"     \
	"[\"aa\",-3],[\"aaa\",-5]]}}"

static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH };

/* ---- one at a time ------------------------------------------------------------- */

struct row {
	const char *name, *json, *text;
	struct tok_sample_options right, wrong;
	size_t draws;
};

static const struct row rows[] = {
	{ "unigram, alpha 1",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, -1 },
	  { TOK_SAMPLE_UNIGRAM, 0, .9, -1 },
	  60000 },
	{ "unigram, alpha .5",
	  TOY_UNIGRAM,
	  "abcabcabc",
	  { TOK_SAMPLE_UNIGRAM, 0, .5, -1 },
	  { TOK_SAMPLE_UNIGRAM, 0, .45, -1 },
	  60000 },
	{ "unigram, alpha .1",
	  TOY_UNIGRAM,
	  "abcabcabc",
	  { TOK_SAMPLE_UNIGRAM, 0, .1, -1 },
	  { TOK_SAMPLE_UNIGRAM, 0, .11, -1 },
	  600000 },
	{ "unigram, alpha 0",
	  TOY_UNIGRAM,
	  "abcabcabc",
	  { TOK_SAMPLE_UNIGRAM, 0, 0, -1 },
	  { TOK_SAMPLE_UNIGRAM, 0, .05, -1 },
	  60000 },
	{ "unigram, unknown letters",
	  TOY_UNIGRAM,
	  "abxabc",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, -1 },
	  { TOK_SAMPLE_UNIGRAM, 0, .9, -1 },
	  60000 },
	{ "unigram, among the best two",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, 2 },
	  { TOK_SAMPLE_UNIGRAM, 0, .9, 2 },
	  300000 },
	{ "unigram, among the best ten, not all",
	  TOY_UNIGRAM,
	  "abcabcabc",
	  { TOK_SAMPLE_UNIGRAM, 0, .5, 10 },
	  { TOK_SAMPLE_UNIGRAM, 0, .5, -1 },
	  60000 },
	{ "maxmatch, .5",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  { TOK_SAMPLE_MAXMATCH, .45, 0, 0 },
	  60000 },
	{ "maxmatch, .1",
	  TOY_BPE,
	  "abcd abcd",
	  { TOK_SAMPLE_MAXMATCH, .1, 0, 0 },
	  { TOK_SAMPLE_MAXMATCH, .09, 0, 0 },
	  60000 },
	{ "maxmatch, dead ends",
	  TOY_WORDPIECE,
	  "acb ab[SEP]aba",
	  { TOK_SAMPLE_MAXMATCH, .3, 0, 0 },
	  { TOK_SAMPLE_MAXMATCH, .27, 0, 0 },
	  60000 },
	{ "uniform",
	  TOY_BPE,
	  "abcd bcd",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { TOK_SAMPLE_UNIFORM, .9, 0, 0 },
	  60000 },
	{ "uniform is not maxmatch",
	  TOY_BPE,
	  "bcd",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { TOK_SAMPLE_MAXMATCH, .75, 0, 0 },
	  60000 },
	{ "uniform, some pieces",
	  TOY_BPE,
	  "abcd bcd",
	  { TOK_SAMPLE_UNIFORM, .5, 0, 0 },
	  { TOK_SAMPLE_UNIFORM, .45, 0, 0 },
	  60000 },
	{ "uniform, with what cannot be spelled",
	  TOY_BPE,
	  "xabcdy",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { TOK_SAMPLE_UNIFORM, .9, 0, 0 },
	  60000 },
	{ "uniform, in a long piece",
	  TOY_BPE,
	  "abcdxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxbcd",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { TOK_SAMPLE_UNIFORM, .9, 0, 0 },
	  60000 },
	{ "uniform, places",
	  TOY_WORDPIECE,
	  "ababa",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  60000 },
};

/* How often each listed segmentation is drawn; all that is drawn is listed. */
static void count_draws(const struct row *row, struct toy *toy, const struct tok_draws *listed,
			size_t *seen)
{
	for (size_t i = 0; i < row->draws; i++) {
		struct tok_encoding e;
		struct tok_error err = { 0 };
		assert_int_equal(
		    tok_sample(toy->sampling, tok_span_of(row->text), &how, 7, i, &e, &err),
		    TOK_OK);
		const ptrdiff_t at = toy_find(listed, e.ids, e.count);
		if (at < 0)
			fail_msg("%s: what was drawn is not listed", row->name);
		seen[at]++;
	}
}

static double deviation(const struct tok_draws *listed, const size_t *seen,
			const struct tok_draws *by, size_t total)
{
	double *expected = calloc(listed->count, sizeof *expected);
	assert_non_null(expected);
	for (size_t i = 0; i < listed->count; i++) {
		const struct tok_draw *d = &listed->items[i];
		const ptrdiff_t at = toy_find(by, d->ids, d->count);
		expected[i] = at < 0 ? 0.0 : exp(by->items[at].log_probability);
	}
	const double found = toy_deviation(expected, seen, listed->count, (double)total);
	free(expected);
	return found;
}

static void test_draws(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct tok_tokenizer *tokenizer = toy_new(row->json);
		struct toy right = toy_sampler(tokenizer, row->right);
		struct toy wrong = toy_sampler(tokenizer, row->wrong);
		struct toy drawer = toy_sampler(tokenizer, row->right);
		const struct tok_span text = tok_span_of(row->text);
		struct tok_draws listed, other;
		struct tok_error err = { 0 };
		size_t seen[1024] = { 0 };
		assert_int_equal(tok_sample_exact(right.sampling, text, &how, 1000, &listed, &err),
				 TOK_OK);
		assert_int_equal(tok_sample_exact(wrong.sampling, text, &how, 1000, &other, &err),
				 TOK_OK);
		count_draws(row, &drawer, &listed, seen);
		const double d = deviation(&listed, seen, &listed, row->draws);
		const double power = deviation(&listed, seen, &other, row->draws);
		if (!(d < BOUND))
			fail_msg("%s: %.2f deviations", row->name, d);
		if (!(power > BOUND))
			fail_msg("%s: a wrong method is only %.2f deviations off", row->name,
				 power);
		toy_release(&right);
		toy_release(&wrong);
		toy_release(&drawer);
		tok_tokenizer_free(tokenizer);
	}
}

/* ---- pieces too long to list ---------------------------------------------------- */

/* Mean length of what is drawn against the expected one of `options`: deviations. */
static double lengths_off(const struct tok_tokenizer *tokenizer, struct tok_span text,
			  struct tok_sample_options drawn, struct tok_sample_options options)
{
	enum { DRAWS = 4000 };
	struct toy toy = toy_sampler(tokenizer, drawn), by = toy_sampler(tokenizer, options);
	double sum = 0.0, squares = 0.0, entropy, length;
	struct tok_error err = { 0 };
	for (size_t i = 0; i < DRAWS; i++) {
		struct tok_encoding e;
		assert_int_equal(tok_sample(toy.sampling, text, &how, 11, i, &e, &err), TOK_OK);
		sum += (double)e.count;
		squares += (double)e.count * (double)e.count;
	}
	const double mean = sum / DRAWS, variance = squares / DRAWS - mean * mean;
	assert_int_equal(tok_sample_entropy(by.sampling, text, &how, &entropy, &length, &err),
			 TOK_OK);
	toy_release(&toy);
	toy_release(&by);
	return fabs(mean - length) / sqrt(variance / DRAWS);
}

static void test_long(void **state)
{
	(void)state;
	static const struct {
		struct tok_sample_options right, wrong;
	} pairs[] = {
		{ { TOK_SAMPLE_UNIFORM, 1, 0, 0 }, { TOK_SAMPLE_MAXMATCH, .5, 0, 0 } },
		{ { TOK_SAMPLE_UNIGRAM, 0, .5, -1 }, { TOK_SAMPLE_UNIGRAM, 0, .45, -1 } },
		{ { TOK_SAMPLE_MAXMATCH, .5, 0, 0 }, { TOK_SAMPLE_MAXMATCH, .45, 0, 0 } },
	};
	char letters[300];
	memset(letters, 'a', sizeof letters);
	const struct tok_span text = { (const uint8_t *)letters, sizeof letters };
	struct tok_tokenizer *tokenizer = toy_new(TOY_LETTERS);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		assert_true(lengths_off(tokenizer, text, pairs[i].right, pairs[i].right) < BOUND);
		assert_true(lengths_off(tokenizer, text, pairs[i].right, pairs[i].wrong) > BOUND);
	}
	tok_tokenizer_free(tokenizer);
}

/* ---- without replacement --------------------------------------------------------- */

/* Two without replacement: first i, then j of the rest. */
static void test_pairs(void **state)
{
	(void)state;
	enum { DRAWS = 60000 };
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	static const double p[] = { .5405405405405405, .4054054054054054, .05405405405405406 };
	static const char *const names[] = { "1 5", "3 4", "1 2 4" };
	size_t seen[9] = { 0 };
	double expected[9] = { 0 }, wrong[9] = { 0 }, estimate = 0.0, squares = 0.0;
	for (size_t i = 0; i < DRAWS; i++) {
		struct tok_draws draws;
		struct tok_error err = { 0 };
		char ids[256];
		size_t which[2] = { 0 };
		double sum = 0.0;
		assert_int_equal(tok_sample_distinct(toy.sampling, tok_span_of("abc"), &how, 2,
						     false, 3, i, &draws, &err),
				 TOK_OK);
		for (size_t k = 0; k < 2; k++) {
			const struct tok_draw *d = &draws.items[k];
			toy_ids(d->ids, d->count, ids);
			while (strcmp(names[which[k]], ids) != 0)
				which[k]++;
			assert_true(fabs(d->log_probability - log(p[which[k]])) < 1e-9);
			/* Horvitz and Thompson: this sums up to 1 on average. */
			sum += exp(d->log_probability - d->log_inclusion);
		}
		estimate += sum;
		squares += sum * sum;
		seen[which[0] * 3 + which[1]]++;
	}
	double q[3], all = 0.0; /* what alpha .9 would make of it */
	for (size_t i = 0; i < 3; i++)
		all += q[i] = pow(p[i], .9);
	for (size_t i = 0; i < 3; i++)
		q[i] /= all;
	for (size_t i = 0; i < 9; i++) {
		const size_t first = i / 3, then = i % 3;
		expected[i] = first == then ? 0.0 : p[first] * p[then] / (1.0 - p[first]);
		wrong[i] = first == then ? 0.0 : q[first] * q[then] / (1.0 - q[first]);
	}
	assert_true(toy_deviation(expected, seen, 9, DRAWS) < BOUND);
	assert_true(toy_deviation(wrong, seen, 9, DRAWS) > BOUND);
	const double mean = estimate / DRAWS;
	const double error = sqrt((squares / DRAWS - mean * mean) / DRAWS);
	assert_true(fabs(mean - 1.0) < 4.0 * error && error < .01);
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

/* With the best one first, the others are drawn among the rest. */
static void test_rest(void **state)
{
	(void)state;
	enum { DRAWS = 60000 };
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	size_t seen[2] = { 0 };
	for (size_t i = 0; i < DRAWS; i++) {
		struct tok_draws draws;
		struct tok_error err = { 0 };
		assert_int_equal(tok_sample_distinct(toy.sampling, tok_span_of("abc"), &how, 2,
						     true, 3, i, &draws, &err),
				 TOK_OK);
		seen[draws.items[1].count == 3]++;
	}
	const double rest[] = { .03 / .034, .004 / .034 }, off[] = { .027 / .031, .004 / .031 };
	assert_true(toy_deviation(rest, seen, 2, DRAWS) < BOUND);
	assert_true(toy_deviation(off, seen, 2, DRAWS) > BOUND);
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

/* ---- seeds ----------------------------------------------------------------------- */

static void test_seeds(void **state)
{
	(void)state;
	struct tok_tokenizer *tokenizer = toy_new(TOY_LETTERS);
	const struct tok_sample_options o = { TOK_SAMPLE_UNIGRAM, 0, .5, -1 };
	struct toy a = toy_sampler(tokenizer, o), b = toy_sampler(tokenizer, o);
	const struct tok_span text = tok_span_of("aaaaaaaaaaaaaaaaaaaaaaaa");
	struct tok_encoding x, y;
	struct tok_error err = { 0 };
	size_t same = 0;
	for (uint64_t i = 0; i < 100; i++) { /* b draws in another order */
		assert_int_equal(tok_sample(a.sampling, text, &how, 1, i, &x, &err), TOK_OK);
		assert_int_equal(tok_sample(b.sampling, text, &how, 2, 99 - i, &y, &err), TOK_OK);
		same += x.count == y.count && !memcmp(x.ids, y.ids, x.count * sizeof *x.ids);
		assert_int_equal(tok_sample(b.sampling, text, &how, 1, i, &y, &err), TOK_OK);
		assert_int_equal(x.count, y.count);
		assert_memory_equal(x.ids, y.ids, x.count * sizeof *x.ids);
	}
	assert_true(same < 5);
	toy_release(&a);
	toy_release(&b);
	tok_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draws), cmocka_unit_test(test_long),
		cmocka_unit_test(test_pairs), cmocka_unit_test(test_rest),
		cmocka_unit_test(test_seeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
