/*
 * dtype_internal.h - one function a type and direction, called with whole blocks (of one
 * number where there are none).
 */
#ifndef HYPER_TENSOR_DTYPE_INTERNAL_H
#define HYPER_TENSOR_DTYPE_INTERNAL_H

#include "hypernet/tensor/dtype.h"

typedef void dtype_reader(const uint8_t *from, size_t blocks, float *to);
typedef void dtype_writer(const float *from, size_t blocks, uint8_t *to);

/* dtype_plain.c */
dtype_reader dtype_read_f32, dtype_read_f16, dtype_read_bf16, dtype_read_f64;
dtype_writer dtype_write_f32, dtype_write_f16, dtype_write_bf16, dtype_write_f64;

/* dtype_block.c: blocks of 32 numbers */
dtype_reader dtype_read_q8_0, dtype_read_q4_0, dtype_read_q4_1, dtype_read_q5_0, dtype_read_q5_1;
dtype_writer dtype_write_q8_0;

/* dtype_super.c: blocks of 256 numbers */
dtype_reader dtype_read_q2_k, dtype_read_q3_k, dtype_read_q4_k, dtype_read_q5_k, dtype_read_q6_k;

static inline float dtype_half(const uint8_t *from)
{
	float number;
	dtype_read_f16(from, 1, &number);
	return number;
}

#endif
