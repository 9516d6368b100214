/* The queue of merge candidates gives back what was put in, least first, however
 * pushes and pops alternate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tok/model/bpe_internal.h"

enum { ITEMS = 5000 };

static uint32_t draw(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % below);
}

/* What the queue should hold: an unordered list. */
struct bag {
	uint64_t items[ITEMS];
	size_t count;
};

static uint64_t take_least(struct bag *bag)
{
	size_t least = 0;
	for (size_t i = 1; i < bag->count; i++)
		least = bag->items[i] < bag->items[least] ? i : least;
	const uint64_t item = bag->items[least];
	bag->items[least] = bag->items[--bag->count];
	return item;
}

static void push_one(struct tok_queue *queue, struct bag *bag, uint32_t rank, uint32_t place)
{
	assert_true(tok_queue_push(queue, rank, place));
	bag->items[bag->count++] = (uint64_t)rank << 32 | place;
}

static void check_order(struct tok_queue *queue, struct bag *bag, uint32_t ranks, uint64_t seed)
{
	uint64_t item;
	uint32_t pushed = 0;
	bag->count = 0;
	tok_queue_start(queue, ranks - 1);
	for (; pushed < ITEMS / 2; pushed++)
		push_one(queue, bag, draw(&seed, ranks), pushed);
	while (bag->count > 0) {
		assert_int_equal(tok_queue_pop(queue, &item), TOK_QUEUE_ITEM);
		assert_true(item == take_least(bag));
		for (uint32_t more = draw(&seed, 4); more > 0 && pushed < ITEMS; more--)
			push_one(queue, bag, draw(&seed, ranks), pushed++);
	}
	assert_int_equal(tok_queue_pop(queue, &item), TOK_QUEUE_EMPTY);
}

static void test_pops_least_first(void **state)
{
	(void)state;
	static const uint32_t limits[] = { 1, 3, 1000, 1024, 1025, 300000, UINT32_MAX };
	struct tok_queue queue = { 0 };
	struct bag *bag = calloc(1, sizeof *bag);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		check_order(&queue, bag, limits[i], i);
	free(bag);
	tok_queue_release(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pops_least_first) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
