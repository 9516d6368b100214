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

#include "tok/pretok/follow.h"

/* A capital, small letters of contractions and others, one without case, a long s, a mark, a
 * number, blanks of two kinds, newlines, signs, half a character and a byte that begins none. */
static const char *const units[] = {
	"A", "a",  "s",  "r", "e", "l", "\xE4\xB8\xAD", "\xC5\xBF", "\xCC\x81", "1",
	" ", "\t", "\n", "'", "!", "/", "\xE4\xB8",     "\x80"
};
enum { UNITS = sizeof units / sizeof *units, TEXT_MOST = 48, LIVE_MOST = 64, LENGTH_MOST = 12 };

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

static void check(struct law *law, const struct ways *ways, size_t count)
{
	uint32_t ends[TOK_ENDS_LEAST + TEXT_MOST];
	uint64_t want = 0, got = 0;
	size_t found = 0;
	const struct tok_span text = { law->text, count };
	for (size_t from = 0; from < count;) {
		const size_t n = tok_pretokenizer_ends(law->pretokenizer, TOK_KERNEL_SCALAR, text,
						       from, ends, TOK_ENDS_LEAST + TEXT_MOST);
		for (size_t i = 0; i < n; i++)
			want |= UINT64_C(1) << ends[i];
		from = ends[n - 1];
	}
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
	for (const char *p = units[unit]; *p; p++) {
		const struct ways before = *ways;
		law->text[at] = (uint8_t)*p;
		go_on(law, &before, ways, at++);
	}
	return at;
}

static void try_all(struct law *law, const struct ways *ways, size_t at, size_t depth)
{
	for (size_t unit = 0; depth > 0 && unit < UNITS; unit++) {
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
			at = add_unit(law, &ways, at, (size_t)(dice >> 33) % UNITS);
			check(law, &ways, at);
		}
	}
}

static size_t depth_of_all = 3;

static void check_pattern(const char *name, const char *pattern)
{
	const struct tok_pretok_step step = {
		.kind = TOK_PRETOK_SPLIT,
		.as.split = { .pattern = tok_span_of(pattern),
			      .dialect = TOK_REGEX_RUST,
			      .behavior = TOK_ISOLATED },
	};
	struct law law = { .name = name };
	struct ways start = { .count = 1 };
	struct tok_error err = { 0 };
	if (tok_pretokenizer_new(&step, 1, &law.pretokenizer, &err) != TOK_OK)
		fail_msg("%s", err.message);
	law.follow = tok_pretokenizer_follow(law.pretokenizer);
	assert_non_null(law.follow);
	try_all(&law, &start, 0, depth_of_all);
	try_random(&law, &start, 20000);
	print_message("%s: %zu texts, at most %zu guesses\n", name, law.texts, law.most);
	assert_true(law.texts > 1000);
	assert_true(law.most > 1 && law.most <= 8);
	tok_pretokenizer_free(law.pretokenizer);
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

static void others_are_not_followed(void **state)
{
	const struct tok_pretok_step steps[] = {
		{ .kind = TOK_PRETOK_SPLIT,
		  .as.split = { .pattern = tok_span_of("\\d{1,3}(?=(\\d{3})*\\b)"),
				.dialect = TOK_REGEX_RUST,
				.behavior = TOK_ISOLATED } },
		{ .kind = TOK_PRETOK_BERT },
		{ .kind = TOK_PRETOK_WHITESPACE },
	};
	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct tok_pretokenizer *p = NULL;
		assert_int_equal(tok_pretokenizer_new(&steps[i], 1, &p, NULL), TOK_OK);
		assert_null(tok_pretokenizer_follow(p));
		tok_pretokenizer_free(p);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guesses_give_the_pieces),
		cmocka_unit_test(trailing_space_is_one_piece),
		cmocka_unit_test(others_are_not_followed),
	};
	if (argc > 1)
		depth_of_all = (size_t)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
