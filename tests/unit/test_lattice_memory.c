/*
 * test_lattice_memory.c - samplers when the n-th allocation fails, for every n: TOK_ENOMEM
 * comes back, nothing stays allocated, and what was to be done can still be done.  Once
 * warm, drawing one segmentation allocates nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/heap.h"
#include "tests/unit/sample_toys.h"

static const struct tok_encode_options how = { .special_text = TOK_SPECIAL_MATCH };

struct case_of {
	const char *json, *text;
	struct tok_sample_options options;
};

static const struct case_of cases[] = {
	{ TOY_UNIGRAM,
	  "abcabcxabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc",
	  { TOK_SAMPLE_UNIGRAM, 0, .5, -1 } },
	{ TOY_UNIGRAM, "abcabcxab", { TOK_SAMPLE_UNIGRAM, 0, .5, 4 } },
	{ TOY_BPE, "abcd xabcd", { TOK_SAMPLE_UNIFORM, .9, 0, 0 } },
	{ TOY_WORDPIECE, "aba[SEP]acb", { TOK_SAMPLE_MAXMATCH, .4, 0, 0 } },
};

/* Everything that a sampler can do, until something fails. */
static enum tok_status use(const struct case_of *c, struct tok_sampling *s, struct tok_error *err)
{
	const struct tok_span text = tok_span_of(c->text);
	const enum tok_sample_method method = c->options.method;
	struct tok_encoding e;
	struct tok_draws draws;
	enum tok_status status = TOK_OK;
	for (uint64_t i = 0; i < 5 && status == TOK_OK; i++)
		status = tok_sample(s, text, &how, 1, i, &e, err);
	if (status == TOK_OK && text.count < 20)
		status = tok_sample_exact(s, text, &how, 1000, &draws, err);
	if (status == TOK_OK && method == TOK_SAMPLE_UNIGRAM)
		status = tok_sample_best(s, text, &how, 5, &draws, err);
	if (status == TOK_OK && method != TOK_SAMPLE_MAXMATCH)
		status = tok_sample_distinct(s, text, &how, 5, method == TOK_SAMPLE_UNIGRAM, 1, 1,
					     &draws, err);
	return status;
}

static enum tok_status make_and_use(const struct tok_tokenizer *tokenizer, const struct case_of *c,
				    struct tok_error *err)
{
	struct tok_sampler *sampler;
	enum tok_status status = tok_sampler_new(tokenizer, &c->options, &sampler, err);
	if (status != TOK_OK)
		return status;
	struct tok_sampling *s = tok_sampling_new(sampler);
	status = s ? use(c, s, err) : tok_fail_memory(err);
	if (s && status != TOK_OK) { /* memory is back: it must be as good as new */
		struct tok_error again = { 0 };
		heap.fails_at = 0;
		assert_int_equal(use(c, s, &again), TOK_OK);
	}
	tok_sampling_free(s);
	tok_sampler_free(sampler);
	return status;
}

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tok_tokenizer *tokenizer = toy_new(cases[i].json);
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, make_and_use(tokenizer, &cases[i], &err), &err);
		}
		assert_true(trial.n > 20);
		tok_tokenizer_free(tokenizer);
	}
}

static void test_warm(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (cases[i].options.nbest > 1) /* its paths are given away each time */
			continue;
		struct tok_tokenizer *tokenizer = toy_new(cases[i].json);
		struct toy toy = toy_sampler(tokenizer, cases[i].options);
		struct tok_encoding e;
		struct tok_error err = { 0 };
		for (uint64_t k = 0; k < 300; k++) {
			if (k == 200)
				heap.asked = 0;
			assert_int_equal(tok_sample(toy.sampling, tok_span_of(cases[i].text), &how,
						    1, k, &e, &err),
					 TOK_OK);
		}
		assert_int_equal(heap.asked, 0);
		toy_release(&toy);
		tok_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_failures),
					    cmocka_unit_test(test_warm) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
