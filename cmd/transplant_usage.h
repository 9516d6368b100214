/*
 * transplant_usage.h - what a text is made of under both tokenizers: how much of what a model will
 * read has a row of its own, and how much one that was made up.
 */
#ifndef CMD_TRANSPLANT_USAGE_H
#define CMD_TRANSPLANT_USAGE_H

#include "cmd/transplant_internal.h"

struct transplant_usage {
	uint64_t bytes, old_tokens, new_tokens;
	uint64_t classes[HYPER_MATCH_COUNT]; /* of the new tokens, by enum hyper_match_class */
};

/* The file at `path`, as one document, in parts. */
TOK_MUST_USE enum tok_status transplant_usage_of(const struct transplant_case *c, const char *path,
						 struct transplant_usage *out,
						 struct tok_error *err);

/* Share of running tokens that are not copied, 0 to 1. */
double transplant_usage_made(const struct transplant_usage *usage);

#endif
