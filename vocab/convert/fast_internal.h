/* fast_internal.h - between the files that make SentencePiece models fast ones. */
#ifndef VOCAB_CONVERT_FAST_INTERNAL_H
#define VOCAB_CONVERT_FAST_INTERNAL_H

#include "vocab/convert/fast.h"

/* Give a BPE by scores its list of merges (fast_merges.c). */
TOK_MUST_USE enum tok_status fast_merges(struct tok_spec *spec, struct vocab_losses *losses,
					 struct tok_error *err);

#endif
