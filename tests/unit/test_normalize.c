/*
 * The normalisers against the answers of the reference programs, in
 * normalize_table.inc (made by tests/oracles/normalize_table.py).
 *
 *	test_normalize --answer STEPS < texts
 *
 * reads one text a line, in hexadecimal, and writes the normalised text and the
 * origins of its bytes; tests/oracles/normalize_all.py compares them.
 *
 * STEPS are the words of normalize_steps.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tok/base/arena.h"
#include "tok/text/normalize.h"
#include "tok/text/utf8.h"

#include "checked.h"
#include "normalize_steps.h"

/* ---- the table ---- */

struct row {
	const char *steps, *text, *want; /* in hexadecimal */
	const char *origins;             /* HF: a character range "begin-end" for each character;
					    SentencePiece: an offset for each character and the end */
};

static const struct row rows[] = {
#include "normalize_table.inc"
};

static size_t count_chars(struct tok_span text, size_t end)
{
	return tok_utf8_count((struct tok_span){ text.bytes, end });
}

static bool is_border(struct tok_span text, size_t at)
{
	return at == 0 || at == text.count || (text.bytes[at] & 0xC0) != 0x80;
}

/* Origins of the result, widened to characters and counted in them. */
static void print_ranges(const struct tok_text *text, struct tok_span original, char *out,
			 size_t room)
{
	size_t length = 0;
	out[0] = 0;
	for (size_t at = 0; at < text->count;) {
		const size_t end = at + tok_utf8_at(tok_text_span(text), at).length;
		struct tok_range range = tok_text_origin(text, at, end);
		while (range.begin < range.end && !is_border(original, range.begin))
			range.begin--;
		while (range.begin < range.end && !is_border(original, range.end))
			range.end++;
		length += (size_t)snprintf(out + length, room - length, "%s%zu-%zu", at ? " " : "",
					   count_chars(original, range.begin),
					   count_chars(original, range.end));
		assert_true(length < room);
		at = end;
	}
}

static void print_starts(const struct tok_text *text, struct tok_span original, char *out,
			 size_t room)
{
	size_t length = 0;
	out[0] = 0;
	for (size_t at = 0; at < text->count;) {
		length += (size_t)snprintf(out + length, room - length, "%zu ",
					   count_chars(original, text->origin[at].begin));
		assert_true(length < room);
		at += tok_utf8_at(tok_text_span(text), at).length;
	}
	if (text->count)
		(void)snprintf(out + length, room - length, "%zu",
			       count_chars(original, text->origin[text->count - 1].end));
}

static void check_row(const struct row *row, struct tok_norm_scratch *scratch)
{
	struct tok_arena arena = { 0 };
	struct tok_error err = { 0 };
	struct tok_normalizer *normalizer;
	struct tok_text text = { .tracked = true }, untracked = { 0 };
	static char origins[1 << 16];

	const struct tok_span original = read_hex(&arena, row->text, strlen(row->text));
	const struct tok_span want = read_hex(&arena, row->want, strlen(row->want));
	if (build(row->steps, &normalizer, &err) != TOK_OK)
		fail_msg("%s: %s", row->steps, err.message);
	assert_true(tok_text_set(&text, original, 0) && tok_text_set(&untracked, original, 0));
	assert_int_equal(tok_normalize(normalizer, scratch, &text, &err), TOK_OK);
	assert_int_equal(tok_normalize(normalizer, scratch, &untracked, &err), TOK_OK);

	if (!tok_span_equal(tok_text_span(&text), want))
		fail_msg("%.60s of %s: '%.*s', not '%.*s'", row->steps, row->text, (int)text.count,
			 (const char *)text.bytes, (int)want.count, (const char *)want.bytes);
	assert_true(tok_span_equal(tok_text_span(&untracked), want));
	if (strstr(row->steps, "sentencepiece:"))
		print_starts(&text, original, origins, sizeof origins);
	else
		print_ranges(&text, original, origins, sizeof origins);
	if (strcmp(origins, row->origins) != 0)
		fail_msg("%.60s of %s: origins %s, not %s", row->steps, row->text, origins,
			 row->origins);

	tok_text_release(&text);
	tok_text_release(&untracked);
	tok_normalizer_free(normalizer);
	tok_arena_release(&arena);
}

static void test_table(void **state)
{
	(void)state;
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	assert_non_null(scratch);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i], scratch);
	tok_norm_scratch_free(scratch);
}

/* ---- what no reference is asked about ---- */

static void normalize(const char *steps, struct tok_text *text)
{
	struct tok_error err = { 0 };
	struct tok_normalizer *normalizer;
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	assert_non_null(scratch);
	assert_int_equal(build(steps, &normalizer, &err), TOK_OK);
	assert_int_equal(tok_normalize(normalizer, scratch, text, &err), TOK_OK);
	tok_normalizer_free(normalizer);
	tok_norm_scratch_free(scratch);
}

static void test_bad_bytes_pass(void **state)
{
	(void)state;
	static const uint8_t bytes[] = {
		0x80, 0xCC, 'e', 0xCC, 0x81, 0xFF, 0xED, 0xA0, 0x80, 0xC3
	};
	static const char *const all[] = { "nfc",          "nfd",      "nfkc",
					   "nfkd",         "nmt",      "lowercase",
					   "stripaccents", "strip:lr", "bert:1111" };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct tok_text text = { .tracked = true };
		size_t bad = 0;
		assert_true(tok_text_set(&text, (struct tok_span){ bytes, sizeof bytes }, 0));
		normalize(all[i], &text);
		for (size_t at = 0; at < text.count;) {
			const struct tok_char c = tok_utf8_at(tok_text_span(&text), at);
			bad += c.code >= TOK_BAD_BYTE;
			if (c.code >= TOK_BAD_BYTE) {
				assert_int_equal(text.origin[at].end - text.origin[at].begin, 1);
				assert_int_equal(bytes[text.origin[at].begin],
						 c.code - TOK_BAD_BYTE);
			}
			at += c.length;
		}
		assert_int_equal(bad, 7);
		tok_text_release(&text);
	}
}

static void test_origins_start_at_base(void **state)
{
	(void)state;
	struct tok_text text = { .tracked = true };
	assert_true(tok_text_set(&text,
				 tok_span_of("\xC3\xA9"
					     "a"),
				 100));
	normalize("nfd+prepend:5f", &text);
	assert_int_equal(text.count, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(text.origin[i].begin, 100);
		assert_int_equal(text.origin[i].end, 102);
	}
	assert_int_equal(text.origin[4].begin, 102);
	tok_text_release(&text);
}

static void test_unchanged_is_not_copied(void **state)
{
	(void)state;
	struct tok_text text = { .tracked = true };
	assert_true(tok_text_set(&text, tok_span_of("plain text, \xC3\xA9 and \xE4\xB8\xAD"), 0));
	const uint8_t *bytes = text.bytes;
	normalize("nfc+nmt+stripaccents+strip:lr+literal:58:59", &text);
	assert_ptr_equal(text.bytes, bytes);
	tok_text_release(&text);
}

static void test_byte_alphabet(void **state)
{
	(void)state;
	bool seen[0x200] = { false };
	for (int byte = 0; byte < 256; byte++) {
		const uint32_t code = tok_byte_to_char((uint8_t)byte);
		assert_true(code < 0x200 && !seen[code]);
		seen[code] = true;
		assert_int_equal(tok_char_to_byte(code), byte);
	}
	for (uint32_t code = 0; code < 0x200; code++)
		assert_int_equal(tok_char_to_byte(code) >= 0, seen[code]);
	assert_int_equal(tok_char_to_byte(UINT32_MAX), -1);
}

/* Much of one thing, under a second with room to spare. */
static void test_linear(void **state)
{
	(void)state;
	static const char *const units[] = { "\xCC\x81",  "\xCC\x81\xCC\xA3", " ",
					     "A",         "\xE2\x80\x8D",     "\xE0\xA5\x8D",
					     "a\xCC\x81", "\xE1\x84\x80",     "\x80" };
	static const char *const all[] = { "nfc",
					   "nfd",
					   "nfkc",
					   "nfkd",
					   "nmt",
					   "lowercase",
					   "stripaccents",
					   "strip:lr",
					   "bert:1111",
					   "bytelevel",
					   "literal:20:5f",
					   "sentencepiece:dre:",
					   "sentencepiece:drs::61,6161,20,2020" };
	enum { BYTES = CHECKED ? 1 << 18 : 2 << 20 };
	char *long_text = malloc(BYTES);
	assert_non_null(long_text);
	for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
		const size_t count = strlen(units[u]);
		for (size_t i = 0; i < BYTES; i++)
			long_text[i] = units[u][i % count];
		for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
			struct tok_text text = { .tracked = true };
			const struct tok_span span = { (const uint8_t *)long_text, BYTES };
			assert_true(tok_text_set(&text, span, 0));
			const clock_t begin = clock();
			normalize(all[i], &text);
			const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
			if (seconds > 30) /* only what grows with the square takes so long */
				fail_msg("%s of '%s': %g s", all[i], units[u], seconds);
			tok_text_release(&text);
		}
	}
	free(long_text);
}

/* The charsmap of some row, with every bit of its trie and every length wrong. */
static void test_hostile_charsmaps(void **state)
{
	(void)state;
	const char *hex = NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && !hex; i++)
		if (strncmp(rows[i].steps, "precompiled:", 12) == 0)
			hex = rows[i].steps + 12;
	assert_non_null(hex);

	struct tok_arena arena = { 0 };
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	assert_non_null(scratch);
	const struct tok_span good = read_hex(&arena, hex, strlen(hex));
	const struct tok_span input = tok_span_of("\xEF\xAC\x81 A\xC3\x80 x\r\n\xE2\x84\xA2");
	size_t refused = 0;
	for (size_t i = 0; i < good.count * 9; i++) {
		uint8_t *bytes = malloc(good.count);
		assert_non_null(bytes);
		memcpy(bytes, good.bytes, good.count);
		const bool cut = i >= good.count * 8;
		const size_t count = cut ? i - good.count * 8 : good.count;
		if (!cut)
			bytes[i / 8] = (uint8_t)(bytes[i / 8] ^ 1u << i % 8);
		struct tok_norm_step steps[2] = {
			{ .kind = TOK_NORM_PRECOMPILED, .as.precompiled = { bytes, count } },
			{ .kind = TOK_NORM_SENTENCEPIECE,
			  .as.sentencepiece.charsmap = { bytes, count } },
		};
		for (size_t k = 0; k < 2; k++) {
			struct tok_error err = { 0 };
			struct tok_normalizer *normalizer;
			struct tok_text text = { .tracked = true };
			if (tok_normalizer_new(&steps[k], 1, &normalizer, &err) != TOK_OK) {
				assert_true(err.message[0] != 0);
				refused++;
				continue;
			}
			assert_true(tok_text_set(&text, input, 0));
			assert_int_equal(tok_normalize(normalizer, scratch, &text, &err), TOK_OK);
			tok_text_release(&text);
			tok_normalizer_free(normalizer);
		}
		free(bytes);
	}
	assert_true(refused > good.count / 2);
	tok_norm_scratch_free(scratch);
	tok_arena_release(&arena);
}

/* ---- the oracle's other half ---- */

static int answer(const char *steps)
{
	struct tok_error err = { 0 };
	struct tok_normalizer *normalizer;
	struct tok_norm_scratch *scratch = tok_norm_scratch_new();
	struct tok_text text = { .tracked = true };
	struct tok_arena arena = { 0 };
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	if (!scratch || build(steps, &normalizer, &err) != TOK_OK) {
		(void)fprintf(stderr, "%s: %s\n", steps, err.message);
		return 2;
	}
	while ((length = getline(&line, &room, stdin)) > 0) {
		const struct tok_span span = read_hex(&arena, line, strcspn(line, "\n"));
		if (!tok_text_set(&text, span, 0) ||
		    tok_normalize(normalizer, scratch, &text, &err) != TOK_OK)
			return 2;
		for (size_t i = 0; i < text.count; i++)
			printf("%02x", text.bytes[i]);
		printf("\t");
		for (size_t i = 0; i < text.count; i++)
			printf("%u-%u ", text.origin[i].begin, text.origin[i].end);
		printf("\n");
		tok_arena_release(&arena);
	}
	free(line);
	tok_text_release(&text);
	tok_normalizer_free(normalizer);
	tok_norm_scratch_free(scratch);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--answer") == 0)
		return answer(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bad_bytes_pass),
		cmocka_unit_test(test_origins_start_at_base),
		cmocka_unit_test(test_unchanged_is_not_copied),
		cmocka_unit_test(test_byte_alphabet),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_hostile_charsmaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
