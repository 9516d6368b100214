/*
 * gguf_write_internal.h - key-value pairs, one behind the other.
 */
#ifndef VOCAB_FORMAT_GGUF_WRITE_INTERNAL_H
#define VOCAB_FORMAT_GGUF_WRITE_INTERNAL_H

#include "tok/text/gguf.h"
#include "vocab/format/gguf_write.h"

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

#endif
