/*
 * test_dropout_memory.c - BPE-dropout when the n-th allocation fails, for every n:
 * TOK_ENOMEM comes back, nothing stays allocated, and what was to be done can still be
 * done, with the ids that it has anyway.  Once warm, drawing allocates nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.  One thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/many.h"
#include "tok/sample/dropout_internal.h"

static const char word[] = "ababab dog the hey abababa ababab dog the the the abababa ab ab ab ab";

static const enum tok_sample_method methods[] = {
	TOK_SAMPLE_BPE_DROPOUT,
	TOK_SAMPLE_BPE_DROPOUT_HF,
	TOK_SAMPLE_BPE_DROPOUT_SP,
};

struct draws {
	struct tok_tokens tokens;
	double sum;
};

static enum tok_status add_probability(void *context, const tok_id *ids, size_t count,
				       double log_probability, struct tok_error *err)
{
	struct draws *draws = context;
	(void)ids, (void)count, (void)err;
	draws->sum += exp(log_probability);
	return TOK_OK;
}

/* A piece is drawn, and the distribution of its beginning listed. */
static enum tok_status sample(const struct tok_tokenizer *tokenizer, enum tok_sample_method method,
			      double p, struct draws *draws, struct tok_error *err)
{
	const struct tok_sample_options options = { .method = method, .p = p };
	const struct tok_span text = tok_span_of(word);
	const struct tok_range whole = { 0, (uint32_t)text.count }, part = { 0, 6 };
	struct tok_random random = tok_random_of(1, 2);
	struct tok_dropout *dropout = NULL;
	enum tok_status status = tok_dropout_new(tokenizer, &options, &dropout, err);
	struct tok_dropout_scratch *scratch = NULL;
	if (status == TOK_OK && !(scratch = tok_dropout_scratch_new()))
		status = tok_fail_memory(err);
	draws->tokens.count = 0;
	draws->sum = 0;
	if (status == TOK_OK)
		status =
		    tok_dropout_piece(dropout, scratch, &random, text, whole, &draws->tokens, err);
	if (status == TOK_OK)
		status = tok_dropout_exact(dropout, scratch, text, part, 1000, add_probability,
					   draws, err);
	tok_dropout_scratch_free(scratch);
	tok_dropout_free(dropout);
	return status;
}

static void check_failures(const struct tok_tokenizer *tokenizer, enum tok_sample_method method,
			   double p)
{
	struct draws want = { 0 };
	struct tok_error err = { 0 };
	assert_int_equal(sample(tokenizer, method, p, &want, &err), TOK_OK);
	assert_true(want.sum > 1 - 1e-12 && want.sum < 1 + 1e-12);
	assert_true(want.tokens.count > 10);
	struct heap_trial trial = heap_trial_begin();
	while (heap_trial_next(&trial)) {
		struct draws got = { 0 };
		heap_trial_judge(&trial, sample(tokenizer, method, p, &got, &err), &err);
		if (trial.done) {
			assert_int_equal(got.tokens.count, want.tokens.count);
			assert_memory_equal(got.tokens.ids, want.tokens.ids,
					    got.tokens.count * sizeof *got.tokens.ids);
		} else {
			assert_string_equal(err.message, "out of memory");
		}
		tok_tokens_release(&got.tokens);
	}
	assert_true(trial.n > 10);
	tok_tokens_release(&want.tokens);
}

static void test_every_allocation_may_fail(void **state)
{
	static const char *const names[] = { "gpt2", "digits", "bpe.model", "gpt2.gguf" };
	struct many many = many_new();
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (size_t m = 0; m < 3; m++)
			check_failures(many_find(&many, names[i]), methods[m], .4);
	many_release(&many);
}

static void test_the_warm_allocate_nothing(void **state)
{
	struct many many = many_new();
	const struct tok_span text = tok_span_of(word);
	const struct tok_range whole = { 0, (uint32_t)text.count };
	struct tok_tokens tokens = { 0 };
	struct tok_error err = { 0 };
	(void)state;
	for (size_t m = 0; m < 3; m++) {
		const struct tok_sample_options options = { .method = methods[m], .p = .5 };
		struct tok_dropout_scratch *scratch = tok_dropout_scratch_new();
		struct tok_dropout *dropout;
		assert_non_null(scratch);
		assert_int_equal(
		    tok_dropout_new(many_find(&many, "gpt2"), &options, &dropout, &err), TOK_OK);
		for (uint64_t round = 0; round < 200; round++) {
			struct tok_random random = tok_random_of(1, round);
			if (round < 100)
				heap.asked = 0;
			tokens.count = 0;
			assert_int_equal(tok_dropout_piece(dropout, scratch, &random, text, whole,
							   &tokens, &err),
					 TOK_OK);
		}
		assert_int_equal(heap.asked, 0);
		tok_dropout_free(dropout);
		tok_dropout_scratch_free(scratch);
	}
	tok_tokens_release(&tokens);
	many_release(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
		cmocka_unit_test(test_the_warm_allocate_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
