#include "hypernet/transplant/subword_internal.h"

#include <math.h>
#include <stdlib.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/weights_internal.h"

/* What a run has beside its job. */
struct run {
	const struct hyper_subword_job *job;
	enum hyper_subword rule;
	struct hyper_rows_view rows; /* of script, as the rest */
	struct script_medians medians;
	struct hyper_desk desk;
	float *mean;
};

static void run_release(struct run *run)
{
	script_medians_release(&run->medians);
	free(run->desk.sums);
	free(run->desk.room);
	free(run->mean);
}

static enum tok_status run_init(struct run *run, const struct hyper_subword_job *job,
				enum hyper_subword rule, struct tok_error *err)
{
	*run = (struct run){ .job = job, .rule = rule };
	if (rule != HYPER_SUBWORD_SCRIPT)
		return TOK_OK;
	enum tok_status status = hyper_rows_check(job->rows, &run->rows, err);
	if (status != TOK_OK)
		return status;
	const size_t width = run->rows.width;
	run->desk.sums = malloc(width * sizeof *run->desk.sums);
	run->desk.room = malloc(width * sizeof *run->desk.room);
	run->mean = malloc(width * sizeof *run->mean);
	if (!run->desk.sums || !run->desk.room || !run->mean)
		return tok_fail_memory(err);
	return script_medians_make(job->source, &run->rows, &run->medians, err);
}

/* Of pieces [first, first + count), count > 0. */
static void weigh(const struct hyper_pieces *pieces, enum hyper_subword rule, size_t first,
		  size_t count, float *weights)
{
	double total = 0;
	for (size_t i = 0; rule == HYPER_SUBWORD_LENGTH && i < count; i++)
		total += pieces->lengths[first + i];
	for (size_t i = 0; i < count; i++) {
		double weight = 1 / (double)count;
		switch (rule) {
		case HYPER_SUBWORD_MEAN:
		case HYPER_SUBWORD_SCRIPT:
			break;
		case HYPER_SUBWORD_SUM:
		case HYPER_SUBWORD_FIRST:
		case HYPER_SUBWORD_LAST:
			weight = 1;
			break;
		case HYPER_SUBWORD_LENGTH: /* pieces that cover nothing are all alike */
			weight = total > 0 ? pieces->lengths[first + i] / total : weight;
			break;
		case HYPER_SUBWORD_LINEAR:
			weight = (double)(i + 1) * 2 / ((double)count * (double)(count + 1));
			break;
		}
		weights[i] = (float)weight;
	}
}

/* The mean in `weights`, which are its last row, as long as its script's rows are. */
static enum tok_status rescale(struct run *run, struct hyper_weights *weights, size_t index,
			       struct tok_error *err)
{
	const struct hyper_subword_job *job = run->job;
	const size_t row = weights->rows - 1;
	enum tok_status status = hyper_weights_check(weights, row, 1, run->rows.count, err);
	if (status == TOK_OK)
		status = hyper_weights_row(weights, &run->rows, row, &run->desk, run->mean, err);
	if (status != TOK_OK)
		return status;
	double square = 0;
	for (size_t i = 0; i < run->rows.width; i++)
		square += run->desk.sums[i] * run->desk.sums[i];
	const double length =
	    script_medians_of(&run->medians, job->target->bytes[job->wanted[index]]);
	if (square > 0 && isfinite(square) && length > 0)
		for (uint64_t e = hyper_weights_begin(weights, row); e < weights->ends[row]; e++)
			weights->weights[e] =
			    (float)((double)weights->weights[e] * length / sqrt(square));
	return TOK_OK;
}

static size_t most_pieces(const struct hyper_pieces *pieces)
{
	size_t most = 0;
	for (size_t i = 0; i < pieces->count; i++) {
		const size_t count = (size_t)(pieces->ends[i] - (i ? pieces->ends[i - 1] : 0));
		most = count > most ? count : most;
	}
	return most;
}

static enum tok_status add_row(struct run *run, size_t index, float *room, struct hyper_weights *to,
			       struct tok_error *err)
{
	const struct hyper_pieces *pieces = run->job->pieces;
	size_t first = index ? (size_t)pieces->ends[index - 1] : 0;
	size_t count = (size_t)pieces->ends[index] - first;
	if (count && run->rule == HYPER_SUBWORD_LAST)
		first += count - 1;
	if (count && (run->rule == HYPER_SUBWORD_LAST || run->rule == HYPER_SUBWORD_FIRST))
		count = 1;
	weigh(pieces, run->rule, first, count, room);
	enum tok_status status = hyper_weights_add(to, pieces->ids + first, room, count, err);
	if (status == TOK_OK && count && run->rule == HYPER_SUBWORD_SCRIPT)
		status = rescale(run, to, index, err);
	return status;
}

enum tok_status hyper_subword(const struct hyper_subword_job *job, enum hyper_subword rule,
			      struct hyper_weights *out, struct tok_error *err)
{
	struct run run;
	struct hyper_weights weights = { 0 };
	float *room = malloc((most_pieces(job->pieces) + 1) * sizeof *room);
	enum tok_status status = run_init(&run, job, rule, err);
	if (status == TOK_OK && !room)
		status = tok_fail_memory(err);
	for (size_t i = 0; i < job->pieces->count && status == TOK_OK; i++)
		status = add_row(&run, i, room, &weights, err);
	if (status == TOK_OK)
		*out = weights;
	else
		hyper_weights_release(&weights);
	run_release(&run);
	free(room);
	return status;
}
