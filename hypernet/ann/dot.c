#include "hypernet/ann/dot_internal.h"

#include "tok/base/cpu.h"

/* Sixteen sums side by side: a compiler makes vectors of them. */
float hyper_dot_scalar(const float *a, const float *b, size_t count)
{
	enum { SUMS = 16 };
	float sums[SUMS] = { 0 };
	size_t i = 0;
	for (; i + SUMS <= count; i += SUMS)
		for (size_t j = 0; j < SUMS; j++)
			sums[j] += a[i + j] * b[i + j];
	for (; i < count; i++)
		sums[i % SUMS] += a[i] * b[i];
	for (size_t half = SUMS / 2; half; half /= 2)
		for (size_t j = 0; j < half; j++)
			sums[j] += sums[j + half];
	return sums[0];
}

#if defined(__x86_64__)
hyper_dot *hyper_dot_best(void)
{
	if (tok_kernel_multiplies(TOK_KERNEL_AVX512))
		return hyper_dot_avx512;
	return tok_kernel_multiplies(TOK_KERNEL_AVX2) ? hyper_dot_avx2 : hyper_dot_scalar;
}
#else
hyper_dot *hyper_dot_best(void)
{
	return hyper_dot_scalar;
}
#endif
