/*
 * gemm_peers.h - the products of other libraries, one thread each, for gemm.c.
 *
 * y = x W' of `rows` rows: x rows x in, W out x in, y rows x out, all dense.  Whoever can packs the
 * weights beforehand, as we do.
 */
#ifndef TESTS_BENCH_GEMM_PEERS_H
#define TESTS_BENCH_GEMM_PEERS_H

#include <stddef.h>

struct gemm_shape {
	size_t rows, out, in;
};

struct gemm_peer {
	const char *name;
	/* What `run` needs for this shape; NULL: it refuses. */
	void *(*begin)(struct gemm_shape shape, const float *weight);
	void (*run)(void *state, const float *x, float *y);
	void (*end)(void *state);
};

#if defined(BENCH_ONEDNN)
extern const struct gemm_peer gemm_onednn, gemm_onednn_bf16;
#endif
#if defined(BENCH_OPENBLAS)
extern const struct gemm_peer gemm_openblas;
#endif

#endif
