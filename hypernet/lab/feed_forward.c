/* feed_forward.c - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin, "A neural probabilistic language
 * model" (2003): tanh of a layer over all rows of the context, then as wide as a row. */
#include "hypernet/lab/lab_internal.h"

enum { HIDDEN = LAB_OWN, HIDDEN_GRADIENT, ARRAYS };
enum { TO_HIDDEN = LAB_OUTPUT + 1, TO_TOP };

static size_t shape(struct hyper_lab *lab, size_t at)
{
	const size_t width = lab->o.width, hidden = lab->o.hidden;
	lab->widths[HIDDEN] = lab->widths[HIDDEN_GRADIENT] = hidden;
	lab->array_count = ARRAYS;
	(void)lab_add_linear(lab, &at, hidden, lab->o.context * width, 1, LAB_CONTEXT,
			     HIDDEN_GRADIENT);
	(void)lab_add_linear(lab, &at, width, hidden, 1, HIDDEN, LAB_TOP_GRADIENT);
	return at;
}

static void draw(struct hyper_lab *lab, uint64_t seed)
{
	(void)lab, (void)seed; /* all is in its linear layers */
}

static void forward(struct lab_work *work, struct lab_span span, struct lab_desk *desk)
{
	float *hidden = lab_at(work, HIDDEN, span.first);
	lab_linear_forward(work, TO_HIDDEN, span, hidden, NULL, 0, desk);
	lab_tanh(hidden, span.count * work->lab->o.hidden);
	lab_linear_forward(work, TO_TOP, span, lab_at(work, LAB_TOP, span.first), NULL, 0, desk);
}

static void backward(struct lab_work *work, struct lab_span span, struct lab_desk *desk)
{
	const struct hyper_lab *lab = work->lab;
	float *gradient = lab_at(work, HIDDEN_GRADIENT, span.first);
	lab_linear_backward(work, TO_TOP, span, gradient, lab->o.hidden, false, desk);
	lab_tanh_back(lab_at(work, HIDDEN, span.first), gradient, span.count * lab->o.hidden);
	lab_linear_backward(work, TO_HIDDEN, span, lab_at(work, LAB_CONTEXT_GRADIENT, span.first),
			    lab->widths[LAB_CONTEXT], false, desk);
}

static void gather(struct lab_work *work, size_t count)
{
	(void)work, (void)count;
}

const struct lab_body lab_feed_forward = {
	.shape = shape,
	.draw = draw,
	.forward = forward,
	.backward = backward,
	.gather = gather,
};
