/*
 * transplant_check.h - the parts of tok transplant check: what is found goes to standard output, a
 * line each.
 */
#ifndef CMD_TRANSPLANT_CHECK_H
#define CMD_TRANSPLANT_CHECK_H

#include "cmd/transplant_internal.h"

struct transplant_check {
	const char *path; /* of the folder */
	struct hyper_folder *model, *old;
	struct hyper_embeddings embeddings, old_embeddings; /* old: of the model beside it */
	struct transplant_vocab vocab, old_vocab;           /* old: empty where it is not known */
	size_t threads;
	size_t wrong;        /* lines that were told */
	size_t copied, made; /* rows beside the old model's: the same, or as the mapping says */
	size_t same_tensors;
};

/* One thing that is not as it should be. */
void transplant_check_tell(struct transplant_check *check, const char *fmt, ...) TOK_PRINTF(2, 3);

/* Beside the model that it was made of: tensors that must be the same, and rows, by
 * mapping.safetensors or else mapping.tsv. */
TOK_MUST_USE enum tok_status transplant_check_against(struct transplant_check *check,
						      struct tok_error *err);

#endif
