#include "hypernet/lab/lab_internal.h"

#include <math.h>
#include <stdlib.h>

#include "tok/base/random.h"

/* Deviation of rows, which are drawn evenly. */
#define ROW_DEVIATION 0.1

/* Streams of random numbers: one a linear layer, the body's, and the rows'. */
enum { STREAM_INPUT = LAB_LINEARS + 1, STREAM_OUTPUT };

/* ---- shape ----------------------------------------------------------------------- */

struct lab_linear *lab_add_linear(struct hyper_lab *lab, size_t *at, size_t out, size_t in,
				  size_t each, int x, int y_gradient)
{
	struct lab_linear *l = &lab->linears[lab->linear_count++];
	*l = (struct lab_linear){ .weight = *at,
				  .bias = *at + out * in,
				  .out = out,
				  .in = in,
				  .each = each,
				  .x = x,
				  .y_gradient = y_gradient,
				  .x_stride = in };
	*at = l->bias + out;
	return l;
}

static bool within(size_t size, size_t limit)
{
	return size >= 1 && size <= limit;
}

static enum tok_status check(size_t vocabulary, const struct hyper_lab_options *o,
			     struct tok_error *err)
{
	if (!within(vocabulary, HYPER_LAB_ROWS))
		return tok_fail(err, TOK_EARG, "a vocabulary of 1 to %d tokens, not %zu",
				HYPER_LAB_ROWS, vocabulary);
	if (!within(o->width, HYPER_LAB_WIDEST) || !within(o->hidden, HYPER_LAB_WIDEST))
		return tok_fail(err, TOK_EARG, "layers are 1 to %d numbers wide, not %zu and %zu",
				HYPER_LAB_WIDEST, o->width, o->hidden);
	if (!within(o->context, HYPER_LAB_LONGEST))
		return tok_fail(err, TOK_EARG, "a context of 1 to %d tokens, not %zu",
				HYPER_LAB_LONGEST, o->context);
	if (!within(o->batch, HYPER_LAB_BATCH) || !within(o->probe_batch, HYPER_LAB_BATCH))
		return tok_fail(err, TOK_EARG, "1 to %d samples a step, not %zu and %zu",
				HYPER_LAB_BATCH, o->batch, o->probe_batch);
	if (!isfinite(o->rate) || o->rate <= 0)
		return tok_fail(err, TOK_EARG, "a rate above zero, not %g", o->rate);
	return TOK_OK;
}

static const struct lab_body *body_of(enum hyper_lab_kind kind)
{
	switch (kind) {
	case HYPER_LAB_FEED_FORWARD:
		return &lab_feed_forward;
	case HYPER_LAB_TRANSFORMER:
		return &lab_transformer;
	}
	return NULL;
}

static void shape(struct hyper_lab *lab)
{
	const size_t width = lab->o.width, rows = lab->vocabulary * width;
	lab->at.output = lab->o.tied ? 0 : rows;
	lab->at.body = lab->at.output + rows;
	lab->widths[LAB_CONTEXT] = lab->widths[LAB_CONTEXT_GRADIENT] = lab->o.context * width;
	lab->widths[LAB_TOP] = lab->widths[LAB_TOP_GRADIENT] = width;
	lab->widths[LAB_LOGITS] = lab->vocabulary;
	lab->linear_count = LAB_OUTPUT + 1;
	lab->linears[LAB_OUTPUT] = (struct lab_linear){ .weight = lab->at.output,
							.bias = LAB_NO_BIAS,
							.out = lab->vocabulary,
							.in = width,
							.each = 1,
							.x = LAB_TOP,
							.y_gradient = LAB_LOGITS,
							.x_stride = width };
	lab->at.count = lab->body->shape(lab, lab->at.body);
}

/* ---- numbers --------------------------------------------------------------------- */

void lab_draw(float *to, size_t count, double bound, uint64_t seed, uint64_t stream)
{
	struct tok_random random = tok_random_of(seed, stream);
	for (size_t i = 0; i < count; i++)
		to[i] = (float)((2 * tok_random_real(&random) - 1) * bound);
}

/* Linear layers: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward
 * neural networks" (2010). */
static void draw_numbers(struct hyper_lab *lab)
{
	const size_t rows = lab->vocabulary * lab->o.width;
	const double bound = ROW_DEVIATION * sqrt(3);
	lab_draw(lab->numbers, rows, bound, lab->o.seed, STREAM_INPUT);
	if (!lab->o.tied)
		lab_draw(lab->numbers + lab->at.output, rows, bound, lab->o.seed, STREAM_OUTPUT);
	for (size_t i = LAB_OUTPUT + 1; i < lab->linear_count; i++) {
		const struct lab_linear *l = &lab->linears[i];
		lab_draw(lab->numbers + l->weight, l->out * l->in,
			 sqrt(6 / (double)(l->out + l->in)), lab->o.seed, i);
	}
	lab->body->draw(lab, lab->o.seed);
}

/* All numbers zero. */
static enum tok_status make(size_t vocabulary, const struct hyper_lab_options *options,
			    struct hyper_lab **out, struct tok_error *err)
{
	const enum tok_status status = check(vocabulary, options, err);
	if (status != TOK_OK)
		return status;
	struct hyper_lab *lab = calloc(1, sizeof *lab);
	if (!lab)
		return tok_fail_memory(err);
	lab->o = *options;
	lab->vocabulary = vocabulary;
	lab->body = body_of(options->kind);
	shape(lab);
	lab->numbers = calloc(lab->at.count, sizeof *lab->numbers);
	if (!lab->numbers) {
		hyper_lab_free(lab);
		return tok_fail_memory(err);
	}
	*out = lab;
	return TOK_OK;
}

enum tok_status hyper_lab_new(size_t vocabulary, const struct hyper_lab_options *options,
			      struct hyper_lab **out, struct tok_error *err)
{
	const enum tok_status status = make(vocabulary, options, out, err);
	if (status == TOK_OK)
		draw_numbers(*out);
	return status;
}

enum tok_status hyper_lab_graft(const struct hyper_lab *from, size_t vocabulary,
				struct hyper_lab **out, struct tok_error *err)
{
	const enum tok_status status = make(vocabulary, &from->o, out, err);
	if (status == TOK_OK)
		memcpy((*out)->numbers + (*out)->at.body, from->numbers + from->at.body,
		       (from->at.count - from->at.body) * sizeof *from->numbers);
	return status;
}

void hyper_lab_free(struct hyper_lab *model)
{
	if (model)
		free(model->numbers);
	free(model);
}

size_t hyper_lab_vocabulary(const struct hyper_lab *model)
{
	return model->vocabulary;
}

float *hyper_lab_input(struct hyper_lab *model)
{
	return model->numbers;
}

float *hyper_lab_output(struct hyper_lab *model)
{
	return model->numbers + model->at.output;
}
