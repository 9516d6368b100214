/*
 * named.h - would a model make a token of text, if the token had this name?
 *
 *	bool made;
 *	status = vocab_name_is_made(&spec, spec.model.as.bpe.ignore_merges, name, &made, &err);
 *
 * For tokens that are in a vocabulary only to have an id there: by their name some text must not
 * come to be them.
 */
#ifndef VOCAB_CONVERT_NAMED_H
#define VOCAB_CONVERT_NAMED_H

#include "tok/pipe/spec.h"

/* True also where it cannot be told: only what the pre-tokenizer always parts, and what merges
 * would have to make, is known to be made of no text.  Merges of the token itself are not looked
 * for.  TOK_ENOMEM. */
TOK_MUST_USE enum tok_status vocab_name_is_made(const struct tok_spec *spec, bool ignore_merges,
						struct tok_span name, bool *out,
						struct tok_error *err);

#endif
