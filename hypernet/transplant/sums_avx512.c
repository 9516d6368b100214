#include <immintrin.h>
#include <stddef.h>

enum {
	FLOATS = 16,
	DOUBLES = 8,
	TILE_ROWS = 8,
	TILE_VECTORS = 3,
	COMBINED = 8,
	COMBINE_VECTORS = 3
};
typedef __m512 floats;
typedef __m512d doubles;

#define floats_of(x)                  _mm512_set1_ps(x)
#define floats_load(p)                _mm512_loadu_ps(p)
#define floats_store(p, a)            _mm512_storeu_ps(p, a)
#define floats_multiply_add(a, b, c)  _mm512_fmadd_ps(a, b, c)
#define floats_magnitude(a)           _mm512_abs_ps(a)
#define floats_larger(a, b)           _mm512_max_ps(a, b)
#define floats_reaches(a, b)          _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ)
#define doubles_of(x)                 _mm512_set1_pd(x)
#define doubles_load(p)               _mm512_loadu_pd(p)
#define doubles_store(p, a)           _mm512_storeu_pd(p, a)
#define doubles_multiply_add(a, b, c) _mm512_fmadd_pd(a, b, c)
#define doubles_widen(p)              _mm512_cvtps_pd(_mm256_loadu_ps(p))

#define SUMS hyper_sums_avx512
#include "hypernet/transplant/sums_lanes_internal.h"
