/*
 * bytes_check_internal.h - probabilities by the definition, for tok bytes check.
 *
 * What the byte machine computes by walking heads is computed here from the definition: all rows of
 * tokens that cover a text are made, one after the other, and what the model says of each of
 * their tokens is multiplied.  Slow, and only for short texts.
 */
#ifndef CMD_BYTES_CHECK_INTERNAL_H
#define CMD_BYTES_CHECK_INTERNAL_H

#include "cmd/bytes_internal.h"
#include "tok/base/random.h"

/* log P of `text`: of texts that begin with it among those that begin with what tokens hide.
 * *finished is false, and *log_p unknown, where more than `most_rows` rows of the model are needed.
 */
TOK_MUST_USE enum tok_status bytes_check_brute(const struct bytes_side *side, struct tok_span text,
					       uint64_t most_rows, double *log_p, bool *finished,
					       struct tok_error *err);

/* Is `ids` the encoding of what it spells, as far as validity.h knows? */
bool bytes_check_validity(const struct bytes_side *side, const tok_id *ids, size_t count);

/* A row of tokens that spells `text`, drawn at random, appended to `ids`, which is empty.  Nothing
 * is appended where one came to a place that no token goes on from. */
TOK_MUST_USE enum tok_status bytes_check_draw(const struct bytes_side *side, struct tok_span text,
					      struct tok_random *random, struct tok_buffer *ids,
					      struct tok_error *err);

#endif
