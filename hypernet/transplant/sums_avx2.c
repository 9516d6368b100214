#include <immintrin.h>
#include <stddef.h>

enum {
	FLOATS = 8,
	DOUBLES = 4,
	TILE_ROWS = 4,
	TILE_VECTORS = 3,
	COMBINED = 4,
	COMBINE_VECTORS = 2
};
typedef __m256 floats;
typedef __m256d doubles;

#define floats_of(x)                  _mm256_set1_ps(x)
#define floats_load(p)                _mm256_loadu_ps(p)
#define floats_store(p, a)            _mm256_storeu_ps(p, a)
#define floats_multiply_add(a, b, c)  _mm256_fmadd_ps(a, b, c)
#define floats_magnitude(a)           _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a)
#define floats_larger(a, b)           _mm256_max_ps(a, b)
#define floats_reaches(a, b)          (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ))
#define doubles_of(x)                 _mm256_set1_pd(x)
#define doubles_load(p)               _mm256_loadu_pd(p)
#define doubles_store(p, a)           _mm256_storeu_pd(p, a)
#define doubles_multiply_add(a, b, c) _mm256_fmadd_pd(a, b, c)
#define doubles_widen(p)              _mm256_cvtps_pd(_mm_loadu_ps(p))

#define SUMS hyper_sums_avx2
#include "hypernet/transplant/sums_lanes_internal.h"
