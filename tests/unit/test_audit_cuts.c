/* test_audit_cuts.c - where texts are cut: numbers, parts of words, two tokenizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/audit_toys.h"
#include "vocab/audit/cuts.h"
#include "vocab/audit/digits.h"
#include "vocab/audit/morphology.h"
#include "vocab/audit/similarity.h"

/* ---- cuts ------------------------------------------------------------------------------ */

static void check_cuts(const char *name, const char *json, const char *text, const char *wanted)
{
	struct tok_tokenizer *tokenizer = json ? toy_tokenizer(json) : toy_bytes();
	struct vocab_audit_cutter *cutter = NULL;
	struct tok_error err = { 0 };
	const uint8_t *cuts = NULL;
	char shown[64] = "";
	assert_int_equal(vocab_audit_cutter_new(tokenizer, &cutter, &err), TOK_OK);
	/* What a longer text left behind makes no difference. */
	assert_int_equal(vocab_audit_cuts(cutter, tok_span_of("a b a b a b"), &cuts, &err), TOK_OK);
	assert_int_equal(vocab_audit_cuts(cutter, tok_span_of(text), &cuts, &err), TOK_OK);
	for (size_t i = 0, at = 0; text[i]; i++)
		at += (size_t)snprintf(shown + at, sizeof shown - at, cuts[i] ? "|%c" : "%c",
				       text[i]);
	if (strcmp(shown, wanted) != 0)
		fail_msg("%s: '%s', not '%s'", name, shown, wanted);
	vocab_audit_cutter_free(cutter);
	tok_tokenizer_free(tokenizer);
}

static void cuts_are_where_tokens_meet(void **state)
{
	(void)state;
	check_cuts("no text", TOY_PAIRS, "", "");
	check_cuts("bytes", NULL, "a\xC3\xA9 b", "a|\xC3|\xA9| |b");
	check_cuts("pairs", TOY_PAIRS, "abcd abd", "ab|cd| ab|d");
	check_cuts("a mark in front is not cut off", TOY_MARKED, "cdab", "cd|ab");
	check_cuts("a mark between words", TOY_MARKED, "cd ab", "cd| ab");
	check_cuts("a mark behind a word", TOY_BEHIND, "ab ab", "ab |ab");
	check_cuts("space between words", TOY_BERT, "abcd cd", "ab|cd| |cd");
	check_cuts("a space that is no token's", TOY_BERT, " ab cd", " |ab| |cd");
	check_cuts("letters that the normaliser changes", TOY_BERT, "ABcd", "AB|cd");
	check_cuts("an unknown word", TOY_BERT, "xyz cd", "xyz| |cd");
	check_cuts("text that spells a special token", NULL, "<s>", "<|s|>");
}

/* ---- numbers --------------------------------------------------------------------------- */

static void numbers_are_graded(void **state)
{
	static const struct {
		const char *cut;
		double precision, recall, f1;
	} rows[] = {
		{ "1|234|567", 1, 1, 1 }, { "1234|567", 1, .5, 2 / 3. },
		{ "12|345|67", 0, 0, 0 }, { "1234567", 1, 0, 0 },
		{ "42", 1, 1, 1 },        { "4|2", 0, 1, 0 },
		{ "7", 1, 1, 1 },         { "123|456|789|012", 1, 1, 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct vocab_audit_places places = { 0 };
		uint32_t cuts = 0;
		size_t digits = 0;
		for (const char *p = rows[i].cut; *p; p++)
			if (*p == '|')
				cuts |= 1u << (digits - 1);
			else
				digits++;
		vocab_audit_digits_add(&places, cuts, digits);
		const struct vocab_audit_grade grade = vocab_audit_digits_grade(&places);
		assert_about(grade.precision, rows[i].precision, rows[i].cut);
		assert_about(grade.recall, rows[i].recall, rows[i].cut);
		assert_about(grade.f1, rows[i].f1, rows[i].cut);
	}
}

/* All numbers of up to three digits are tokens; `pattern` cuts them apart. */
static struct tok_tokenizer *number_tokenizer(const char *pattern)
{
	struct tok_buffer json = { 0 };
	char part[256];
	unsigned id = 0;
	snprintf(part, sizeof part,
		 "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"%s\"},"
		 "\"behavior\":\"Isolated\",\"invert\":false},\"model\":{\"type\":\"WordLevel\","
		 "\"unk_token\":\"x\",\"vocab\":{\"x\":0",
		 pattern);
	assert_true(tok_buffer_add(&json, part, strlen(part)));
	for (int width = 1, limit = 10; width <= 3; width++, limit *= 10)
		for (int n = 0; n < limit; n++) {
			snprintf(part, sizeof part, ",\"%0*d\":%u", width, n, ++id);
			assert_true(tok_buffer_add(&json, part, strlen(part)));
		}
	assert_true(tok_buffer_add(&json, "}}}", 4));
	struct tok_tokenizer *tokenizer = toy_tokenizer((const char *)json.bytes);
	tok_buffer_release(&json);
	return tokenizer;
}

static void numbers_are_cut(void **state)
{
	/* Of the lengths 1 to 12: 66 places, 18 of them right. */
	static const struct {
		const char *name, *pattern;
		double precision, recall, f1, each, alone;
	} rows[] = {
		{ "bytes", NULL, 18 / 66., 1, 36 / 84., 1, 1 },
		{ "from the right", "\\\\d{1,3}(?=(\\\\d{3})*$)", 1, 1, 1, 4 / 12., 0 },
		{ "from the left", "\\\\d{1,3}", 6 / 18., 6 / 18., 6 / 18., 4 / 12., 1 },
		{ "signs of what follows", "[+*/=-]?\\\\d{1,3}", 6 / 18., 6 / 18., 6 / 18., 4 / 12.,
		  0 },
		{ "not at all", "x", 1, 0, 0, 1 / 12., 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tok_tokenizer *tokenizer =
		    rows[i].pattern ? number_tokenizer(rows[i].pattern) : toy_bytes();
		struct vocab_audit_digits digits;
		struct tok_error err = { 0 };
		assert_int_equal(vocab_audit_digits(tokenizer, &digits, &err), TOK_OK);
		assert_about(digits.grade.precision, rows[i].precision, rows[i].name);
		assert_about(digits.grade.recall, rows[i].recall, rows[i].name);
		assert_about(digits.grade.f1, rows[i].f1, rows[i].name);
		assert_about(digits.tokens_per_digit[12], rows[i].each, rows[i].name);
		assert_about(digits.pattern_entropy[12], 0, rows[i].name);
		assert_about(digits.tokens_per_digit[0], NAN, rows[i].name);
		assert_about(digits.operators_alone, rows[i].alone, rows[i].name);
		tok_tokenizer_free(tokenizer);
	}
}

/* A digit or a sign that no token has. */
static void what_is_refused_has_no_numbers(void **state)
{
	static const char model[] = "{\"model\":{\"type\":\"Unigram\",\"unk_id\":null,\"vocab\":["
				    "[\"%s\",-1],[\"1\",-1],[\"2\",-1],[\"3\",-1],[\"4\",-1],"
				    "[\"5\",-1],[\"6\",-1],[\"7\",-1],[\"8\",-1],[\"9\",-1],"
				    "[\"%s\",-1],[\"-\",-1],[\"*\",-1],[\"/\",-1],[\"=\",-1]]}}";
	static const struct {
		const char *zero, *plus;
		double recall, each, entropy, alone;
	} rows[] = { { "0", "+", 1, 1, 0, 1 },
		     { "0", "x", 1, 1, 0, NAN },
		     { "x", "+", NAN, NAN, NAN, NAN } };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char json[512];
		struct vocab_audit_digits digits;
		struct tok_error err = { 0 };
		snprintf(json, sizeof json, model, rows[i].zero, rows[i].plus);
		struct tok_tokenizer *tokenizer = toy_tokenizer(json);
		assert_int_equal(vocab_audit_digits(tokenizer, &digits, &err), TOK_OK);
		assert_about(digits.grade.recall, rows[i].recall, "recall");
		assert_about(digits.tokens_per_digit[3], rows[i].each, "tokens a digit");
		assert_about(digits.pattern_entropy[3], rows[i].entropy, "entropy");
		assert_about(digits.operators_alone, rows[i].alone, "operators");
		assert_int_equal(err.status, TOK_OK);
		tok_tokenizer_free(tokenizer);
	}
}

/* A pair of digits is a token if it is even: of two digits half are cut, one bit. */
static void cuts_that_differ_have_entropy(void **state)
{
	struct tok_tokenizer *tokenizer = number_tokenizer("\\\\d?[02468]|\\\\d");
	struct vocab_audit_digits digits;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_audit_digits(tokenizer, &digits, &err), TOK_OK);
	assert_true(digits.pattern_entropy[2] > .99 && digits.pattern_entropy[2] <= 1);
	assert_true(fabs(digits.tokens_per_digit[2] - .75) < .03);
	assert_about(digits.pattern_entropy[1], 0, "one digit");
	assert_true(digits.pattern_entropy[12] > 2);
	tok_tokenizer_free(tokenizer);
}

/* ---- parts of words -------------------------------------------------------------------- */

static void add_words(struct vocab_morphology_work *work, const char *const (*words)[3],
		      size_t count)
{
	struct tok_error err = { 0 };
	for (size_t i = 0; i < count; i++)
		assert_int_equal(vocab_morphology_word(work, tok_span_of(words[i][0]),
						       tok_span_of(words[i][1]),
						       tok_span_of(words[i][2]), &err),
				 TOK_OK);
}

static struct vocab_morphology measure_words(const char *json, const char *const (*words)[3],
					     size_t count)
{
	struct tok_tokenizer *tokenizer = json ? toy_tokenizer(json) : toy_bytes();
	struct vocab_morphology_work *work = NULL;
	struct vocab_morphology out;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_morphology_new(tokenizer, &work, &err), TOK_OK);
	add_words(work, words, count);
	vocab_morphology_measure(work, &out);
	vocab_morphology_free(work);
	tok_tokenizer_free(tokenizer);
	return out;
}

static void parts_of_words_are_found(void **state)
{
	static const char *const words[][3] = {
		{ "abcd", "ab", "cd" }, { "abcd", "abc", "d" }, { "ab", "a", "b" },
		{ "ab", "", "ab" },     { "ab", "ab", "" },     { "ab", "a", "c" },
		{ "abc", "ab", "" },    { "abcd", "b", "bcd" },
	};
	static const char *const toys[] = { TOY_PAIRS, TOY_MARKED, TOY_BERT };
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct vocab_morphology m = measure_words(toys[i], words, 8);
		assert_int_equal(m.rows, 8);
		assert_int_equal(m.bad, 5);
		assert_int_equal(m.single, 1);
		assert_int_equal(m.scored, 2);
		assert_int_equal(m.found, 1);
		assert_int_equal(m.cuts, 2);
		assert_about(m.recall, .5, "recall");
		assert_about(m.recall_all, 1 / 3., "recall of all");
		assert_about(m.precision, .5, "precision");
		assert_about(m.f1, .5, "f1");
		assert_about(m.random_recall, 1 / 3., "random recall");
		assert_about(m.random_precision, 1 / 3., "random precision");
		assert_about(m.random_f1, 1 / 3., "random f1");
	}
}

/* Who cuts everywhere finds all, and so would chance. */
static void bytes_find_all_and_say_nothing(void **state)
{
	static const char *const words[][3] = {
		{ "lighted", "light", "ed" },
		{ "\u057f\u0578\u0582\u0576\u0565\u0580", "\u057f\u0578\u0582\u0576",
		  "\u0565\u0580" },
	};
	(void)state;
	const struct vocab_morphology m = measure_words(NULL, words, 2);
	assert_int_equal(m.cuts, 6 + 11);
	assert_about(m.recall, 1, "recall");
	assert_about(m.random_recall, 1, "random recall");
	assert_about(m.precision, 2 / 17., "precision");
	assert_about(m.random_precision, 2 / 17., "random precision");
	/* Places are between characters, however many bytes these have. */
	static const char *const broad[][3] = { { "\u00e9A\u00e9", "\u00e9", "A\u00e9" } };
	assert_about(measure_words(TOY_FALLBACK, broad, 1).random_recall, 1, "broad letters");
	const struct vocab_morphology none = measure_words(NULL, words, 0);
	assert_about(none.recall, NAN, "no words");
	assert_about(none.f1, NAN, "no words");
	assert_about(none.random_recall, NAN, "no words");
}

/* ---- two tokenizers -------------------------------------------------------------------- */

static struct vocab_audit_similarity compare(const char *one, const char *other, const char *line)
{
	struct tok_tokenizer *a = one ? toy_tokenizer(one) : toy_bytes();
	struct tok_tokenizer *b = other ? toy_tokenizer(other) : toy_bytes();
	struct vocab_audit_similarity_work *work = NULL, *more = NULL;
	struct vocab_audit_similarity out;
	struct tok_error err = { 0 };
	assert_int_equal(vocab_audit_similarity_new(a, b, &work, &err), TOK_OK);
	assert_int_equal(vocab_audit_similarity_new(a, b, &more, &err), TOK_OK);
	assert_int_equal(vocab_audit_similarity_line(more, tok_span_of(line), &err), TOK_OK);
	vocab_audit_similarity_add(work, more);
	vocab_audit_similarity_measure(work, &out);
	vocab_audit_similarity_free(work);
	vocab_audit_similarity_free(more);
	tok_tokenizer_free(a);
	tok_tokenizer_free(b);
	return out;
}

static void tokenizers_are_compared(void **state)
{
	static const struct {
		const char *name, *one, *other, *line;
		double jaccard, same_id, same_words, f1;
	} rows[] = {
		{ "itself", TOY_PAIRS, TOY_PAIRS, "abcd abd", 1, 1, 1, 1 },
		/* a b c d, space, ab, cd, " ab"; the other has abc too; five ids and ab's */
		{ "otherwise written", TOY_PAIRS, TOY_MARKED, "cdab abcd", 8 / 9., 6 / 8., 1, 1 },
		{ "no line", TOY_PAIRS, TOY_MARKED, "", 8 / 9., 6 / 8., NAN, NAN },
		{ "blanks", TOY_PAIRS, TOY_MARKED, "   ", 8 / 9., 6 / 8., NAN, NAN },
		/* " ab", " cd", cd beside ab, cd, as words begin or go on: " ab" and cd in both */
		{ "spaces that belong to nobody", TOY_PAIRS, TOY_BERT, "abcd ab", 2 / 9., 0, 1, 1 },
		{ "spaces of the word before", TOY_PAIRS, TOY_BEHIND, "ab ab", 4 / 9., 1, 1, 1 },
		/* ab|cd abd: places of bytes a|b|c|d |a|b|d, of pairs ab|cd |ab|d */
		{ "bytes", TOY_PAIRS, NULL, "abcd abd", 5 / 259., 0, 0, 2 * 3 / (3 + 6.) },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct vocab_audit_similarity s =
		    compare(rows[i].one, rows[i].other, rows[i].line);
		assert_about(s.jaccard, rows[i].jaccard, rows[i].name);
		assert_about(s.same_id, rows[i].same_id, rows[i].name);
		assert_about(s.same_words, rows[i].same_words, rows[i].name);
		assert_about(s.boundary_f1, rows[i].f1, rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_are_where_tokens_meet),
		cmocka_unit_test(numbers_are_graded),
		cmocka_unit_test(numbers_are_cut),
		cmocka_unit_test(what_is_refused_has_no_numbers),
		cmocka_unit_test(cuts_that_differ_have_entropy),
		cmocka_unit_test(parts_of_words_are_found),
		cmocka_unit_test(bytes_find_all_and_say_nothing),
		cmocka_unit_test(tokenizers_are_compared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
