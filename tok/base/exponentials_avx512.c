/* exponentials_avx512.c - eight at a time with AVX-512. */
#define EXPONENTIALS_LANES 8
#include "tok/base/exponentials_internal.h"

void tok_exponentials_avx512(const double *from, double *to, size_t count)
{
	raise_all(from, to, count);
}
