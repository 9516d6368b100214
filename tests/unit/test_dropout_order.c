/* test_dropout_order.c - the merges on offer are a sorted list, whatever is put in and
 * taken out, and long pieces take time in proportion to their length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/checked.h"
#include "tests/unit/plain_grow.h"
#include "tok/sample/dropout_merge_internal.h"

enum { KEYS = 6000 };

/* The same, as an array. */
struct list {
	uint64_t keys[KEYS];
	size_t count;
};

static void list_insert(struct list *list, uint64_t key)
{
	size_t at = list->count++;
	for (; at > 0 && list->keys[at - 1] > key; at--)
		list->keys[at] = list->keys[at - 1];
	list->keys[at] = key;
}

static uint64_t list_take(struct list *list, size_t at)
{
	const uint64_t key = list->keys[at];
	list->count--;
	memmove(list->keys + at, list->keys + at + 1, (list->count - at) * sizeof key);
	return key;
}

static bool list_has(const struct list *list, uint64_t key)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->keys[i] == key)
			return true;
	return false;
}

static void check_all(const struct tok_order *order, const struct list *list)
{
	assert_int_equal(order->total, list->count);
	for (size_t i = 0; i < list->count; i++)
		assert_true(tok_order_at(order, i) == list->keys[i]);
}

/* Either equal keys are put in or keys are removed. */
static void step(struct tok_order *order, struct list *list, uint64_t *seed, uint32_t ranks,
		 bool equal, bool grows)
{
	if (grows) {
		const uint64_t key = tok_order_key(plain_draw(seed, ranks), plain_draw(seed, 4000));
		if (!equal && list_has(list, key))
			return;
		assert_true(tok_order_insert(order, key));
		list_insert(list, key);
		return;
	}
	/* Merging takes from the front mostly. */
	const bool front = plain_draw(seed, 4) && list->count > 3;
	const size_t at = plain_draw(seed, front ? 3 : (uint32_t)list->count);
	if (!equal && plain_draw(seed, 2)) {
		tok_order_remove(order, list->keys[at]);
		list_take(list, at);
	} else {
		assert_true(tok_order_take(order, at) == list_take(list, at));
	}
}

static void check_order(struct tok_order *order, struct list *list, uint64_t seed, uint32_t ranks,
			bool equal)
{
	tok_order_start(order);
	list->count = 0;
	for (size_t steps = 0; steps < KEYS || list->count > 0; steps++) {
		const bool grows = steps < KEYS && (list->count == 0 || steps < KEYS / 2 ||
						    plain_draw(&seed, 5) < 2);
		step(order, list, &seed, ranks, equal, grows);
		if (steps % 500 == 0)
			check_all(order, list);
	}
	assert_int_equal(order->total, 0);
}

static void test_is_a_sorted_list(void **state)
{
	(void)state;
	static struct list list;
	struct tok_order order = { 0 };
	static const uint32_t ranks[] = { 1, 2, 50, 100000 };
	for (uint64_t seed = 0; seed < 24; seed++)
		check_order(&order, &list, seed, ranks[seed % 4], seed / 4 % 2);
	tok_order_release(&order);
}

/* ---- long pieces ------------------------------------------------------------------------ */

enum { LONGEST = 1 << (CHECKED ? 19 : 21), SHORTER = LONGEST / 16 };

/* Microseconds for each first symbol and each merge. */
static double cost_of(const struct tok_dropout *dropout, struct tok_dropout_scratch *scratch,
		      struct tok_span text, struct tok_tokens *tokens)
{
	struct tok_error err = { 0 };
	struct tok_random random = tok_random_of(3, 4);
	const struct tok_range piece = { 0, (uint32_t)text.count };
	const clock_t start = clock();
	tokens->count = 0;
	if (tok_dropout_piece(dropout, scratch, &random, text, piece, tokens, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return (double)(clock() - start) / CLOCKS_PER_SEC * 1e6 /
	       (double)(2 * text.count - tokens->count);
}

/* Merges of four letters that go on to 16 letters, and of "aa", "aaaa" and so on. */
static struct tok_model *new_model(struct plain *p)
{
	struct tok_model *model;
	struct tok_error err = { 0 };
	uint64_t seed = 11;
	memset(&p->spec, 0, sizeof p->spec);
	p->spec.kind = TOK_MODEL_BPE;
	p->spec.unk = TOK_NO_ID;
	memset(p->spec.byte_ids, 0xFF, sizeof p->spec.byte_ids);
	p->spec.as.bpe.order = TOK_BPE_MERGES;
	for (const char *letter = "abcd"; *letter; letter++)
		plain_add(p, (const uint8_t *)letter, 1, TOK_PIECE_NORMAL);
	for (uint32_t i = 0, aa = 0; i < 4; i++, aa = (uint32_t)p->spec.entry_count - 1)
		plain_join(p, aa, aa);
	while (p->spec.as.bpe.merge_count < 150) {
		const uint32_t count = (uint32_t)p->spec.entry_count;
		plain_join(p, plain_draw(&seed, count), plain_draw(&seed, count));
	}
	plain_seal(p);
	if (tok_model_new(&p->spec, &model, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return model;
}

static void test_long_pieces_take_time_in_proportion(void **state)
{
	(void)state;
	static const enum tok_sample_method methods[] = {
		TOK_SAMPLE_BPE_DROPOUT,
		TOK_SAMPLE_BPE_DROPOUT_HF,
		TOK_SAMPLE_BPE_DROPOUT_SP,
	};
	static const double ps[] = { .1, .9, .9999 };
	static uint8_t bytes[LONGEST];
	struct plain *plain = calloc(1, sizeof *plain);
	assert_non_null(plain);
	struct tok_model *model = new_model(plain);
	struct tok_tokens tokens = { 0 };
	uint64_t seed = 5;
	for (size_t run = 0; run < 12; run++) {
		const bool same = run >= 9; /* one letter only: one rank for all */
		for (size_t i = 0; i < LONGEST; i++)
			bytes[i] = same ? 'a' : (uint8_t)("abcd"[plain_draw(&seed, 4)]);
		struct tok_dropout dropout;
		struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
		assert_non_null(scratch);
		tok_dropout_init(&dropout, model, methods[run % 3], ps[run / 3 % 3]);
		const double part =
		    cost_of(&dropout, scratch, (struct tok_span){ bytes, SHORTER }, &tokens);
		const double whole =
		    cost_of(&dropout, scratch, (struct tok_span){ bytes, LONGEST }, &tokens);
		print_message("%s, method %zu, p %g: %.3f us a step, of a 16th %.3f; %zu tokens\n",
			      same ? "one letter" : "letters", run % 3, dropout.p, whole, part,
			      tokens.count);
		assert_true(whole < 8 * part || whole < .2); /* quadratic: 16 times */
		tok_dropout_scratch_free(scratch);
	}
	tok_tokens_release(&tokens);
	tok_model_free(model);
	free(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_a_sorted_list),
		cmocka_unit_test(test_long_pieces_take_time_in_proportion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
