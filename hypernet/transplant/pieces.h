/*
 * pieces.h - new tokens as the old tokenizer spells them.
 *
 *	struct hyper_pieces p = { 0 };
 *	status = hyper_pieces_make(&source, &target, wanted, count, source_rows, &p, &err);
 *	// of wanted[i]: p.ids[p.ends[i - 1]] to p.ids[p.ends[i] - 1]
 *
 * The old tokenizer's whole pipeline is asked about the token's bytes, without template and
 * special tokens.  A blank that its pipeline puts in front (SentencePiece's add_dummy_prefix) is
 * not part of the token: it is asked for as the continuation of another text, which yields none,
 * and where one comes all the same (T5's words, WordPiece's beginnings of words) the first piece
 * makes way for old tokens of its bytes without the blank, longest first ("##ing" for "ing"); it
 * stays where they are not there.  Bytes that are no UTF-8 are spelt by the old vocabulary's own
 * tokens of bytes, longest first, and so is what the pipeline makes nothing of, and a piece that is
 * of HYPER_TOKEN_NONE: a token that the tokenizer has and the vocabulary is to do without.
 */
#ifndef HYPER_TRANSPLANT_PIECES_H
#define HYPER_TRANSPLANT_PIECES_H

#include "hypernet/transplant/vocab.h"

struct hyper_pieces {
	tok_id *ids;
	uint64_t *ends; /* of each token */
	/* Of each piece: how many code points of the token it touches (of what is no UTF-8: how
	 * many bytes), as the old tokenizer's offsets say. */
	uint32_t *lengths;
	size_t count;    /* tokens */
	size_t unspelt;  /* tokens without a piece */
	size_t cut;      /* tokens that a blank in front was cut from */
	size_t by_bytes; /* tokens that are no UTF-8 */
};

/* `wanted`: ids of the target; special ones are spelt by their names.  Pieces with ids from
 * source_rows on are left out.  TOK_ENOMEM, and what encoding fails with. */
TOK_API TOK_MUST_USE enum tok_status
hyper_pieces_make(const struct hyper_vocab *source, const struct hyper_vocab *target,
		  const tok_id *wanted, size_t count, size_t source_rows, size_t threads,
		  struct hyper_pieces *out, struct tok_error *err);
TOK_API void hyper_pieces_release(struct hyper_pieces *pieces);

#endif
