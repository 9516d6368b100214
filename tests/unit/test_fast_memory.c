/*
 * test_fast_memory.c - SentencePiece models as steps and merges when the n-th allocation fails, for
 * every n; and what is no such model is refused.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fixture.h"
#include "tests/unit/heap.h"
#include "vocab/convert/fast.h"
#include "vocab/format/read.h"

/* What comes next into the arena needs a block of its own. */
static void fill(struct tok_arena *arena)
{
	enum { BLOCK = 64 * 1024, SOME = 16 };
	const size_t asked = heap.asked;
	while (heap.asked == asked)
		assert_non_null(tok_arena_array(arena, SOME, 1));
	assert_non_null(tok_arena_array(arena, BLOCK - SOME, 1));
	assert_int_equal(heap.asked, asked + 1);
}

static void fail_each(const char *name, size_t losses_wanted)
{
	const struct tok_span file = fixture_read("spm", name);
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct tok_spec spec = { 0 };
		struct vocab_losses losses = { 0 };
		struct tok_error err = { 0 };
		heap.fails_at = 0;
		assert_int_equal(vocab_read_bytes(file, NULL, &spec, &err), TOK_OK);
		fill(&spec.arena);
		heap.asked = 0;
		heap.fails_at = trial.n;
		heap_trial_judge(&trial, vocab_fast(&spec, &losses, &err), &err);
		assert_true(!trial.done || losses.count == losses_wanted);
		vocab_losses_release(&losses);
		tok_spec_release(&spec);
	}
	free((void *)(uintptr_t)file.bytes);
	assert_true(trial.n > 1);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	fail_each("bpe_bytes.model", 1);
	fail_each("unigram_spaces.model", 0);
	fail_each("word.model", 1);
}

static void others_are_refused(void **state)
{
	struct tok_spec spec = { 0 };
	struct vocab_losses losses = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(vocab_fast(&spec, &losses, &err), TOK_EARG);
	assert_int_equal(losses.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(others_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
