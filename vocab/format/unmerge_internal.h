/*
 * unmerge_internal.h - from ranks to merges: which two tokens a token is merged from.
 */
#ifndef VOCAB_FORMAT_UNMERGE_INTERNAL_H
#define VOCAB_FORMAT_UNMERGE_INTERNAL_H

#include "tok/base/hash.h"
#include "tok/model/model.h"

/* Longer tokens have no merge: finding one takes the square of the length. */
enum { UNMERGE_LENGTH_MAX = 4096 };

/* The last merge when the bytes of `entry` are encoded by ranks as tiktoken does, where
 * that ends in the entry: any text in which it comes to be has made it so, since what
 * merging does inside a text depends on that text alone.  `ids` are those of all entries
 * by text.  False: merging never makes it. */
TOK_MUST_USE bool unmerge_find(const struct tok_strings *ids, const struct tok_vocab_entry *entry,
			       struct tok_merge *out);

#endif
