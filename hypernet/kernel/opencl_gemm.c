/*
 * opencl_gemm.c - weights that go to a device and stay there; rows that go there and come back.
 *
 * One product at a time has the queue and the buffers for rows: other threads, that wait, do
 * their attention meanwhile.  These buffers are made large enough when weights are packed, so that
 * a product never needs memory.
 */
#include "hypernet/kernel/narrow_internal.h"
#include "hypernet/kernel/opencl_internal.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- how weights lie -------------------------------------------------------------- */

enum { PANEL = HYPER_OPENCL_TILE };

static size_t count_f32_bytes(size_t out, size_t in)
{
	return hyper_round_up(out, PANEL) * in * sizeof(float);
}

static size_t count_bf16_bytes(size_t out, size_t in)
{
	return hyper_round_up(out, PANEL) * in * sizeof(uint16_t);
}

static void pack_f32(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	hyper_f32_pack(m, PANEL, first, count, rows);
}

static void pack_bf16(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	uint16_t *data = m->data;
	for (size_t o = 0; o < count; o++) {
		const size_t at = first + o;
		uint16_t *to = data + at / PANEL * PANEL * m->in + at % PANEL;
		for (size_t i = 0; i < m->in; i++)
			to[i * PANEL] = hyper_bf16_of(rows[o * m->in + i]);
	}
}

/* Without `multiply`: that is elsewhere. */
const struct hyper_product hyper_f32_opencl = {
	.panel = PANEL,
	.block_rows = 1,
	.bytes = count_f32_bytes,
	.pack = pack_f32,
};

const struct hyper_product hyper_bf16_opencl = {
	.panel = PANEL,
	.block_rows = 1,
	.bytes = count_bf16_bytes,
	.pack = pack_bf16,
};

/* ---- memory of the device ---------------------------------------------------------- */

static struct hyper_device *device_of(const struct hyper_matrix *m)
{
	return (struct hyper_device *)(uintptr_t)m->kernel; /* its first member, and not const */
}

/* `bytes` of memory, within the budget. */
static enum tok_status reserve(struct hyper_device *d, uint64_t bytes, cl_mem *out,
			       struct tok_error *err)
{
	const struct hyper_device_info *info = &d->found.info;
	cl_int code = CL_SUCCESS;
	if (bytes > d->budget - d->used)
		return tok_fail(err, TOK_ELIMIT,
				"device '%s': weights and rows do not fit: %" PRIu64
				" bytes beside the %" PRIu64 " in use are more than the %" PRIu64
				" allowed",
				info->name, bytes, d->used, d->budget);
	if (bytes > info->largest_bytes)
		return tok_fail(err, TOK_ELIMIT,
				"device '%s': weights and rows do not fit: it has %" PRIu64
				" bytes in one piece, not %" PRIu64,
				info->name, info->largest_bytes, bytes);
	cl_mem memory = d->cl.CreateBuffer(d->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
	char words[64];
	if (!memory)
		return tok_fail(err, TOK_EIO, "device '%s': memory: %s", info->name,
				hyper_opencl_words(code, words));
	d->used += bytes;
	*out = memory;
	return TOK_OK;
}

static void give_back(struct hyper_device *d, cl_mem memory, uint64_t bytes)
{
	d->cl.ReleaseMemObject(memory);
	d->used -= bytes;
}

/* At least `bytes`; what is there stays where there is not more. */
static enum tok_status grow(struct hyper_device *d, struct hyper_opencl_room *room, uint64_t bytes,
			    struct tok_error *err)
{
	cl_mem memory = NULL;
	if (bytes <= room->bytes)
		return TOK_OK;
	d->used -= room->bytes;
	const enum tok_status status = reserve(d, bytes, &memory, err);
	if (status != TOK_OK) {
		d->used += room->bytes;
		return status;
	}
	if (room->memory)
		d->cl.ReleaseMemObject(room->memory);
	*room = (struct hyper_opencl_room){ memory, bytes };
	return TOK_OK;
}

/* Room for the rows of a product with `m`. */
static enum tok_status grow_rows(struct hyper_device *d, const struct hyper_matrix *m,
				 struct tok_error *err)
{
	const uint64_t row = HYPER_OPENCL_ROWS * sizeof(float);
	enum tok_status status = grow(d, &d->x, row * m->in, err);
	if (status == TOK_OK)
		status = grow(d, &d->y, row * m->out, err);
	if (status == TOK_OK)
		status = grow(d, &d->vectors, HYPER_OPENCL_VECTORS * m->out * sizeof(float), err);
	return status;
}

/* ---- weights ----------------------------------------------------------------------- */

static enum tok_status send(struct hyper_device *d, struct hyper_matrix *m, struct tok_error *err)
{
	cl_mem memory = NULL;
	enum tok_status status = grow_rows(d, m, err);
	if (status == TOK_OK)
		status = reserve(d, m->bytes, &memory, err);
	if (status != TOK_OK)
		return status;
	const cl_int code = d->cl.EnqueueWriteBuffer(d->queue, memory, CL_TRUE, 0, m->bytes,
						     m->data, 0, NULL, NULL);
	char words[64];
	if (code != CL_SUCCESS) {
		give_back(d, memory, m->bytes);
		return tok_fail(err, TOK_EIO, "device '%s': sending weights: %s",
				d->found.info.name, hyper_opencl_words(code, words));
	}
	free(m->data);
	m->data = memory;
	return TOK_OK;
}

static enum tok_status settle(struct hyper_matrix *m, struct tok_error *err)
{
	struct hyper_device *d = device_of(m);
	if (m->mode == HYPER_MODE_INT8)
		return tok_fail(err, TOK_EARG,
				"int8 is not computed by OpenCL: f32, bf16x3 and bf16 are");
	if (m->out > UINT32_MAX / HYPER_OPENCL_VECTORS || m->in > UINT32_MAX - PANEL)
		return tok_fail(err, TOK_ELIMIT, "a matrix of %zu x %zu is too large for OpenCL",
				m->out, m->in);
	pthread_mutex_lock(&d->lock);
	const enum tok_status status = send(d, m, err);
	pthread_mutex_unlock(&d->lock);
	return status;
}

static void release(struct hyper_matrix *m)
{
	struct hyper_device *d = device_of(m);
	pthread_mutex_lock(&d->lock);
	give_back(d, m->data, m->bytes);
	pthread_mutex_unlock(&d->lock);
}

/* ---- products ---------------------------------------------------------------------- */

/* One product of at most ROWS rows. */
struct product {
	struct hyper_device *d;
	const struct hyper_matrix *w;
	const struct hyper_epilogue *e;
	size_t rows;
};

/* Rows of `width` numbers to a buffer, where they lie one behind the other. */
static cl_int send_rows(const struct hyper_device *d, cl_mem to, const float *from, size_t stride,
			size_t rows, size_t width)
{
	const size_t origin[3] = { 0 }, region[3] = { width * sizeof(float), rows, 1 };
	return d->cl.EnqueueWriteBufferRect(d->queue, to, CL_FALSE, origin, origin, region,
					    width * sizeof(float), 0, stride * sizeof(float), 0,
					    from, 0, NULL, NULL);
}

static cl_int fetch_rows(const struct hyper_device *d, cl_mem from, float *to, size_t stride,
			 size_t rows, size_t width)
{
	const size_t origin[3] = { 0 }, region[3] = { width * sizeof(float), rows, 1 };
	return d->cl.EnqueueReadBufferRect(d->queue, from, CL_TRUE, origin, origin, region,
					   width * sizeof(float), 0, stride * sizeof(float), 0, to,
					   0, NULL, NULL);
}

/* What the epilogue has, to its places; *steps says what that was. */
static cl_int send_vectors(const struct product *p, cl_int *steps)
{
	const struct hyper_epilogue *e = p->e;
	const size_t bytes = p->w->out * sizeof(float);
	const float *vectors[HYPER_OPENCL_VECTORS] = { e->bias, e->norm_weight,
						       e->norm_weight ? e->norm_bias : NULL,
						       e->scale, e->shift };
	*steps = e->residual ? HYPER_OPENCL_RESIDUAL : 0;
	for (size_t i = 0; i < HYPER_OPENCL_VECTORS; i++) {
		if (!vectors[i])
			continue;
		const cl_int code =
		    p->d->cl.EnqueueWriteBuffer(p->d->queue, p->d->vectors.memory, CL_FALSE,
						i * bytes, bytes, vectors[i], 0, NULL, NULL);
		if (code != CL_SUCCESS)
			return code;
		*steps |= 1 << i;
	}
	return CL_SUCCESS;
}

struct argument {
	size_t size;
	const void *value;
};

static cl_int set_arguments(const struct hyper_device *d, cl_kernel kernel,
			    const struct argument *arguments, cl_uint count)
{
	for (cl_uint i = 0; i < count; i++) {
		const cl_int code =
		    d->cl.SetKernelArg(kernel, i, arguments[i].size, arguments[i].value);
		if (code != CL_SUCCESS)
			return code;
	}
	return CL_SUCCESS;
}

#define ARGUMENT(value)                                                                            \
	{                                                                                          \
		sizeof(value), &(value)                                                            \
	}

static cl_int multiply(const struct product *p, cl_int steps)
{
	const struct hyper_device *d = p->d;
	const enum hyper_mode mode =
	    p->w->mode == HYPER_MODE_BF16 ? HYPER_MODE_BF16 : HYPER_MODE_F32;
	const cl_uint rows = (cl_uint)p->rows, out = (cl_uint)p->w->out, in = (cl_uint)p->w->in;
	const cl_int activation = (cl_int)p->e->activation;
	const cl_mem weights = p->w->data;
	const struct argument arguments[] = { ARGUMENT(weights),     ARGUMENT(d->x.memory),
					      ARGUMENT(d->y.memory), ARGUMENT(d->vectors.memory),
					      ARGUMENT(rows),        ARGUMENT(out),
					      ARGUMENT(in),          ARGUMENT(steps),
					      ARGUMENT(activation) };
	const size_t group[] = { HYPER_OPENCL_ACROSS, HYPER_OPENCL_DOWN };
	const size_t all[] = { hyper_round_up(p->w->out, PANEL) / PANEL * group[0],
			       hyper_round_up(p->rows, PANEL) / PANEL * group[1] };
	const cl_int code =
	    set_arguments(d, d->multiply[mode], arguments, sizeof arguments / sizeof *arguments);
	if (code != CL_SUCCESS)
		return code;
	return d->cl.EnqueueNDRangeKernel(d->queue, d->multiply[mode], 2, NULL, all, group, 0, NULL,
					  NULL);
}

static cl_int normalize(const struct product *p, cl_int steps)
{
	const struct hyper_device *d = p->d;
	const cl_uint out = (cl_uint)p->w->out;
	const cl_float epsilon = p->e->norm_epsilon;
	const struct argument arguments[] = { ARGUMENT(d->y.memory), ARGUMENT(d->vectors.memory),
					      ARGUMENT(out), ARGUMENT(steps), ARGUMENT(epsilon) };
	const size_t group = HYPER_OPENCL_LINE, all = p->rows * HYPER_OPENCL_LINE;
	const cl_int code =
	    set_arguments(d, d->normalize, arguments, sizeof arguments / sizeof *arguments);
	if (code != CL_SUCCESS)
		return code;
	return d->cl.EnqueueNDRangeKernel(d->queue, d->normalize, 1, NULL, &all, &group, 0, NULL,
					  NULL);
}

static cl_int run(const struct product *p, const float *x, size_t x_stride, float *y,
		  size_t y_stride)
{
	const struct hyper_device *d = p->d;
	const size_t out = p->w->out;
	cl_int steps, code = send_rows(d, d->x.memory, x, x_stride, p->rows, p->w->in);
	if (code == CL_SUCCESS && p->e->residual)
		code =
		    send_rows(d, d->y.memory, p->e->residual, p->e->residual_stride, p->rows, out);
	if (code == CL_SUCCESS)
		code = send_vectors(p, &steps);
	if (code == CL_SUCCESS)
		code = multiply(p, steps);
	if (code == CL_SUCCESS && p->e->norm_weight)
		code = normalize(p, steps);
	if (code == CL_SUCCESS)
		code = fetch_rows(d, d->y.memory, y, y_stride, p->rows, out);
	if (code != CL_SUCCESS)
		d->cl.Finish(d->queue); /* rows that are on their way are the caller's */
	return code;
}

/* Remembered, as nobody is there to be told. */
static void fail(struct hyper_device *d, cl_int code)
{
	char words[64];
	tok_fail(&d->trouble, TOK_EIO, "device '%s': a product: %s", d->found.info.name,
		 hyper_opencl_words(code, words));
}

static void clear_rows(float *y, size_t y_stride, size_t rows, size_t width)
{
	for (size_t r = 0; r < rows; r++)
		memset(y + r * y_stride, 0, width * sizeof *y);
}

static void gemm(const struct hyper_matrix *w, const float *x, size_t x_stride, size_t rows,
		 float *y, size_t y_stride, const struct hyper_epilogue *epilogue)
{
	struct hyper_device *d = device_of(w);
	struct hyper_epilogue e = *epilogue;
	pthread_mutex_lock(&d->lock);
	for (size_t r = 0; r < rows; r += HYPER_OPENCL_ROWS) {
		const size_t left = rows - r;
		const struct product p = { d, w, &e,
					   left < HYPER_OPENCL_ROWS ? left : HYPER_OPENCL_ROWS };
		cl_int code = CL_SUCCESS;
		if (d->trouble.status == TOK_OK)
			code = run(&p, x + r * x_stride, x_stride, y + r * y_stride, y_stride);
		if (code != CL_SUCCESS)
			fail(d, code);
		if (d->trouble.status != TOK_OK)
			clear_rows(y + r * y_stride, y_stride, p.rows, w->out);
		if (e.residual)
			e.residual += HYPER_OPENCL_ROWS * e.residual_stride;
	}
	pthread_mutex_unlock(&d->lock);
}

const struct hyper_elsewhere hyper_elsewhere_opencl = {
	.settle = settle,
	.release = release,
	.gemm = gemm,
};
