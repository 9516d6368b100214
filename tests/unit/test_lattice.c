/*
 * test_lattice.c - the distributions of the lattice samplers on small vocabularies, against
 * numbers worked out elsewhere: MaxMatch-dropout, Unigram sampling (its alpha, n-best and
 * entropy), uniform sampling; the laws of p and alpha; what cannot be spelled; and texts
 * that are long or strange.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sample_toys.h"
#include "tok/pipe/decoder.h"

static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH };

/* ---- numbers ----------------------------------------------------------------- */

struct expected {
	const char *ids;
	double probability;
};

struct row {
	const char *name, *json, *text;
	struct tok_sample_options options;
	struct expected outcomes[8];
	double entropy; /* 0: not asked for */
};

static const struct row rows[] = {
	{ "unigram, alpha 1",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, -1 },
	  { { "1 5", .5405405405 }, { "3 4", .4054054054 }, { "1 2 4", .0540540541 } },
	  .856278 },
	{ "unigram, alpha .5",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, .5, -1 },
	  { { "1 5", .458242 }, { "3 4", .396849 }, { "1 2 4", .144909 } },
	  1.004274 },
	{ "unigram, alpha .1",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, .1, -1 },
	  { { "1 5", .361537 }, { "3 4", .351284 }, { "1 2 4", .287179 } },
	  1.093623 },
	{ "unigram, alpha 0",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 0, -1 },
	  { { "1 2 4", 1. / 3 }, { "1 5", 1. / 3 }, { "3 4", 1. / 3 } },
	  1.0986122887 },
	{ "unigram, alpha 100",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 100, -1 },
	  { { "1 5", 1 - 3.207202e-13 }, { "3 4", 3.207202e-13 }, { "1 2 4", 1e-100 } },
	  0 },
	{ "unigram, n-best 0",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, .1, 0 },
	  { { "1 5", 1 } } },
	{ "unigram, n-best 1",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, .1, 1 },
	  { { "1 5", 1 } } },
	{ "unigram, n-best 2",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, 2 },
	  { { "1 5", .04 / .07 }, { "3 4", .03 / .07 } } },
	{ "unigram, n-best 512",
	  TOY_UNIGRAM,
	  "abc",
	  { TOK_SAMPLE_UNIGRAM, 0, .1, 512 },
	  { { "1 5", .361537 }, { "3 4", .351284 }, { "1 2 4", .287179 } } },
	{ "unigram, unknown letters are tokens like others, and one in a row",
	  TOY_UNIGRAM,
	  "axyb",
	  { TOK_SAMPLE_UNIGRAM, 0, 1, -1 },
	  { { "1 0 2", 1 } } },
	{ "maxmatch, .5",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  { { "7 3", .5 },
	    { "0 8", .125 },
	    { "4 2 3", .125 },
	    { "4 6", .125 },
	    { "0 5 3", .0625 },
	    { "0 1 2 3", .03125 },
	    { "0 1 6", .03125 } },
	  1.5162595 },
	{ "maxmatch, .1",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_MAXMATCH, .1, 0, 0 },
	  { { "7 3", .9 },
	    { "4 6", .081 },
	    { "0 8", .009 },
	    { "4 2 3", .009 },
	    { "0 5 3", .0009 },
	    { "0 1 6", 9e-5 },
	    { "0 1 2 3", 1e-5 } } },
	{ "maxmatch, 0", TOY_BPE, "abcd", { TOK_SAMPLE_MAXMATCH, 0, 0, 0 }, { { "7 3", 1 } } },
	{ "maxmatch, 1", TOY_BPE, "abcd", { TOK_SAMPLE_MAXMATCH, 1, 0, 0 }, { { "0 1 2 3", 1 } } },
	{ "uniform",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "0 1 2 3", 1. / 7 },
	    { "0 1 6", 1. / 7 },
	    { "0 5 3", 1. / 7 },
	    { "0 8", 1. / 7 },
	    { "4 2 3", 1. / 7 },
	    { "4 6", 1. / 7 },
	    { "7 3", 1. / 7 } },
	  1.9459101 },
	{ "uniform, half of the pieces: the model says ab cd",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_UNIFORM, .5, 0, 0 },
	  { { "4 6", .5 + .5 / 7 },
	    { "0 1 2 3", .5 / 7 },
	    { "0 1 6", .5 / 7 },
	    { "0 5 3", .5 / 7 },
	    { "0 8", .5 / 7 },
	    { "4 2 3", .5 / 7 },
	    { "7 3", .5 / 7 } } },
	{ "uniform, none of the pieces",
	  TOY_BPE,
	  "abcd",
	  { TOK_SAMPLE_UNIFORM, 0, 0, 0 },
	  { { "4 6", 1 } } },
	{ "two pieces",
	  TOY_BPE,
	  "ab cd",
	  { TOK_SAMPLE_MAXMATCH, .25, 0, 0 },
	  { { "4 6", .5625 }, { "0 1 6", .1875 }, { "4 2 3", .1875 }, { "0 1 2 3", .0625 } } },
	{ "WordPiece: where a token may stand, and an added token between",
	  TOY_WORDPIECE,
	  "ab[SEP]aba",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "1 3 9 1 3 2", 1. / 6 },
	    { "1 3 9 4 2", 1. / 6 },
	    { "1 3 9 7", 1. / 6 },
	    { "4 9 1 3 2", 1. / 6 },
	    { "4 9 4 2", 1. / 6 },
	    { "4 9 7", 1. / 6 } },
	  1.7917595 },
	{ "WordPiece: a dead end is the unknown word",
	  TOY_WORDPIECE,
	  "ac",
	  { TOK_SAMPLE_MAXMATCH, .25, 0, 0 },
	  { { "6", .75 }, { "0", .25 } } },
	{ "WordPiece: dead ends behind several beginnings are one unknown word",
	  TOY_DEAD_END,
	  "abcx",
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  { { "6", .5 }, { "0", .375 }, { "1 2", .0625 }, { "4 5 2", .0625 } },
	  1.0609581 },
	{ "unknown letters grow together",
	  TOY_GROWING,
	  "abxxxxab",
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  { { "1 2 0 1 2", .25 }, { "1 2 0 3", .25 }, { "3 0 1 2", .25 }, { "3 0 3", .25 } },
	  1.3862944 },
	{ "unknown letters that grow together or are spelled: known from a list only",
	  TOY_GROWING,
	  "xyzx",
	  { TOK_SAMPLE_MAXMATCH, .5, 0, 0 },
	  { { "0", .5 }, { "0 4 0", .5 } },
	  NAN },
	{ "unknown letters vanish",
	  TOY_VANISHING,
	  "xabxx",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "1 2", .5 }, { "3", .5 } },
	  .6931472 },
	{ "a character of which some bytes have tokens",
	  TOY_PARTIAL,
	  "\xC3\xA4\x78\x61",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "0 3 2", 1 } },
	  1e-9 },
	{ "WordPiece: of a word that can be spelled no unknown one is drawn",
	  TOY_WORDPIECE,
	  "ac",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "6", 1 } } },
	{ "WordPiece: nothing spells it",
	  TOY_WORDPIECE,
	  "abx",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "0", 1 } } },
	{ "WordPiece: too long a word",
	  TOY_WORDPIECE,
	  "aaaaaaaaaaaaaaaaaaaaa",
	  { TOK_SAMPLE_UNIFORM, 1, 0, 0 },
	  { { "0", 1 } } },
	{ "BPE-dropout, through the same frame",
	  TOY_MERGES,
	  "abcd",
	  { TOK_SAMPLE_BPE_DROPOUT, .5, 0, 0 },
	  { { "0 1 2 3", .25 },
	    { "4 2 3", .25 },
	    { "4 5", .1875 },
	    { "6", .1875 },
	    { "0 1 5", .125 } } },
	{ "SentencePiece's, two pieces",
	  TOY_MERGES,
	  "abcd d",
	  { TOK_SAMPLE_BPE_DROPOUT_SP, .5, 0, 0 },
	  { { "0 1 2 3 3", .25 },
	    { "0 1 5 3", .25 },
	    { "4 2 3 3", .25 },
	    { "4 5 3", .125 },
	    { "6 3", .125 } } },
	{ "nothing", TOY_BPE, "", { TOK_SAMPLE_UNIFORM, 1, 0, 0 }, { { "", 1 } } },
};

static void check_exact(const struct row *row, struct toy *toy)
{
	struct tok_draws draws;
	struct tok_error err = { 0 };
	double sum = 0.0, entropy = 0.0, length = 0.0;
	if (tok_sample_exact(toy->sampling, tok_span_of(row->text), &how, 100, &draws, &err) !=
	    TOK_OK)
		fail_msg("%s: %s", row->name, err.message);
	for (size_t i = 0; i < draws.count; i++) {
		char ids[256];
		const double p = exp(draws.items[i].log_probability);
		toy_ids(draws.items[i].ids, draws.items[i].count, ids);
		if (i >= 8 || !row->outcomes[i].ids || strcmp(ids, row->outcomes[i].ids) != 0 ||
		    fabs(p - row->outcomes[i].probability) > 1e-6)
			fail_msg("%s: outcome %zu is '%s' with %.9g", row->name, i, ids, p);
		sum += p;
		entropy -= p * draws.items[i].log_probability;
		length += p * (double)draws.items[i].count;
	}
	if (draws.count < 8 && row->outcomes[draws.count].ids)
		fail_msg("%s: '%s' is missing", row->name, row->outcomes[draws.count].ids);
	assert_true(fabs(sum - 1.0) < 1e-12);
	if (row->entropy == 0.0)
		return;
	double h, mean;
	const enum tok_status status =
	    tok_sample_entropy(toy->sampling, tok_span_of(row->text), &how, &h, &mean, &err);
	if (isnan(row->entropy)) {
		assert_int_equal(status, TOK_EARG);
		return;
	}
	assert_int_equal(status, TOK_OK);
	if (fabs(mean - length) > 1e-12)
		fail_msg("%s: length is %.9g, not %.9g", row->name, mean, length);
	assert_true(fabs(h - entropy) < 1e-12);
	if (fabs(h - row->entropy) > 2e-6)
		fail_msg("%s: entropy is %.9g", row->name, h);
}

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_tokenizer *tokenizer = toy_new(rows[i].json);
		struct toy toy = toy_sampler(tokenizer, rows[i].options);
		check_exact(&rows[i], &toy);
		toy_release(&toy);
		tok_tokenizer_free(tokenizer);
	}
}

/* ---- user-defined pieces -------------------------------------------------------- */

/* SentencePiece's lattice gives them the greatest score for each character, less a tenth. */
static void test_user_defined(void **state)
{
	(void)state;
	static const char json[] =
	    "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\","
	    "-30],[\"\u2013\u20AC\",-5],[\"a\",0.25],[\"\u2013\u20ACa\",0.2]]}}";
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	struct tok_tokenizer *tokenizer;
	struct tok_vocab_entry entries[4];
	struct tok_draws draws;
	char ids[256];
	assert_int_equal(vocab_read_bytes(tok_span_of(json), NULL, &spec, &err), TOK_OK);
	assert_int_equal(spec.model.entry_count, 4);
	memcpy(entries, spec.model.entries, sizeof entries);
	entries[1].type = TOK_PIECE_USER_DEFINED;
	spec.model.entries = entries;
	spec.model.as.unigram.single_precision = true;
	assert_int_equal(tok_tokenizer_new(&spec, &tokenizer, &err), TOK_OK);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	assert_int_equal(
	    tok_sample_exact(toy.sampling, tok_span_of("\u2013\u20ACa"), &how, 9, &draws, &err),
	    TOK_OK);
	assert_int_equal(draws.count, 3); /* the last has unknown ones, and next to no chance */
	assert_string_equal(toy_ids(draws.items[0].ids, draws.items[0].count, ids), "1 2");
	/* .1 x (2 - 1) + .25 against .2, as sentencepiece 0.2.3 says */
	assert_true(fabs(exp(draws.items[0].log_probability) - 1 / (1 + exp(-.15))) < 1e-6);
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
	tok_spec_release(&spec);
}

/* ---- the best, and without replacement ----------------------------------------- */

static void test_best(void **state)
{
	(void)state;
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, .5, -1 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	char ids[256];
	assert_int_equal(tok_sample_best(toy.sampling, tok_span_of("abc"), &how, 5, &draws, &err),
			 TOK_OK);
	assert_int_equal(draws.count, 3);
	assert_string_equal(toy_ids(draws.items[0].ids, draws.items[0].count, ids), "1 5");
	assert_string_equal(toy_ids(draws.items[1].ids, draws.items[1].count, ids), "3 4");
	assert_string_equal(toy_ids(draws.items[2].ids, draws.items[2].count, ids), "1 2 4");
	assert_true(fabs(draws.items[2].log_probability - log(.144909)) < 1e-5);
	assert_int_equal(tok_sample_best(toy.sampling, tok_span_of("abc"), &how, 1, &draws, &err),
			 TOK_OK);
	assert_int_equal(draws.count, 1);
	assert_int_equal(tok_sample_best(toy.sampling, tok_span_of("abc"), &how, 0, &draws, &err),
			 TOK_OK);
	assert_int_equal(draws.count, 0);
	assert_int_equal(tok_sample_best(toy.sampling, tok_span_of(""), &how, 4, &draws, &err),
			 TOK_OK);
	assert_int_equal(draws.count, 1);
	assert_int_equal(draws.items[0].count, 0);
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

/* The best of 59,049 are the first of a list of all, however many are asked for: few of them
 * leave the search little room. */
static void test_many_best(void **state)
{
	(void)state;
	enum { MOST = 500 };
	static const char text[] = "abcabcabcabcabcabcabcabcabcabc"; /* 3^10 */
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	static double all[59049];
	assert_int_equal(
	    tok_sample_exact(toy.sampling, tok_span_of(text), &how, 59049, &draws, &err), TOK_OK);
	assert_int_equal(draws.count, 59049);
	for (size_t i = 0; i < draws.count; i++)
		all[i] = draws.items[i].log_probability; /* best first */
	for (size_t count = 1; count <= MOST; count += count / 2 + 1) {
		assert_int_equal(
		    tok_sample_best(toy.sampling, tok_span_of(text), &how, count, &draws, &err),
		    TOK_OK);
		assert_int_equal(draws.count, count);
		for (size_t i = 0; i < count; i++) {
			const struct tok_draw *d = &draws.items[i];
			assert_int_equal(toy_find(&draws, d->ids, d->count), i);
			if (fabs(d->log_probability - all[i]) > 1e-9)
				fail_msg("number %zu of %zu: %.12g, not %.12g", i, count,
					 d->log_probability, all[i]);
		}
	}
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

static void test_distinct(void **state)
{
	(void)state;
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	char ids[256];
	for (uint64_t seed = 0; seed < 50; seed++) {
		for (size_t count = 0; count < 6; count++) {
			for (int best = 0; best < 2; best++) {
				assert_int_equal(
				    tok_sample_distinct(toy.sampling, tok_span_of("abc"), &how,
							count, best, seed, 0, &draws, &err),
				    TOK_OK);
				assert_int_equal(draws.count, count < 3 ? count : 3);
				for (size_t i = 0; i < draws.count; i++) {
					const struct tok_draw *d = &draws.items[i];
					assert_int_equal(toy_find(&draws, d->ids, d->count), i);
					assert_true(d->log_inclusion <= 0.0);
					assert_true(count < 3 || d->log_inclusion == 0.0);
				}
				if (!best || count == 0)
					continue;
				const struct tok_draw *first = &draws.items[0];
				assert_string_equal(toy_ids(first->ids, first->count, ids), "1 5");
				assert_true(first->log_inclusion == 0.0);
			}
		}
	}
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

/* ---- what is refused ----------------------------------------------------------- */

static void refuse(const struct tok_tokenizer *tokenizer, struct tok_sample_options o)
{
	struct tok_sampler *sampler;
	struct tok_error err = { 0 };
	assert_int_equal(tok_sampler_new(tokenizer, &o, &sampler, &err), TOK_EARG);
	assert_true(err.message[0] != '\0');
}

static void test_refused(void **state)
{
	(void)state;
	struct tok_tokenizer *bpe = toy_new(TOY_BPE), *unigram = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(bpe, (struct tok_sample_options){ TOK_SAMPLE_UNIFORM, .5, 0, 0 });
	struct toy match =
	    toy_sampler(bpe, (struct tok_sample_options){ TOK_SAMPLE_MAXMATCH, .5, 0, 0 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	double h, length;
	const struct tok_span text = tok_span_of("abcd");
	refuse(bpe, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -1 });
	refuse(bpe, (struct tok_sample_options){ TOK_SAMPLE_UNIFORM, 1.5, 0, 0 });
	refuse(bpe, (struct tok_sample_options){ TOK_SAMPLE_MAXMATCH, -.1, 0, 0 });
	refuse(bpe, (struct tok_sample_options){ TOK_SAMPLE_MAXMATCH, NAN, 0, 0 });
	refuse(bpe, (struct tok_sample_options){ .method = TOK_SAMPLE_METHOD_COUNT });
	refuse(unigram, (struct tok_sample_options){ TOK_SAMPLE_BPE_DROPOUT, .1, 0, 0 });
	refuse(unigram, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 101, -1 });
	refuse(unigram, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, 513 });
	refuse(unigram, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 1, -2 });
	assert_int_equal(tok_sample_best(toy.sampling, text, &how, 1, &draws, &err), TOK_EARG);
	assert_int_equal(
	    tok_sample_distinct(match.sampling, text, &how, 1, false, 0, 0, &draws, &err),
	    TOK_EARG);
	assert_int_equal(tok_sample_distinct(toy.sampling, text, &how, 1, true, 0, 0, &draws, &err),
			 TOK_EARG);
	assert_int_equal(tok_sample_entropy(toy.sampling, text, &how, &h, &length, &err), TOK_EARG);
	assert_int_equal(tok_sample_exact(match.sampling, text, &how, 6, &draws, &err), TOK_ELIMIT);
	assert_int_equal(tok_sample_exact(match.sampling, text, &how, 7, &draws, &err), TOK_OK);
	toy_release(&toy);
	toy_release(&match);
	tok_tokenizer_free(bpe);
	tok_tokenizer_free(unigram);
}

/* Far below what a double holds: nothing is lost, nothing is infinite, none is sure. */
static void test_small(void **state)
{
	(void)state;
	static const char text[] = "abcabcabcabc"; /* 81 */
	struct tok_tokenizer *tokenizer = toy_new(TOY_UNIGRAM);
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 100, -1 });
	struct toy steep =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIGRAM, 0, 100, 128 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	double least = 0.0;
	const struct tok_span span = tok_span_of(text);
	assert_int_equal(tok_sample_exact(toy.sampling, span, &how, 81, &draws, &err), TOK_OK);
	assert_int_equal(draws.count, 81);
	least = draws.items[80].log_probability;
	assert_true(least < -900.0 && isfinite(least));
	assert_int_equal(tok_sample_exact(steep.sampling, span, &how, 81, &draws, &err), TOK_OK);
	assert_int_equal(draws.count, 81);
	assert_true(fabs(draws.items[80].log_probability - least) < 1e-9);
	assert_int_equal(tok_sample_best(toy.sampling, span, &how, 100, &draws, &err), TOK_OK);
	assert_int_equal(draws.count, 81);
	assert_true(fabs(draws.items[80].log_probability - least) < 1e-9);
	assert_int_equal(
	    tok_sample_distinct(toy.sampling, span, &how, 80, false, 1, 1, &draws, &err), TOK_OK);
	assert_int_equal(draws.count, 80);
	for (size_t i = 0; i < draws.count; i++)
		assert_true(isfinite(draws.items[i].log_probability));
	toy_release(&toy);
	toy_release(&steep);
	tok_tokenizer_free(tokenizer);
}

/* A long text has too many, which is found out before any is kept. */
static void test_too_much(void **state)
{
	(void)state;
	enum { LONG = 300000, PIECES = 20000, LIMIT = 1 << 20 };
	static char text[LONG + 1];
	struct tok_tokenizer *unigram = toy_new(TOY_UNIGRAM), *bpe = toy_new(TOY_BPE);
	const struct tok_sample_options uniform = { TOK_SAMPLE_UNIFORM, 1, 0, 0 };
	struct toy one = toy_sampler(unigram, uniform), many = toy_sampler(bpe, uniform);
	struct tok_draws draws;
	struct tok_error err = { 0 };
	memset(text, 'a', LONG);
	memcpy(text, "abcabcabcabcabcabcabcabcabcabc", 30); /* 59049 of 299,990 ids or so */
	assert_int_equal(
	    tok_sample_exact(one.sampling, tok_span_of(text), &how, LIMIT, &draws, &err),
	    TOK_ELIMIT);
	assert_non_null(strstr(err.message, "more than 16777216 tokens"));
	assert_int_equal(
	    tok_sample_exact(one.sampling, tok_span_of(text), &how, 59048, &draws, &err),
	    TOK_ELIMIT);
	assert_string_equal(err.message, "there are more than 59048 segmentations");
	for (size_t i = 0; i < PIECES; i++) /* 4096 of 20,000 ids */
		memcpy(text + 2 * i, "a ", 2);
	for (size_t i = 0; i < 12; i++)
		memcpy(text + 3 * i, "ab ", 3);
	text[2 * PIECES] = '\0';
	assert_int_equal(
	    tok_sample_exact(many.sampling, tok_span_of(text), &how, LIMIT, &draws, &err),
	    TOK_ELIMIT);
	assert_non_null(strstr(err.message, "more than 16777216 tokens"));
	toy_release(&one);
	toy_release(&many);
	tok_tokenizer_free(unigram);
	tok_tokenizer_free(bpe);
}

/* What a template puts in and what is cut off are as in tok_encode. */
static void test_around(void **state)
{
	(void)state;
	struct tok_tokenizer *tokenizer = toy_new(TOY_WORDPIECE);
	const struct tok_encode_options with = { .special_text = TOK_SPECIAL_MATCH,
						 .add_special = true,
						 .offsets = true };
	struct toy toy =
	    toy_sampler(tokenizer, (struct tok_sample_options){ TOK_SAMPLE_UNIFORM, 1, 0, 0 });
	struct tok_draws draws;
	struct tok_error err = { 0 };
	struct tok_encoding e;
	char ids[256];
	double h, length;
	assert_int_equal(
	    tok_sample_exact(toy.sampling, tok_span_of("b[SEP]ac"), &with, 100, &draws, &err),
	    TOK_OK);
	assert_int_equal(draws.count, 1);
	assert_string_equal(toy_ids(draws.items[0].ids, draws.items[0].count, ids), "0 8 9 6 9");
	assert_int_equal(
	    tok_sample_entropy(toy.sampling, tok_span_of("b[SEP]ac"), &with, &h, &length, &err),
	    TOK_OK);
	assert_true(fabs(h) < 1e-12 && fabs(length - 5.0) < 1e-12);
	assert_int_equal(tok_sample(toy.sampling, tok_span_of("b[SEP] ac"), &with, 1, 1, &e, &err),
			 TOK_OK);
	assert_int_equal(e.count, 5);
	const struct tok_encode_options cut = { .truncate = true };
	assert_int_equal(
	    tok_sample_entropy(toy.sampling, tok_span_of("b[SEP]ac"), &cut, &h, &length, &err),
	    TOK_EARG);
	assert_int_equal(e.ranges[3].begin, 7);
	assert_int_equal(e.ranges[3].end, 9);
	toy_release(&toy);
	tok_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_user_defined), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_best),         cmocka_unit_test(test_many_best),
		cmocka_unit_test(test_distinct),     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_around),       cmocka_unit_test(test_small),
		cmocka_unit_test(test_too_much),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
