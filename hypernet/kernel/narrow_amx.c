/*
 * narrow_amx.c - the processor's tiles.
 */
#include "hypernet/kernel/narrow_internal.h"

#include <errno.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

/* GCC's _tile_loadd does not say that it reads memory. */
#define TILE_FENCE()                       __asm__ volatile("" ::: "memory")
#define TILE_CONFIG(address)               _tile_loadconfig(address)
#define TILE_ZERO(tile)                    _tile_zero(tile)
#define TILE_LOAD(tile, address, stride)   _tile_loadd(tile, address, stride)
#define TILE_STORE(tile, address, stride)  _tile_stored(tile, address, stride)
#define TILE_ADD_BF16(sums, rows, outputs) _tile_dpbf16ps(sums, rows, outputs)
#define TILE_ADD_INT8(sums, rows, outputs) _tile_dpbssd(sums, rows, outputs)

#define ROWS_TO_BF16   hyper_bf16_rows_avx512bf16
#define ROWS_TO_BF16X3 hyper_bf16x3_rows_avx512bf16
#define ROWS_TO_INT8   hyper_int8_rows_avx512
#define SCALE_INT8     hyper_int8_scale_avx512
#include "hypernet/kernel/amx_loops_internal.h"

/* A process has to ask for the tiles once, and may ask again (Linux, since 5.16); their shapes are
 * set with each product. */
enum tok_status hyper_enter_amx(struct tok_error *err)
{
	enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
	if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) != 0)
		return tok_fail(err, TOK_EARG, "the system does not permit the kernels 'amx': %s",
				strerror(errno));
	return TOK_OK;
}

const struct hyper_product hyper_bf16_amx = TILE_PRODUCT(bf16, 0);
const struct hyper_product hyper_bf16x3_amx = TILE_PRODUCT(bf16x3, 0);
const struct hyper_product hyper_int8_amx = TILE_PRODUCT(int8, HYPER_INT8_LONGEST);
