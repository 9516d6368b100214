/*
 * growth.h - what a tokenizer's steps may make of a text, before they run.
 *
 *	if (vocab_encodes_small(spec, text))
 *		status = tok_encode(encoder, text, &options, &encoding, &err);
 *
 * A file may be hostile: steps multiply what they are given, and several do it to each other's. Who
 * only wants to know how a tokenizer behaves asks here first.  Of a few bytes the steps of
 *published vocabularies make little.  Any thread may ask.
 */
#ifndef VOCAB_CONVERT_GROWTH_H
#define VOCAB_CONVERT_GROWTH_H

#include "tok/pipe/tokenizer.h"

/* Do normaliser and pre-tokenizer surely look at no more than 64 KB, all steps together? */
TOK_API bool vocab_encodes_small(const struct tok_spec *spec, struct tok_span text);

/* Do the steps of the decoder, of the texts of these ids? */
TOK_API bool vocab_decodes_small(const struct tok_tokenizer *tokenizer, const tok_id *ids,
				 size_t count);

#endif
