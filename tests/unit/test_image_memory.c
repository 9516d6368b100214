/*
 * test_image_memory.c - saving and opening images when the n-th allocation fails, for
 * every n; and nothing of what memory held before is in a block.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/image_law.h"

/* ---- the same bytes ------------------------------------------------------------------ */

static void memory_does_not_show_in_a_block(void **state)
{
	(void)state;
	heap.litter = 0x5A;
	struct many first = many_new();
	heap.litter = 0xC3;
	struct many second = many_new();
	for (size_t i = 0; i < first.count; i++) {
		struct tok_span a, b;
		heap.litter = 0x5A;
		a = law_save(first.names[i], first.tokenizers[i]);
		heap.litter = 0xC3;
		b = law_save(second.names[i], second.tokenizers[i]);
		law_same_block(first.names[i], a, b);
		law_unmap(&a);
		law_unmap(&b);
	}
	many_release(&first);
	many_release(&second);
}

/* ---- failures ---------------------------------------------------------------------- */

static enum tok_status save_all(const struct tok_tokenizer *t, struct tok_error *err)
{
	struct tok_image_writer writer = { 0 };
	struct tok_span block;
	tok_tokenizer_save(t, &writer);
	const enum tok_status status =
	    tok_image_finish(&writer, &block) ? TOK_OK : tok_fail_memory(err);
	tok_image_writer_release(&writer);
	return status;
}

static size_t released;

static void note_release(void *owner)
{
	(void)owner;
	released++;
}

/* The block is taken where there is a tokenizer, and only there. */
static enum tok_status open_all(struct tok_span block, struct tok_error *err)
{
	struct tok_tokenizer *t = NULL;
	released = 0;
	const enum tok_status status =
	    tok_tokenizer_open(block, false, note_release, NULL, &t, err);
	assert_int_equal(status == TOK_OK, t != NULL);
	assert_int_equal(released, 0);
	tok_tokenizer_free(t);
	assert_int_equal(released, status == TOK_OK);
	return status;
}

static void check_failures(const char *name, const struct tok_tokenizer *t, bool opens)
{
	struct tok_span block = law_save(name, t);
	struct heap_trial trial = heap_trial_begin();
	trial.spare = opens;
	while (heap_trial_next(&trial)) {
		struct tok_error err = { 0 };
		heap_trial_judge(&trial, opens ? open_all(block, &err) : save_all(t, &err), &err);
	}
	assert_true(trial.n > 3);
	law_unmap(&block);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct many many = many_new();
	for (size_t i = 0; i < many.count; i++) {
		check_failures(many.names[i], many.tokenizers[i], false);
		check_failures(many.names[i], many.tokenizers[i], true);
	}
	many_release(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_does_not_show_in_a_block),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
