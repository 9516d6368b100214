/*
 * validity_mask_internal.h - for those who ask about many ids at once: what is the same for many
 * states need not be asked of each.
 *
 *	An id is valid behind a state if it is so behind one of those that it is split into, and
 *	behind one of these if it is so behind the relaxed one, and that is confirmed.
 *
 * There are fewer relaxed states than states: the last token is left out of them, which is asked
 * for each id by tok_validity_confirm.
 */
#ifndef TOK_BYTES_VALIDITY_MASK_INTERNAL_H
#define TOK_BYTES_VALIDITY_MASK_INTERNAL_H

#include "tok/bytes/validity.h"

enum { TOK_VALID_SPLIT_MAX = 8 };

/* How many; 0 or 1: it cannot be split. */
size_t tok_validity_split(const struct tok_validity *validity, const struct tok_valid_state *state,
			  struct tok_valid_state out[TOK_VALID_SPLIT_MAX]);

/* False: this state has to be asked itself. */
bool tok_validity_relax(const struct tok_validity *validity, const struct tok_valid_state *state,
			struct tok_valid_state *out);

/* Is `id` valid behind `state`, as it is behind the relaxed one?  `state` is behind the first
 * `walked` bytes of the id. */
bool tok_validity_confirm(const struct tok_validity *validity, const struct tok_valid_state *state,
			  tok_id id, size_t walked);

#endif
