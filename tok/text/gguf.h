/*
 * gguf.h - GGUF files: the counts at their beginning, and the key-value pairs that follow, where
 * they lie.  (What they mean is for others: vocab/ reads tokenizers, hypernet/ tensors.)
 *
 *	struct tok_gguf g;
 *	struct tok_gguf_pair pair;
 *	enum tok_status status = tok_gguf_begin(file, &g, &err);
 *	for (uint64_t i = 0; status == TOK_OK && i < g.pairs; i++)
 *		status = tok_gguf_next(&g, &pair, &err);
 *
 * Versions 2 and 3, little-endian.  Arrays of arrays are refused, as llama.cpp does.
 */
#ifndef TOK_TEXT_GGUF_H
#define TOK_TEXT_GGUF_H

#include "tok/base/bytes_reader.h"
#include "tok/base/status.h"

enum tok_gguf_type {
	TOK_GGUF_U8,
	TOK_GGUF_I8,
	TOK_GGUF_U16,
	TOK_GGUF_I16,
	TOK_GGUF_U32,
	TOK_GGUF_I32,
	TOK_GGUF_F32,
	TOK_GGUF_BOOL,
	TOK_GGUF_STRING,
	TOK_GGUF_ARRAY,
	TOK_GGUF_U64,
	TOK_GGUF_I64,
	TOK_GGUF_F64
};

struct tok_gguf_value {
	bool there;                       /* false in a zeroed struct: no value */
	enum tok_gguf_type type, element; /* element: of an array */
	uint64_t count;                   /* of an array */
	struct tok_span bytes; /* the value; of an array, all items one behind the other */
};

struct tok_gguf_pair {
	struct tok_span key;
	struct tok_gguf_value value;
};

struct tok_gguf {
	struct tok_bytes_reader rest; /* behind the last pair that was read */
	uint64_t tensors, pairs;      /* as the file says: not to be trusted */
};

/* TOK_EFORMAT, saying where; does not name the file. */
TOK_API TOK_MUST_USE enum tok_status tok_gguf_begin(struct tok_span file, struct tok_gguf *out,
						    struct tok_error *err);

/* The next of the pairs; spans point into the file. */
TOK_API TOK_MUST_USE enum tok_status tok_gguf_next(struct tok_gguf *file, struct tok_gguf_pair *out,
						   struct tok_error *err);

#endif
