/*
 * mark_kernels.c - which instruction sets were built, and who marks for whom.
 */
#include "tok/pretok/mark_internal.h"

/* CMakeLists.txt says which of the files are for this architecture. */
static mark_cut *const kernels[TOK_KERNEL_COUNT] = {
	[TOK_KERNEL_SCALAR] = mark_cut_scalar,
#if defined(__x86_64__)
	[TOK_KERNEL_AVX2] = mark_cut_avx2,          [TOK_KERNEL_AVX512] = mark_cut_avx512,
	[TOK_KERNEL_AVX512_BF16] = mark_cut_avx512, [TOK_KERNEL_AMX] = mark_cut_avx512,
#endif
#if defined(__aarch64__)
	[TOK_KERNEL_NEON] = mark_cut_neon,
#endif
};

mark_cut *mark_cut_of(enum tok_kernel kernel)
{
	return kernels[kernel] ? kernels[kernel] : mark_cut_scalar;
}
