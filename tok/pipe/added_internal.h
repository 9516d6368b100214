/*
 * added_internal.h - finding added tokens in a text.
 *
 * Leftmost, longest; then the rules of Hugging Face's AddedVocabulary
 * (single_word, lstrip, rstrip; special tokens passed over when they are
 * ordinary text: also the shorter tokens inside them are then not seen).
 */
#ifndef TOK_PIPE_ADDED_INTERNAL_H
#define TOK_PIPE_ADDED_INTERNAL_H

#include "tok/pipe/spec.h"

struct tok_added_entry {
	struct tok_span content; /* what is looked for */
	const struct tok_added_token *token;
};

/* First bytes that are looked for a block at a time; with more, one by one. */
enum { TOK_ADDED_FEW = 8 };

enum tok_added_start {
	TOK_ADDED_NEVER,  /* no content begins with this byte */
	TOK_ADDED_LONGER, /* some do, the byte alone is none */
	TOK_ADDED_ALONE   /* the byte alone is one */
};

/* Immutable; entries sorted by content. */
struct tok_added_set {
	struct tok_added_entry *entries;
	size_t count;
	bool has_ordinary;   /* some token is not special */
	uint8_t starts[256]; /* enum tok_added_start */
	uint32_t first[257]; /* contents that begin with byte b: from first[b] to first[b + 1] */
	uint64_t pairs[256 * 256 / 64];   /* a bit for the two bytes that one begins with */
	uint8_t few_bytes[TOK_ADDED_FEW]; /* all bytes that one begins with, some repeated ... */
	bool few;                         /* ... if they are as few */
};

struct tok_added_match {
	size_t begin, end; /* with what lstrip and rstrip took along */
	size_t resume;     /* where to look for the next one: the end of the content */
	const struct tok_added_token *token; /* NULL: no further match */
};

/* Sort `entries` (in place, kept) into `out`. */
void tok_added_set_init(struct tok_added_set *out, struct tok_added_entry *entries, size_t count);

/* The next match at or after `from`, which is the `resume` of the one before.
 * `done` is the `end` of the one before: lstrip does not reach behind it. */
struct tok_added_match tok_added_find(const struct tok_added_set *set, struct tok_span text,
				      size_t from, size_t done, bool skip_special);

/* What the tokens of a set may do at a place where a text is cut. */
struct tok_added_reach {
	bool single_word, lstrip, rstrip; /* of some token */
	bool ends[256];                   /* the last bytes of the contents */
	uint64_t pairs[256 * 256 / 64];   /* a bit for two bytes that stand side by side in one */
};

/* Add what the tokens of `set` may do to `out`. */
void tok_added_note_reach(const struct tok_added_set *set, bool skip_special,
			  struct tok_added_reach *out);

/* Can a match lie across a place between these two bytes? */
bool tok_added_reaches(const struct tok_added_reach *reach, uint8_t before, uint8_t behind);

#endif
