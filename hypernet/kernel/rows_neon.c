/* rows_neon.c - epilogues and attention by NEON. */
#include "hypernet/kernel/lanes_neon_internal.h"

#include "hypernet/kernel/rows_lanes_internal.h"

void hyper_finish_neon(const struct hyper_kernel *kernel, const float *p, size_t p_stride, float *y,
		       size_t y_stride, size_t rows, size_t width,
		       const struct hyper_epilogue *epilogue)
{
	(void)kernel;
	finish_rows(p, p_stride, y, y_stride, rows, width, epilogue);
}

void hyper_attend_neon(const struct hyper_kernel *kernel, const float *q, size_t q_stride,
		       size_t queries, const float *k, const float *v, size_t kv_stride,
		       size_t count, size_t length, size_t heads, size_t head, float *out,
		       size_t out_stride)
{
	(void)kernel;
	attend(q, q_stride, queries, k, v, kv_stride, count, length, heads, head, out, out_stride);
}
