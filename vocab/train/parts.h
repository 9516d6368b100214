/*
 * parts.h - what the tokens of a vocabulary are made of.
 *
 *	struct vocab_parts parts;
 *	status = vocab_parts_of(&base, &parts, &err);
 *	for (size_t i = parts.begins[id]; i < parts.begins[id + 1]; i++)
 *		use(parts.items[i]);
 *	vocab_parts_release(&parts);
 *
 * BPE makes a token of two others, in its last merge when the token's text is encoded: what
 * merging does inside a text depends on that text alone, so that it is the merge in any
 * other text too.  A token that merging never makes has for parts what its text
 * becomes; it is one only where a whole word is taken for the token that it is.
 */
#ifndef VOCAB_TRAIN_PARTS_H
#define VOCAB_TRAIN_PARTS_H

#include "vocab/train/base.h"

struct vocab_parts {
	uint32_t *begins; /* by id, one more than there are */
	tok_id *items;
	bool *made; /* by id: merging makes it, or it is a first symbol */
	size_t id_count;
	size_t count, capacity; /* of items */
};

/* Of a BPE.  First symbols have no parts, nor has a token whose text is longer than 4096
 * of them. */
TOK_API TOK_MUST_USE enum tok_status vocab_parts_of(const struct vocab_base *base,
						    struct vocab_parts *out, struct tok_error *err);
TOK_API void vocab_parts_release(struct vocab_parts *parts);

#endif
