/* f32_avx2.c - products of F32 by AVX2 and FMA: tiles of 6 rows and 2 vectors, 12 sums. */
#include "hypernet/kernel/lanes_avx2_internal.h"

#define PANEL_LANES  2
#define TILE_ROWS    6
#define EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6)

#include "hypernet/kernel/f32_block_internal.h"

const struct hyper_product hyper_f32_avx2 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = count_bytes,
	.pack = pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
