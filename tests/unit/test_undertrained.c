/* test_undertrained.c - lengths and cosines of rows, and suspects, counted by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vocab/audit/undertrained.h"

enum { ROWS = 9, WIDTH = 2 };

/* The mean of the unused ones that are numbers is (2, 0). */
static const float rows[ROWS][WIDTH] = { { 1, 1 }, { 3, -1 }, { 0, 1 },        { 4, 0 },  { 3, 4 },
					 { 0, 0 }, { 9, 9 },  { INFINITY, 1 }, { NAN, 1 } };
static const uint8_t kinds[ROWS] = { VOCAB_ROW_UNUSED, VOCAB_ROW_UNUSED, VOCAB_ROW_TOKEN,
				     VOCAB_ROW_TOKEN,  VOCAB_ROW_TOKEN,  VOCAB_ROW_TOKEN,
				     VOCAB_ROW_OTHER,  VOCAB_ROW_TOKEN,  VOCAB_ROW_UNUSED };

/* `block`: rows at a time. */
static struct vocab_undertrained *measure(const uint8_t *of, size_t block, double part,
					  struct vocab_suspects *found)
{
	struct vocab_undertrained *u;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_undertrained_new(ROWS, WIDTH, of, &u, &err), TOK_OK);
	for (size_t i = 0; i < ROWS; i += block)
		vocab_undertrained_measure(u, i, ROWS - i < block ? ROWS - i : block, rows[i]);
	vocab_undertrained_turn(u);
	for (size_t i = 0; i < ROWS; i += block)
		vocab_undertrained_compare(u, i, ROWS - i < block ? ROWS - i : block, rows[i]);
	assert_int_equal(vocab_undertrained_finish(u, part, found, &err), TOK_OK);
	return u;
}

static void suspects(void **state)
{
	(void)state;
	for (size_t block = 1; block <= ROWS; block++) {
		struct vocab_suspects s;
		struct vocab_undertrained *u = measure(kinds, block, 0.25, &s);
		assert_int_equal(s.unused_count, 2);
		assert_int_equal(s.token_count, 4); /* lengths 0, 1, 4, 5 */
		assert_float_equal(s.norm_threshold, 0.75, 1e-12);
		assert_float_equal(s.norm_median, 2.5, 1e-12);
		assert_float_equal(s.cosine_threshold, 0.8, 1e-12); /* of 0, 0.6, 1 */
		assert_float_equal(s.cosine_median, 0.6, 1e-12);
		assert_int_equal(s.suspect_count, 2);
		assert_int_equal(s.suspects[0].id, 5);
		assert_true(s.suspects[0].is_short && !s.suspects[0].is_alike);
		assert_true(isnan(s.suspects[0].cosine));
		assert_int_equal(s.suspects[1].id, 3);
		assert_true(!s.suspects[1].is_short && s.suspects[1].is_alike);
		assert_float_equal(s.suspects[1].cosine, 1, 1e-12);
		vocab_undertrained_free(u);
	}
}

static void nothing_is_known_to_be_unused(void **state)
{
	uint8_t all[ROWS] = { 0 };
	struct vocab_suspects s;
	(void)state;
	struct vocab_undertrained *u = measure(all, 3, 0, &s);
	assert_int_equal(s.unused_count, 0);
	assert_true(isnan(s.cosine_threshold) && isnan(s.cosine_median));
	assert_int_equal(s.suspect_count, 1); /* the shortest is its own percentile */
	assert_int_equal(s.suspects[0].id, 5);
	vocab_undertrained_free(u);
}

/* Rows as long as half of the others are not short, nor like the unused ones if as many are; where
 * some of the shortest are equal, all of them are. */
static void what_does_not_differ_is_no_suspect(void **state)
{
	enum { MANY = 100 };
	static const struct {
		size_t equal, shorter; /* rows (1, 0) and rows (0, .5); others are longer */
		size_t suspects;
	} cases[] = { { MANY, 0, 0 }, { MANY - 1, 1, 1 }, { 40, 20, 20 } };
	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		float many[MANY + 1][WIDTH];
		uint8_t of[MANY + 1] = { 0 };
		struct vocab_undertrained *u;
		struct vocab_suspects s;
		struct tok_error err = { 0 };
		for (size_t i = 0; i < MANY; i++) {
			many[i][0] = i < cases[c].equal ? 1 : 0;
			many[i][1] = i < cases[c].equal ? 0 : (float)(i + 2);
			if (i >= MANY - cases[c].shorter)
				many[i][1] = .5F;
		}
		many[MANY][0] = many[MANY][1] = 1;
		of[MANY] = VOCAB_ROW_UNUSED;
		assert_int_equal(vocab_undertrained_new(MANY + 1, WIDTH, of, &u, &err), TOK_OK);
		vocab_undertrained_measure(u, 0, MANY + 1, &many[0][0]);
		vocab_undertrained_turn(u);
		vocab_undertrained_compare(u, 0, MANY + 1, &many[0][0]);
		assert_int_equal(vocab_undertrained_finish(u, .02, &s, &err), TOK_OK);
		size_t shorts = 0;
		for (size_t i = 0; i < s.suspect_count; i++)
			shorts += s.suspects[i].is_short;
		assert_int_equal(shorts, cases[c].suspects);
		if (c == 0)
			assert_int_equal(s.suspect_count, 0); /* nor alike */
		vocab_undertrained_free(u);
	}
}

static void no_tokens(void **state)
{
	uint8_t none[ROWS];
	struct vocab_suspects s;
	(void)state;
	memset(none, VOCAB_ROW_OTHER, sizeof none);
	struct vocab_undertrained *u = measure(none, 8, 0.5, &s);
	assert_true(s.suspect_count == 0 && isnan(s.norm_threshold));
	vocab_undertrained_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suspects),
		cmocka_unit_test(nothing_is_known_to_be_unused),
		cmocka_unit_test(what_does_not_differ_is_no_suspect),
		cmocka_unit_test(no_tokens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
