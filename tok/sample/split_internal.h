/* split_internal.h - how many attempts a document gets, for those who make them and for
 * those who count what can come of them. */
#ifndef TOK_SAMPLE_SPLIT_INTERNAL_H
#define TOK_SAMPLE_SPLIT_INTERNAL_H

#include "tok/sample/split.h"

struct tok_split_attempts {
	uint64_t whole;
	double fraction; /* probability of one more, where rounding is a matter of chance */
};

/* TOK_EARG where the options are wrong, TOK_ELIMIT where there would be too many ids. */
TOK_MUST_USE enum tok_status tok_split_count_attempts(const struct tok_split_options *options,
						      size_t count, struct tok_split_attempts *out,
						      struct tok_error *err);

#endif
