/*
 * published_internal.h - the encodings that tiktoken publishes.
 */
#ifndef VOCAB_FORMAT_PUBLISHED_INTERNAL_H
#define VOCAB_FORMAT_PUBLISHED_INTERNAL_H

#include "tok/pipe/spec.h"

struct vocab_published_special {
	const char *text;
	tok_id id;
};

struct vocab_published {
	const char *name;
	const char *pattern; /* Rust dialect */
	/* What its ranks are known by: how many, and the sum of their hashes.  0:
	 * another name has the same ranks. */
	size_t count;
	uint64_t sum;
	struct vocab_published_special specials[16]; /* up to the first without text */
	tok_id reserved_first, reserved_end;         /* <|reserved_N|> for these too */
};

#define VOCAB_PUBLISHED_NAMES "gpt2, r50k, p50k, p50k_edit, cl100k, o200k, o200k_harmony"

/* "cl100k" or "cl100k_base"; NULL if there is no such encoding. */
const struct vocab_published *vocab_published_by_name(const char *name);

/* The encoding that has exactly these ranks, in whatever order; or NULL. */
const struct vocab_published *vocab_published_by_ranks(const struct tok_vocab_entry *entries,
						       size_t count);

/* Make its special tokens added tokens of `out`, if no rank has their ids. */
TOK_MUST_USE enum tok_status vocab_published_add_specials(const struct vocab_published *encoding,
							  struct tok_spec *out,
							  struct tok_error *err);

#endif
