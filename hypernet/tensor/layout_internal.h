/*
 * layout_internal.h - what the layouts of all formats have in common.
 */
#ifndef HYPER_TENSOR_LAYOUT_INTERNAL_H
#define HYPER_TENSOR_LAYOUT_INTERNAL_H

#include "hypernet/tensor/write.h"

static inline uint64_t layout_aligned(uint64_t at, uint64_t align)
{
	return (at + align - 1) / align * align;
}

/* Places of the tensors from where the data begin; the size of the data so far.  On failure too
 * `out` is to be released. */
TOK_MUST_USE enum tok_status layout_begin(const struct hyper_write_tensor *list, size_t count,
					  uint64_t align, struct hyper_layout *out,
					  struct tok_error *err);

/* The header is there (`ok`; else memory was out): places from the start of the file. */
TOK_MUST_USE enum tok_status layout_end(struct hyper_layout *layout, bool ok, uint64_t align,
					struct tok_error *err);

/* Up to a multiple of `align` bytes. */
TOK_MUST_USE bool layout_pad(struct tok_buffer *to, uint8_t byte, size_t align);

#endif
