/*
 * tokenizer_internal.h - the tables that encoder and decoder walk.
 */
#ifndef TOK_PIPE_TOKENIZER_INTERNAL_H
#define TOK_PIPE_TOKENIZER_INTERNAL_H

#include "tok/base/hash.h"
#include "tok/pipe/added_internal.h"
#include "tok/pipe/tokenizer.h"

struct tok_token_info {
	struct tok_span text;   /* as the file writes it; .bytes NULL: a hole */
	struct tok_span decode; /* what decoding starts from: of an added token that is matched
				 * normalised, the normalised content */
	const struct tok_vocab_entry *entry; /* of the model, or NULL */
	bool special, added;
	bool skipped; /* by a decoder told to skip special tokens */
};

/* Where texts may be cut: see cut.c. */
struct tok_cuts {
	bool anywhere, words, lines, newline_tokens, chars;
	bool norm_fronts, pretok_fronts; /* something is done at the beginning of a text */
	uint32_t space;                  /* what the model or splitter sees of one */
	struct tok_added_reach reach;    /* of the tokens in the text as it came */
};

struct tok_tokenizer {
	struct tok_spec spec;
	struct tok_arena arena; /* everything below that is not a handle */
	struct tok_normalizer *normalizer;
	struct tok_pretokenizer *pretokenizer;
	struct tok_model *model;

	struct tok_token_info *tokens; /* size of them, by id */
	size_t size;
	struct tok_strings by_text;

	struct tok_added_set added;            /* matched in the text as it came */
	struct tok_added_set added_normalized; /* matched after normalisation */

	struct tok_regex **decode_regexes; /* one a decoder step; NULL where none */
	size_t decode_regex_count;
	struct tok_cuts cuts[2]; /* [are special tokens looked for?] */
	bool byte_model;         /* the model's symbols are bytes: text reaches it as it is */
	bool byte_decoder;       /* decoding is joining `decode`, which holds bytes */
	bool needs_origin;       /* origins are tracked even if nobody wants offsets */
};

void tok_cuts_init(struct tok_cuts *out, const struct tok_tokenizer *tokenizer, bool match_special);

/* Vocabulary whose text is in the byte-level alphabet, seen as bytes.  Entries
 * with a character outside the alphabet can never be reached: they are left
 * out.  `out` has room for `count`; returns how many there are, or SIZE_MAX if
 * memory is out. */
size_t tok_lower_entries(const struct tok_vocab_entry *entries, size_t count,
			 struct tok_arena *arena, struct tok_vocab_entry *out);

/* `text` with every character taken back to its byte; .bytes NULL if memory is
 * out; *all tells whether every character was in the alphabet. */
struct tok_span tok_lower_text(struct tok_span text, struct tok_arena *arena, bool *all);

/* Bytes written in the byte-level alphabet; .bytes NULL if memory is out. */
struct tok_span tok_raise_bytes(struct tok_span bytes, struct tok_arena *arena);

#endif
