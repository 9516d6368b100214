/* test_items.c - items of character benchmarks: reproducible, from the words that are there, in
 * any script.  conformance.charbench computes every answer anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tok/base/buffer.h"
#include "tok/text/grapheme.h"
#include "vocab/audit/items.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- making -------------------------------------------------------------------------- */

static enum tok_status write_item(void *context, const struct vocab_item *item,
				  struct tok_error *err)
{
	struct tok_buffer *out = context;
	char line[1024];
	const int length = snprintf(
	    line, sizeof line, "%u %s %.*s [%.*s] %.*s = %.*s%s %zu\n", (unsigned)item->id,
	    item->task, (int)item->word.count, (const char *)item->word.bytes,
	    (int)item->character.count, (const char *)item->character.bytes,
	    (int)item->question.count, (const char *)item->question.bytes, (int)item->answer.count,
	    (const char *)item->answer.bytes, item->is_number ? "#" : "", item->length);
	return tok_buffer_add(out, line, (size_t)length) ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status make(const char *const *words, size_t count,
			    const struct vocab_items_options *o, struct tok_buffer *out,
			    struct tok_error *err)
{
	struct tok_span *spans = calloc(count + 1, sizeof *spans);
	assert_non_null(spans);
	for (size_t i = 0; i < count; i++)
		spans[i] = tok_span_of(words[i]);
	const enum tok_status status = vocab_items_make(spans, count, o, write_item, out, err);
	free(spans);
	return status;
}

static void expect_items(const char *const *words, size_t count,
			 const struct vocab_items_options *o, const char *wanted)
{
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	const enum tok_status status = make(words, count, o, &out, &err);
	if (!tok_buffer_add_byte(&out, 0))
		fail();
	if (status != TOK_OK || strcmp((char *)out.bytes, wanted) != 0)
		fail_msg("%s%s", (char *)out.bytes, err.message);
	tok_buffer_release(&out);
}

static void expect_error(const char *const *words, size_t count,
			 const struct vocab_items_options *o, const char *wanted)
{
	struct tok_buffer out = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(make(words, count, o, &out, &err), TOK_EARG);
	if (strcmp(err.message, wanted) != 0)
		fail_msg("%s", err.message);
	tok_buffer_release(&out);
}

/* ---- what comes out ------------------------------------------------------------------- */

/* One letter leaves nothing to chance. */
static void charbench_of_one_letter(void **state)
{
	static const char *const words[] = { "aaaa" };
	static const char *const wanted[] = {
		"0 count_unique_chars aaaa [] How many unique characters appear in the string "
		"'aaaa'? = 1# 4\n",
		"0 count_character_frequency aaaa [a] How many times does the character 'a' appear "
		"in the string 'aaaa'? = 4# 4\n",
		"0 find_first_occurrence aaaa [a] What is the index of the first occurrence of the "
		"character 'a' in the string 'aaaa'?\nStart counting from 0. = 0# 4\n",
		"0 find_last_occurrence aaaa [a] What is the index of the last occurrence of the "
		"character 'a' in the string 'aaaa'?\nStart counting from 0. = 3# 4\n",
	};
	static const char *const tasks[] = { "count_unique_chars", "count_character_frequency",
					     "find_first_occurrence", "find_last_occurrence" };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct vocab_items_options o = {
			.shortest = 4, .longest = 4, .per_bucket = 1, .tasks = tasks[i]
		};
		expect_items(words, 1, &o, wanted[i]);
	}
}

/* Two letters of which one is a cluster: as graphemes 2, as code points 3, as bytes 4. */
static void units(void **state)
{
	static const char *const words[] = { "e\xCC\x81t" };
	static const struct {
		enum vocab_unit unit;
		size_t length;
		const char *wanted;
	} rows[] = {
		{ VOCAB_UNIT_GRAPHEME, 2,
		  "0 count_unique_chars e\xCC\x81t [] How many unique characters appear in the "
		  "string 'e\xCC\x81t'? = 2# 2\n" },
		{ VOCAB_UNIT_CODEPOINT, 3,
		  "0 count_unique_chars e\xCC\x81t [] How many unique characters appear in the "
		  "string 'e\xCC\x81t'? = 3# 3\n" },
		{ VOCAB_UNIT_BYTE, 4,
		  "0 count_unique_chars e\xCC\x81t [] How many unique UTF-8 bytes appear in the "
		  "string 'e\xCC\x81t'? = 4# 4\n" },
	};
	static const char *const same[] = { "cccc" };
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct vocab_items_options o = { .unit = rows[i].unit,
						       .shortest = rows[i].length,
						       .longest = rows[i].length,
						       .per_bucket = 1,
						       .tasks = "count_unique_chars" };
		expect_items(words, 1, &o, rows[i].wanted);
	}
	const struct vocab_items_options o = { .unit = VOCAB_UNIT_BYTE,
					       .longest = 4,
					       .per_bucket = 1,
					       .tasks = "find_last_occurrence" };
	expect_items(same, 1, &o,
		     "0 find_last_occurrence cccc [0x63] What is the index of the last occurrence "
		     "of the UTF-8 byte '0x63' in the string 'cccc'?\nStart counting from 0. = 3# "
		     "4\n");
}

static void cute_where_nothing_is_left_to_chance(void **state)
{
	static const char *const words[] = { "aab", "b1", "x\xFFy", "" };
	static const struct {
		const char *task, *wanted;
	} rows[] = {
		{ "spell", "0 spell aab [] Spell the word \"aab\": put a space between its "
			   "characters. = a a b 3\n" },
		{ "spell_inverse", "0 spell_inverse aab [] Join the characters \"a a b\" to a "
				   "word, without spaces. = aab 3\n" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct vocab_items_options o = { .suite = VOCAB_SUITE_CUTE,
						       .per_bucket = 1,
						       .tasks = rows[i].task };
		expect_items(words, COUNT(words), &o, rows[i].wanted);
	}
}

/* ---- the same again --------------------------------------------------------------------- */

static void order_and_duplicates_change_nothing(void **state)
{
	static const char *const words[] = { "pear",  "plum",  "lime",  "date",  "kiwi",    "mango",
					     "apple", "grape", "melon", "peach", "no word", "Fig" };
	static const char *const shuffled[] = { "melon", "kiwi",  "Fig",  "date",  "pear",
						"peach", "lime",  "plum", "grape", "kiwi",
						"apple", "mango", "melon" };
	static const enum vocab_suite suites[] = { VOCAB_SUITE_CHARBENCH, VOCAB_SUITE_CUTE,
						   VOCAB_SUITE_SCRAMBLE };
	static const char *const tasks[] = { NULL, "ins_char,swap_char,sub_word,contains_char",
					     "cycle,reversed" };
	(void)state;
	for (size_t i = 0; i < COUNT(suites); i++) {
		struct tok_buffer a = { 0 }, b = { 0 }, c = { 0 };
		struct tok_error err = { 0 };
		struct vocab_items_options o = {
			.suite = suites[i],
			.shortest = 4,
			.longest = 5,
			.per_bucket = 1,
			.seed = 7,
			.tasks = tasks[i],
		};
		assert_int_equal(make(words, COUNT(words), &o, &a, &err), TOK_OK);
		assert_int_equal(make(shuffled, COUNT(shuffled), &o, &b, &err), TOK_OK);
		assert_true(tok_span_equal(tok_buffer_span(&a), tok_buffer_span(&b)));
		o.seed = 8;
		assert_int_equal(make(words, COUNT(words), &o, &c, &err), TOK_OK);
		assert_false(tok_span_equal(tok_buffer_span(&a), tok_buffer_span(&c)));
		tok_buffer_release(&a);
		tok_buffer_release(&b);
		tok_buffer_release(&c);
	}
}

/* Of one word: which of its letters is asked for. */
static void the_seed_draws_letters(void **state)
{
	static const char *const words[] = { "abcdefghij" };
	struct tok_buffer outs[8] = { 0 };
	size_t other = 0;
	(void)state;
	for (size_t i = 0; i < COUNT(outs); i++) {
		const struct vocab_items_options o = { .shortest = 10,
						       .longest = 10,
						       .per_bucket = 1,
						       .seed = i,
						       .tasks = "find_first_occurrence" };
		struct tok_error err = { 0 };
		assert_int_equal(make(words, 1, &o, &outs[i], &err), TOK_OK);
		other += !tok_span_equal(tok_buffer_span(&outs[0]), tok_buffer_span(&outs[i]));
	}
	assert_true(other > 3);
	for (size_t i = 0; i < COUNT(outs); i++)
		tok_buffer_release(&outs[i]);
}

/* ---- what cannot be ---------------------------------------------------------------------- */

static void too_little_is_said(void **state)
{
	static const char *const words[] = { "pear", "plum", "apple", "apple", "mangos" };
	const struct vocab_items_options
	    charbench = { .longest = 6,
			  .per_bucket = 2,
			  .tasks = "find_first_occurrence,"
				   "find_last_occurrence" },
	    cute = { .suite = VOCAB_SUITE_CUTE, .per_bucket = 5, .tasks = "spell" },
	    game = { .suite = VOCAB_SUITE_LANGGAME, .per_bucket = 1, .tasks = "shortest" },
	    bytes = { .suite = VOCAB_SUITE_CUTE, .unit = VOCAB_UNIT_BYTE },
	    task = { .suite = VOCAB_SUITE_SCRAMBLE, .tasks = "cycle,x" },
	    sums = { .suite = VOCAB_SUITE_ADDITION, .per_bucket = 900001 },
	    lengths = { .shortest = 7, .longest = 4 },
	    long_ones = { .longest = VOCAB_WORD_UNITS + 1 };
	(void)state;
	expect_error(words, COUNT(words), &charbench,
		     "too few words: 2 of length 4, 1 of length 5, 1 of length 6, and each length "
		     "needs 4, 2 for each of 2 tasks; 0 a task would do");
	expect_error(words, COUNT(words), &cute,
		     "too few words: of 4 that have a length asked for, 4 do for task 'spell', "
		     "which needs 5");
	expect_error(words, COUNT(words), &game,
		     "too few words: among 4 no four are found for task 'shortest', in 100 tries");
	expect_error(words, COUNT(words), &bytes,
		     "only suite 'charbench' asks for bytes, not 'cute'");
	expect_error(words, COUNT(words), &task,
		     "'x' is no task of suite 'scramble': cycle anagram1 anagram2 insertion "
		     "reversed");
	expect_error(NULL, 0, &sums, "900001 sums are too many: there are 900000");
	expect_error(words, COUNT(words), &lengths,
		     "words of 7 to 4 units: the lengths go from 1 to 64, the smaller one first");
	expect_error(words, COUNT(words), &long_ones,
		     "words of 4 to 65 units: the lengths go from 1 to 64, the smaller one first");
	expect_error(NULL, 0, &cute,
		     "too few words: of 0 that have a length asked for, 0 do for task 'spell', "
		     "which needs 5");
	expect_error(NULL, 0, &game,
		     "too few words: among 0 no four are found for task 'shortest', in 100 tries");
}

static enum tok_status refuse(void *context, const struct vocab_item *item, struct tok_error *err)
{
	size_t *given = context;
	(void)item;
	return ++*given == 3 ? tok_fail(err, TOK_EIO, "full") : TOK_OK;
}

static void a_sink_may_refuse(void **state)
{
	const struct vocab_items_options o = { .suite = VOCAB_SUITE_ADDITION };
	struct tok_error err = { 0 };
	size_t given = 0;
	(void)state;
	assert_int_equal(vocab_items_make(NULL, 0, &o, refuse, &given, &err), TOK_EIO);
	assert_int_equal(given, 3);
}

/* All sums, once each. */
static enum tok_status note_sum(void *context, const struct vocab_item *item, struct tok_error *err)
{
	uint8_t *seen = context;
	char text[32];
	unsigned a, b, wanted = 0;
	snprintf(text, sizeof text, "%.*s", (int)item->question.count,
		 (const char *)item->question.bytes);
	if (sscanf(text, "$%u+%u=", &a, &b) != 2 || a < 100 || a > 999 || b > 999 ||
	    seen[a * 1000 + b]++)
		return tok_fail(err, TOK_EFORMAT, "%s", text);
	for (size_t i = item->answer.count; i-- > 0;)
		wanted = wanted * 10 + (unsigned)(item->answer.bytes[i] - '0');
	return wanted == a + b ? TOK_OK : tok_fail(err, TOK_EFORMAT, "%s %u", text, wanted);
}

static void all_sums(void **state)
{
	const struct vocab_items_options o = { .suite = VOCAB_SUITE_ADDITION };
	struct tok_error err = { 0 };
	uint8_t *seen = calloc(1000000, 1);
	size_t count = 0;
	(void)state;
	assert_non_null(seen);
	if (vocab_items_make(NULL, 0, &o, note_sum, seen, &err) != TOK_OK)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < 1000000; i++)
		count += seen[i];
	assert_int_equal(count, 900000);
	free(seen);
}

/* ---- graphemes ----------------------------------------------------------------------------- */

static void clusters(void **state)
{
	static const struct {
		const char *text;
		size_t ends[4];
	} rows[] = {
		{ "ab", { 1, 2 } },
		{ "e\xCC\x81x", { 3, 4 } },
		{ "\r\nx", { 2, 3 } },
		{ "\xFF\xCC\x81", { 1, 3 } },
		/* flags: two letters each, and one that is left */
		{ "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\U0001F1E9", { 8, 16, 20 } },
		/* a mark between them parts them */
		{ "\U0001F1E9\u0301\U0001F1EA", { 6, 10 } },
		{ "\U0001F468\u200D\U0001F469\u200D\U0001F467!", { 18, 19 } },
		{ "\u1100\u1161\u11A8", { 9 } },
		{ "\u0915\u094D\u0937\u093F", { 12 } },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct tok_span text = tok_span_of(rows[i].text);
		size_t at = 0;
		for (size_t k = 0; k < 4 && rows[i].ends[k]; k++) {
			at = tok_grapheme_end(text, at);
			assert_int_equal(at, rows[i].ends[k]);
		}
		assert_int_equal(at, text.count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(charbench_of_one_letter),
		cmocka_unit_test(units),
		cmocka_unit_test(cute_where_nothing_is_left_to_chance),
		cmocka_unit_test(order_and_duplicates_change_nothing),
		cmocka_unit_test(the_seed_draws_letters),
		cmocka_unit_test(too_little_is_said),
		cmocka_unit_test(a_sink_may_refuse),
		cmocka_unit_test(all_sums),
		cmocka_unit_test(clusters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
