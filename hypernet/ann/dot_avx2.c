#include "hypernet/ann/dot_internal.h"

#include <immintrin.h>

static float add_up(__m256 sums)
{
	const __m128 four =
	    _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
	const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

float hyper_dot_avx2(const float *a, const float *b, size_t count)
{
	__m256 sums[4] = { _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
			   _mm256_setzero_ps() };
	size_t i = 0;
	for (; i + 32 <= count; i += 32)
		for (size_t j = 0; j < 4; j++)
			sums[j] = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 8 * j),
						  _mm256_loadu_ps(b + i + 8 * j), sums[j]);
	float sum =
	    add_up(_mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
	for (; i < count; i++)
		sum += a[i] * b[i];
	return sum;
}
