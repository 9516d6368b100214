/*
 * transformer.c - one block, norms before its layers (as GPT-2 has them), and a norm at its end.
 *
 *	e = rows + places;  u = norm(e);  q = Q u;  k, v = KV u
 *	m = e + O attend(q, k, v);  z = norm(m);  t = m + D gelu(U z);  top = norm(t)
 *
 * Only what stands behind the last token is asked for, and there is one block: so only the last
 * token's query, and its rows from there on, are made; it sees all that are before it.
 */
#include "hypernet/lab/lab_internal.h"

#include <math.h>

enum {
	NORMED = LAB_OWN, /* u */
	NORMED_GRADIENT,
	QUERY,
	QUERY_GRADIENT,
	PAST, /* k and v of each token */
	PAST_GRADIENT,
	SHARES, /* of each head's attention */
	MIXED,  /* what attention gives */
	MIXED_GRADIENT,
	MIDDLE, /* m */
	MIDDLE_GRADIENT,
	SECOND, /* z */
	SECOND_GRADIENT,
	WIDE,   /* before GELU */
	ACTIVE, /* behind it */
	WIDE_GRADIENT,
	END, /* t */
	END_GRADIENT,
	ARRAYS
};
_Static_assert((int)ARRAYS <= (int)LAB_ARRAYS, "arrays of a transformer");

enum { TO_QUERY = LAB_OUTPUT + 1, TO_PAST, TO_MIDDLE, TO_WIDE, TO_END };
enum { NORMS = 3, TIMES = 4, HEADS = 4 };

static size_t heads_of(const struct hyper_lab *lab)
{
	return lab->o.width % HEADS == 0 ? HEADS : 1;
}

/* ---- numbers ---------------------------------------------------------------------- */

/* Places of the context, then the three norms. */
static size_t places_of(const struct hyper_lab *lab)
{
	return lab->at.body;
}

static size_t norm_of(const struct hyper_lab *lab, size_t norm)
{
	return lab->at.body + (lab->o.context + 2 * norm) * lab->o.width;
}

static size_t shape(struct hyper_lab *lab, size_t at)
{
	const size_t width = lab->o.width, context = lab->o.context, wide = TIMES * width;
	const size_t widths[ARRAYS - LAB_OWN] = {
		context * width,
		context * width,
		width,
		width,
		2 * context * width,
		2 * context * width,
		heads_of(lab) * context,
		width,
		width,
		width,
		width,
		width,
		width,
		wide,
		wide,
		wide,
		width,
		width,
	};
	memcpy(lab->widths + LAB_OWN, widths, sizeof widths);
	lab->array_count = ARRAYS;
	at += (context + 2 * NORMS) * width;
	struct lab_linear *query =
	    lab_add_linear(lab, &at, width, width, 1, NORMED, QUERY_GRADIENT);
	query->x_offset = (context - 1) * width;
	query->x_stride = context * width;
	(void)lab_add_linear(lab, &at, 2 * width, width, context, NORMED, PAST_GRADIENT);
	(void)lab_add_linear(lab, &at, width, width, 1, MIXED, MIDDLE_GRADIENT);
	(void)lab_add_linear(lab, &at, wide, width, 1, SECOND, WIDE_GRADIENT);
	(void)lab_add_linear(lab, &at, width, wide, 1, ACTIVE, END_GRADIENT);
	return at;
}

static void draw(struct hyper_lab *lab, uint64_t seed)
{
	const size_t width = lab->o.width;
	lab_draw(lab->numbers + places_of(lab), lab->o.context * width, 0.1, seed, LAB_LINEARS);
	for (size_t n = 0; n < NORMS; n++)
		for (size_t i = 0; i < width; i++)
			lab->numbers[norm_of(lab, n) + i] = 1;
}

/* ---- attention -------------------------------------------------------------------- */

/* One head of one sample: `width` numbers each of q, k, v; rows of k and v 2 * `all` apart. */
struct head {
	size_t width, all, context;
	float scale;
};

static struct head head_of(const struct hyper_lab *lab)
{
	const size_t width = lab->o.width / heads_of(lab);
	return (struct head){ width, lab->o.width, lab->o.context, 1 / sqrtf((float)width) };
}

static void attend(const struct head *h, const float *q, const float *past, float *shares,
		   float *mixed)
{
	for (size_t j = 0; j < h->context; j++)
		shares[j] = lab_dot(q, past + 2 * j * h->all, h->width) * h->scale;
	lab_softmax(shares, h->context);
	memset(mixed, 0, h->width * sizeof *mixed);
	for (size_t j = 0; j < h->context; j++)
		for (size_t i = 0; i < h->width; i++)
			mixed[i] += shares[j] * past[(2 * j + 1) * h->all + i];
}

static void attend_back(const struct head *h, const float *q, const float *past,
			const float *shares, const float *mixed_gradient, float *q_gradient,
			float *past_gradient)
{
	float by_share[HYPER_LAB_LONGEST], mean = 0;
	for (size_t j = 0; j < h->context; j++) {
		by_share[j] = lab_dot(mixed_gradient, past + (2 * j + 1) * h->all, h->width);
		mean += shares[j] * by_share[j];
	}
	memset(q_gradient, 0, h->width * sizeof *q_gradient);
	for (size_t j = 0; j < h->context; j++) {
		const float by_score = shares[j] * (by_share[j] - mean) * h->scale;
		const float *k = past + 2 * j * h->all;
		float *k_gradient = past_gradient + 2 * j * h->all;
		float *v_gradient = k_gradient + h->all;
		for (size_t i = 0; i < h->width; i++) {
			q_gradient[i] += by_score * k[i];
			k_gradient[i] = by_score * q[i];
			v_gradient[i] = shares[j] * mixed_gradient[i];
		}
	}
}

static void attend_sample(const struct lab_work *work, size_t s)
{
	const struct head h = head_of(work->lab);
	for (size_t n = 0; n < heads_of(work->lab); n++)
		attend(&h, lab_at(work, QUERY, s) + n * h.width,
		       lab_at(work, PAST, s) + n * h.width, lab_at(work, SHARES, s) + n * h.context,
		       lab_at(work, MIXED, s) + n * h.width);
}

static void attend_sample_back(const struct lab_work *work, size_t s)
{
	const struct head h = head_of(work->lab);
	for (size_t n = 0; n < heads_of(work->lab); n++)
		attend_back(&h, lab_at(work, QUERY, s) + n * h.width,
			    lab_at(work, PAST, s) + n * h.width,
			    lab_at(work, SHARES, s) + n * h.context,
			    lab_at(work, MIXED_GRADIENT, s) + n * h.width,
			    lab_at(work, QUERY_GRADIENT, s) + n * h.width,
			    lab_at(work, PAST_GRADIENT, s) + n * h.width);
}

/* ---- rows ------------------------------------------------------------------------- */

/* y = norm(x), `each` rows a sample. */
static void norm(const struct lab_work *work, size_t number, struct lab_span span, size_t each,
		 int x, int y)
{
	const size_t width = work->lab->o.width;
	const float *numbers = work->lab->numbers + norm_of(work->lab, number);
	const float *from = lab_at(work, x, span.first);
	float *to = lab_at(work, y, span.first);
	for (size_t r = 0; r < span.count * each; r++)
		lab_norm(numbers, from + r * width, to + r * width, width);
}

static void norm_back(const struct lab_work *work, size_t number, struct lab_span span, size_t each,
		      int x, int y_gradient, int x_gradient, bool adds)
{
	const size_t width = work->lab->o.width;
	const float *numbers = work->lab->numbers + norm_of(work->lab, number);
	const float *from = lab_at(work, x, span.first);
	const float *gradient = lab_at(work, y_gradient, span.first);
	float *to = lab_at(work, x_gradient, span.first);
	for (size_t r = 0; r < span.count * each; r++)
		lab_norm_back(numbers, from + r * width, gradient + r * width, to + r * width,
			      width, adds);
}

static void add(const float *from, float *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] += from[i];
}

static void forward(struct lab_work *work, struct lab_span span, struct lab_desk *desk)
{
	const struct hyper_lab *lab = work->lab;
	const size_t width = lab->o.width, all = lab->o.context * width, first = span.first;
	for (size_t s = first; s < first + span.count; s++)
		add(lab->numbers + places_of(lab), lab_at(work, LAB_CONTEXT, s), all);
	norm(work, 0, span, lab->o.context, LAB_CONTEXT, NORMED);
	lab_linear_forward(work, TO_QUERY, span, lab_at(work, QUERY, first), NULL, 0, desk);
	lab_linear_forward(work, TO_PAST, span, lab_at(work, PAST, first), NULL, 0, desk);
	for (size_t s = first; s < first + span.count; s++)
		attend_sample(work, s);
	lab_linear_forward(work, TO_MIDDLE, span, lab_at(work, MIDDLE, first),
			   lab_at(work, LAB_CONTEXT, first) + all - width, all, desk);
	norm(work, 1, span, 1, MIDDLE, SECOND);
	lab_linear_forward(work, TO_WIDE, span, lab_at(work, WIDE, first), NULL, 0, desk);
	lab_gelu(lab_at(work, WIDE, first), lab_at(work, ACTIVE, first),
		 span.count * TIMES * width);
	lab_linear_forward(work, TO_END, span, lab_at(work, END, first),
			   lab_at(work, MIDDLE, first), width, desk);
	norm(work, 2, span, 1, END, LAB_TOP);
}

static void backward(struct lab_work *work, struct lab_span span, struct lab_desk *desk)
{
	const size_t width = work->lab->o.width, all = work->lab->o.context * width;
	const size_t first = span.first, count = span.count;
	float *wide = lab_at(work, WIDE_GRADIENT, first);
	float *normed = lab_at(work, NORMED_GRADIENT, first);
	norm_back(work, 2, span, 1, END, LAB_TOP_GRADIENT, END_GRADIENT, false);
	lab_linear_backward(work, TO_END, span, wide, TIMES * width, false, desk);
	lab_gelu_back(lab_at(work, WIDE, first), wide, count * TIMES * width);
	lab_linear_backward(work, TO_WIDE, span, lab_at(work, SECOND_GRADIENT, first), width, false,
			    desk);
	memcpy(lab_at(work, MIDDLE_GRADIENT, first), lab_at(work, END_GRADIENT, first),
	       count * width * sizeof(float));
	norm_back(work, 1, span, 1, MIDDLE, SECOND_GRADIENT, MIDDLE_GRADIENT, true);
	lab_linear_backward(work, TO_MIDDLE, span, lab_at(work, MIXED_GRADIENT, first), width,
			    false, desk);
	for (size_t s = first; s < first + count; s++)
		attend_sample_back(work, s);
	lab_linear_backward(work, TO_PAST, span, normed, width, false, desk);
	lab_linear_backward(work, TO_QUERY, span, normed + all - width, all, true, desk);
	norm_back(work, 0, span, work->lab->o.context, LAB_CONTEXT, NORMED_GRADIENT,
		  LAB_CONTEXT_GRADIENT, false);
	for (size_t s = first; s < first + count; s++)
		add(lab_at(work, MIDDLE_GRADIENT, s),
		    lab_at(work, LAB_CONTEXT_GRADIENT, s) + all - width, width);
}

/* ---- over the batch ----------------------------------------------------------------- */

static void gather_norm(struct lab_work *work, size_t number, size_t rows, int x, int y_gradient)
{
	const size_t width = work->lab->o.width;
	const float *from = lab_at(work, x, 0), *gradient = lab_at(work, y_gradient, 0);
	float *to = work->gradient + norm_of(work->lab, number);
	memset(to, 0, 2 * width * sizeof *to);
	for (size_t r = 0; r < rows; r++)
		lab_norm_gather(from + r * width, gradient + r * width, to, width);
}

static void gather(struct lab_work *work, size_t count)
{
	const struct hyper_lab *lab = work->lab;
	const size_t all = lab->o.context * lab->o.width;
	float *places = work->gradient + places_of(lab);
	memset(places, 0, all * sizeof *places);
	for (size_t s = 0; s < count; s++)
		add(lab_at(work, LAB_CONTEXT_GRADIENT, s), places, all);
	gather_norm(work, 0, count * lab->o.context, LAB_CONTEXT, NORMED_GRADIENT);
	gather_norm(work, 1, count, MIDDLE, SECOND_GRADIENT);
	gather_norm(work, 2, count, END, LAB_TOP_GRADIENT);
}

const struct lab_body lab_transformer = {
	.shape = shape,
	.draw = draw,
	.forward = forward,
	.backward = backward,
	.gather = gather,
};
