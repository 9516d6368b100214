/*
 * The law of tok/pretok/follow.h: of all ways to guess where pieces end, exactly one lives to the
 * end of a text, and it is what tok_pretokenize does; for every text of up to three of the
 * units below, and longer ones that are drawn.  And never live so many guesses that a state of
 * tok/bytes/validity.h could not hold them.
 *
 *	test_follow [LENGTH]      all texts of so many units
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tok/pretok/follow.h"

/* A capital, small letters of contractions and others, one without case, a long s, a mark, a
 * number, blanks of two kinds, newlines, signs, half a character and a byte that begins none. */
static const char *const units[] = {
	"A", "a",  "s",  "r", "e", "l", "\xE4\xB8\xAD", "\xC5\xBF", "\xCC\x81", "1",
	" ", "\t", "\n", "'", "!", "/", "\xE4\xB8",     "\x80"
};

/* For steps before the last: a number that is no digit, han of both kinds, what belongs to a word
 * without being a letter, and a sign that is not ASCII. */
static const char *const outer_units[] = { "a",
					   "B",
					   "1",
					   "2",
					   "3",
					   "\xC2\xBD",
					   "\xE4\xB8\xAD",
					   "\xE3\x82\xA2",
					   "\xE3\x83\xBB",
					   "\xCC\x81",
					   " ",
					   "\t",
					   "\n",
					   "'",
					   "s",
					   "_",
					   "!",
					   "\xE2\x80\xA6",
					   "\x01",
					   "\xE4\xB8" };

/* For digits from the right: mostly digits. */
static const char *const digit_units[] = { "1", "2", "3", "\xC2\xBD", "a", "_", " ", "!" };
enum {
	UNITS = sizeof units / sizeof *units,
	OUTER_UNITS = sizeof outer_units / sizeof *outer_units,
	DIGIT_UNITS = sizeof digit_units / sizeof *digit_units,
	TEXT_MOST = 48,
	LIVE_MOST = 64,
	LENGTH_MOST = 12
};

/* One way: bit i of `ends` says that a piece ends before byte i. */
struct way {
	struct tok_follow_state state;
	uint64_t ends;
	uint32_t begin;
};

struct ways {
	size_t count;
	struct way at[LIVE_MOST];
};

struct law {
	struct tok_pretokenizer *pretokenizer;
	struct tok_pretok_scratch *scratch;
	struct tok_pieces pieces;
	const char *const *units;
	size_t unit_count;
	const struct tok_follow *follow;
	const char *name;
	uint8_t text[TEXT_MOST];
	size_t texts, most;
};

/* All that live behind one byte more. */
static void go_on(struct law *law, const struct ways *before, struct ways *after, size_t at)
{
	after->count = 0;
	for (size_t i = 0; i < before->count; i++) {
		struct way way = before->at[i];
		if (!tok_follow_byte(law->follow, &way.state, law->text[at]))
			continue;
		assert_true(after->count + 2 <= LIVE_MOST);
		after->at[after->count++] = way;
		if (!tok_follow_close(law->follow, &way.state))
			continue;
		way.ends |= UINT64_C(1) << (at + 1);
		way.begin = (uint32_t)at + 1;
		after->at[after->count++] = way;
	}
}

/* Guesses are told apart by their state and where the piece begins. */
static size_t count_distinct(const struct ways *ways)
{
	size_t count = 0;
	for (size_t i = 0; i < ways->count; i++) {
		size_t same = 0;
		while (same < i && (ways->at[same].begin != ways->at[i].begin ||
				    memcmp(&ways->at[same].state, &ways->at[i].state,
					   sizeof ways->at[i].state) != 0))
			same++;
		count += same == i;
	}
	return count;
}

/* The ends that tok_pretokenize makes. */
static uint64_t cut(struct law *law, struct tok_span bytes)
{
	struct tok_text text = { 0 };
	uint64_t ends = 0;
	assert_true(tok_text_set(&text, bytes, 0));
	assert_int_equal(tok_pretokenize(law->pretokenizer, TOK_KERNEL_SCALAR, law->scratch, &text,
					 true, &law->pieces, NULL),
			 TOK_OK);
	for (size_t i = 0; i < law->pieces.count; i++)
		ends |= UINT64_C(1) << law->pieces.ranges[i].end;
	tok_text_release(&text);
	return ends;
}

static void check(struct law *law, const struct ways *ways, size_t count)
{
	const uint64_t want = cut(law, (struct tok_span){ law->text, count });
	uint64_t got = 0;
	size_t found = 0;
	for (size_t i = 0; i < ways->count; i++) {
		if (!tok_follow_is_empty(&ways->at[i].state) ||
		    !tok_follow_may_end(law->follow, &ways->at[i].state))
			continue;
		got = ways->at[i].ends;
		found++;
	}
	if (found != 1 || got != want) {
		fprintf(stderr, "%s:", law->name);
		for (size_t i = 0; i < count; i++)
			fprintf(stderr, " %02x", law->text[i]);
		fail_msg(" %zu ways live, ends %llx, wanted %llx", found, (unsigned long long)got,
			 (unsigned long long)want);
	}
	const size_t distinct = count_distinct(ways);
	law->most = distinct > law->most ? distinct : law->most;
	law->texts++;
}

static size_t add_unit(struct law *law, struct ways *ways, size_t at, size_t unit)
{
	for (const char *p = law->units[unit]; *p; p++) {
		const struct ways before = *ways;
		law->text[at] = (uint8_t)*p;
		go_on(law, &before, ways, at++);
	}
	return at;
}

static void try_all(struct law *law, const struct ways *ways, size_t at, size_t depth)
{
	for (size_t unit = 0; depth > 0 && unit < law->unit_count; unit++) {
		struct ways next = *ways;
		const size_t end = add_unit(law, &next, at, unit);
		check(law, &next, end);
		try_all(law, &next, end, depth - 1);
	}
}

static void try_random(struct law *law, const struct ways *start, size_t times)
{
	uint64_t dice = 1;
	for (size_t i = 0; i < times; i++) {
		struct ways ways = *start;
		size_t at = 0;
		for (size_t k = 0; k < LENGTH_MOST; k++) {
			dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407u;
			at = add_unit(law, &ways, at, (size_t)(dice >> 33) % law->unit_count);
			check(law, &ways, at);
		}
	}
}

static size_t depth_of_all = 3;

static void check_steps(struct law *law, const struct tok_pretok_step *steps, size_t count)
{
	const struct ways start = { .count = 1 };
	struct tok_error err = { 0 };
	if (tok_pretokenizer_new(steps, count, &law->pretokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	law->scratch = tok_pretok_scratch_new();
	assert_non_null(law->scratch);
	law->follow = tok_pretokenizer_follow(law->pretokenizer);
	assert_non_null(law->follow);
	try_all(law, &start, 0, depth_of_all);
	try_random(law, &start, CHECKED ? 300 : 2000);
	print_message("%s: %zu texts, at most %zu guesses\n", law->name, law->texts, law->most);
	assert_true(law->texts > 1000);
	assert_true(law->most > 1 && law->most <= 8);
	tok_pieces_release(&law->pieces);
	tok_pretok_scratch_free(law->scratch);
	tok_pretokenizer_free(law->pretokenizer);
}

static struct tok_pretok_step split_at(const char *pattern)
{
	return (struct tok_pretok_step){ .kind = TOK_PRETOK_SPLIT,
					 .as.split = { .pattern = tok_span_of(pattern),
						       .dialect = TOK_REGEX_RUST,
						       .behavior = TOK_ISOLATED } };
}

static void check_pattern(const char *name, const char *pattern)
{
	const struct tok_pretok_step step = split_at(pattern);
	struct law law = { .name = name, .units = units, .unit_count = UNITS };
	check_steps(&law, &step, 1);
}

static void check_outer(const char *name, const char *const *patterns)
{
	struct tok_pretok_step steps[4];
	struct law law = { .name = name, .units = outer_units, .unit_count = OUTER_UNITS };
	struct law digits = { .name = name, .units = digit_units, .unit_count = DIGIT_UNITS };
	size_t count = 0;
	for (; patterns[count]; count++)
		steps[count] = split_at(patterns[count]);
	check_steps(&law, steps, count);
	check_steps(&digits, steps, count);
}

static void guesses_give_the_pieces(void **state)
{
	static const char *const names[] = { "gpt2", "cl100k", "qwen", "o200k", "tekken" };
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_pattern(names[i], tok_pretok_pattern(names[i]));
}

static void trailing_space_is_one_piece(void **state)
{
	(void)state;
	check_pattern("cl100k, trailing",
		      "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+|"
		      " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s");
}

static void steps_before_the_last_cut_first(void **state)
{
	const char *const deepseek[] = { tok_pretok_pattern("number3"),
					 tok_pretok_pattern("han_kana"),
					 tok_pretok_pattern("deepseek"), NULL };
	const char *const digits[] = { tok_pretok_pattern("number"), tok_pretok_pattern("gpt2"),
				       NULL };
	const char *const runs[] = { "\\p{N}+", tok_pretok_pattern("cl100k"), NULL };
	(void)state;
	check_outer("deepseek", deepseek);
	check_outer("numbers alone, gpt2", digits);
	check_outer("runs of numbers, cl100k", runs);
}

/* SuperBPE's steps, theirs without the first, behind them a pattern that cuts digits from the
 * left; and Cohere's. */
static void digits_are_counted_from_the_right(void **state)
{
	static const char right[] = "(?=(\\d{3})+(?!\\d))";
	const char *const super[] = { "\\p{N}+", right, NULL };
	const char *const alone[] = { right, NULL };
	const char *const left[] = { right, tok_pretok_pattern("cl100k"), NULL };
	const char *const cohere[] = { "\\d{1,3}(?=(?:\\d{3})*\\b)", tok_pretok_pattern("o200k"),
				       NULL };
	(void)state;
	check_outer("threes from the right, in runs", super);
	check_outer("threes from the right", alone);
	check_outer("threes from the right, cl100k", left);
	check_outer("threes to a boundary, o200k", cohere);
}

static void digits_are_those_of_the_step(void **state)
{
	const struct tok_pretok_step alone[] = {
		{ .kind = TOK_PRETOK_DIGITS, .as.individual_digits = true },
		split_at(tok_pretok_pattern("gpt2")),
	};
	const struct tok_pretok_step runs[] = { { .kind = TOK_PRETOK_DIGITS } };
	struct law law = { .name = "Digits, gpt2",
			   .units = outer_units,
			   .unit_count = OUTER_UNITS };
	(void)state;
	check_steps(&law, alone, 2);
	law = (struct law){ .name = "Digits", .units = outer_units, .unit_count = OUTER_UNITS };
	check_steps(&law, runs, 1);
}

static void check_not_followed(const struct tok_pretok_step *steps, size_t count)
{
	struct tok_pretokenizer *p = NULL;
	assert_int_equal(tok_pretokenizer_new(steps, count, &p, NULL), TOK_OK);
	assert_null(tok_pretokenizer_follow(p));
	tok_pretokenizer_free(p);
}

static void others_are_not_followed(void **state)
{
	const struct tok_pretok_step steps[] = {
		{ .kind = TOK_PRETOK_SPLIT,
		  .as.split = { .pattern = tok_span_of("\\d{1,4}(?=(\\d{4})*\\b)"),
				.dialect = TOK_REGEX_RUST,
				.behavior = TOK_ISOLATED } },
		split_at(tok_pretok_pattern("deepseek")),
		{ .kind = TOK_PRETOK_BERT },
		{ .kind = TOK_PRETOK_WHITESPACE },
	};
	/* Digits that others cut, and a step behind a last one. */
	const struct tok_pretok_step pairs[][2] = {
		{ split_at(tok_pretok_pattern("number3")), split_at("(?=(\\d{3})+(?!\\d))") },
		{ split_at(tok_pretok_pattern("gpt2")), split_at(tok_pretok_pattern("number")) },
	};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		check_not_followed(&steps[i], 1);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		check_not_followed(pairs[i], 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guesses_give_the_pieces),
		cmocka_unit_test(trailing_space_is_one_piece),
		cmocka_unit_test(steps_before_the_last_cut_first),
		cmocka_unit_test(digits_are_counted_from_the_right),
		cmocka_unit_test(digits_are_those_of_the_step),
		cmocka_unit_test(others_are_not_followed),
	};
	if (argc > 1)
		depth_of_all = (size_t)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
