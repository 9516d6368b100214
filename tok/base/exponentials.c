/* exponentials.c - two at a time, which everything can, and the choice of who does more. */
#include "tok/base/exponentials.h"

#define EXPONENTIALS_LANES 2
#include "tok/base/exponentials_internal.h"

void tok_exponentials_scalar(const double *from, double *to, size_t count)
{
	raise_all(from, to, count);
}

/* CMakeLists.txt says which of the files are for this architecture. */
static tok_exponentials *const kernels[TOK_KERNEL_COUNT] = {
	[TOK_KERNEL_SCALAR] = tok_exponentials_scalar,
#if defined(__x86_64__)
	[TOK_KERNEL_AVX2] = tok_exponentials_avx2,
	[TOK_KERNEL_AVX512] = tok_exponentials_avx512,
#endif
};

tok_exponentials *tok_exponentials_of(enum tok_kernel kernel)
{
	return kernels[kernel] ? kernels[kernel] : tok_exponentials_scalar;
}
