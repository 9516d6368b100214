/*
 * train_stages.h - supertokens in two stages: what train_stages.c learns and
 * train_exact.c measures.
 */
#ifndef CMD_TRAIN_STAGES_H
#define CMD_TRAIN_STAGES_H

#include "cmd/train_internal.h"
#include "vocab/train/base.h"

/* How many lines of a sample have other tokens than the exact encoder gives. */
struct train_exactness {
	uint64_t lines, differing, exact_ids, ids;
};

struct train_stages {
	struct train_run *run;
	const struct train_options *opts;
	struct vocab_finish_options finish;
	size_t size;                                /* the largest asked for */
	struct tok_buffer recipe;                   /* of words */
	struct tok_spec words;                      /* the tokenizer of words */
	struct train_rules word_rules, super_rules; /* of each stage */
	tok_id first_id;
	struct vocab_base base;
	struct tok_regex *pattern;
	struct vocab_runs *runs;
	struct vocab_learned first, second, joined;
	size_t word_merges; /* of those in `joined` */
	struct train_exactness exactness;
	bool trouble;
};

/* The tokenizer of what was learned, or of a front of it. */
enum tok_status train_stages_tokenizer(const struct train_stages *s,
				       const struct vocab_learned *learned,
				       enum vocab_relaxed relaxed, struct tok_spec *spec,
				       struct tok_error *err);

/* Fill s->exactness from a sample of the input; and tell it. */
enum tok_status train_exactness_measure(struct train_stages *s, struct tok_error *err);
void train_exactness_tell(const struct train_exactness *exactness);

#endif
