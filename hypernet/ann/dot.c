#include "hypernet/ann/dot_internal.h"

#include <string.h>

#include "hypernet/kernel/kernel.h"

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
static const struct {
	const char *kernel;
	hyper_dot *dot;
} dots[] = {
	{ "avx2", hyper_dot_avx2 },
	{ "avx512", hyper_dot_avx512 },
	{ "avx512bf16", hyper_dot_avx512 },
	{ "amx", hyper_dot_avx512 },
};

hyper_dot *hyper_dot_of(const struct hyper_kernel *kernel)
{
	for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
		if (strcmp(hyper_kernel_name(kernel), dots[i].kernel) == 0)
			return dots[i].dot;
	return hyper_dot_scalar;
}
#else
hyper_dot *hyper_dot_of(const struct hyper_kernel *kernel)
{
	(void)kernel;
	return hyper_dot_scalar;
}
#endif
