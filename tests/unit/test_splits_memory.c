/*
 * Making surfaces and splits when the n-th allocation fails, for every n: TOK_ENOMEM comes
 * back and nothing stays allocated.  Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/heap.h"
#include "tok/sample/splits.h"
#include "tok/sample/surfaces.h"
#include "vocab/format/read.h"

static const struct {
	const char *json;
	enum tok_split_pairs pairs;
} cases[] = {
	{ "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"
	  "true},\"decoder\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":"
	  "true},"
	  "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xC4\xA0\":3},"
	  "\"merges\":[\"a b\"]}}",
	  TOK_SPLIT_ANY },
	{ "{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"_\"},\"model\":{\"type\":\"BPE\","
	  "\"end_of_word_suffix\":\"_\",\"vocab\":{\"a\":0,\"b_\":1,\"ab_\":2},"
	  "\"merges\":[\"a b_\"]}}",
	  TOK_SPLIT_MERGES },
	{ "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{"
	  "\"String\":\"_\"},\"content\":\" \"},{\"type\":\"Fuse\"},{\"type\":\"Strip\","
	  "\"content\":\" \",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"Unigram\","
	  "\"unk_id\":0,\"vocab\":[[\"?\",0],[\"_\",-1],[\"a\",-1],[\"_a\",-2],[\"aa\",-2],"
	  "[\"_aa\",-3]]}}",
	  TOK_SPLIT_EARLIER },
};

static enum tok_status make_both(const struct tok_tokenizer *tokenizer,
				 const struct tok_splits_options *options, struct tok_error *err)
{
	struct tok_surfaces *surfaces;
	struct tok_splits *splits;
	enum tok_status status = tok_surfaces_new(tokenizer, &surfaces, err);
	if (status != TOK_OK)
		return status;
	tok_surfaces_free(surfaces);
	status = tok_splits_new(tokenizer, options, &splits, err);
	if (status != TOK_OK)
		return status;
	assert_true(tok_splits_pair_count(splits) > 0);
	tok_splits_free(splits);
	return TOK_OK;
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const tok_id keep[] = { 0 };
		const struct tok_splits_options options = { .pairs = cases[i].pairs,
							    .keep = keep,
							    .keep_count = 1 };
		struct tok_spec spec = { 0 };
		struct tok_tokenizer *tokenizer;
		struct tok_error err = { 0 };
		assert_int_equal(vocab_read_bytes(tok_span_of(cases[i].json), NULL, &spec, &err),
				 TOK_OK);
		assert_int_equal(tok_tokenizer_new(&spec, &tokenizer, &err), TOK_OK);
		tok_spec_release(&spec);
		struct heap_trial trial = heap_trial_begin();
		while (heap_trial_next(&trial))
			heap_trial_judge(&trial, make_both(tokenizer, &options, &err), &err);
		assert_true(trial.n > 10);
		tok_tokenizer_free(tokenizer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
