/*
 * validity_mask_internal.h - for those who ask about all ids at once: what is the same for many
 * states need not be asked of each.
 *
 *	An id is valid behind a state if it is so behind one of those that it is split into, and
 *	behind one of these if it is so behind the relaxed one, and that is confirmed.
 *
 * There are few relaxed states: the last token is left out of them.  Which ids that one does not
 * let follow is known of all at once (tok/model/neighbours.h).
 */
#ifndef TOK_BYTES_VALIDITY_MASK_INTERNAL_H
#define TOK_BYTES_VALIDITY_MASK_INTERNAL_H

#include "tok/bytes/tokens_internal.h"
#include "tok/bytes/validity.h"

enum { TOK_VALID_SPLIT_MAX = 9 };

struct tok_valid_shared;

/* *out is NULL, with TOK_OK, where states share nothing.  Borrows both. */
TOK_MUST_USE enum tok_status tok_valid_shared_new(const struct tok_validity *validity,
						  const struct tok_byte_tokens *tokens,
						  struct tok_valid_shared **out,
						  struct tok_error *err);
void tok_valid_shared_free(struct tok_valid_shared *shared);

/* States are behind the end of a token.  How many; one is the state itself. */
size_t tok_valid_split(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		       struct tok_valid_state out[TOK_VALID_SPLIT_MAX]);

/* False: this one has to be asked itself. */
bool tok_valid_relax(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		     struct tok_valid_state *out);

/* `bits` has a bit a rank, 1 where an id is valid behind the relaxed state: those that are not
 * behind `state` become 0. */
void tok_valid_confirm(const struct tok_valid_shared *shared, const struct tok_valid_state *state,
		       uint64_t *bits);

#endif
