/*
 * gguf_internal.h - what the reader and the writer of GGUF files share.
 */
#ifndef HYPER_TENSOR_GGUF_INTERNAL_H
#define HYPER_TENSOR_GGUF_INTERNAL_H

#include "hypernet/tensor/tensors_internal.h"
#include "tok/text/gguf.h"

enum {
	GGUF_RANK_MAX = 4,
	GGUF_ALIGNMENT = 32, /* where the file says nothing else */
	GGUF_ALIGNMENT_MAX = 1 << 16,
};

#define GGUF_ALIGNMENT_WANTED                                                                      \
	"'general.alignment' must be a number of 32 bits, a power of two up to 65536"

/* The format's number of a type; false if it has none. */
TOK_MUST_USE bool gguf_type_of(enum hyper_dtype dtype, uint32_t *out);

/* The value of general.alignment; false if it is none. */
TOK_MUST_USE bool gguf_read_alignment(const struct tok_gguf_value *value, size_t *out);

#endif
