/* pass.c - a batch through the model: its losses, and the gradient of their mean. */
#include "hypernet/lab/lab_internal.h"

struct pass {
	struct lab_work *work;
	const struct lab_batch *batch;
	bool learns;
};

/* ---- rows of the context ----------------------------------------------------------- */

static void read_context(struct lab_work *work, const struct lab_batch *batch, size_t sample)
{
	const struct hyper_lab *lab = work->lab;
	const size_t width = lab->o.width, context = lab->o.context;
	const tok_id *ids = batch->contexts + sample * context;
	float *to = lab_at(work, LAB_CONTEXT, sample);
	for (size_t j = 0; j < context; j++, to += width) {
		if (ids[j] == TOK_NO_ID)
			memset(to, 0, width * sizeof *to);
		else
			memcpy(to, lab->numbers + ids[j] * width, width * sizeof *to);
	}
}

/* To the gradient of the input's rows; those of a tied model have one as outputs already. */
static void scatter(struct lab_work *work, const struct lab_batch *batch)
{
	const struct hyper_lab *lab = work->lab;
	const size_t width = lab->o.width, context = lab->o.context;
	if (!lab->o.tied)
		memset(work->gradient, 0, lab->vocabulary * width * sizeof *work->gradient);
	const float *from = lab_at(work, LAB_CONTEXT_GRADIENT, 0);
	for (size_t k = 0; k < batch->count * context; k++, from += width) {
		if (batch->contexts[k] == TOK_NO_ID)
			continue;
		float *to = work->gradient + batch->contexts[k] * width;
		for (size_t i = 0; i < width; i++)
			to[i] += from[i];
	}
}

/* ---- strips ------------------------------------------------------------------------ */

static void pass_strip(void *shared, size_t index, struct lab_desk *desk)
{
	const struct pass *pass = shared;
	struct lab_work *work = pass->work;
	const struct hyper_lab *lab = work->lab;
	const size_t first = index * LAB_STRIP, left = pass->batch->count - first;
	const struct lab_span span = { first, left < LAB_STRIP ? left : LAB_STRIP };
	const float scale = 1 / (float)pass->batch->count;
	for (size_t s = first; s < first + span.count; s++)
		read_context(work, pass->batch, s);
	lab->body->forward(work, span, desk);
	lab_linear_forward(work, LAB_OUTPUT, span, lab_at(work, LAB_LOGITS, first), NULL, 0, desk);
	for (size_t s = first; s < first + span.count; s++)
		work->losses[s] = lab_loss(lab_at(work, LAB_LOGITS, s), lab->vocabulary,
					   pass->batch->targets[s], scale);
	if (!pass->learns)
		return;
	lab_linear_backward(work, LAB_OUTPUT, span, lab_at(work, LAB_TOP_GRADIENT, first),
			    lab->o.width, false, desk);
	lab->body->backward(work, span, desk);
}

static enum tok_status run_strips(struct lab_work *work, const struct lab_batch *batch, bool learns,
				  struct tok_error *err)
{
	struct pass pass = { work, batch, learns };
	return lab_run(work, (batch->count + LAB_STRIP - 1) / LAB_STRIP, pass_strip, &pass, err);
}

enum tok_status lab_losses(struct lab_work *work, const struct lab_batch *batch,
			   struct tok_error *err)
{
	return run_strips(work, batch, false, err);
}

enum tok_status lab_gradient(struct lab_work *work, const struct lab_batch *batch, bool rows_only,
			     struct tok_error *err)
{
	const size_t linears = rows_only ? LAB_OUTPUT + 1 : work->lab->linear_count;
	enum tok_status status = run_strips(work, batch, true, err);
	if (status == TOK_OK)
		status = lab_linear_gradients(work, linears, batch->count, err);
	if (status != TOK_OK)
		return status;
	scatter(work, batch);
	if (!rows_only)
		work->lab->body->gather(work, batch->count);
	return TOK_OK;
}
