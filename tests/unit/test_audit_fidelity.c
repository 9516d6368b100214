/* test_audit_fidelity.c - what comes back of a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/audit_toys.h"
#include "tok/base/random.h"
#include "vocab/audit/fidelity.h"

/* ---- distance -------------------------------------------------------------------------- */

static uint64_t distance(struct tok_span a, struct tok_span b, bool is_exact)
{
	uint64_t out = 0;
	bool exact;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_audit_distance(a, b, &out, &exact, &err), TOK_OK);
	assert_int_equal(exact, is_exact);
	return out;
}

static void distances_are_known(void **state)
{
	static const struct {
		const char *a, *b;
		uint64_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "kitten", "sitting", 3 },
		{ "intention", "execution", 5 },
		{ "same", "same", 0 },
		{ "aXb", "ab", 1 },
		{ "aa", "aaa", 1 },
		{ "\u00e9t\u00e9", "ete", 2 }, /* characters, not bytes */
		{ "\u4f60\u597d", "\u597d\u4f60", 2 },
		{ "a\xff\xfe", "a\xfe", 1 }, /* bytes that are no characters */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct tok_span a = tok_span_of(rows[i].a), b = tok_span_of(rows[i].b);
		assert_int_equal(distance(a, b, true), rows[i].distance);
		assert_int_equal(distance(b, a, true), rows[i].distance);
	}
}

/* The table, cell by cell. */
static size_t plain_distance(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count)
{
	size_t row[301];
	for (size_t j = 0; j <= b_count; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_count; i++) {
		size_t corner = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_count; j++) {
			const size_t change = corner + (a[i - 1] != b[j - 1]);
			const size_t more = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			corner = row[j];
			row[j] = change < more ? change : more;
		}
	}
	return row[b_count];
}

/* Of lengths around the 64 rows of a block too. */
static void distances_are_those_of_the_table(void **state)
{
	struct tok_random random = tok_random_of(1, 0);
	uint8_t a[300], b[300];
	(void)state;
	for (size_t round = 0; round < 400; round++) {
		const size_t a_count = tok_random_below(&random, round % 4 ? 70 : 300);
		const size_t b_count = tok_random_below(&random, round % 4 ? 140 : 300);
		const uint64_t letters = 2 + tok_random_below(&random, 24);
		for (size_t i = 0; i < a_count; i++)
			a[i] = (uint8_t)('a' + tok_random_below(&random, letters));
		for (size_t i = 0; i < b_count; i++)
			b[i] = i < a_count && tok_random_below(&random, 4)
				   ? a[i]
				   : (uint8_t)('a' + tok_random_below(&random, letters));
		assert_int_equal(distance((struct tok_span){ a, a_count },
					  (struct tok_span){ b, b_count }, true),
				 plain_distance(a, a_count, b, b_count));
	}
}

static void long_differences_are_bounded(void **state)
{
	enum { MAX = VOCAB_AUDIT_FIDELITY_MAX };
	uint8_t *a = malloc(2 * MAX), *b = malloc(2 * MAX);
	(void)state;
	assert_true(a && b);
	memset(a, 'a', 2 * MAX);
	memset(b, 'a', 2 * MAX);
	a[0] = a[MAX - 1] = 'x';
	const struct tok_span one = { a, 2 * MAX }, other = { b, 2 * MAX };
	assert_int_equal(distance(one, other, true), 2);
	a[MAX] = 'x';
	assert_int_equal(distance(one, other, false), MAX + 1);
	assert_int_equal(distance(one, (struct tok_span){ 0 }, true), 2 * MAX);
	free(a);
	free(b);
}

/* ---- lines ----------------------------------------------------------------------------- */

/* With a decoder: without one, tokens are joined by spaces. */
#define TOY_BACK(normalizer, pretokenizer, vocab)                                                  \
	"{\"normalizer\":" normalizer ",\"pre_tokenizer\":" pretokenizer                           \
	",\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,"   \
	"\"use_regex\":true},\"model\":{" TOY_BPE("false", vocab, "") "}}"
#define TOY_LOWER TOY_BACK("{\"type\":\"Lowercase\"}", TOY_BYTE_PRETOK, TOY_LETTERS)
#define TOY_STRIPPED                                                                               \
	TOY_BACK("{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}",                 \
		 TOY_BYTE_PRETOK, TOY_LETTERS)
#define TOY_COMPOSED                                                                               \
	TOY_BACK("{\"type\":\"NFC\"}", TOY_BYTE_PRETOK, "\"e\":0,\"\u00c3\":1,\"\u00a9\":2")
/* Any white space becomes a blank. */
#define TOY_BLANKS                                                                                 \
	TOY_BACK("{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s\"},\"content\":\" \"}",     \
		 TOY_BYTE_PRETOK, TOY_LETTERS)
/* Of what has no token there are no ids. */
#define TOY_REFUSES                                                                                \
	"{\"model\":{\"type\":\"Unigram\",\"unk_id\":null,\"vocab\":[[\"\u00e9\",-1],[\"a\",-2]]}" \
	"}"
#define TOY_SPELLED                                                                                \
	TOY_BACK("{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Lowercase\"},"               \
		 "{\"type\":\"ByteLevel\"}]}",                                                     \
		 "null", TOY_LETTERS)

static struct vocab_audit_fidelity measure(const char *json, const char *const *lines)
{
	struct tok_tokenizer *tokenizer = json ? toy_tokenizer(json) : toy_bytes();
	struct tok_encoder *encoder = tok_encoder_new(tokenizer);
	struct vocab_audit_fidelity_work *work = NULL, *more = NULL;
	struct vocab_audit_fidelity out;
	struct tok_error err = { 0 };
	assert_non_null(encoder);
	assert_int_equal(vocab_audit_fidelity_new(tokenizer, &work, &err), TOK_OK);
	assert_int_equal(vocab_audit_fidelity_new(tokenizer, &more, &err), TOK_OK);
	for (size_t i = 0; lines[i]; i++) {
		const struct tok_encode_options options = { 0 };
		struct tok_encoding e = { 0 };
		const struct tok_span line = tok_span_of(lines[i]);
		assert_int_equal(tok_encode(encoder, line, &options, &e, &err), TOK_OK);
		struct vocab_audit_fidelity_work *at = i % 2 ? more : work;
		if (vocab_audit_fidelity_line(at, line, e.ids, e.count, &err) != TOK_OK ||
		    vocab_audit_fidelity_forms(at, line, e.ids, e.count, &err) != TOK_OK)
			fail_msg("%s", err.message);
	}
	vocab_audit_fidelity_add(work, more);
	vocab_audit_fidelity_measure(work, &out);
	vocab_audit_fidelity_free(work);
	vocab_audit_fidelity_free(more);
	tok_encoder_free(encoder);
	tok_tokenizer_free(tokenizer);
	return out;
}

static void what_comes_back(void **state)
{
	static const char *const plain[] = { "ab cd", "\u00e9", "e\u0301", NULL };
	static const char *const big[] = { "aBCd", "ab", NULL };
	static const char *const blank[] = { "  ab cd", "ab ab", NULL };
	static const char *const accents[] = { "\u00e9", "e\u0301e", NULL };
	static const char *const blanks[] = { "a\tb\tc d", "ab", "\u00a0a \tb", NULL };
	static const char *const letters[] = { "\u00e9", "a", NULL };
	static const char *const none[] = { NULL };
	static const struct {
		const char *name, *json;
		const char *const *lines;
		double round_trip, error_rate, spaces, loss, nfc, nfd;
	} rows[] = {
		{ "bytes", NULL, plain, 1, 0, 1, 0, 0, 0 },
		{ "small letters", TOY_LOWER, big, .5, 2 / 6., NAN, 2 / 6., NAN, NAN },
		{ "the same, spelled", TOY_SPELLED, big, .5, 2 / 6., NAN, 2 / 6., NAN, NAN },
		{ "stripped", TOY_STRIPPED, blank, .5, 2 / 12., 2 / 4., 2 / 12., NAN, NAN },
		/* e and its accent become one: one is changed, one is left out */
		{ "composed", TOY_COMPOSED, accents, .5, 2 / 4., NAN, 2 / 4., 1, 1 },
		/* three blanks come for two tabs and a blank; two for one, a blank and a tab */
		{ "blanks", TOY_BLANKS, blanks, 1 / 3., 4 / 14., 2 / 6., 4 / 14., NAN, NAN },
		{ "a form that is refused", TOY_REFUSES, letters, 1, 0, NAN, 0, NAN, 0 },
		{ "nothing", NULL, none, NAN, NAN, NAN, NAN, NAN, NAN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct vocab_audit_fidelity f = measure(rows[i].json, rows[i].lines);
		assert_about(f.round_trip, rows[i].round_trip, rows[i].name);
		assert_about(f.error_rate, rows[i].error_rate, rows[i].name);
		assert_about(f.spaces_kept, rows[i].spaces, rows[i].name);
		assert_about(f.normalizer_loss, rows[i].loss, rows[i].name);
		assert_about(f.nfc_stable, rows[i].nfc, rows[i].name);
		assert_about(f.nfd_stable, rows[i].nfd, rows[i].name);
		assert_int_equal(f.bounded, 0);
	}
}

/* A mark that stands for a space is no loss; nor is one that is put in front, nor how bytes are
 * spelled. */
static void marks_are_no_loss(void **state)
{
	static const char *const lines[] = { "ab cd", " ab", NULL };
	static const char *const broad[] = { "\u00e9 b", NULL };
	(void)state;
	assert_about(measure(TOY_MARKED, lines).normalizer_loss, 0, "marked");
	assert_about(measure(TOY_SPELLED, broad).normalizer_loss, 0, "spelled");
}

/* The longest sequence that both have, cell by cell. */
static size_t longest_common(const uint8_t *a, size_t a_count, const uint8_t *b, size_t b_count)
{
	size_t row[301] = { 0 };
	for (size_t i = 0; i < a_count; i++) {
		size_t corner = 0;
		for (size_t j = 1; j <= b_count; j++) {
			const size_t above = row[j];
			if (a[i] == b[j - 1])
				row[j] = corner + 1;
			else if (row[j - 1] > row[j])
				row[j] = row[j - 1];
			corner = above;
		}
	}
	return row[b_count];
}

/* Blanks are those of the line, in its order. */
static void blanks_are_kept_in_order(void **state)
{
	static const struct {
		const char *line, *back;
		uint64_t spaces, kept;
	} rows[] = {
		{ "", "", 0, 0 },
		{ "ab", " a b ", 0, 0 },
		{ "a b\tc", "a b\tc", 2, 2 },
		{ "a\tb\tc d", "a b c d", 3, 1 },
		{ "a\tb c", "a b\tc", 2, 1 },
		{ "  a", " a", 2, 1 },
		{ " a", "  a", 1, 1 },
		{ "a\u3000b\u00a0c\r", "a b\u00a0c\r", 3, 2 },
	};
	struct tok_buffer line = { 0 }, back = { 0 };
	struct tok_error err = { 0 };
	struct tok_random random = tok_random_of(5, 0);
	uint64_t spaces, kept;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(vocab_audit_spaces(tok_span_of(rows[i].line),
						    tok_span_of(rows[i].back), &spaces, &kept,
						    &err),
				 TOK_OK);
		if (spaces != rows[i].spaces || kept != rows[i].kept)
			fail_msg("row %zu: %zu of %zu", i, (size_t)kept, (size_t)spaces);
	}
	for (size_t n = 0; n < 300; n++) { /* over the words of the table */
		const uint8_t blanks[] = { ' ', '\t', '\r' };
		tok_buffer_clear(&line);
		tok_buffer_clear(&back);
		for (size_t i = 0; i < n; i++) {
			assert_true(
			    tok_buffer_add_byte(&line, blanks[tok_random_below(&random, 3)]));
			assert_true(
			    tok_buffer_add_byte(&back, blanks[tok_random_below(&random, 3)]));
		}
		assert_int_equal(vocab_audit_spaces(tok_buffer_span(&line), tok_buffer_span(&back),
						    &spaces, &kept, &err),
				 TOK_OK);
		assert_int_equal(spaces, n);
		assert_int_equal(kept, longest_common(line.bytes, n, back.bytes, n));
	}
	/* Where what differs is too long none of it is said to have come back. */
	tok_buffer_clear(&line);
	tok_buffer_clear(&back);
	for (size_t i = 0; i < 2 * (VOCAB_AUDIT_FIDELITY_MAX + 9); i++)
		assert_true(tok_buffer_add_byte(&line, i % 2 ? ' ' : '\t') &&
			    tok_buffer_add_byte(&back, i % 2 ? '\t' : ' '));
	assert_int_equal(vocab_audit_spaces(tok_buffer_span(&line), tok_buffer_span(&back), &spaces,
					    &kept, &err),
			 TOK_OK);
	assert_int_equal(kept, 0);
	tok_buffer_release(&line);
	tok_buffer_release(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_known),
		cmocka_unit_test(distances_are_those_of_the_table),
		cmocka_unit_test(long_differences_are_bounded),
		cmocka_unit_test(what_comes_back),
		cmocka_unit_test(marks_are_no_loss),
		cmocka_unit_test(blanks_are_kept_in_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
