/*
 * test_super.c - chunks of random length against a slow implementation, what tokens are
 * refused, two stages as one.  The whole: tests/conformance/training_super.py.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xxhash.h>

#include "tok/text/utf8.h"
#include "vocab/train/super.h"

/* ---- chunks -------------------------------------------------------------------- */

static const struct vocab_chunk_range ranges[] = { { 2, 3, .5 }, { 4, 9, .25 }, { 12, 12, .5 } };
enum { RANGES = 3 };

static uint64_t mix(uint64_t key, uint64_t number)
{
	uint64_t z = key + number * 0x9E3779B97F4A7C15u;
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static size_t slow_length(uint64_t key, uint64_t *drawn)
{
	const double part = (double)mix(key, *drawn + 1) / 0x1p64;
	const uint64_t second = mix(key, *drawn + 2) >> 32;
	const struct vocab_chunk_range *range = &ranges[part < .4   ? 0
							: part < .6 ? 1
								    : 2]; /* of a sum of 1.25 */
	*drawn += 2;
	return range->least + (size_t)(second * (range->most - range->least + 1) >> 32);
}

struct list {
	char items[4096][64];
	size_t count;
};

static void add(struct list *list, const char *text, size_t count)
{
	if (count == 0)
		return;
	assert_true(list->count < 4096 && count < 64);
	snprintf(list->items[list->count++], 64, "%.*s", (int)count, text);
}

/* Of ASCII.  A run of seven equal characters is left out and parts its chunk. */
static void add_chunk(struct list *list, const char *text, size_t count)
{
	for (size_t i = 0; i + 7 <= count; i++) {
		size_t same = 1;
		while (same < 7 && text[i + same] == text[i])
			same++;
		if (same < 7 || text[i] == '\n')
			continue;
		add(list, text, i);
		add_chunk(list, text + i + 7, count - i - 7);
		return;
	}
	add(list, text, count);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t slow_end(const char *text, size_t begin, size_t end)
{
	if (!is_digit(text[end - 1]) || !is_digit(text[end]))
		return end;
	for (size_t at = end; at > begin; at--)
		if (!is_digit(text[at - 1]))
			return at;
	while (is_digit(text[end]))
		end++;
	return end;
}

static void slow_chunks(const char *text, uint64_t seed, enum vocab_chunk_boundary boundary,
			struct list *list)
{
	const uint64_t key = XXH3_64bits_withSeed(text, strlen(text), seed);
	uint64_t drawn = 0;
	list->count = 0;
	for (const char *line = text; *line;) {
		const char *newline = strchr(line, '\n');
		size_t left = strlen(line);
		if (boundary == VOCAB_CHUNK_NEWLINE && newline)
			left = (size_t)(newline - line) + 1;
		const char *end = line + left;
		while (line < end) {
			left = (size_t)(end - line);
			size_t count = left < 2 ? left : slow_length(key, &drawn);
			count = count < left ? count : left;
			if (boundary == VOCAB_CHUNK_DIGIT)
				count = slow_end(line, 0, count);
			add_chunk(list, line, count);
			line += count;
		}
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void quick_chunks(const char *text, uint64_t seed, enum vocab_chunk_boundary boundary,
			 struct list *list)
{
	const struct vocab_counter_options none = { 0 };
	struct vocab_counter *counter;
	struct vocab_counted *counted;
	struct vocab_chunks chunks;
	struct vocab_word word;
	struct tok_error err;
	struct tok_buffer row = { 0 };
	const struct tok_span span = tok_span_of(text);
	const struct tok_range all = { 0, (uint32_t)span.count };
	assert_int_equal(vocab_chunks_init(ranges, RANGES, seed, boundary, &chunks, &err), TOK_OK);
	assert_int_equal(vocab_counter_new(&none, &counter, &err), TOK_OK);
	assert_int_equal(chunks.units.take(&chunks.units, counter, &row, span, &all, 1, &err),
			 TOK_OK);
	assert_int_equal(vocab_counted_new(&counter, 1, span, &counted, &err), TOK_OK);
	list->count = 0;
	while (vocab_words_next(vocab_counted_stream(counted), &word, &err) == TOK_OK &&
	       word.text.bytes)
		for (uint64_t i = 0; i < word.count; i++)
			add(list, (const char *)word.text.bytes, word.text.count);
	vocab_counted_free(counted);
	vocab_counter_free(counter);
}

static struct list slow, quick;

static void chunks_are_those_of_the_definition(void **state)
{
	static const char letters[] = "ab 1234567\naaaa99999";
	char text[1024];
	(void)state;
	for (uint64_t round = 0; round < 600; round++) {
		const size_t count = mix(round, 0) % 1000;
		for (size_t i = 0; i < count; i++) {
			text[i] = letters[mix(round, i + 1) % (sizeof letters - 1)];
			if (i && mix(round, i + 5000) % 3 > 0)
				text[i] = text[i - 1];
		}
		text[count] = 0;
		for (int boundary = 0; boundary < 3; boundary++) {
			slow_chunks(text, round, (enum vocab_chunk_boundary)boundary, &slow);
			quick_chunks(text, round, (enum vocab_chunk_boundary)boundary, &quick);
			qsort(slow.items, slow.count, sizeof slow.items[0], compare);
			assert_int_equal(slow.count, quick.count);
			for (size_t i = 0; i < slow.count; i++)
				assert_string_equal(slow.items[i], quick.items[i]);
		}
	}
}

/* Characters are counted, of which each bad byte is one, and none is cut. */
static void chunks_hold_whole_characters(void **state)
{
	char text[64 * 3 + 1] = "";
	(void)state;
	for (size_t i = 0; i < 32; i++)
		strcat(text, i % 4 ? "\u5b57" : "\xFF");
	quick_chunks(text, 1, VOCAB_CHUNK_ANYWHERE, &quick);
	assert_true(quick.count > 2);
	for (size_t i = 0; i < quick.count; i++) {
		const struct tok_span chunk = tok_span_of(quick.items[i]);
		size_t bad = 0;
		for (size_t at = 0; at < chunk.count;) {
			const struct tok_char c = tok_utf8_at(chunk, at);
			bad += c.code >= TOK_BAD_BYTE && chunk.bytes[at] != 0xFF;
			at += c.length;
		}
		assert_int_equal(bad, 0);
		assert_true(tok_utf8_count(chunk) <= 12);
	}
}

/* Of SuperBPE: what is too long comes in pieces. */
static void units_have_an_end(void **state)
{
	static const size_t expected[] = { 1, VOCAB_UNIT_MAX / 2, VOCAB_UNIT_MAX };
	static const uint64_t times[] = { 1, 1, 3 };
	const struct vocab_counter_options none = { 0 };
	struct vocab_counter *counter;
	struct vocab_counted *counted;
	struct vocab_word word;
	struct tok_error err;
	const struct vocab_units *units = &vocab_superbpe_units;
	struct tok_span text = { malloc(4 * VOCAB_UNIT_MAX), 4 * VOCAB_UNIT_MAX };
	const uint32_t end = (uint32_t)(3 * VOCAB_UNIT_MAX + VOCAB_UNIT_MAX / 2);
	const struct tok_range words[] = { { 0, 1 }, { 1, 1 + end } };
	(void)state;
	assert_non_null(text.bytes);
	memset((uint8_t *)(uintptr_t)text.bytes, 'a', text.count);
	assert_true(units->by_lines);
	assert_int_equal(vocab_counter_new(&none, &counter, &err), TOK_OK);
	assert_int_equal(units->take(units, counter, NULL, text, words, 2, &err), TOK_OK);
	assert_int_equal(vocab_counted_new(&counter, 1, text, &counted, &err), TOK_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(vocab_words_next(vocab_counted_stream(counted), &word, &err),
				 TOK_OK);
		assert_int_equal(word.text.count, expected[i]);
		assert_int_equal(word.count, times[i]);
	}
	vocab_counted_free(counted);
	vocab_counter_free(counter);
	free((void *)(uintptr_t)text.bytes);
}

static void ranges_that_cannot_be(void **state)
{
	static const struct vocab_chunk_range bad[] = {
		{ 0, 3, .5 }, { 3, 2, .5 }, { 1, VOCAB_CHUNK_CHARS_MAX + 1, .5 },
		{ 1, 2, 0 },  { 1, 2, -1 }, { 1, 2, (double)INFINITY },
	};
	struct vocab_chunks chunks;
	struct tok_error err;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(
		    vocab_chunks_init(&bad[i], 1, 0, VOCAB_CHUNK_ANYWHERE, &chunks, &err),
		    TOK_EARG);
	assert_int_equal(vocab_chunks_init(bad, 0, 0, VOCAB_CHUNK_ANYWHERE, &chunks, &err),
			 TOK_EARG);
}

/* ---- which tokens ---------------------------------------------------------------- */

static bool allowed(const struct vocab_super_filter *filter, const char *text)
{
	return vocab_super_allows(filter, tok_span_of(text));
}

static void tokens_that_are_refused(void **state)
{
	const struct vocab_super_filter any = { 0 }, three = { .max_words = 3 },
					colon = { .no_colon_space = true };
	struct tok_regex *patterns[2];
	struct tok_error err;
	(void)state;
	assert_true(allowed(&any, " a b c d e f: g"));
	assert_true(allowed(&three, "a b  c "));
	assert_true(allowed(&three, "   "));
	assert_false(allowed(&three, " a b c d"));
	assert_true(allowed(&colon, "a:b :c:"));
	assert_false(allowed(&colon, "a: b"));
	assert_int_equal(tok_regex_new(tok_span_of("x.y"), TOK_REGEX_ONIGURUMA, &patterns[0], &err),
			 TOK_OK);
	assert_int_equal(tok_regex_new(tok_span_of("^ "), TOK_REGEX_ONIGURUMA, &patterns[1], &err),
			 TOK_OK);
	const struct vocab_super_filter forbids = { .forbidden = patterns,
						    .forbidden_count = 2,
						    .scratch = tok_regex_scratch_new() };
	assert_non_null(forbids.scratch);
	assert_true(allowed(&forbids, "xy \xFF"));
	assert_false(allowed(&forbids, "axzy"));
	assert_false(allowed(&forbids, " a"));
	tok_regex_scratch_free(forbids.scratch);
	tok_regex_free(patterns[0]);
	tok_regex_free(patterns[1]);
}

/* ---- two stages -------------------------------------------------------------------- */

#define ENTRY(word, number)                                                                        \
	{                                                                                          \
		.text = { (const uint8_t *)(word), sizeof(word) - 1 }, .id = (number)              \
	}

/* Words: a b, then ab, abb, bb; of both parts of "ab bb" the second is late. */
static struct tok_vocab_entry word_entries[] = { ENTRY("a", 3), ENTRY("b", 4), ENTRY("ab", 5),
						 ENTRY("abb", 6), ENTRY("bb", 7) };
static struct tok_merge word_merges[] = { { 3, 4, 5 }, { 5, 4, 6 }, { 4, 4, 7 } };
static uint64_t word_counts[] = { 9, 5, 2 };
static struct tok_vocab_entry super_entries[] = { ENTRY("abab", 8), ENTRY("abbb", 9),
						  ENTRY("ababab", 10) };
static struct tok_merge super_merges[] = { { 5, 5, 8 }, { 5, 7, 9 }, { 8, 5, 10 } };
static uint64_t super_counts[] = { 5, 4, 3 };

static const struct vocab_learned learned_words = { .entries = word_entries,
						    .entry_count = 5,
						    .merges = word_merges,
						    .merge_counts = word_counts,
						    .merge_count = 3 };
static const struct vocab_learned learned_supers = { .entries = super_entries,
						     .entry_count = 3,
						     .merges = super_merges,
						     .merge_counts = super_counts,
						     .merge_count = 3 };

static void check_join(bool by_count, size_t size, const char *expected)
{
	struct vocab_learned joined;
	struct tok_error err;
	char said[512] = "";
	size_t words;
	assert_int_equal(vocab_super_join(&learned_words, &learned_supers, by_count, size, &joined,
					  &words, &err),
			 TOK_OK);
	for (size_t i = 0; i < joined.entry_count; i++)
		sprintf(said + strlen(said), "%.*s=%u ", (int)joined.entries[i].text.count,
			(const char *)joined.entries[i].text.bytes, joined.entries[i].id);
	for (size_t i = 0; i < joined.merge_count; i++)
		sprintf(said + strlen(said), "%s%u+%u=%u", i == words ? "| " : "",
			joined.merges[i].left, joined.merges[i].right, joined.merges[i].result),
		    strcat(said, i + 1 < joined.merge_count ? " " : "");
	assert_string_equal(said, expected);
	vocab_learned_release(&joined);
}

static void stages_become_one(void **state)
{
	(void)state;
	check_join(false, 0,
		   "a=3 b=4 ab=5 abb=6 bb=7 abab=8 abbb=9 ababab=10 "
		   "3+4=5 5+4=6 4+4=7 | 5+5=8 5+7=9 8+5=10");
	/* Nothing counts more than the first word. */
	check_join(true, 6, "a=3 b=4 ab=5 3+4=5");
	/* Where both count the same the word is first. */
	check_join(true, 7, "a=3 b=4 ab=5 abb=6 3+4=5 5+4=6");
	check_join(true, 8, "a=3 b=4 ab=5 abb=6 abab=7 3+4=5 5+4=6 | 5+5=7");
	/* A part that is not there yet comes first, whatever it counts. */
	check_join(true, 9, "a=3 b=4 ab=5 abb=6 bb=7 abab=8 3+4=5 5+4=6 4+4=7 | 5+5=8");
	check_join(true, 100,
		   "a=3 b=4 ab=5 abb=6 bb=7 abab=8 abbb=9 ababab=10 "
		   "3+4=5 5+4=6 4+4=7 | 5+5=8 5+7=9 8+5=10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_are_those_of_the_definition),
		cmocka_unit_test(chunks_hold_whole_characters),
		cmocka_unit_test(units_have_an_end),
		cmocka_unit_test(ranges_that_cannot_be),
		cmocka_unit_test(tokens_that_are_refused),
		cmocka_unit_test(stages_become_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
