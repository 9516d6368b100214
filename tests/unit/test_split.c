/* test_split.c - splitting as the published program does it, and laws of splitting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "tests/unit/split_vectors.h"
#include "tok/base/random.h"
#include "tok/sample/python_random_internal.h"

static struct tok_split_ids split(struct tok_splitter *splitter,
				  const struct tok_split_options *options, uint64_t stream,
				  const tok_id *ids, size_t count)
{
	struct tok_split_ids out;
	struct tok_error err = { 0 };
	if (tok_split(splitter, options, stream, ids, count, &out, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(out.count, count + out.splits);
	assert_true(out.splits <= out.attempts);
	return out;
}

static bool same_ids(const tok_id *a, size_t a_count, const tok_id *b, size_t b_count)
{
	return a_count == b_count && (!a_count || !memcmp(a, b, a_count * sizeof *a));
}

/* ---- Python's numbers ------------------------------------------------------------------ */

static void numbers_are_those_of_numpy_and_python(void **state)
{
	struct tok_python_random numpy, python;
	(void)state;
	tok_python_random_seed_numpy(&numpy, 1234);
	tok_python_random_seed(&python, 1234);
	for (size_t i = 0; i < VECTOR_COUNT(numpy_draws); i += 4)
		for (size_t k = 1; k < 4; k++) {
			assert_int_equal(tok_python_random_randint(&numpy, numpy_draws[i]),
					 numpy_draws[i + k]);
			assert_int_equal(tok_python_random_choice(&python, python_draws[i]),
					 python_draws[i + k]);
		}
	assert_true(tok_python_random_real(&numpy) == numpy_real);
}

static void splits_are_those_of_the_published_program(void **state)
{
	struct tok_splits *splits = vector_gpt2();
	struct tok_splitter *splitter = tok_splitter_new(splits);
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(runs); i++) {
		const struct run *run = &runs[i];
		struct tok_split_options options = TOK_SPLIT_DEFAULT;
		options.proportion = run->proportion;
		options.max_splits = run->max_splits;
		options.round = run->round;
		options.generator = TOK_GENERATOR_PYTHON;
		options.seed = run->seed;
		/* The seed alone counts, not the document's number. */
		const struct tok_split_ids out =
		    split(splitter, &options, i, run->in, run->in_count);
		if (!same_ids(out.ids, out.count, run->out, run->out_count))
			fail_msg("run %zu: other ids", i);
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

/* ---- laws ------------------------------------------------------------------------------ */

enum { LETTERS = 10, MOST = 3000 };

/* The letters of the words of vector_binary, one behind the other. */
static size_t spell(const tok_id *ids, size_t count, char *out)
{
	size_t length = 0;
	for (size_t i = 0; i < count; i++)
		for (int bit = 30 - __builtin_clz(ids[i]); bit >= 0; bit--)
			out[length++] = (char)('0' + (ids[i] >> bit & 1));
	return length;
}

static size_t make_document(struct tok_random *random, tok_id *ids)
{
	const size_t count = (size_t)tok_random_below(random, 1u << tok_random_below(random, 11));
	for (size_t i = 0; i < count; i++) {
		const unsigned length = (unsigned)tok_random_below(random, LETTERS) + 1;
		ids[i] = 1u << length | (tok_id)tok_random_below(random, 1u << length);
	}
	return count;
}

static struct tok_split_options make_options(struct tok_random *random)
{
	static const double proportions[] = { 0, 0.01, 0.1, 0.5, 1, 2.5, 40 };
	struct tok_split_options o = TOK_SPLIT_DEFAULT;
	o.proportion = proportions[tok_random_below(random, VECTOR_COUNT(proportions))];
	if (tok_random_below(random, 4) == 0)
		o.attempts = tok_random_below(random, 100);
	if (tok_random_below(random, 3) == 0)
		o.max_splits = tok_random_below(random, 100);
	o.round = tok_random_below(random, 2) ? TOK_ROUND_STOCHASTIC : TOK_ROUND_FLOOR;
	o.generator = tok_random_below(random, 2) ? TOK_GENERATOR_PYTHON : TOK_GENERATOR_TOK;
	o.seed = tok_random_below(random, UINT64_C(1) << 32);
	return o;
}

/* As many attempts as are asked for, unless the splits are as many as may be. */
static void check_numbers(const struct tok_split_options *o, size_t count,
			  const struct tok_split_ids *out)
{
	const double wanted = (double)count * o->proportion;
	uint64_t least = (uint64_t)wanted, most = least;
	if (o->round == TOK_ROUND_STOCHASTIC && wanted > floor(wanted))
		most++;
	if (o->attempts != TOK_SPLIT_ALL)
		least = most = count ? o->attempts : 0;
	assert_true(out->attempts <= most);
	assert_true(out->splits <= o->max_splits);
	assert_true(out->attempts >= least || out->splits == o->max_splits);
}

static void surfaces_stay_and_numbers_are_kept(void **state)
{
	struct tok_random random = tok_random_of(1, 0);
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	static tok_id ids[MOST];
	static char before[MOST * LETTERS], after[MOST * LETTERS];
	(void)state;
	for (int i = 0; i < 2000; i++) {
		const size_t count = make_document(&random, ids);
		const struct tok_split_options o = make_options(&random);
		const struct tok_split_ids out = split(splitter, &o, (uint64_t)i, ids, count);
		check_numbers(&o, count, &out);
		const size_t length = spell(ids, count, before);
		assert_int_equal(spell(out.ids, out.count, after), length);
		assert_memory_equal(before, after, length);
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

/* What another splitter, used for something else before, gives for the same document. */
static void seed_and_stream_are_all_that_counts(void **state)
{
	struct tok_random random = tok_random_of(2, 0);
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splitter *one = tok_splitter_new(splits), *other = tok_splitter_new(splits);
	static tok_id ids[MOST], kept[MOST * LETTERS];
	size_t streams = 0, seeds = 0;
	(void)state;
	for (int i = 0; i < 300; i++) {
		const size_t count = make_document(&random, ids);
		struct tok_split_options o = make_options(&random);
		o.generator = TOK_GENERATOR_TOK;
		const struct tok_split_ids first = split(one, &o, 5, ids, count);
		memcpy(kept, first.ids, first.count * sizeof *kept);
		struct tok_split_ids again = split(other, &o, 5, ids, count);
		assert_true(same_ids(kept, first.count, again.ids, again.count));
		assert_int_equal(first.attempts, again.attempts);
		again = split(other, &o, 6, ids, count);
		streams += !same_ids(kept, first.count, again.ids, again.count);
		o.seed ^= 1;
		again = split(other, &o, 5, ids, count);
		seeds += !same_ids(kept, first.count, again.ids, again.count);
	}
	assert_true(streams > 150 && seeds > 150);
	tok_splitter_free(one);
	tok_splitter_free(other);
	tok_splits_free(splits);
}

static void results_are_the_same_on_any_machine(void **state)
{
	static const tok_id in[] = { 464, 4255, 1100, 257, 1492, 546, 41236, 13 };
	static const tok_id known[] = { 51,   71,  68,  4255,  302,   324,  257,
					1489, 482, 220, 10755, 14787, 8396, 13 };
	struct tok_splits *splits = vector_gpt2();
	struct tok_splitter *splitter = tok_splitter_new(splits);
	struct tok_split_options o = TOK_SPLIT_DEFAULT;
	(void)state;
	o.proportion = 1;
	o.seed = 7;
	const struct tok_split_ids out = split(splitter, &o, 3, in, VECTOR_COUNT(in));
	assert_true(same_ids(out.ids, out.count, known, VECTOR_COUNT(known)));

	/* A long one, in batches: FNV-1a of its ids. */
	uint32_t sum = 2166136261u;
	const struct tok_split_ids more = split(splitter, &o, 4, runs[14].in, runs[14].in_count);
	for (size_t i = 0; i < more.count; i++)
		sum = (sum ^ more.ids[i]) * 16777619u;
	assert_int_equal(sum, 0xB29A4808u);
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

/* Nothing is split where nothing can be; ids that the tokenizer does not have stay. */
static void what_cannot_be_split_ends(void **state)
{
	static const tok_id letters[] = { 2, 3, 4294967295u, 1, 0, 2048, 3 };
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splits *none = vector_table(NULL, 0, 8);
	(void)state;
	for (int generator = 0; generator < 2; generator++)
		for (size_t count = 0; count <= VECTOR_COUNT(letters); count++) {
			struct tok_split_options o = TOK_SPLIT_DEFAULT;
			o.generator = (enum tok_split_generator)generator;
			o.attempts = 100000;
			for (int k = 0; k < 2; k++) {
				struct tok_splitter *s = tok_splitter_new(k ? splits : none);
				const struct tok_split_ids out = split(s, &o, 0, letters, count);
				assert_int_equal(out.splits, 0);
				assert_int_equal(out.attempts, count ? 100000 : 0);
				assert_true(same_ids(out.ids, out.count, letters, count));
				tok_splitter_free(s);
			}
		}
	tok_splits_free(splits);
	tok_splits_free(none);
}

/* One word, split until there are only letters. */
static void many_attempts_leave_letters(void **state)
{
	static const tok_id word[] = { 1u << LETTERS | 0x155 };
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	(void)state;
	for (int generator = 0; generator < 2; generator++) {
		struct tok_split_options o = TOK_SPLIT_DEFAULT;
		o.generator = (enum tok_split_generator)generator;
		o.attempts = 2000;
		const struct tok_split_ids out = split(splitter, &o, 0, word, 1);
		assert_int_equal(out.count, LETTERS);
		for (size_t i = 0; i < LETTERS; i++)
			assert_int_equal(out.ids[i], i % 2 ? 3 : 2);
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

/* ---- refusals -------------------------------------------------------------------------- */

static void wrong_options_are_refused(void **state)
{
	static const tok_id ids[] = { 4, 5, 6 };
	static const struct {
		const char *message;
		struct tok_split_options options;
		size_t count;
	} rows[] = {
		{ "the proportion of attempts must be a number from 0 to 1000, not -0.1",
		  { .proportion = -0.1, .attempts = TOK_SPLIT_ALL },
		  3 },
		{ "the proportion of attempts must be a number from 0 to 1000, not nan",
		  { .proportion = (double)NAN, .attempts = TOK_SPLIT_ALL },
		  3 },
		{ "the proportion of attempts must be a number from 0 to 1000, not inf",
		  { .proportion = (double)INFINITY, .attempts = TOK_SPLIT_ALL },
		  3 },
		{ "a seed of Python's generators must be below 4294967296, not 4294967296",
		  { .attempts = TOK_SPLIT_ALL,
		    .seed = UINT64_C(1) << 32,
		    .generator = TOK_GENERATOR_PYTHON },
		  3 },
		{ "the proportion of attempts must be a number from 0 to 1000, not 1e+300",
		  { .proportion = 1e300, .attempts = TOK_SPLIT_ALL },
		  3 },
		{ "3000000000000 attempts on a document of 3 ids; at most 4294967291 are possible",
		  { .attempts = 3000000000000 },
		  3 },
		{ "4000000000 attempts on a document of 3 ids; at most 2147483645 are possible",
		  { .attempts = 4000000000, .generator = TOK_GENERATOR_PYTHON },
		  3 },
		{ "a document of 4294967295 ids; at most 4294967294 can be split",
		  { .attempts = TOK_SPLIT_ALL },
		  UINT32_MAX },
	};
	struct tok_splits *splits = vector_binary(LETTERS);
	struct tok_splitter *splitter = tok_splitter_new(splits);
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT(rows); i++) {
		struct tok_error err = { 0 };
		struct tok_split_ids out = { .count = 77 };
		assert_true(tok_split(splitter, &rows[i].options, 0, ids, rows[i].count, &out,
				      &err) != TOK_OK);
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(out.count, 77);
	}
	tok_splitter_free(splitter);
	tok_splits_free(splits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_numpy_and_python),
		cmocka_unit_test(splits_are_those_of_the_published_program),
		cmocka_unit_test(surfaces_stay_and_numbers_are_kept),
		cmocka_unit_test(seed_and_stream_are_all_that_counts),
		cmocka_unit_test(results_are_the_same_on_any_machine),
		cmocka_unit_test(what_cannot_be_split_ends),
		cmocka_unit_test(many_attempts_leave_letters),
		cmocka_unit_test(wrong_options_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
