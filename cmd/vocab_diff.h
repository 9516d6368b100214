/*
 * vocab_diff.h - tok vocab diff: what is found, and how it is told.
 */
#ifndef CMD_VOCAB_DIFF_H
#define CMD_VOCAB_DIFF_H

#include "cmd/cli_put.h"
#include "vocab/audit/stages.h"
#include "vocab/audit/difference.h"
#include "vocab/audit/difference_pipeline.h"
#include "vocab/audit/similarity.h"

struct vocab_diff_side {
	const char *name; /* as given */
	struct tok_tokenizer *tokenizer;
	struct tok_spec spec;
};

struct vocab_diff {
	struct vocab_diff_side a, b;
	bool takes_pattern; /* one of them does */
	struct vocab_differences found;
	bool stages[VOCAB_STAGES]; /* those that differ */
	size_t stage_count;
	bool has_text;
	struct vocab_audit_similarity similarity; /* of the texts */
};

/* Is anything different, of the two themselves or of what they do to the texts? */
bool vocab_diff_differ(const struct vocab_diff *diff);

/* vocab_diff_tell.c: for people, with up to `most` of a kind listed; for programs, with all. */
void vocab_diff_tell(const struct vocab_diff *diff, size_t most, struct cli_put *out);
void vocab_diff_tell_json(const struct vocab_diff *diff, struct cli_put *out);

#endif
