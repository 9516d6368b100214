/* f32_avx512.c - products of F32 by AVX-512: tiles of 14 rows and 2 vectors, 28 sums. */
#include "hypernet/kernel/lanes_avx512_internal.h"

#define PANEL_LANES  2
#define TILE_ROWS    14
#define EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

#include "hypernet/kernel/f32_block_internal.h"

const struct hyper_product hyper_f32_avx512 = {
	.panel = PANEL,
	.block_rows = BLOCK_ROWS,
	.bytes = count_bytes,
	.pack = pack,
	.scratch = count_scratch,
	.multiply = multiply,
};
