/*
 * difference_internal.h - the parts of difference.h.
 */
#ifndef VOCAB_AUDIT_DIFFERENCE_INTERNAL_H
#define VOCAB_AUDIT_DIFFERENCE_INTERNAL_H

#include "vocab/audit/difference.h"

/* difference_merges.c: out->merges, once its bytes are known. */
TOK_MUST_USE enum tok_status difference_merges(const struct tok_spec *a, const struct tok_spec *b,
					       struct vocab_differences *out,
					       struct tok_arena *arena, struct tok_error *err);

#endif
