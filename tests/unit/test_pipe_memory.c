/*
 * test_pipe_memory.c - counting, appending and batches when the n-th allocation
 * fails, for every n: TOK_ENOMEM comes back, nothing stays allocated, and what
 * was to be done can still be done.  And once warm, they allocate nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.  One thread: which
 * allocation is the n-th must not be a matter of luck.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/heap.h"
#include "tok/pipe/append.h"
#include "tok/pipe/batch.h"
#include "tok/pipe/count.h"
#include "vocab/format/read.h"

static const char file[] =
    "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
    "\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,"
    "\"b\":1,\"ab\":2,\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4},\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}";
static const char text[] = "ab ab ab ba a b a bb ab ab";

static struct tok_tokenizer *tokenizer;
static const struct tok_encode_options options = { 0 };

/* ---- a way through each, that a failed allocation may stop ----------------- */

static enum tok_status count_all(struct tok_error *err)
{
	struct tok_encoder *e = tok_encoder_new(tokenizer);
	struct tok_budget budget;
	size_t count;
	if (!e)
		return tok_fail_memory(err);
	enum tok_status status = tok_count(e, tok_span_of(text), &options, &count, err);
	if (status == TOK_OK)
		status = tok_count_to(e, tok_span_of(text), &options, 4, &budget, err);
	if (status != TOK_OK) { /* memory is back: the encoder must be as good as new */
		assert_int_equal(status, TOK_ENOMEM);
		struct tok_error again = { 0 };
		assert_int_equal(tok_count_to(e, tok_span_of(text), &options, 4, &budget, &again),
				 TOK_OK);
		assert_int_equal(budget.bytes, 9);
	}
	tok_encoder_free(e);
	return status;
}

static enum tok_status append_all(struct tok_error *err)
{
	struct tok_append *a = tok_append_new(tokenizer, &options);
	struct tok_append_ids ids;
	struct tok_error last = { 0 };
	enum tok_status status = TOK_OK;
	size_t count = 0;
	if (!a)
		return tok_fail_memory(err);
	for (const char *at = text; *at; at++) {
		const struct tok_span byte = { (const uint8_t *)at, 1 };
		enum tok_status now = tok_append_text(a, byte, &ids, &last);
		if (now != TOK_OK) {
			status = now;
			*err = last;
			now = tok_append_text(a, byte, &ids, &last); /* it was not taken */
		}
		assert_int_equal(now, TOK_OK);
		count += ids.count;
	}
	while (tok_append_finish(a, &ids, &last) != TOK_OK) {
		status = TOK_ENOMEM;
		*err = last;
	}
	assert_int_equal(count + ids.count, 17);
	tok_append_free(a);
	return status;
}

static enum tok_status batch_all(struct tok_error *err)
{
	struct tok_span texts[40];
	for (size_t i = 0; i < 40; i++)
		texts[i] = tok_span_of(text);
	struct tok_batch *b = tok_batch_new(tokenizer, 1);
	struct tok_batch_ids r;
	struct tok_error last = { 0 };
	if (!b)
		return tok_fail_memory(err);
	enum tok_status status = tok_batch_encode(b, texts, 40, &options, &r, err);
	if (status != TOK_OK)
		assert_int_equal(tok_batch_encode(b, texts, 40, &options, &r, &last), TOK_OK);
	assert_int_equal(r.offsets[40], 40 * 17);
	tok_batch_free(b);
	return status;
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const ways[])(struct tok_error *) = { count_all, append_all, batch_all };
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, ways[i](&err), &err);
		}
		assert_true(trial.n > 5);
	}
}

static void the_warm_allocate_nothing(void **state)
{
	struct tok_append *a = tok_append_new(tokenizer, &options);
	struct tok_encoder *e = tok_encoder_new(tokenizer);
	struct tok_batch *b = tok_batch_new(tokenizer, 1);
	const struct tok_span whole = tok_span_of(text);
	struct tok_append_ids ids;
	struct tok_batch_ids r;
	struct tok_error err = { 0 };
	size_t count;
	(void)state;
	assert_true(a && e && b);
	for (int round = 0; round < 20; round++) {
		heap.asked = round < 2 ? 0 : heap.asked;
		for (const char *at = text; *at; at++)
			assert_int_equal(
			    tok_append_text(a, (struct tok_span){ (const uint8_t *)at, 1 }, &ids,
					    &err),
			    TOK_OK);
		assert_int_equal(tok_append_finish(a, &ids, &err), TOK_OK);
		assert_int_equal(tok_count(e, whole, &options, &count, &err), TOK_OK);
		assert_int_equal(tok_batch_encode(b, &whole, 1, &options, &r, &err), TOK_OK);
	}
	assert_int_equal(heap.asked, 0);
	tok_append_free(a);
	tok_encoder_free(e);
	tok_batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(the_warm_allocate_nothing),
	};
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK) {
		print_error("%s\n", err.message);
		return 1;
	}
	tok_spec_release(&spec);
	const int failures = cmocka_run_group_tests(tests, NULL, NULL);
	tok_tokenizer_free(tokenizer);
	return failures;
}
