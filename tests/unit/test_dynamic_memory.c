/*
 * Merging, rows and means when the n-th allocation fails, for every n: TOK_ENOMEM comes
 * back, nothing stays allocated, and what was to be done can still be done.  And a merger
 * that has seen its largest batch allocates nothing.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/heap.h"
#include "tok/dynamic/fvt.h"
#include "tok/dynamic/merger.h"
#include "tok/dynamic/rows.h"
#include "vocab/format/read.h"

static const char file[] =
    "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true,"
    "\"trim_offsets\":true,\"use_regex\":true},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,"
    "\"b\":1,\"ab\":2,\"\xC4\xA0\":3,\"\xC4\xA0"
    "ab\":4},\"merges\":[\"a b\",\"\xC4\xA0 ab\"]}}";

static struct tok_tokenizer *tokenizer;

enum { ROWS = 40, ROW = 100 };
static tok_id ids[ROWS * ROW];
static size_t offsets[ROWS + 1];
static const struct tok_sequences batch = { ids, offsets, ROWS };

static enum tok_status merge(struct tok_merger *m, struct tok_merged_batch *out,
			     struct tok_error *err)
{
	const struct tok_merge_batch_options options = { .reduce_percent = 90 };
	return tok_merge_batch(m, &options, &batch, out, err);
}

static enum tok_status merge_all(struct tok_error *err)
{
	struct tok_boundary *b;
	struct tok_merged_batch out;
	enum tok_status status = tok_boundary_new(tokenizer, TOK_BOUNDARY_WORD_HYPHEN, &b, err);
	if (status != TOK_OK)
		return status;
	struct tok_merger *m = tok_merger_new(tokenizer, b);
	status = m ? merge(m, &out, err) : tok_fail_memory(err);
	if (m && status != TOK_OK) { /* memory is back: the merger must be as good as new */
		struct tok_error again = { 0 };
		assert_int_equal(merge(m, &out, &again), TOK_OK);
	}
	if (m)
		assert_true(out.step_count > 10 && out.token_count > 10);
	tok_merger_free(m);
	tok_boundary_free(b);
	return status;
}

static enum tok_status rows_all(struct tok_error *err)
{
	static const float floats[5] = { 1, 2, 3, 4, 5 };
	const struct tok_span texts[] = { tok_span_of("aab"), tok_span_of("abab"),
					  tok_span_of("bb") };
	struct tok_encoder *e = tok_encoder_new(tokenizer);
	struct tok_fvt fvt = { tokenizer, e, floats, 5, 1, 0 };
	struct tok_rows *rows = NULL;
	size_t slots[2];
	enum tok_status status = e ? tok_rows_new(2, 1, &rows, err) : tok_fail_memory(err);
	for (size_t i = 0; i < 2 && status == TOK_OK; i++) {
		const size_t first = i; /* the second call gives one up */
		status = tok_rows_get(rows, texts + first, 2, tok_fvt_make, &fvt, slots, err);
		if (status == TOK_OK)
			continue;
		struct tok_error again = { 0 };
		assert_int_equal(
		    tok_rows_get(rows, texts + first, 2, tok_fvt_make, &fvt, slots, &again),
		    TOK_OK);
		assert_true(tok_rows_at(rows, slots[1 - first])[0] == 3.0f);
	}
	tok_rows_free(rows);
	tok_encoder_free(e);
	return status;
}

static enum tok_status lengths_all(struct tok_error *err)
{
	uint32_t lengths[5];
	return tok_dynamic_lengths(tokenizer, lengths, err);
}

static void every_allocation_may_fail(void **state)
{
	enum tok_status (*const ways[])(struct tok_error *) = { merge_all, rows_all, lengths_all };
	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial)) {
			struct tok_error err = { 0 };
			heap_trial_judge(&trial, ways[i](&err), &err);
		}
		assert_true(trial.n > 2);
	}
}

static void warm_it_allocates_nothing(void **state)
{
	struct tok_boundary *b;
	struct tok_merged_batch out;
	struct tok_error err = { 0 };
	(void)state;
	assert_int_equal(tok_boundary_new(tokenizer, TOK_BOUNDARY_PRETOKENS, &b, &err), TOK_OK);
	struct tok_merger *m = tok_merger_new(tokenizer, b);
	assert_non_null(m);
	assert_int_equal(merge(m, &out, &err), TOK_OK);
	heap.asked = 0;
	assert_int_equal(merge(m, &out, &err), TOK_OK);
	assert_int_equal(heap.asked, 0);
	tok_merger_free(m);
	tok_boundary_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(warm_it_allocates_nothing),
	};
	struct tok_spec spec = { 0 };
	struct tok_error err = { 0 };
	uint32_t draw = 1;
	if (vocab_read_bytes(tok_span_of(file), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &tokenizer, &err) != TOK_OK)
		return 1;
	tok_spec_release(&spec);
	for (size_t i = 0; i < ROWS * ROW; i++) {
		draw = draw * 1664525 + 1013904223;
		ids[i] = (draw >> 24) % 5;
	}
	for (size_t i = 0; i <= ROWS; i++)
		offsets[i] = i * ROW;
	const int result = cmocka_run_group_tests(tests, NULL, NULL);
	tok_tokenizer_free(tokenizer);
	return result;
}
