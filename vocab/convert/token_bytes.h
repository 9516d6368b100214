/*
 * token_bytes.h - which bytes a token stands for, however its file spells it.
 *
 *	struct vocab_token_bytes t = { 0 };
 *	status = vocab_token_bytes(tokenizer, &t, &err);
 *	use(t.bytes[id], t.kinds[id]);
 *	vocab_token_bytes_release(&t);
 *
 *	byte-level alphabet     the bytes of its characters
 *	.tiktoken, tekken       as they are
 *	what stands for a space (SentencePiece's U+2581, any that Metaspace has; found by what the
 *				pipeline makes of " test")  a space
 *	WordPiece               taken off its prefix ("##"); what has none has a space in front
 *	BPE's suffix ("</w>")   a space behind
 *	byte fallback           <0xNN> is that byte, and of kind BYTE
 *	added tokens            as they are; special ones, controls and the unknown one are of kind
 *				SPECIAL.  One that is no special token, and an entry as well, is
 *				read as the entry (Gemma's runs of U+2581)
 */
#ifndef VOCAB_CONVERT_TOKEN_BYTES_H
#define VOCAB_CONVERT_TOKEN_BYTES_H

#include "tok/base/buffer.h"
#include "tok/pipe/tokenizer.h"

enum vocab_token_kind {
	VOCAB_TOKEN_NONE, /* no token has this id */
	VOCAB_TOKEN_TEXT,
	VOCAB_TOKEN_BYTE,
	VOCAB_TOKEN_SPECIAL /* .bytes is its name */
};

struct vocab_token_bytes {
	struct tok_span *bytes; /* of each id; NULL bytes of VOCAB_TOKEN_NONE */
	uint8_t *kinds;         /* enum vocab_token_kind */
	size_t count;           /* one more than the largest id */
	struct tok_arena arena; /* private */
};

TOK_API TOK_MUST_USE enum tok_status vocab_token_bytes(const struct tok_tokenizer *tokenizer,
						       struct vocab_token_bytes *out,
						       struct tok_error *err);
TOK_API void vocab_token_bytes_release(struct vocab_token_bytes *tokens);

/* ---- how a vocabulary spells texts ----------------------------------------------------- */

struct vocab_spelling {
	uint32_t space;         /* stands for a space; 0: nothing does */
	struct tok_span prefix; /* of what goes on a word; .count 0: none */
	bool starts;            /* what has no prefix starts a word */
	struct tok_span suffix; /* of what ends a word; .count 0: none */
	bool plain;             /* texts are in the byte-level alphabet, or raw */
};

/* Of any tokenizer; spans are borrowed from `spec`. */
TOK_API TOK_MUST_USE enum tok_status
vocab_spelling_find(const struct tok_spec *spec, struct vocab_spelling *out, struct tok_error *err);

/* The bytes of `text`, behind what `out` holds; of a spelling that is not plain.  False: memory is
 * out. */
TOK_API TOK_MUST_USE bool vocab_spelling_read(const struct vocab_spelling *spelling,
					      struct tok_span text, struct tok_buffer *out);

#endif
