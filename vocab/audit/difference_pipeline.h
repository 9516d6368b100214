/*
 * difference_pipeline.h - which stages of two tokenizers are not the same, whatever their
 * vocabularies are.
 *
 *	for (int s = 0; s < VOCAB_STAGES; s++)
 *		if (!vocab_stage_is_same((enum vocab_stage)s, &a, &b))
 *			...
 *
 * Every field that decides ids, offsets, text or type ids is compared as it was read, spans by
 *their bytes: steps that do the same and are written otherwise, or are of another dialect of
 *expressions, are not the same.  Added tokens, entries, merges, and how many of them there are,
 *belong to no stage: difference.h has them.
 */
#ifndef VOCAB_AUDIT_DIFFERENCE_PIPELINE_H
#define VOCAB_AUDIT_DIFFERENCE_PIPELINE_H

#include "tok/pipe/spec.h"

enum vocab_stage {
	VOCAB_STAGE_NORMALIZER,
	VOCAB_STAGE_PRE_TOKENIZER,
	VOCAB_STAGE_MODEL, /* with what a SentencePiece file does otherwise */
	VOCAB_STAGE_POST_PROCESSOR,
	VOCAB_STAGE_DECODER,
	VOCAB_STAGE_TRUNCATION,
	VOCAB_STAGE_PADDING,
	VOCAB_STAGES
};

TOK_API bool vocab_stage_is_same(enum vocab_stage stage, const struct tok_spec *a,
				 const struct tok_spec *b);

#endif
