/* gemm_openblas.c - cblas_sgemm. */
#include "tests/bench/gemm_peers.h"

#include <cblas.h>
#include <stdlib.h>

struct call {
	struct gemm_shape shape;
	const float *weight;
};

static void *begin(struct gemm_shape shape, const float *weight)
{
	struct call *call = malloc(sizeof *call);
	if (call)
		*call = (struct call){ shape, weight };
	openblas_set_num_threads(1);
	return call;
}

static void run(void *state, const float *x, float *y)
{
	const struct call *call = state;
	const struct gemm_shape s = call->shape;
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)s.rows, (int)s.out, (int)s.in, 1,
		    x, (int)s.in, call->weight, (int)s.in, 0, y, (int)s.out);
}

const struct gemm_peer gemm_openblas = { "OpenBLAS", begin, run, free };
