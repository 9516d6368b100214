/*
 * test_dropout.c - BPE-dropout: distributions known from the papers' toys, samplers and
 * exact distributions against the definitions on random models, p = 0, p = 1, and limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "tests/unit/bpe_bench.h"
#include "tests/unit/dropout_bench.h"

/* ---- toys ------------------------------------------------------------------------------ */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
enum { TOY_ENTRIES = 24, TOY_MERGES = 10 };

struct toy {
	struct tok_vocab_entry entries[TOY_ENTRIES];
	struct tok_merge merges[TOY_MERGES];
	struct tok_model *model;
};

static tok_id toy_id(const struct toy *toy, size_t count, struct tok_span name)
{
	for (size_t i = 0; i < count; i++)
		if (tok_span_equal(toy->entries[i].text, name))
			return toy->entries[i].id;
	return TOK_NO_ID;
}

/* Ids are places in `vocab`; what a merge makes is there, too. */
static void open_toy(struct toy *toy, const char *const *vocab, size_t vocab_count,
		     const char *const (*merges)[2], size_t merge_count)
{
	struct tok_error err = { 0 };
	for (size_t i = 0; i < vocab_count; i++)
		toy->entries[i] = (struct tok_vocab_entry){ tok_span_of(vocab[i]), (tok_id)i,
							    TOK_PIECE_NORMAL, 0 };
	for (size_t i = 0; i < merge_count; i++) {
		char joined[32];
		snprintf(joined, sizeof joined, "%s%s", merges[i][0], merges[i][1]);
		toy->merges[i] = (struct tok_merge){
			toy_id(toy, vocab_count, tok_span_of(merges[i][0])),
			toy_id(toy, vocab_count, tok_span_of(merges[i][1])),
			toy_id(toy, vocab_count, tok_span_of(joined)),
		};
	}
	struct tok_model_spec spec = { .kind = TOK_MODEL_BPE,
				       .entries = toy->entries,
				       .entry_count = vocab_count,
				       .unk = TOK_NO_ID,
				       .as.bpe = { .order = TOK_BPE_MERGES,
						   .merges = toy->merges,
						   .merge_count = merge_count } };
	memset(spec.byte_ids, 0xFF, sizeof spec.byte_ids);
	if (tok_model_new(&spec, &toy->model, &err) != TOK_OK)
		fail_msg("%s", err.message);
}

static const char *const letters_vocab[] = { "a", "b", "c", "d", "ab", "cd", "abcd" };
static const char *const letters_merges[][2] = { { "a", "b" }, { "c", "d" }, { "ab", "cd" } };

/* Hugging Face's own test of dropout. */
static const char *const unrelated_vocab[] = { "u",    "n",   "r",       "e",        "l",  "a",
					       "t",    "d",   "re",      "at",       "ed", "un",
					       "ated", "rel", "related", "unrelated" };
static const char *const unrelated_merges[][2] = {
	{ "r", "e" },   { "a", "t" },  { "e", "d" },      { "u", "n" },
	{ "at", "ed" }, { "re", "l" }, { "rel", "ated" }, { "un", "related" },
};

/* An entry that has become stale stands behind others: Hugging Face's gives those one more
 * chance. */
static const char *const stale_vocab[] = { "a", "b", "c", "ab", "bc", "abc" };
static const char *const stale_merges[][2] = {
	{ "b", "c" },
	{ "a", "bc" },
	{ "a", "b" },
	{ "ab", "c" },
};

/* Of the tokens whose names, parted by bars, are `tokens`. */
static double probability_of(const struct toy *toy, size_t vocab_count,
			     const struct distribution *d, const char *tokens)
{
	tok_id ids[16];
	size_t count = 0;
	for (const char *at = tokens; *at; count++) {
		const size_t length = strcspn(at, "|");
		ids[count] =
		    toy_id(toy, vocab_count, (struct tok_span){ (const uint8_t *)at, length });
		at += length + (at[length] == '|');
	}
	const size_t at = find_outcome(d, ids, count);
	return at < d->count ? d->probabilities[at] : 0;
}

static void check_letters(enum tok_sample_method method, double p, double none, double first,
			  double second, double both, double all)
{
	static struct distribution d;
	struct toy toy;
	struct tok_dropout dropout;
	struct tok_error err = { 0 };
	const size_t count = COUNT(letters_vocab);
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, letters_vocab, count, letters_merges, COUNT(letters_merges));
	tok_dropout_init(&dropout, toy.model, method, p);
	assert_int_equal(find_exact(&dropout, scratch, tok_span_of("abcd"), 5, &d, &err), TOK_OK);
	assert_near(probability_of(&toy, count, &d, "a|b|c|d"), none, 1e-12);
	assert_near(probability_of(&toy, count, &d, "ab|c|d"), first, 1e-12);
	assert_near(probability_of(&toy, count, &d, "a|b|cd"), second, 1e-12);
	assert_near(probability_of(&toy, count, &d, "ab|cd"), both, 1e-12);
	assert_near(probability_of(&toy, count, &d, "abcd"), all, 1e-12);
	assert_near(total_probability(&d), 1, 1e-12);
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

static void test_four_letters(void **state)
{
	(void)state;
	const enum tok_sample_method paper = TOK_SAMPLE_BPE_DROPOUT;
	const enum tok_sample_method sp = TOK_SAMPLE_BPE_DROPOUT_SP;
	check_letters(paper, .5, .25, .25, .125, .1875, .1875);
	check_letters(paper, .1, .01, .09, .009, .0891, .8019);
	check_letters(sp, .5, .25, .25, .25, .125, .125);
	check_letters(sp, .1, .01, .09, .09, .081, .729);
	/* No entry of these becomes stale: as the paper's. */
	check_letters(TOK_SAMPLE_BPE_DROPOUT_HF, .5, .25, .25, .125, .1875, .1875);
	check_letters(TOK_SAMPLE_BPE_DROPOUT_HF, .1, .01, .09, .009, .0891, .8019);
	for (size_t m = 0; m < 3; m++) {
		check_letters(dropout_methods[m], 0, 0, 0, 0, 0, 1);
		check_letters(dropout_methods[m], 1, 1, 0, 0, 0, 0);
	}
}

static void test_unrelated(void **state)
{
	(void)state;
	static struct distribution d;
	static const struct {
		enum tok_sample_method method;
		double whole, two, length;
		size_t outcomes;
	} rows[] = {
		{ TOK_SAMPLE_BPE_DROPOUT, .719336, .079926, 1.612424, 33 },
		{ TOK_SAMPLE_BPE_DROPOUT_SP, .430467, .047830, 2.899092, 33 },
	};
	struct toy toy;
	struct tok_error err = { 0 };
	const size_t count = COUNT(unrelated_vocab);
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, unrelated_vocab, count, unrelated_merges, COUNT(unrelated_merges));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tok_dropout dropout;
		tok_dropout_init(&dropout, toy.model, rows[i].method, .1);
		assert_int_equal(
		    find_exact(&dropout, scratch, tok_span_of("unrelated"), 100, &d, &err), TOK_OK);
		assert_int_equal(d.count, rows[i].outcomes);
		assert_near(probability_of(&toy, count, &d, "unrelated"), rows[i].whole, 1e-6);
		assert_near(probability_of(&toy, count, &d, "un|related"), rows[i].two, 1e-6);
		assert_near(expected_length(&d), rows[i].length, 1e-6);
		assert_near(total_probability(&d), 1, 1e-12);
		if (rows[i].method != TOK_SAMPLE_BPE_DROPOUT)
			continue;
		assert_near(probability_of(&toy, count, &d, "un|rel|ated"), .088728, 1e-6);
		assert_near(probability_of(&toy, count, &d, "un|re|l|ated"), .087326, 1e-6);
	}
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

static void test_stale_entries(void **state)
{
	(void)state;
	static struct distribution d;
	/* With q = 1 - p the paper has q q (1 + p) for "abc", q p for "a|bc", q p p for
	 * "ab|c"; Hugging Face moves q p q q from "a|bc" to "abc". */
	static const double ps[] = { .1, .5 };
	struct toy toy;
	struct tok_error err = { 0 };
	const size_t count = COUNT(stale_vocab);
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, stale_vocab, count, stale_merges, COUNT(stale_merges));
	for (size_t i = 0; i < 2 * COUNT(dropout_methods); i++) {
		const double p = ps[i / 3], q = 1 - p;
		const double more = i % 3 == 1 ? q * p * q * q : 0;
		struct tok_dropout dropout;
		tok_dropout_init(&dropout, toy.model, dropout_methods[i % 3], p);
		assert_int_equal(find_exact(&dropout, scratch, tok_span_of("abc"), 4, &d, &err),
				 TOK_OK);
		assert_near(probability_of(&toy, count, &d, "abc"), q * q * (1 + p) + more, 1e-12);
		assert_near(probability_of(&toy, count, &d, "a|bc"), q * p - more, 1e-12);
		assert_near(probability_of(&toy, count, &d, "ab|c"), q * p * p, 1e-12);
		assert_near(probability_of(&toy, count, &d, "a|b|c"), p * p, 1e-12);
	}
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

/* ---- random models --------------------------------------------------------------------- */

/* Unused pieces are taken apart by the pair that was seen last, which only SentencePiece's
 * method defines. */
static bool is_defined(const struct bench *b, enum tok_sample_method method)
{
	return method == TOK_SAMPLE_BPE_DROPOUT_SP || !b->model->bpe->has_split;
}

static struct {
	size_t drawn, outcomes, unlike, long_texts, canonical;
	double least;
} seen = { .least = 1 };

enum { DRAWS = 4000, SHORT_TEXT = 10 };

/* Both the sampler and the definition draw from the exact distribution. */
static void check_draws(struct bench *b, struct tok_dropout_scratch *scratch,
			struct plain_dropout *plain, const struct tok_dropout *dropout,
			struct tok_span text)
{
	static struct distribution d;
	struct tok_error err = { 0 };
	if (find_exact(dropout, scratch, text, OUTCOMES_MAX - 1, &d, &err) != TOK_OK) {
		assert_true(err.status == TOK_ETEXT || err.status == TOK_ELIMIT);
		return;
	}
	assert_near(total_probability(&d), 1, 1e-9);
	seen.outcomes += d.count;
	for (int by_definition = 0; by_definition < 2; by_definition++) {
		struct tok_random random = tok_random_of(b->seed, 5);
		plain->random = tok_random_of(b->seed, 7);
		plain->p = dropout->p;
		d.draws = d.strangers = 0;
		memset(d.counts, 0, sizeof d.counts);
		for (int i = 0; i < DRAWS; i++) {
			b->found.count = 0;
			const enum tok_status status =
			    by_definition
				? plain_dropout(plain, dropout->method, text, &b->found, &err)
				: tok_dropout_piece(dropout, scratch, &random, text, all_of(text),
						    &b->found, &err);
			assert_int_equal(status, TOK_OK);
			count_draw(&d, &b->found);
		}
		const double likely = chi_square(&d);
		seen.least = likely < seen.least ? likely : seen.least;
		seen.drawn++;
		if (likely < 1e-6)
			fail_msg("model %zu, method %d, p %g, '%.*s' (%s): chance %g, %zu unknown",
				 b->number, (int)dropout->method, dropout->p, (int)text.count,
				 text.bytes, by_definition ? "definition" : "sampler", likely,
				 d.strangers);
	}
}

static void test_draws_are_of_the_distribution(void **state)
{
	(void)state;
	static const double ps[] = { .05, .3, .5, .8 };
	struct bench *b = new_bench();
	struct plain_dropout *plain = need(sizeof *plain);
	for (size_t number = 0; number < 150; number++) {
		open_bench(b, 9 * MODELS + number);
		struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
		plain->model = b->model;
		plain->scratch = b->scratch;
		const struct tok_span text = make_text(b, 3 + number % SHORT_TEXT);
		struct tok_dropout dropout;
		const enum tok_sample_method method = dropout_methods[number % 3];
		tok_dropout_init(&dropout, b->model, method, ps[number / 3 % 4]);
		if (text.count > 0 && is_defined(b, method))
			check_draws(b, scratch, plain, &dropout, text);
		tok_dropout_scratch_free(scratch);
		close_bench(b);
	}
	print_message("%zu samples, %zu outcomes, least chance %g\n", seen.drawn, seen.outcomes,
		      seen.least);
	assert_true(seen.drawn > 150 && seen.outcomes > 1500);
	free(plain);
	free_bench(b);
}

/* Where methods differ, the same number of draws tells them apart. */
static void test_methods_are_told_apart(void **state)
{
	(void)state;
	static struct distribution d;
	struct toy toy;
	struct tok_error err = { 0 };
	struct tok_tokens tokens = { 0 };
	const struct tok_span text = tok_span_of("abcabcabc");
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, stale_vocab, COUNT(stale_vocab), stale_merges, COUNT(stale_merges));
	for (size_t drawn = 0; drawn < 3; drawn++) {
		for (size_t expected = 0; expected < 3; expected++) {
			struct tok_dropout dropout;
			struct tok_random random = tok_random_of(1, 2);
			tok_dropout_init(&dropout, toy.model, dropout_methods[expected], .3);
			assert_int_equal(find_exact(&dropout, scratch, text, 100, &d, &err),
					 TOK_OK);
			tok_dropout_init(&dropout, toy.model, dropout_methods[drawn], .3);
			for (int i = 0; i < DRAWS; i++) {
				tokens.count = 0;
				assert_int_equal(tok_dropout_piece(&dropout, scratch, &random, text,
								   all_of(text), &tokens, &err),
						 TOK_OK);
				count_draw(&d, &tokens);
			}
			const double chance = chi_square(&d);
			print_message("method %zu drawn, %zu expected: chance %.3g, E[len] %.6f\n",
				      drawn, expected, chance, expected_length(&d));
			if (drawn == expected)
				assert_true(chance > 1e-4);
			else
				assert_true(chance < 1e-8);
		}
	}
	tok_tokens_release(&tokens);
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

/* ---- p = 0 and p = 1 --------------------------------------------------------------------- */

/* At p = 0, and at a p at which nothing is ever dropped, so that merges are merged. */
static void check_canonical(struct bench *b, struct tok_dropout_scratch *scratch,
			    struct tok_span text)
{
	const bool is_whole = b->plain->spec.as.bpe.order == TOK_BPE_RANKS &&
			      plain_find(b->plain, text.bytes, text.count) != TOK_NO_ID;
	const bool ignores = b->plain->spec.as.bpe.ignore_merges;
	for (size_t m = 0; m < 6; m++) {
		struct tok_dropout dropout;
		struct tok_random random = tok_random_of(b->seed, m);
		struct tok_error err = { 0 };
		const bool merges = m >= 3;
		if (merges && is_whole)
			continue;
		tok_dropout_init(&dropout, b->model, dropout_methods[m % 3], merges ? 1e-300 : 0);
		b->plain->spec.as.bpe.ignore_merges = ignores && !merges;
		b->ranged.count = 0;
		b->expected->count = 0;
		const bool encodes = plain_encode(b->plain, text, 0, b->expected);
		b->plain->spec.as.bpe.ignore_merges = ignores;
		const enum tok_status status = tok_dropout_piece(&dropout, scratch, &random, text,
								 all_of(text), &b->ranged, &err);
		assert_true((status == TOK_OK) == encodes);
		if (encodes)
			check(b, merges ? "nothing dropped" : "p 0", text, &b->ranged);
		seen.canonical++;
	}
}

static void test_without_dropping_it_is_the_model(void **state)
{
	(void)state;
	struct bench *b = new_bench();
	for (size_t number = 0; number < TRIED; number++) {
		open_bench(b, 10 * MODELS + number);
		struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
		for (int round = 0; round < 4; round++) {
			const bool is_long = round == 0 && number % 20 == 0;
			const struct tok_span text =
			    make_text(b, is_long ? 2000 : 1 + plain_draw(&b->seed, 60));
			seen.long_texts += is_long;
			if (text.count > 0)
				check_canonical(b, scratch, text);
		}
		tok_dropout_scratch_free(scratch);
		close_bench(b);
	}
	print_message("%zu texts, %zu long\n", seen.canonical, seen.long_texts);
	free_bench(b);
}

/* Long enough for the order to be a tree: the mean length of draws is the definition's. */
static void test_long_pieces(void **state)
{
	(void)state;
	enum { LONG_DRAWS = 300 };
	static const double ps[] = { .1, .5, .9, .99 };
	struct bench *b = new_bench();
	struct plain_dropout *plain = need(sizeof *plain);
	double worst = 0;
	for (size_t number = 0; number < 24; number++) {
		struct tok_error err = { 0 };
		double sum[2] = { 0 }, squares[2] = { 0 };
		open_bench(b, 11 * MODELS + number);
		struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
		const struct tok_span text = make_text(b, 250);
		struct tok_dropout dropout;
		struct tok_random random = tok_random_of(number, 1);
		tok_dropout_init(&dropout, b->model, dropout_methods[number % 3],
				 ps[number / 3 % 4]);
		plain->model = b->model;
		plain->scratch = b->scratch;
		plain->p = dropout.p;
		plain->random = tok_random_of(number, 2);
		for (int i = 0; i < 2 * LONG_DRAWS && is_defined(b, dropout.method); i++) {
			b->found.count = 0;
			const enum tok_status status =
			    i % 2 ? plain_dropout(plain, dropout.method, text, &b->found, &err)
				  : tok_dropout_piece(&dropout, scratch, &random, text,
						      all_of(text), &b->found, &err);
			if (status == TOK_ETEXT)
				break;
			assert_int_equal(status, TOK_OK);
			sum[i % 2] += (double)b->found.count;
			squares[i % 2] += (double)b->found.count * (double)b->found.count;
		}
		const double a = sum[0] / LONG_DRAWS, c = sum[1] / LONG_DRAWS;
		const double variance =
		    squares[0] / LONG_DRAWS - a * a + (squares[1] / LONG_DRAWS - c * c) + 1e-9;
		const double z = fabs(a - c) / sqrt(variance / LONG_DRAWS);
		worst = z > worst ? z : worst;
		if (z > 4.5)
			fail_msg("model %zu, method %d, p %g: %g tokens, by definition %g", number,
				 (int)dropout.method, dropout.p, a, c);
		tok_dropout_scratch_free(scratch);
		close_bench(b);
	}
	print_message("worst of the means: %.2f standard errors\n", worst);
	free(plain);
	free_bench(b);
}

static void test_limits_have_sentences(void **state)
{
	(void)state;
	static struct distribution d;
	struct toy toy;
	struct tok_dropout dropout;
	struct tok_error err = { 0 };
	const struct tok_span text = tok_span_of("unrelated");
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, unrelated_vocab, COUNT(unrelated_vocab), unrelated_merges,
		 COUNT(unrelated_merges));
	for (size_t m = 0; m < 3; m++) {
		tok_dropout_init(&dropout, toy.model, dropout_methods[m], .1);
		assert_int_equal(find_exact(&dropout, scratch, text, 33, &d, &err), TOK_OK);
		assert_int_equal(find_exact(&dropout, scratch, text, 32, &d, &err), TOK_ELIMIT);
		assert_non_null(strstr(err.message, "more than 32 segmentations"));
		assert_int_equal(find_exact(&dropout, scratch, text, 0, &d, &err), TOK_ELIMIT);
		char many[4096];
		memset(many, 'e', sizeof many);
		for (size_t i = 0; i < sizeof many; i += 2)
			many[i] = 'r';
		assert_int_equal(find_exact(&dropout, scratch,
					    (struct tok_span){ (const uint8_t *)many, sizeof many },
					    1000, &d, &err),
				 TOK_ELIMIT);
		assert_non_null(strstr(err.message, "too many ways"));
	}
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

/* Where any two neighbours merge, in runs of letters up to as many: cl100k's blanks. */
static const char *const runs_vocab[] = { "a",      "aa",      "aaa",      "aaaa",     "aaaaa",
					  "aaaaaa", "aaaaaaa", "aaaaaaaa", "aaaaaaaaa" };
static const char *const runs_merges[][2] = {
	{ "a", "a" },      { "aa", "aa" },   { "aaaa", "aaaa" },
	{ "aa", "a" },     { "aaaa", "a" },  { "aaaa", "aa" },
	{ "aaaa", "aaa" }, { "aaa", "aaa" }, { "aaaaaaaa", "a" },
};

/* It is said soon: of a processor's time, not of the clock's. */
static void test_refusals_are_quick(void **state)
{
	(void)state;
	static struct distribution d;
	static char letters[1 << 16];
	static const size_t counts[] = { 60, 1000, sizeof letters };
	struct toy toy;
	struct tok_dropout dropout;
	struct tok_error err = { 0 };
	struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
	open_toy(&toy, runs_vocab, COUNT(runs_vocab), runs_merges, COUNT(runs_merges));
	memset(letters, 'a', sizeof letters);
	for (size_t i = 0; i < 3 * COUNT(counts); i++) {
		const struct tok_span text = { (const uint8_t *)letters, counts[i / 3] };
		const clock_t begin = clock();
		tok_dropout_init(&dropout, toy.model, dropout_methods[i % 3], .1);
		assert_int_equal(find_exact(&dropout, scratch, text, 2000, &d, &err), TOK_ELIMIT);
		const double spent = (double)(clock() - begin) / CLOCKS_PER_SEC;
		print_message("%zu letters, method %zu: %.3f s\n", text.count, i % 3, spent);
		assert_true(spent < 4);
	}
	tok_dropout_scratch_free(scratch);
	tok_model_free(toy.model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four_letters),
		cmocka_unit_test(test_unrelated),
		cmocka_unit_test(test_stale_entries),
		cmocka_unit_test(test_draws_are_of_the_distribution),
		cmocka_unit_test(test_methods_are_told_apart),
		cmocka_unit_test(test_without_dropping_it_is_the_model),
		cmocka_unit_test(test_long_pieces),
		cmocka_unit_test(test_limits_have_sentences),
		cmocka_unit_test(test_refusals_are_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
