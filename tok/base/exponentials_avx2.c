/* exponentials_avx2.c - four at a time with AVX2. */
#define EXPONENTIALS_LANES 4
#include "tok/base/exponentials_internal.h"

void tok_exponentials_avx2(const double *from, double *to, size_t count)
{
	raise_all(from, to, count);
}
