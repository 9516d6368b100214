#include "hypernet/ann/dot_internal.h"

#include <immintrin.h>

float hyper_dot_avx512(const float *a, const float *b, size_t count)
{
	__m512 sums[4] = { _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
			   _mm512_setzero_ps() };
	size_t i = 0;
	for (; i + 64 <= count; i += 64)
		for (size_t j = 0; j < 4; j++)
			sums[j] = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 16 * j),
						  _mm512_loadu_ps(b + i + 16 * j), sums[j]);
	for (; i < count; i += 16) {
		const __mmask16 some =
		    (__mmask16)(count - i < 16 ? (1u << (count - i)) - 1 : 0xFFFF);
		sums[0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(some, a + i),
					  _mm512_maskz_loadu_ps(some, b + i), sums[0]);
	}
	return _mm512_reduce_add_ps(
	    _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}
