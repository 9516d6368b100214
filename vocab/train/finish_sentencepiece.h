/*
 * finish_sentencepiece.h - a SentencePiece model of what was learned: as finish.h, for
 * a .model file.
 *
 *	status = vocab_read_bytes(stream->recipe, NULL, &spec, &err);
 *	status = vocab_finish_sentencepiece_begin(&options, &spec, &first_id, &err);
 *	... learn, ids from first_id on ...
 *	status = vocab_finish_sentencepiece(&options, &learned, &spec, &err);
 *
 * Pieces: the unknown one ("<unk>", if options name none), "<s>" and "</s>"; special tokens
 * of the recipe, which are user-defined pieces here; with byte fallback 256 bytes; then
 * what was learned.  Scores of BPE are the order of learning, falling from 0.  It encodes as
 * SentencePiece does, to which every pair of pieces that make a piece is a merge.
 */
#ifndef VOCAB_TRAIN_FINISH_SENTENCEPIECE_H
#define VOCAB_TRAIN_FINISH_SENTENCEPIECE_H

#include "vocab/train/finish.h"

/* TOK_EARG where the model or the recipe is none that SentencePiece has: it must be BPE
 * or Unigram without prefix and suffix; words begin with U+2581, and text is normalized
 * by nothing, a charsmap, or by leaving out superfluous spaces. */
TOK_API TOK_MUST_USE enum tok_status
vocab_finish_sentencepiece_begin(const struct vocab_finish_options *options, struct tok_spec *spec,
				 tok_id *first_id, struct tok_error *err);

/* `spec` is as the other left it.  Characters that no model can hold, NUL and bytes that
 * are not UTF-8, are left out. */
TOK_API TOK_MUST_USE enum tok_status
vocab_finish_sentencepiece(const struct vocab_finish_options *options,
			   const struct vocab_learned *learned, struct tok_spec *spec,
			   struct tok_error *err);

#endif
