/*
 * dtype.h - how the numbers of a tensor are stored.
 *
 *	hyper_to_f32(HYPER_BF16, bytes, count, floats);
 *	hyper_from_f32(HYPER_F16, floats, count, bytes);
 *
 * Numbers are little-endian.  Some types come in blocks: 32 or 256 numbers that share
 * scales; a row of such a tensor is a whole number of blocks.  Pure functions, any thread.
 *
 * Sources: IEEE 754 (F16, round to nearest even; NaN stays NaN, its sign kept), the truncated
 * F32 called bfloat16, and the block layouts of ggml (ggml-common.h at d99724f2).
 */
#ifndef HYPER_TENSOR_DTYPE_H
#define HYPER_TENSOR_DTYPE_H

#include "tok/base/span.h"
#include "tok/base/status.h"

/* First those of safetensors, then the blocks of ggml.  Of those that can only be copied the sizes
 * are known. */
enum hyper_dtype {
	HYPER_F32,
	HYPER_F16,
	HYPER_BF16,
	HYPER_F64,
	HYPER_I8,
	HYPER_U8,
	HYPER_I16,
	HYPER_U16,
	HYPER_I32,
	HYPER_U32,
	HYPER_I64,
	HYPER_U64,
	HYPER_BOOL,
	HYPER_F8_E4M3,
	HYPER_F8_E5M2,
	HYPER_F8_E4M3FNUZ,
	HYPER_F8_E5M2FNUZ,
	HYPER_F8_E8M0,
	HYPER_F6_E2M3,
	HYPER_F6_E3M2,
	HYPER_F4,
	HYPER_C64,
	HYPER_Q8_0, /* 32 numbers, one F16 scale and 32 I8: 34 bytes */
	HYPER_Q4_0,
	HYPER_Q4_1,
	HYPER_Q5_0,
	HYPER_Q5_1,
	HYPER_Q2_K,
	HYPER_Q3_K,
	HYPER_Q4_K,
	HYPER_Q5_K,
	HYPER_Q6_K,
	HYPER_IQ1_S,
	HYPER_IQ1_M,
	HYPER_IQ2_XXS,
	HYPER_IQ2_XS,
	HYPER_IQ2_S,
	HYPER_IQ3_XXS,
	HYPER_IQ3_S,
	HYPER_IQ4_NL,
	HYPER_IQ4_XS,
	HYPER_TQ1_0,
	HYPER_TQ2_0,
	HYPER_MXFP4,
	HYPER_DTYPE_COUNT
};

/* As safetensors or ggml names it: "BF16", "Q8_0". */
TOK_API const char *hyper_dtype_name(enum hyper_dtype dtype);

/* The dtype of a name; false if there is none. */
TOK_API TOK_MUST_USE bool hyper_dtype_find(struct tok_span name, enum hyper_dtype *out);

/* Numbers that are stored together, 1 of most, and the bytes that they take. */
TOK_API size_t hyper_dtype_block(enum hyper_dtype dtype);
TOK_API size_t hyper_dtype_bytes(enum hyper_dtype dtype);

/* Bytes of `numbers`; false where they are no whole number of blocks or too many. */
TOK_API TOK_MUST_USE bool hyper_dtype_size(enum hyper_dtype dtype, size_t numbers, size_t *out);

/* Can hyper_to_f32 read it, hyper_from_f32 write it?  Read: F32, F16, BF16, F64 and the blocks from
 * Q8_0 to Q6_K; written: F32, F16, BF16, F64, Q8_0.  (F8 has scales in a tensor of its own, and
 * whole numbers are no weights.) */
TOK_API bool hyper_dtype_is_readable(enum hyper_dtype dtype);
TOK_API bool hyper_dtype_is_writable(enum hyper_dtype dtype);

/* `count` numbers, a multiple of the block, of a readable dtype; `from` need not be aligned. */
TOK_API void hyper_to_f32(enum hyper_dtype dtype, const void *from, size_t count, float *to);

/* The other way, of a writable dtype, rounded to nearest even; `from` and `to` do not overlap. */
TOK_API void hyper_from_f32(enum hyper_dtype dtype, const float *from, size_t count, void *to);

#endif
