/* sums.c - the table that runs anywhere: vectors as the compiler makes them; and which is best. */
#include <string.h>

#include "tok/base/cpu.h"

enum {
	FLOATS = 4,
	DOUBLES = 2,
	TILE_ROWS = 4,
	TILE_VECTORS = 2,
	COMBINED = 4,
	COMBINE_VECTORS = 2
};
typedef float floats __attribute__((vector_size(16)));
typedef double doubles __attribute__((vector_size(16)));
typedef int integers __attribute__((vector_size(16)));

static inline floats floats_of(float x)
{
	return (floats){ x, x, x, x };
}

static inline floats floats_load(const float *from)
{
	floats a;
	memcpy(&a, from, sizeof a);
	return a;
}

static inline void floats_store(float *to, floats a)
{
	memcpy(to, &a, sizeof a);
}

static inline floats floats_multiply_add(floats a, floats b, floats c)
{
	return a * b + c;
}

static inline floats floats_magnitude(floats a)
{
	return (floats)((integers)a & 0x7FFFFFFF);
}

static inline floats floats_larger(floats a, floats b)
{
	const integers takes = a > b;
	return (floats)(((integers)a & takes) | ((integers)b & ~takes));
}

static inline unsigned floats_reaches(floats a, floats b)
{
	const integers takes = a >= b;
	return (unsigned)((takes[0] & 1) | (takes[1] & 2) | (takes[2] & 4) | (takes[3] & 8));
}

static inline doubles doubles_of(double x)
{
	return (doubles){ x, x };
}

static inline doubles doubles_load(const double *from)
{
	doubles a;
	memcpy(&a, from, sizeof a);
	return a;
}

static inline void doubles_store(double *to, doubles a)
{
	memcpy(to, &a, sizeof a);
}

static inline doubles doubles_multiply_add(doubles a, doubles b, doubles c)
{
	return a * b + c;
}

static inline doubles doubles_widen(const float *from)
{
	return (doubles){ (double)from[0], (double)from[1] };
}

#define SUMS hyper_sums_plain
#include "hypernet/transplant/sums_lanes_internal.h"

#if defined(__x86_64__)
const struct hyper_sums *hyper_sums_best(void)
{
	if (tok_kernel_multiplies(TOK_KERNEL_AVX512))
		return &hyper_sums_avx512;
	return tok_kernel_multiplies(TOK_KERNEL_AVX2) ? &hyper_sums_avx2 : &hyper_sums_plain;
}
#else
const struct hyper_sums *hyper_sums_best(void)
{
	return &hyper_sums_plain;
}
#endif
