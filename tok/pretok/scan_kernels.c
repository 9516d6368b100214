/*
 * scan_kernels.c - which instruction sets were built, and who scans for whom.
 */
#include "tok/pretok/scan_kernel_internal.h"

/* CMakeLists.txt says which of the files are for this architecture. */
static tok_scan_ends *const *const kernels[TOK_KERNEL_COUNT] = {
	[TOK_KERNEL_SCALAR] = tok_scan_scalar,
#if defined(__x86_64__)
	[TOK_KERNEL_AVX2] = tok_scan_avx2,          [TOK_KERNEL_AVX512] = tok_scan_avx512,
	[TOK_KERNEL_AVX512_BF16] = tok_scan_avx512, [TOK_KERNEL_AMX] = tok_scan_avx512,
#endif
#if defined(__aarch64__)
	[TOK_KERNEL_NEON] = tok_scan_neon,
#endif
};

tok_scan_ends *tok_scan_ends_of(enum tok_scan_family family, enum tok_kernel kernel)
{
	return (kernels[kernel] ? kernels[kernel] : tok_scan_scalar)[family];
}
