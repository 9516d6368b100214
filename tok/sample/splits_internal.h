/*
 * splits_internal.h - what the table of splits is made with: chains of tokens that
 * begin or end one another, and a reader that knows what the decoder makes of a pair.
 */
#ifndef TOK_SAMPLE_SPLITS_INTERNAL_H
#define TOK_SAMPLE_SPLITS_INTERNAL_H

#include "tok/base/buffer.h"
#include "tok/pipe/decoder.h"
#include "tok/sample/splits.h"
#include "tok/sample/surfaces.h"

/* The table, for who looks into it for each of many ids. */
struct tok_splits {
	uint32_t *starts; /* by id, size + 1 of them: where its pairs begin */
	struct tok_pair *pairs;
	size_t size, tokens;
};

/* ---- chains.c ---- */

/* Of a token t.  The front is the longest token that can be the left part of a split of t,
 * shorter than it, whatever may be behind; the front of that is the next shorter one; and
 * so on up to TOK_NO_ID.  Backs are the same for right parts. */
struct tok_chain_link {
	tok_id front, back;
	uint32_t length; /* of the surface; 0: there is none */
};

struct tok_chains {
	const struct tok_chain_link *links; /* by id */
	uint32_t longest;
};

/* In `arena`.  In time linear in the bytes of all surfaces. */
TOK_MUST_USE enum tok_status tok_chains_init(struct tok_chains *out,
					     const struct tok_surfaces *surfaces,
					     struct tok_arena *arena, struct tok_error *err);

/* ---- reader.c ---- */

/* What an id reads as at the beginning of a text and behind others: bytes of `texts`. */
struct tok_reading {
	size_t alone, behind;
	uint32_t alone_count, behind_count; /* TOK_NO_ID: not known yet */
};

struct tok_reader {
	const struct tok_surfaces *surfaces;
	const struct tok_spec *spec;
	bool is_plain;  /* ids read as their surfaces, wherever they stand: all pairs agree */
	bool by_pieces; /* or as something of their own, but for the beginning of a text */
	bool has_ctc;   /* an id behind an equal one vanishes */
	tok_id filler;  /* stands before and behind what is read; TOK_NO_ID: no token can */
	struct tok_decoder *alone, *behind;
	struct tok_reading *readings; /* by id */
	struct tok_buffer texts;
	struct tok_buffer whole;
};

/* Borrows both.  Release it, also after a failure. */
TOK_MUST_USE enum tok_status tok_reader_init(struct tok_reader *out,
					     const struct tok_tokenizer *tokenizer,
					     const struct tok_surfaces *surfaces,
					     struct tok_error *err);
void tok_reader_release(struct tok_reader *reader);

/* Do left and right, one behind the other, read as `id` does, whatever stands around? */
TOK_MUST_USE enum tok_status tok_reader_agrees(struct tok_reader *reader, tok_id id, tok_id left,
					       tok_id right, bool *out, struct tok_error *err);

#endif
