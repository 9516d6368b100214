#include "hypernet/tensor/dtype.h"

#include "hypernet/tensor/dtype_internal.h"

static const struct {
	const char *name;
	size_t block, bytes;
	dtype_reader *read;
	dtype_writer *write;
} types[HYPER_DTYPE_COUNT] = {
	[HYPER_F32] = { "F32", 1, 4, dtype_read_f32, dtype_write_f32 },
	[HYPER_F16] = { "F16", 1, 2, dtype_read_f16, dtype_write_f16 },
	[HYPER_BF16] = { "BF16", 1, 2, dtype_read_bf16, dtype_write_bf16 },
	[HYPER_F64] = { "F64", 1, 8, dtype_read_f64, dtype_write_f64 },
	[HYPER_I8] = { "I8", 1, 1 },
	[HYPER_U8] = { "U8", 1, 1 },
	[HYPER_I16] = { "I16", 1, 2 },
	[HYPER_U16] = { "U16", 1, 2 },
	[HYPER_I32] = { "I32", 1, 4 },
	[HYPER_U32] = { "U32", 1, 4 },
	[HYPER_I64] = { "I64", 1, 8 },
	[HYPER_U64] = { "U64", 1, 8 },
	[HYPER_BOOL] = { "BOOL", 1, 1 },
	[HYPER_F8_E4M3] = { "F8_E4M3", 1, 1 },
	[HYPER_F8_E5M2] = { "F8_E5M2", 1, 1 },
	[HYPER_F8_E4M3FNUZ] = { "F8_E4M3FNUZ", 1, 1 },
	[HYPER_F8_E5M2FNUZ] = { "F8_E5M2FNUZ", 1, 1 },
	[HYPER_F8_E8M0] = { "F8_E8M0", 1, 1 },
	[HYPER_F6_E2M3] = { "F6_E2M3", 4, 3 },
	[HYPER_F6_E3M2] = { "F6_E3M2", 4, 3 },
	[HYPER_F4] = { "F4", 2, 1 },
	[HYPER_C64] = { "C64", 1, 8 },
	[HYPER_Q8_0] = { "Q8_0", 32, 34, dtype_read_q8_0, dtype_write_q8_0 },
	[HYPER_Q4_0] = { "Q4_0", 32, 18, dtype_read_q4_0 },
	[HYPER_Q4_1] = { "Q4_1", 32, 20, dtype_read_q4_1 },
	[HYPER_Q5_0] = { "Q5_0", 32, 22, dtype_read_q5_0 },
	[HYPER_Q5_1] = { "Q5_1", 32, 24, dtype_read_q5_1 },
	[HYPER_Q2_K] = { "Q2_K", 256, 84, dtype_read_q2_k },
	[HYPER_Q3_K] = { "Q3_K", 256, 110, dtype_read_q3_k },
	[HYPER_Q4_K] = { "Q4_K", 256, 144, dtype_read_q4_k },
	[HYPER_Q5_K] = { "Q5_K", 256, 176, dtype_read_q5_k },
	[HYPER_Q6_K] = { "Q6_K", 256, 210, dtype_read_q6_k },
	[HYPER_IQ1_S] = { "IQ1_S", 256, 50 },
	[HYPER_IQ1_M] = { "IQ1_M", 256, 56 },
	[HYPER_IQ2_XXS] = { "IQ2_XXS", 256, 66 },
	[HYPER_IQ2_XS] = { "IQ2_XS", 256, 74 },
	[HYPER_IQ2_S] = { "IQ2_S", 256, 82 },
	[HYPER_IQ3_XXS] = { "IQ3_XXS", 256, 98 },
	[HYPER_IQ3_S] = { "IQ3_S", 256, 110 },
	[HYPER_IQ4_NL] = { "IQ4_NL", 32, 18 },
	[HYPER_IQ4_XS] = { "IQ4_XS", 256, 136 },
	[HYPER_TQ1_0] = { "TQ1_0", 256, 54 },
	[HYPER_TQ2_0] = { "TQ2_0", 256, 66 },
	[HYPER_MXFP4] = { "MXFP4", 32, 17 },
};

const char *hyper_dtype_name(enum hyper_dtype dtype)
{
	return types[dtype].name;
}

bool hyper_dtype_find(struct tok_span name, enum hyper_dtype *out)
{
	for (size_t i = 0; i < HYPER_DTYPE_COUNT; i++) {
		if (tok_span_equal(name, tok_span_of(types[i].name))) {
			*out = (enum hyper_dtype)i;
			return true;
		}
	}
	return false;
}

size_t hyper_dtype_block(enum hyper_dtype dtype)
{
	return types[dtype].block;
}

size_t hyper_dtype_bytes(enum hyper_dtype dtype)
{
	return types[dtype].bytes;
}

bool hyper_dtype_size(enum hyper_dtype dtype, size_t numbers, size_t *out)
{
	const size_t blocks = numbers / types[dtype].block;
	if (numbers % types[dtype].block != 0 || blocks > SIZE_MAX / types[dtype].bytes)
		return false;
	*out = blocks * types[dtype].bytes;
	return true;
}

bool hyper_dtype_is_readable(enum hyper_dtype dtype)
{
	return types[dtype].read != NULL;
}

bool hyper_dtype_is_writable(enum hyper_dtype dtype)
{
	return types[dtype].write != NULL;
}

void hyper_to_f32(enum hyper_dtype dtype, const void *from, size_t count, float *to)
{
	types[dtype].read(from, count / types[dtype].block, to);
}

void hyper_from_f32(enum hyper_dtype dtype, const float *from, size_t count, void *to)
{
	types[dtype].write(from, count / types[dtype].block, to);
}
