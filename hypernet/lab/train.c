/* train.c - samples drawn from a text, rates, steps; and what a text costs. */
#include "hypernet/lab/lab_internal.h"

#include <math.h>
#include <stdlib.h>

#include "tok/base/random.h"

/* ---- samples --------------------------------------------------------------------- */

/* Ids of a stream, and a batch of it. */
struct reader {
	const tok_id *ids;
	size_t count, context;
	tok_id *contexts, *targets;
};

static enum tok_status check_ids(const struct hyper_lab *model, const tok_id *ids, size_t count,
				 struct tok_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= model->vocabulary)
			return tok_fail(err, TOK_EARG,
					"id %u, of a model whose vocabulary has %zu tokens",
					(unsigned)ids[i], model->vocabulary);
	return TOK_OK;
}

static enum tok_status reader_init(struct reader *reader, const struct hyper_lab *model,
				   const tok_id *ids, size_t count, size_t batch,
				   struct tok_error *err)
{
	*reader = (struct reader){ ids, count, model->o.context, NULL, NULL };
	const enum tok_status status = check_ids(model, ids, count, err);
	if (status != TOK_OK)
		return status;
	reader->contexts = calloc(batch, reader->context * sizeof(tok_id));
	reader->targets = calloc(batch, sizeof(tok_id));
	return reader->contexts && reader->targets ? TOK_OK : tok_fail_memory(err);
}

static void reader_release(struct reader *reader)
{
	free(reader->contexts);
	free(reader->targets);
}

/* The token at `place`, and those before it, are sample number `sample`. */
static void read_sample(struct reader *reader, size_t sample, size_t place)
{
	tok_id *to = reader->contexts + sample * reader->context;
	for (size_t j = 0; j < reader->context; j++) {
		const size_t back = reader->context - j;
		to[j] = place >= back ? reader->ids[place - back] : TOK_NO_ID;
	}
	reader->targets[sample] = reader->ids[place];
}

/* ---- training -------------------------------------------------------------------- */

double lab_rate(double rate, size_t step, size_t steps)
{
	const double pi = 3.14159265358979323846;
	const size_t warm = (steps + 19) / 20;
	if (step < warm)
		return rate * (double)(step + 1) / (double)warm;
	return rate * 0.5 * (1 + cos(pi * (double)(step - warm) / (double)(steps - warm)));
}

struct training {
	struct hyper_lab *model;
	struct lab_work work;
	struct reader reader;
	struct tok_random random;
	struct lab_adam adam;
	size_t numbers; /* that are trained: the first ones */
	size_t batch;
	double rate;
};

enum { ADAM_PART = 1 << 14 };

static void descend(void *shared, size_t index, struct lab_desk *desk)
{
	const struct training *t = shared;
	const size_t from = index * ADAM_PART, left = t->numbers - from;
	(void)desk;
	lab_adam_step(&t->adam, t->rate, t->work.gradient, t->model->numbers, from,
		      from + (left < ADAM_PART ? left : ADAM_PART));
}

static double mean_loss(const struct lab_work *work, size_t count)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += work->losses[i];
	return sum / (double)count;
}

static enum tok_status train_step(struct training *t, size_t count, bool rows_only, double *loss,
				  struct tok_error *err)
{
	for (size_t i = 0; i < count; i++)
		read_sample(&t->reader, i, tok_random_below(&t->random, t->reader.count));
	const struct lab_batch batch = { t->reader.contexts, t->reader.targets, count };
	enum tok_status status = lab_pack(&t->work, err);
	if (status == TOK_OK)
		status = lab_gradient(&t->work, &batch, rows_only, err);
	if (status != TOK_OK)
		return status;
	*loss = mean_loss(&t->work, count);
	if (!isfinite(*loss))
		return tok_fail(err, TOK_EARG,
				"training went astray at step %zu: a lower rate "
				"than %g would be right",
				t->adam.step + 1, t->model->o.rate);
	status = lab_run(&t->work, (t->numbers + ADAM_PART - 1) / ADAM_PART, descend, t, err);
	t->adam.step++;
	return status;
}

static enum tok_status train_all(struct training *t, size_t samples, bool rows_only,
				 hyper_lab_watch *watch, void *context, struct tok_error *err)
{
	const size_t batch = t->batch, steps = (samples + batch - 1) / batch;
	double loss = 0;
	for (size_t step = 0; step < steps; step++) {
		const size_t left = samples - step * batch;
		if (watch && !watch(context, step, steps, loss))
			return TOK_OK;
		t->rate = lab_rate(t->model->o.rate, step, steps);
		const enum tok_status status =
		    train_step(t, left < batch ? left : batch, rows_only, &loss, err);
		if (status != TOK_OK)
			return status;
	}
	return TOK_OK;
}

enum tok_status hyper_lab_train(struct hyper_lab *model, const tok_id *ids, size_t count,
				size_t samples, bool rows_only, hyper_lab_watch *watch,
				void *context, struct tok_error *err)
{
	struct training t = { .model = model,
			      .random = tok_random_of(model->o.seed, UINT64_MAX),
			      .numbers = rows_only ? model->at.body : model->at.count,
			      .batch = rows_only ? model->o.probe_batch : model->o.batch };
	if (count == 0)
		return tok_fail(err, TOK_EARG, "a text without tokens teaches nothing");
	enum tok_status status = reader_init(&t.reader, model, ids, count, t.batch, err);
	if (status == TOK_OK)
		status = lab_work_init(&t.work, model, t.batch, true, err);
	t.adam.first = calloc(t.numbers, sizeof(float));
	t.adam.second = calloc(t.numbers, sizeof(float));
	if (status == TOK_OK && (!t.adam.first || !t.adam.second))
		status = tok_fail_memory(err);
	if (status == TOK_OK)
		status = train_all(&t, samples, rows_only, watch, context, err);
	free(t.adam.first);
	free(t.adam.second);
	lab_work_release(&t.work);
	reader_release(&t.reader);
	return status;
}

/* ---- bits ------------------------------------------------------------------------ */

/* Samples at once: strips for every thread, and not too many logits. */
enum { BITS_BATCH = 4 * LAB_STRIP };

struct cost {
	double nats, marked; /* of all samples */
};

/* How probable marked tokens were, by what lab_loss left of a sample's logits. */
static double share_of(const struct lab_work *work, const struct lab_batch *batch, size_t sample,
		       const uint8_t *marked)
{
	const float *left = lab_at(work, LAB_LOGITS, sample);
	double sum = 0;
	for (size_t i = 0; i < work->lab->vocabulary; i++)
		if (marked[i])
			sum += left[i];
	return sum * (double)batch->count + (marked[batch->targets[sample]] ? 1 : 0);
}

static enum tok_status add_costs(struct lab_work *work, struct reader *reader,
				 const uint8_t *marked, struct cost *cost, struct tok_error *err)
{
	for (size_t from = 0; from < reader->count; from += work->capacity) {
		const size_t left = reader->count - from;
		const size_t count = left < work->capacity ? left : work->capacity;
		for (size_t i = 0; i < count; i++)
			read_sample(reader, i, from + i);
		const struct lab_batch batch = { reader->contexts, reader->targets, count };
		const enum tok_status status = lab_losses(work, &batch, err);
		if (status != TOK_OK)
			return status;
		for (size_t i = 0; i < count; i++) {
			cost->nats += work->losses[i];
			if (marked)
				cost->marked += share_of(work, &batch, i, marked);
		}
	}
	return TOK_OK;
}

enum tok_status hyper_lab_bits(const struct hyper_lab *model, const tok_id *ids, size_t count,
			       const uint8_t *marked, double *bits, double *share,
			       struct tok_error *err)
{
	struct lab_work work = { 0 };
	struct reader reader;
	struct cost cost = { 0 };
	enum tok_status status = reader_init(&reader, model, ids, count, BITS_BATCH, err);
	if (status == TOK_OK)
		status = lab_work_init(&work, model, BITS_BATCH, false, err);
	if (status == TOK_OK)
		status = lab_pack(&work, err);
	if (status == TOK_OK)
		status = add_costs(&work, &reader, marked, &cost, err);
	if (status == TOK_OK)
		*bits = cost.nats / 0.69314718055994530942;
	if (status == TOK_OK && marked)
		*share = count ? cost.marked / (double)count : 0;
	lab_work_release(&work);
	reader_release(&reader);
	return status;
}
