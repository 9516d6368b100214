/* The tables under the models: a trie finds what a list of its texts finds, and the
 * filter of pairs hides none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/plain_grow.h"
#include "tok/model/bpe_internal.h"

enum { TEXTS_MAX = 2000, LENGTH_MAX = 24, PAIRS_MAX = 5000 };

struct listed {
	uint8_t bytes[TEXTS_MAX][LENGTH_MAX];
	struct tok_span texts[TEXTS_MAX];
	uint32_t values[TEXTS_MAX];
	uint32_t order[TEXTS_MAX];
	size_t count;
};

static struct listed *listed; /* that compare_texts looks into */

static int compare_spans(struct tok_span a, struct tok_span b)
{
	const size_t shorter = a.count < b.count ? a.count : b.count;
	const int order = shorter ? memcmp(a.bytes, b.bytes, shorter) : 0;
	return order ? order : (a.count > b.count) - (a.count < b.count);
}

static int compare_texts(const void *a, const void *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	const int order = compare_spans(listed->texts[x], listed->texts[y]);
	return order ? order : (x > y) - (x < y);
}

/* Texts over few or all bytes; many begin as another does. */
static void make_texts(struct listed *l, uint64_t *seed)
{
	static const uint8_t few[] = { 0, 255, 'a', 1, 254, 0x80 };
	const uint32_t sides = plain_one_in(seed, 3) ? 256 : 1 + plain_draw(seed, 6);
	l->count = plain_draw(seed, plain_one_in(seed, 4) ? TEXTS_MAX + 1 : 40);
	for (size_t i = 0; i < l->count; i++) {
		size_t count = 0;
		if (i > 0 && !plain_one_in(seed, 3)) {
			const struct tok_span other = l->texts[plain_draw(seed, (uint32_t)i)];
			count = plain_draw(seed, (uint32_t)other.count + 1);
			memcpy(l->bytes[i], other.bytes, count);
		}
		const size_t end = count + plain_draw(seed, 5);
		for (; count < end && count < LENGTH_MAX; count++) {
			const uint32_t k = plain_draw(seed, sides);
			l->bytes[i][count] = sides == 256 ? (uint8_t)k : few[k];
		}
		l->texts[i] = (struct tok_span){ l->bytes[i], count };
		l->values[i] = plain_draw(seed, TOK_TRIE_NO_VALUE);
		l->order[i] = (uint32_t)i;
	}
	listed = l;
	qsort(l->order, l->count, sizeof *l->order, compare_texts);
}

/* The first in the sorted list that is not less. */
static size_t find_place(const struct listed *l, struct tok_span text)
{
	size_t low = 0, high = l->count;
	while (low < high) {
		const size_t middle = (low + high) / 2;
		if (compare_spans(l->texts[l->order[middle]], text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of equal texts the last counts; *inner: does some text begin so? */
static uint32_t find_listed(const struct listed *l, struct tok_span text, bool *inner)
{
	size_t at = find_place(l, text);
	uint32_t value = TOK_NO_ID;
	*inner = at < l->count && tok_span_starts(l->texts[l->order[at]], text);
	for (; at < l->count && compare_spans(l->texts[l->order[at]], text) == 0; at++)
		value = l->values[l->order[at]];
	return value;
}

/* All beginnings of `text`, until none of the texts begins so. */
static void check_text(const struct listed *l, const struct tok_trie *trie, struct tok_span text)
{
	uint32_t node = TOK_TRIE_ROOT;
	for (size_t count = 0;; count++) {
		bool inner;
		const struct tok_span head = { text.bytes, count };
		const uint32_t value = find_listed(l, head, &inner);
		if (count > 0 && (node != TOK_TRIE_ROOT) != inner)
			fail_msg("%zu texts, %zu bytes: a node: %d", l->count, count, (int)!inner);
		if (count > 0 && node == TOK_TRIE_ROOT)
			return;
		assert_int_equal(tok_trie_value(trie, node), value);
		if (count == text.count)
			return;
		node = tok_trie_child(trie, node, text.bytes[count]);
	}
}

static void test_trie_equals_sorted_list(void **state)
{
	(void)state;
	struct listed *l = calloc(1, sizeof *l);
	uint64_t seed = 5;
	assert_non_null(l);
	for (int round = 0; round < 400; round++) {
		struct tok_arena arena = { 0 };
		struct tok_trie trie;
		make_texts(l, &seed);
		assert_int_equal(
		    tok_trie_build(&trie, &arena, l->texts, l->values, l->count, NULL, NULL),
		    TOK_OK);
		for (size_t i = 0; i < l->count; i++) {
			uint8_t changed[LENGTH_MAX];
			check_text(l, &trie, l->texts[i]);
			if (l->texts[i].count == 0)
				continue;
			memcpy(changed, l->bytes[i], l->texts[i].count);
			changed[plain_draw(&seed, (uint32_t)l->texts[i].count)] =
			    (uint8_t)plain_draw(&seed, 256);
			check_text(l, &trie, (struct tok_span){ changed, l->texts[i].count });
		}
		for (unsigned byte = 0; byte < 256; byte++) /* no node leads on wrongly */
			for (size_t i = 0; i < l->count && i < 50; i++) {
				uint8_t longer[LENGTH_MAX + 1];
				const size_t count = l->texts[i].count;
				memcpy(longer, l->bytes[i], count);
				longer[count] = (uint8_t)byte;
				check_text(l, &trie, (struct tok_span){ longer, count + 1 });
			}
		tok_arena_release(&arena);
	}
	free(l);
}

static uint32_t find_above(const struct listed *l, struct tok_span text)
{
	bool inner;
	while (text.count > 0) {
		text.count--;
		const uint32_t value = find_listed(l, text, &inner);
		if (value != TOK_NO_ID)
			return value;
	}
	return TOK_NO_ID;
}

static void test_what_is_above_begins_the_text(void **state)
{
	(void)state;
	static uint32_t above[TEXTS_MAX];
	struct listed *l = calloc(1, sizeof *l);
	uint64_t seed = 6;
	assert_non_null(l);
	for (int round = 0; round < 400; round++) {
		struct tok_arena arena = { 0 };
		struct tok_trie trie;
		bool inner;
		make_texts(l, &seed);
		for (uint32_t i = 0; i < l->count; i++)
			l->values[i] = i;
		memset(above, 7, sizeof above);
		assert_int_equal(
		    tok_trie_build(&trie, &arena, l->texts, l->values, l->count, above, NULL),
		    TOK_OK);
		for (uint32_t i = 0; i < l->count; i++)
			if (find_listed(l, l->texts[i], &inner) == i)
				assert_int_equal(above[i], find_above(l, l->texts[i]));
		tok_arena_release(&arena);
	}
	free(l);
}

static void test_pairs_are_found(void **state)
{
	(void)state;
	static struct tok_pair pairs[PAIRS_MAX];
	uint64_t seed = 9;
	size_t missed = 0;
	for (int round = 0; round < 60; round++) {
		struct tok_arena arena = { 0 };
		struct tok_pairs table;
		const size_t count = plain_draw(&seed, round % 2 ? PAIRS_MAX : 20);
		const uint32_t symbols = 1 + plain_draw(&seed, round % 3 ? 300 : 300000);
		assert_true(tok_pairs_init(&table, &arena, count));
		for (size_t i = 0; i < count; i++) {
			pairs[i] = (struct tok_pair){ plain_draw(&seed, symbols),
						      plain_draw(&seed, symbols), (uint32_t)i,
						      plain_draw(&seed, symbols) };
			tok_pairs_put(&table, pairs[i]);
		}
		for (size_t i = 0; i < count; i++) {
			const struct tok_pair found =
			    tok_pairs_get(&table, pairs[i].left, pairs[i].right);
			/* It, or a later one that took its place. */
			assert_true(found.rank != TOK_RANK_NONE && found.rank >= i);
			assert_memory_equal(&found, &pairs[found.rank], sizeof found);
			assert_int_equal(found.left, pairs[i].left);
			assert_int_equal(found.right, pairs[i].right);
		}
		for (int i = 0; i < 500; i++) {
			const uint32_t left = plain_draw(&seed, symbols);
			const uint32_t right = plain_draw(&seed, symbols);
			bool listed_one = false;
			for (size_t k = 0; k < count; k++)
				listed_one |= pairs[k].left == left && pairs[k].right == right;
			const uint32_t rank = tok_pairs_get(&table, left, right).rank;
			assert_int_equal(rank != TOK_RANK_NONE, listed_one);
			missed += !listed_one;
		}
		tok_arena_release(&arena);
	}
	assert_true(missed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trie_equals_sorted_list),
		cmocka_unit_test(test_what_is_above_begins_the_text),
		cmocka_unit_test(test_pairs_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
