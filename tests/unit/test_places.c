/*
 * Where texts in SentencePiece's way of writing may fall apart: what a place is, and
 * that all kernels find the same ones (places_laws.h).
 *
 *	test_places ROUNDS      that many times as many texts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/places_laws.h"

static size_t rounds = 20;

static const struct row {
	const char *text;
	enum tok_places_kind kind;
	uint32_t count, places[8];
} rows[] = {
	{ "ab\u2581cd", TOK_PLACES_SPACES, 1, { 2 } },
	{ "\u2581\u2581x\u2581", TOK_PLACES_SPACES, 3, { 0, 3, 7 } },
	{ "x\xE2\x96", TOK_PLACES_SPACES, 0, { 0 } },
	{ " a\u2581\u2581 b", TOK_PLACES_GAPS, 4, { 0, 2, 5, 8 } },
	{ "", TOK_PLACES_WORDS, 0, { 0 } },
	{ "ab\u2581cd", TOK_PLACES_WORDS, 2, { 0, 2 } },
	{ "ab cd", TOK_PLACES_WORDS, 3, { 0, 2, 3 } },
	{ "aBc", TOK_PLACES_WORDS, 3, { 0, 1, 2 } },
	{ "\u2581\u2581\u2581x", TOK_PLACES_WORDS, 1, { 0 } },
	{ "\u2581X,\u25811", TOK_PLACES_WORDS, 5, { 0, 3, 4, 5, 8 } },
	{ "\u4E2D\u6587x", TOK_PLACES_WORDS, 3, { 0, 3, 6 } },
	{ "\x81\x96z\x80y", TOK_PLACES_WORDS, 2, { 2, 4 } },
	{ "\xE2\x96z", TOK_PLACES_WORDS, 2, { 0, 2 } },
};

static void places_are_as_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tok_span text = tok_span_of(rows[i].text);
		uint32_t places[TOK_PLACES_BLOCK];
		const size_t count =
		    places_all(tok_places_of(rows[i].kind, TOK_KERNEL_SCALAR), text, 0, places);
		if (count != rows[i].count ||
		    memcmp(places, rows[i].places, count * sizeof *places) != 0)
			fail_msg("row %zu: '%s' has %zu places", i, rows[i].text, count);
	}
}

static void kernels_are_scalar(void **state)
{
	(void)state;
	for (int i = TOK_KERNEL_SCALAR; i < TOK_KERNEL_COUNT; i++) {
		const enum tok_kernel kernel = (enum tok_kernel)i;
		if (!tok_kernel_runs(kernel))
			print_message("SKIPPED: this machine does not run the kernels '%s'\n",
				      tok_kernel_name(kernel));
		else
			assert_int_equal(places_law_all(kernel, rounds), 0);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2)
		rounds = strtoul(argv[1], NULL, 10);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_as_said),
		cmocka_unit_test(kernels_are_scalar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
