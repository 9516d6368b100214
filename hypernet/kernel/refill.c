/* refill.c - matrices whose weights change: packed again and again into the same room. */
#include "hypernet/kernel/kernel_internal.h"

#include <assert.h>

/* Every panel of F32 divides it. */
enum { WIDEST_PANEL = 64 };

enum tok_status hyper_matrix_room(const struct hyper_kernel *kernel, size_t out, size_t in,
				  struct hyper_matrix *matrix, struct tok_error *err)
{
	size_t rounded, all;
	if (kernel->elsewhere)
		return tok_fail(err, TOK_EARG, "weights that change stay on the processor");
	if (out == 0 || in == 0 || __builtin_add_overflow(out, WIDEST_PANEL, &rounded) ||
	    __builtin_mul_overflow(rounded, in, &all) || all > SIZE_MAX / 16)
		return tok_fail(err, TOK_ELIMIT, "a matrix of %zu x %zu is too large", out, in);
	const size_t bytes = hyper_round_up(out, WIDEST_PANEL) * in * sizeof(float);
	void *data = hyper_scratch_new(bytes);
	if (!data)
		return tok_fail_memory(err);
	memset(data, 0, bytes);
	*matrix = (struct hyper_matrix){ .kernel = kernel,
					 .mode = HYPER_MODE_F32,
					 .out = out,
					 .in = in,
					 .data = data,
					 .bytes = bytes };
	return TOK_OK;
}

/* What stands behind the last output is zero, whatever was there. */
static float *reshape(struct hyper_matrix *m, size_t panel, size_t out, size_t in)
{
	assert(hyper_round_up(out, panel) * in * sizeof(float) <= m->bytes);
	m->out = out;
	m->in = in;
	float *data = m->data;
	if (out % panel != 0)
		memset(data + out / panel * panel * in, 0, panel * in * sizeof *data);
	return data;
}

static size_t panel_of(const struct hyper_matrix *m)
{
	return hyper_product_of(m->kernel, HYPER_MODE_F32)->panel;
}

void hyper_matrix_refill(struct hyper_matrix *matrix, const float *weight, size_t out, size_t in)
{
	const size_t panel = panel_of(matrix);
	(void)reshape(matrix, panel, out, in);
	hyper_f32_pack(matrix, panel, 0, out, weight);
}

void hyper_matrix_refill_turned(struct hyper_matrix *matrix, const float *weight, size_t stride,
				size_t out, size_t in)
{
	const size_t panel = panel_of(matrix);
	float *to = reshape(matrix, panel, out, in);
	for (size_t o = 0; o < out; o += panel) {
		const size_t width = out - o < panel ? out - o : panel;
		for (size_t i = 0; i < in; i++, to += panel)
			memcpy(to, weight + i * stride + o, width * sizeof *to);
	}
}
