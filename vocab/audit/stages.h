/*
 * stages.h - the pipeline of a tokenizer, stage by stage, in words.
 */
#ifndef VOCAB_AUDIT_STAGES_H
#define VOCAB_AUDIT_STAGES_H

#include "vocab/audit/describe.h"

enum { VOCAB_STEP_STAGES = 5 };

struct vocab_step_stage {
	const char *name, *title;                     /* as in tokenizer.json; for people */
	size_t (*count)(const struct tok_spec *spec); /* steps */
	void (*describe)(const struct tok_spec *spec, size_t i, char out[VOCAB_LINE]);
};

/* In the order that text goes through them: normaliser, pre-tokenizer, model, post-processor,
 * decoder. */
TOK_API extern const struct vocab_step_stage vocab_step_stages[VOCAB_STEP_STAGES];

#endif
