/* gemm_onednn.c - oneDNN's matmul in F32 and in BF16, weights reordered beforehand into whatever it
 * likes best.  Its threads are OpenMP's: gemm.c sets OMP_NUM_THREADS. */
#include "tests/bench/gemm_peers.h"

#include <dnnl.h>
#include <stdbool.h>
#include <stdlib.h>

struct call {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_primitive_t product, reorder; /* reorder: x to BF16, or NULL */
	dnnl_memory_t x, x_low, weight, y;
};

static void end(void *state)
{
	struct call *c = state;
	dnnl_primitive_destroy(c->product);
	dnnl_primitive_destroy(c->reorder);
	dnnl_memory_destroy(c->x);
	dnnl_memory_destroy(c->x_low);
	dnnl_memory_destroy(c->weight);
	dnnl_memory_destroy(c->y);
	dnnl_stream_destroy(c->stream);
	dnnl_engine_destroy(c->engine);
	free(c);
}

/* A reorder from one memory to another; NULL: refused. */
static dnnl_primitive_t reorder_of(struct call *c, const dnnl_memory_desc_t *from,
				   const dnnl_memory_desc_t *to)
{
	dnnl_primitive_desc_t desc = NULL;
	dnnl_primitive_t made = NULL;
	if (dnnl_reorder_primitive_desc_create(&desc, from, c->engine, to, c->engine, NULL) ==
	    dnnl_success)
		dnnl_primitive_create(&made, desc);
	dnnl_primitive_desc_destroy(desc);
	return made;
}

static void reorder(struct call *c, dnnl_primitive_t primitive, dnnl_memory_t from,
		    dnnl_memory_t to)
{
	const dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };
	dnnl_primitive_execute(primitive, c->stream, 2, args);
}

static bool prepare(struct call *c, struct gemm_shape s, const float *weight, dnnl_data_type_t type)
{
	const dnnl_dims_t x_dims = { (dnnl_dim_t)s.rows, (dnnl_dim_t)s.in };
	const dnnl_dims_t w_dims = { (dnnl_dim_t)s.in, (dnnl_dim_t)s.out };
	const dnnl_dims_t y_dims = { (dnnl_dim_t)s.rows, (dnnl_dim_t)s.out };
	dnnl_memory_desc_t x, x_low, any, plain, y;
	dnnl_memory_desc_init_by_tag(&x, 2, x_dims, dnnl_f32, dnnl_ab);
	dnnl_memory_desc_init_by_tag(&x_low, 2, x_dims, type, dnnl_ab);
	dnnl_memory_desc_init_by_tag(&any, 2, w_dims, type, dnnl_format_tag_any);
	dnnl_memory_desc_init_by_tag(&plain, 2, w_dims, dnnl_f32, dnnl_ba);
	dnnl_memory_desc_init_by_tag(&y, 2, y_dims, dnnl_f32, dnnl_ab);

	dnnl_matmul_desc_t matmul;
	dnnl_primitive_desc_t desc = NULL;
	dnnl_matmul_desc_init(&matmul, &x_low, &any, NULL, &y);
	if (dnnl_primitive_desc_create(&desc, &matmul, NULL, c->engine, NULL) != dnnl_success)
		return false;
	const dnnl_memory_desc_t *liked =
	    dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
	dnnl_primitive_create(&c->product, desc);
	dnnl_memory_create(&c->weight, liked, c->engine, DNNL_MEMORY_ALLOCATE);
	dnnl_memory_create(&c->x, &x, c->engine, DNNL_MEMORY_NONE);
	dnnl_memory_create(&c->x_low, &x_low, c->engine, DNNL_MEMORY_ALLOCATE);
	dnnl_memory_create(&c->y, &y, c->engine, DNNL_MEMORY_NONE);
	if (type != dnnl_f32)
		c->reorder = reorder_of(c, &x, &x_low);

	dnnl_memory_t given;
	dnnl_memory_create(&given, &plain, c->engine, (void *)(size_t)weight);
	const dnnl_primitive_t once = reorder_of(c, &plain, liked);
	reorder(c, once, given, c->weight);
	dnnl_stream_wait(c->stream);
	dnnl_primitive_destroy(once);
	dnnl_memory_destroy(given);
	dnnl_primitive_desc_destroy(desc);
	return true;
}

static void *begin_with(struct gemm_shape shape, const float *weight, dnnl_data_type_t type)
{
	struct call *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	dnnl_engine_create(&c->engine, dnnl_cpu, 0);
	dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags);
	if (prepare(c, shape, weight, type))
		return c;
	end(c);
	return NULL;
}

static void *begin(struct gemm_shape shape, const float *weight)
{
	return begin_with(shape, weight, dnnl_f32);
}

static void *begin_bf16(struct gemm_shape shape, const float *weight)
{
	return begin_with(shape, weight, dnnl_bf16);
}

/* Rows come and go as F32, as they do with us. */
static void run(void *state, const float *x, float *y)
{
	struct call *c = state;
	dnnl_memory_set_data_handle(c->x, (void *)(size_t)x);
	dnnl_memory_set_data_handle(c->y, y);
	if (c->reorder)
		reorder(c, c->reorder, c->x, c->x_low);
	const dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, c->reorder ? c->x_low : c->x },
					 { DNNL_ARG_WEIGHTS, c->weight },
					 { DNNL_ARG_DST, c->y } };
	dnnl_primitive_execute(c->product, c->stream, 3, args);
	dnnl_stream_wait(c->stream);
}

const struct gemm_peer gemm_onednn = { "oneDNN", begin, run, end };
const struct gemm_peer gemm_onednn_bf16 = { "oneDNN bf16", begin_bf16, run, end };
