/* dynamic_steps.h - what tests of dynamic merging begin with: a tokenizer, a boundary, a merged
 * batch; whatever goes wrong fails the test. */
#ifndef TESTS_UNIT_DYNAMIC_STEPS_H
#define TESTS_UNIT_DYNAMIC_STEPS_H

#include <stdio.h>

#include "tests/unit/many.h"
#include "tok/dynamic/merger.h"

static const char *const boundary_names[] = { "pretokens", "word", "word-hyphen", "sentence",
					      "none" };
enum { BOUNDARIES = 5 };

static inline struct tok_boundary *new_boundary(const struct tok_tokenizer *t, size_t kind)
{
	struct tok_boundary *b;
	struct tok_error err = { 0 };
	if (tok_boundary_new(t, (enum tok_boundary_kind)kind, &b, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return b;
}

static inline struct tok_tokenizer *read_tokenizer(const char *json)
{
	struct tok_spec spec = { 0 };
	struct tok_tokenizer *t = NULL;
	struct tok_error err = { 0 };
	if (vocab_read_bytes(tok_span_of(json), NULL, &spec, &err) != TOK_OK ||
	    tok_tokenizer_new(&spec, &t, &err) != TOK_OK)
		fail_msg("%s", err.message);
	tok_spec_release(&spec);
	return t;
}

static inline struct tok_merged_batch merge_batch(struct tok_merger *m, size_t merges,
						  double percent, const struct tok_sequences *batch)
{
	const struct tok_merge_batch_options options = { merges, percent };
	struct tok_merged_batch out;
	struct tok_error err = { 0 };
	if (tok_merge_batch(m, &options, batch, &out, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return out;
}

#endif
