/*
 * lab_internal.h - the parts of the small language model.
 *
 *	lab           the model: its numbers, drawn by the seed
 *	curves        softmax, tanh and GELU of rows, norms, and their gradients
 *	feed_forward, transformer
 *	              bodies: from the input's rows to what the output's are multiplied by
 *	linear        y = x W' + b and back, weights packed anew at each step
 *	work          room for a batch; what threads share
 *	pass          a batch through the model; its loss, and the gradient
 *	adam          a step down
 *	train, bits   samples, rates, steps; what a text costs
 *
 * A batch is taken in strips of LAB_STRIP samples: what is done to a sample depends on that sample
 * alone, whatever thread does it.  A sum over the samples of a batch is made by one thread, in the
 * order of the samples.  So threads change nothing.
 */
#ifndef HYPER_LAB_LAB_INTERNAL_H
#define HYPER_LAB_LAB_INTERNAL_H

#include "hypernet/lab/lab.h"

/* Samples, and outputs of a layer, that are done at once. */
enum { LAB_STRIP = 64, LAB_OUTPUTS = 256, LAB_LINEARS = 6, LAB_ARRAYS = 24 };

/* What is known of each sample of a batch. */
enum {
	LAB_CONTEXT, /* rows of its tokens, the oldest first */
	LAB_CONTEXT_GRADIENT,
	LAB_TOP, /* what the output's rows are multiplied by */
	LAB_TOP_GRADIENT,
	LAB_LOGITS, /* of the vocabulary; then the gradient by them */
	LAB_OWN     /* the body's own arrays */
};

/* A layer y = x W' + b, or without b: where its numbers lie among all, and which arrays of a batch
 * it is between. It has `each` rows a sample, x_stride apart; those of y stand one behind the
 * other. */
struct lab_linear {
	size_t weight, bias, out, in;
	size_t each;
	int x, y_gradient;
	size_t x_offset, x_stride;
};

enum { LAB_OUTPUT }; /* the linear layer that every model has; without a bias */
#define LAB_NO_BIAS SIZE_MAX

/* Numbers of all parameters in one block: the rows first (input, output), the body last.
 * A tied model has its output where its input is. */
struct lab_layout {
	size_t input, output, body, count;
};

struct hyper_lab {
	struct hyper_lab_options o;
	size_t vocabulary;
	const struct lab_body *body;
	struct lab_layout at;
	struct lab_linear linears[LAB_LINEARS]; /* LAB_OUTPUT, then the body's */
	size_t linear_count;
	size_t widths[LAB_ARRAYS]; /* of arrays: numbers a sample */
	size_t array_count;
	float *numbers;
};

/* ---- work ------------------------------------------------------------------------ */

/* Room of one thread. */
struct lab_desk {
	void *scratch;             /* of hyper_gemm */
	struct hyper_matrix strip; /* gradients of some outputs of a layer, of all samples */
	float *product;            /* that strip by the layer's x, turned */
	struct tok_error err;
};

struct lab_packed {
	struct hyper_matrix forward, backward; /* as the weights are now */
};

struct lab_work {
	const struct hyper_lab *lab;
	size_t capacity; /* samples */
	size_t threads;
	bool learns; /* there is room for gradients */
	struct lab_packed packed[LAB_LINEARS];
	float *turned[LAB_LINEARS]; /* x of a layer: its numbers as rows */
	float *arrays[LAB_ARRAYS];
	double *losses;  /* of each sample, in nats */
	float *gradient; /* as the model's numbers */
	struct lab_desk *desks;
};

/* Zeroed before. */
enum tok_status lab_work_init(struct lab_work *work, const struct hyper_lab *lab, size_t capacity,
			      bool learns, struct tok_error *err);
void lab_work_release(struct lab_work *work);

/* task(shared, index, desk) for each index below `count`, by the threads of `work`. */
typedef void lab_task(void *shared, size_t index, struct lab_desk *desk);
enum tok_status lab_run(struct lab_work *work, size_t count, lab_task *task, void *shared,
			struct tok_error *err);

/* Of sample `sample`. */
static inline float *lab_at(const struct lab_work *work, int array, size_t sample)
{
	return work->arrays[array] + sample * work->lab->widths[array];
}

/* ---- a batch --------------------------------------------------------------------- */

/* Samples: `context` tokens each, the oldest first, TOK_NO_ID where there was none; and what comes
 * behind them. */
struct lab_batch {
	const tok_id *contexts, *targets;
	size_t count; /* at most the work's capacity */
};

/* Weights as they are now are packed; before lab_losses and lab_gradient. */
enum tok_status lab_pack(struct lab_work *work, struct tok_error *err);

/* work->losses */
enum tok_status lab_losses(struct lab_work *work, const struct lab_batch *batch,
			   struct tok_error *err);

/* Those and the gradient of their mean by all numbers, or by those of the rows alone. */
enum tok_status lab_gradient(struct lab_work *work, const struct lab_batch *batch, bool rows_only,
			     struct tok_error *err);

/* ---- bodies ---------------------------------------------------------------------- */

/* Samples [first, first + count), at most LAB_STRIP. */
struct lab_span {
	size_t first, count;
};

struct lab_body {
	/* Its linear layers and arrays into `lab`, and its numbers from `at` on: what comes behind
	 * them. */
	size_t (*shape)(struct hyper_lab *lab, size_t at);
	/* Numbers that are in no linear layer. */
	void (*draw)(struct hyper_lab *lab, uint64_t seed);
	/* From LAB_CONTEXT to LAB_TOP, and from LAB_TOP_GRADIENT to LAB_CONTEXT_GRADIENT. */
	void (*forward)(struct lab_work *work, struct lab_span span, struct lab_desk *desk);
	void (*backward)(struct lab_work *work, struct lab_span span, struct lab_desk *desk);
	/* Gradients of numbers that are in no linear layer, over `count` samples. */
	void (*gather)(struct lab_work *work, size_t count);
};
extern const struct lab_body lab_feed_forward, lab_transformer;

/* A linear layer more, its numbers from *at on, which is moved; all its rows side by side. */
struct lab_linear *lab_add_linear(struct hyper_lab *lab, size_t *at, size_t out, size_t in,
				  size_t each, int x, int y_gradient);
/* Uniform in +-bound. */
void lab_draw(float *to, size_t count, double bound, uint64_t seed, uint64_t stream);

/* ---- linear.c -------------------------------------------------------------------- */

/* y = x W' + b of a span, rows y_stride apart; plus `residual`, rows residual_stride apart, which
 * may be NULL, and y itself. */
void lab_linear_forward(struct lab_work *work, size_t linear, struct lab_span span, float *y,
			const float *residual, size_t residual_stride, struct lab_desk *desk);
/* x_gradient = y_gradient W; plus what is there if `adds`. */
void lab_linear_backward(struct lab_work *work, size_t linear, struct lab_span span,
			 float *x_gradient, size_t x_stride, bool adds, struct lab_desk *desk);
/* Gradients of weights and biases of the first `linears` layers over `count` samples. */
enum tok_status lab_linear_gradients(struct lab_work *work, size_t linears, size_t count,
				     struct tok_error *err);

/* ---- curves.c -------------------------------------------------------------------- */

float lab_dot(const float *a, const float *b, size_t count);
/* Logits become (P - [i = target]) scale; the loss, -ln P(target), is returned. */
double lab_loss(float *logits, size_t count, size_t target, float scale);
/* Numbers become what sums to one. */
void lab_softmax(float *row, size_t count);
void lab_tanh(float *row, size_t count);
/* gradient *= 1 - y^2 */
void lab_tanh_back(const float *y, float *gradient, size_t count);
/* By tanh, as HYPER_GELU_TANH. */
void lab_gelu(const float *x, float *y, size_t count);
/* gradient *= the slope at x */
void lab_gelu_back(const float *x, float *gradient, size_t count);

/* Layer norm with variance / width, epsilon 1e-5; `numbers` are width factors, then width terms. */
void lab_norm(const float *numbers, const float *x, float *y, size_t width);
/* x_gradient from y_gradient; plus what is there if `adds`. */
void lab_norm_back(const float *numbers, const float *x, const float *y_gradient, float *x_gradient,
		   size_t width, bool adds);
/* Adds the gradient by the factors and terms. */
void lab_norm_gather(const float *x, const float *y_gradient, float *gradient, size_t width);

/* ---- train.c --------------------------------------------------------------------- */

/* Of a step: up for a twentieth of them, then down by half a cosine. */
double lab_rate(double rate, size_t step, size_t steps);

/* ---- adam.c ---------------------------------------------------------------------- */

struct lab_adam {
	float *first, *second; /* moments */
	size_t step;           /* done so far */
};

/* One step of numbers [from, to) by their gradient; `adam` counts on once all have been. */
void lab_adam_step(const struct lab_adam *adam, double rate, const float *gradient, float *numbers,
		   size_t from, size_t to);

#endif
