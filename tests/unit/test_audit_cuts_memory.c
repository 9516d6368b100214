/* test_audit_cuts_memory.c - measures of cuts and of fidelity when the n-th allocation fails, for
 * every n. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/audit_toys.h"
#include "tests/unit/heap.h"
#include "vocab/audit/digits.h"
#include "vocab/audit/fidelity.h"
#include "vocab/audit/morphology.h"
#include "vocab/audit/similarity.h"

static enum tok_status digits(const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	struct vocab_audit_digits out;
	return vocab_audit_digits(tokenizer, &out, err);
}

static enum tok_status similarity(const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	struct vocab_audit_similarity_work *work = NULL;
	enum tok_status status = vocab_audit_similarity_new(tokenizer, tokenizer, &work, err);
	if (status == TOK_OK)
		status = vocab_audit_similarity_line(work, tok_span_of("abcd AB"), err);
	vocab_audit_similarity_free(work);
	return status;
}

static enum tok_status morphology(const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	struct vocab_morphology_work *work = NULL;
	enum tok_status status = vocab_morphology_new(tokenizer, &work, err);
	if (status == TOK_OK)
		status = vocab_morphology_word(work, tok_span_of("ABcd"), tok_span_of("AB"),
					       tok_span_of("cd"), err);
	vocab_morphology_free(work);
	return status;
}

static enum tok_status fidelity(const struct tok_tokenizer *tokenizer, struct tok_error *err)
{
	static const tok_id ids[] = { 1, 2 };
	const struct tok_span line = tok_span_of("ABcd \u00e9e\u0301");
	struct vocab_audit_fidelity_work *work = NULL;
	enum tok_status status = vocab_audit_fidelity_new(tokenizer, &work, err);
	if (status == TOK_OK)
		status = vocab_audit_fidelity_line(work, line, ids, 2, err);
	if (status == TOK_OK)
		status = vocab_audit_fidelity_forms(work, line, ids, 2, err);
	vocab_audit_fidelity_free(work);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const works[])(const struct tok_tokenizer *,
					 struct tok_error *) = { digits, similarity, morphology,
								 fidelity };
	struct tok_tokenizer *tokenizer = toy_tokenizer(TOY_BERT);
	(void)state;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, works[i](tokenizer, &err), &err);
		}
		assert_true(trial.n > 10);
	}
	tok_tokenizer_free(tokenizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
