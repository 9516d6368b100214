/*
 * gguf_write_internal.h - key-value pairs, one behind the other; BERT's tokens; merges as scores.
 */
#ifndef VOCAB_FORMAT_GGUF_WRITE_INTERNAL_H
#define VOCAB_FORMAT_GGUF_WRITE_INTERNAL_H

#include "tok/text/gguf.h"
#include "vocab/format/gguf_write.h"

/* ---- gguf_replace.c: pairs ---- */

struct gguf_writer {
	struct tok_buffer *out;
	uint64_t count; /* of pairs */
	bool full;      /* memory is out */
};

void gguf_put_number(struct gguf_writer *w, uint64_t number, size_t bytes);
void gguf_put_text(struct gguf_writer *w, struct tok_span text); /* its length first */

/* The beginning of a pair: what follows is its value. */
void gguf_put_key(struct gguf_writer *w, struct tok_span key, enum tok_gguf_type type);
void gguf_put_array(struct gguf_writer *w, const char *key, enum tok_gguf_type element,
		    uint64_t count);

void gguf_put_string(struct gguf_writer *w, const char *key, struct tok_span value);
void gguf_put_flag(struct gguf_writer *w, const char *key, bool value);
void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value);
void gguf_put_float(struct gguf_writer *w, float value);

/* llama.cpp's number of a type of pieces. */
uint32_t gguf_piece_type(enum tok_piece_type type);

/* ---- gguf_bert.c ---- */

/* Words begin with U+2581 there, other pieces are bare; [BRACKETS] stay.  The text lives in
 * `arena`; TOK_EARG where there is no such spelling. */
TOK_MUST_USE enum tok_status gguf_respell(struct tok_vocab_entry *token, struct tok_arena *arena,
					  struct tok_error *err);

/* Those of [PAD] and [MASK], where no other is known: llama.cpp takes what is not said to be as in
 * BERT's own vocabulary, 0 and 103. */
void gguf_find_bert_ids(const struct tok_vocab_entry *tokens, size_t count,
			tok_id ids[VOCAB_GGUF_IDS]);

/* ---- gguf_scores.c: a BPE of merges between characters, as SentencePiece's ---- */

/* Is it one, with bytes for characters that it does not know? */
bool gguf_is_scored(const struct tok_spec *spec);

/* Give all its tokens, by id and with their types so far, the types and scores that SentencePiece
 * does the same with; `prefix` is whether it puts a space before a text.  Not said is how U+2581
 * itself is taken where tokens of spaces are added ones.  TOK_EARG where scores do not do what the
 * merges do, which of real ones is rare; TOK_ENOMEM. */
TOK_MUST_USE enum tok_status gguf_score(const struct tok_spec *spec, struct tok_vocab_entry *tokens,
					size_t count, bool *prefix, struct tok_error *err);

#endif
