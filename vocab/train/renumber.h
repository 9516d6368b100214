/*
 * renumber.h - other ids for the tokens of a specification, or none.
 *
 *	const size_t count = vocab_next_id(&spec);
 *	tok_id *map = ...;                             // by id: the new one, TOK_NO_ID: gone
 *	status = vocab_renumber(&spec, map, count, &err);
 *
 * A token that goes takes along the merges it stands in.  Whoever makes the map sees to it
 * that what stays is still made of what stays.
 */
#ifndef VOCAB_TRAIN_RENUMBER_H
#define VOCAB_TRAIN_RENUMBER_H

#include "tok/pipe/spec.h"

/* One more than the largest id, of added tokens too. */
TOK_API tok_id vocab_next_id(const struct tok_spec *spec);

/* Entries, merges, added tokens, the unknown token, byte tokens, template and padding.
 * `map` has an item for each of the ids below `count`; larger ones stay.  TOK_EARG where
 * the template or the unknown token would lose its token. */
TOK_API TOK_MUST_USE enum tok_status vocab_renumber(struct tok_spec *spec, const tok_id *map,
						    size_t count, struct tok_error *err);

#endif
