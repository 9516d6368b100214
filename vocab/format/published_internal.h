/*
 * published_internal.h - the encodings that tiktoken publishes.
 */
#ifndef VOCAB_FORMAT_PUBLISHED_INTERNAL_H
#define VOCAB_FORMAT_PUBLISHED_INTERNAL_H

#include "tok/base/span.h"

struct vocab_published_special {
	const char *text;
	tok_id id;
};

struct vocab_published {
	const char *name;
	const char *pattern; /* Rust dialect */
	uint64_t hash;       /* XXH3 of the published file of ranks; 0: another name has it */
	struct vocab_published_special specials[16]; /* up to the first without text */
	tok_id reserved_first, reserved_end;         /* <|reserved_N|> for these too */
};

#define VOCAB_PUBLISHED_NAMES "gpt2, r50k, p50k, p50k_edit, cl100k, o200k, o200k_harmony"

/* "cl100k" or "cl100k_base"; NULL if there is no such encoding. */
const struct vocab_published *vocab_published_by_name(const char *name);
const struct vocab_published *vocab_published_by_hash(uint64_t hash);

#endif
