#include "hypernet/transplant/similar.h"

#include <math.h>
#include <stdlib.h>

#include "hypernet/transplant/dense_internal.h"
#include "hypernet/transplant/each_internal.h"
#include "hypernet/transplant/similar_internal.h"
#include "tok/text/utf8.h"

/* ---- answers ---------------------------------------------------------------------- */

enum tok_status hyper_answer_room(struct hyper_answer *answer, size_t count, struct tok_error *err)
{
	if (count <= answer->room)
		return TOK_OK;
	struct hyper_share *shares = realloc(answer->shares, count * sizeof *shares);
	if (!shares)
		return tok_fail_memory(err);
	answer->shares = shares;
	answer->room = count;
	return TOK_OK;
}

static int by_source(const void *a, const void *b)
{
	const struct hyper_share *x = a, *y = b;
	return x->source < y->source ? -1 : x->source > y->source;
}

static int by_weight(const void *a, const void *b)
{
	const struct hyper_share *x = a, *y = b;
	const double left = fabs(x->weight), right = fabs(y->weight);
	if (left != right)
		return left > right ? -1 : 1;
	return by_source(a, b);
}

void hyper_answer_finish(struct hyper_answer *answer, bool merge)
{
	if (merge && answer->count > 1) {
		size_t last = 0;
		qsort(answer->shares, answer->count, sizeof *answer->shares, by_source);
		for (size_t i = 1; i < answer->count; i++)
			if (answer->shares[i].source == answer->shares[last].source)
				answer->shares[last].weight += answer->shares[i].weight;
			else
				answer->shares[++last] = answer->shares[i];
		answer->count = last + 1;
	}
	size_t count = 0;
	for (size_t i = 0; i < answer->count; i++)
		if ((float)answer->shares[i].weight != 0)
			answer->shares[count++] = answer->shares[i];
	answer->count = count;
	if (count > 1)
		qsort(answer->shares, count, sizeof *answer->shares, by_weight);
}

void hyper_softmax(double *values, size_t count, double temperature)
{
	double largest = -INFINITY, sum = 0;
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, values[i]);
	for (size_t i = 0; i < count; i++)
		sum += values[i] = exp((values[i] - largest) / temperature);
	for (size_t i = 0; i < count; i++)
		values[i] /= sum;
}

/* ---- one method, some tokens at a time -------------------------------------------- */

struct similar {
	const struct hyper_similar_job *job;
	const struct hyper_similar_options *options;
	enum hyper_similar method;
	size_t width, k;
	enum hyper_space space;
	struct hyper_candidates candidates;
	struct hyper_scan *scan; /* focus, clp */
	/* Of the tokens at hand. */
	size_t batch, first, count;
	float *queries;
	bool *known;
	struct hyper_near *near; /* k of each */
	struct hyper_answer *answers;
};

/* TokenAdapt's, which is never 0. */
static double temperature_of(const struct similar *s)
{
	return s->options->temperature + 1e-5;
}

/* Characters of valid UTF-8, bytes of what is none, at least 1. */
static double length_of(struct tok_span bytes)
{
	const size_t count = tok_utf8_valid(bytes) ? tok_utf8_count(bytes) : bytes.count;
	return count ? (double)count : 1;
}

static double cosine_of(const float *a, const float *b, size_t width)
{
	const double lengths = sqrt(hyper_dot64(a, a, width) * hyper_dot64(b, b, width));
	return lengths > 0 ? hyper_dot64(a, b, width) / lengths : 0;
}

static bool piece_counts(const struct hyper_similar_job *job, tok_id id)
{
	const struct hyper_features *f = job->features;
	return id < job->source_rows && id < f->source_count &&
	       hyper_dot64(f->source + id * f->width, f->source + id * f->width, f->width) > 0;
}

/* The local estimate of wanted[i], behind what is there. */
static enum tok_status add_local(const struct similar *s, size_t i, struct hyper_answer *answer,
				 struct tok_error *err)
{
	const struct hyper_similar_job *job = s->job;
	const struct hyper_features *f = job->features;
	const struct hyper_pieces *p = job->pieces;
	const uint64_t begin = i ? p->ends[i - 1] : 0, end = p->ends[i];
	const float *whole = f->target + job->wanted[i] * f->width;
	const double length = length_of(job->target->bytes[job->wanted[i]]);
	double *likeness = malloc(((size_t)(end - begin) + 1) * sizeof *likeness);
	enum tok_status status = hyper_answer_room(answer, answer->count + (end - begin), err);
	if (status == TOK_OK && !likeness)
		status = tok_fail_memory(err);
	struct hyper_share *shares = status == TOK_OK ? answer->shares + answer->count : NULL;
	size_t count = 0;
	for (uint64_t at = begin; at < end && shares; at++)
		if (piece_counts(job, p->ids[at])) {
			likeness[count] =
			    cosine_of(whole, f->source + p->ids[at] * f->width, f->width);
			shares[count++] =
			    (struct hyper_share){ p->ids[at], (double)p->lengths[at] / length };
		}
	if (count) {
		hyper_softmax(likeness, count, 1);
		for (size_t j = 0; j < count; j++)
			likeness[j] = (likeness[j] + shares[j].weight) / 2;
		hyper_softmax(likeness, count, temperature_of(s));
		for (size_t j = 0; j < count; j++)
			shares[j].weight = likeness[j];
		answer->count += count;
	}
	free(likeness);
	return status;
}

/* Of the nearest by softmax; those below the threshold are left out afterwards. */
static enum tok_status add_nearest(const struct similar *s, size_t i, double temperature,
				   double threshold, struct hyper_answer *answer,
				   struct tok_error *err)
{
	const struct hyper_near *near = s->near + i * s->k;
	double *weights = malloc((s->k + 1) * sizeof *weights);
	enum tok_status status = hyper_answer_room(answer, answer->count + s->k, err);
	if (status == TOK_OK && !weights)
		status = tok_fail_memory(err);
	if (status == TOK_OK) {
		double sum = 0;
		for (size_t j = 0; j < s->k; j++)
			weights[j] = near[j].nearness;
		hyper_softmax(weights, s->k, temperature);
		for (size_t j = 0; j < s->k; j++)
			sum += near[j].nearness >= threshold ? weights[j] : 0;
		for (size_t j = 0; j < s->k; j++)
			if (near[j].nearness >= threshold)
				answer->shares[answer->count++] =
				    (struct hyper_share){ s->candidates.sources[near[j].place],
							  weights[j] / sum };
	}
	free(weights);
	return status;
}

/* Eq. 5; where one of both is missing the other one is all. */
static enum tok_status answer_hybrid(const struct similar *s, size_t i, struct hyper_answer *answer,
				     struct tok_error *err)
{
	const double weight = s->options->weight;
	enum tok_status status =
	    add_nearest(s, i, temperature_of(s), s->options->threshold, answer, err);
	const size_t global = answer->count;
	if (status == TOK_OK)
		status = add_local(s, s->first + i, answer, err);
	if (global && answer->count > global)
		for (size_t j = 0; j < answer->count; j++)
			answer->shares[j].weight *= j < global ? weight : 1 - weight;
	hyper_answer_finish(answer, true);
	return status;
}

/* Cosines that are positive, of the k nearest, over their sum. */
static enum tok_status answer_positive(const struct similar *s, size_t i,
				       struct hyper_answer *answer, struct tok_error *err)
{
	return hyper_knn_weights(HYPER_KNN_DISTANCE, false, &s->candidates, NULL,
				 s->near + i * s->k, s->k, answer, err);
}

static enum tok_status answer_one(void *shared, size_t i, size_t thread, struct tok_error *err)
{
	const struct similar *s = shared;
	const struct hyper_similar_options *o = s->options;
	struct hyper_answer *answer = &s->answers[i];
	enum tok_status status = TOK_OK;
	(void)thread;
	if (!s->known[i])
		return TOK_OK;
	switch (s->method) {
	case HYPER_SIMILAR_LOCAL:
		status = add_local(s, s->first + i, answer, err);
		hyper_answer_finish(answer, true);
		break;
	case HYPER_SIMILAR_GLOBAL:
		status = add_nearest(s, i, temperature_of(s), o->threshold, answer, err);
		hyper_answer_finish(answer, false);
		break;
	case HYPER_SIMILAR_HYBRID:
		status = answer_hybrid(s, i, answer, err);
		break;
	case HYPER_SIMILAR_WECHSEL:
		status = add_nearest(s, i, o->temperature, -INFINITY, answer, err);
		hyper_answer_finish(answer, false);
		break;
	case HYPER_SIMILAR_CLP:
		status = answer_positive(s, i, answer, err);
		break;
	case HYPER_SIMILAR_KNN:
		status =
		    hyper_knn_weights(o->knn, o->euclid, &s->candidates, s->queries + i * s->width,
				      s->near + i * s->k, s->k, answer, err);
		break;
	case HYPER_SIMILAR_FOCUS: /* a scan's */
		break;
	}
	return status;
}

static enum tok_status answer_batch(struct similar *s, struct tok_error *err)
{
	const struct hyper_similar_job *job = s->job;
	enum tok_status status =
	    hyper_similar_queries(job, s->first, s->count, s->width, s->queries, s->known, err);
	if (status != TOK_OK)
		return status;
	if (s->scan && s->method == HYPER_SIMILAR_FOCUS)
		return hyper_scan_sparsemax(s->scan, s->queries, s->known, s->count,
					    s->options->temperature, job->threads, s->answers, err);
	if (s->scan)
		return hyper_scan_positive(s->scan, s->queries, s->known, s->count, job->threads,
					   s->answers, err);
	if (s->k)
		status = hyper_near_find(&s->candidates, s->space, s->queries, s->count, s->k,
					 job->kernel, job->threads, s->near, err);
	if (status == TOK_OK)
		status = hyper_each(job->threads, s->count, answer_one, s, err);
	return status;
}

static enum tok_status put_answers(const struct similar *s, struct hyper_weights *out,
				   struct tok_error *err)
{
	size_t most = 0;
	for (size_t i = 0; i < s->count; i++)
		most = s->answers[i].count > most ? s->answers[i].count : most;
	tok_id *sources = malloc((most + 1) * sizeof *sources);
	float *weights = malloc((most + 1) * sizeof *weights);
	enum tok_status status = sources && weights ? TOK_OK : tok_fail_memory(err);
	for (size_t i = 0; i < s->count && status == TOK_OK; i++) {
		const struct hyper_answer *answer = &s->answers[i];
		for (size_t j = 0; j < answer->count; j++) {
			sources[j] = answer->shares[j].source;
			weights[j] = (float)answer->shares[j].weight;
		}
		status = hyper_weights_add(out, sources, weights, answer->count, err);
	}
	free(sources);
	free(weights);
	return status;
}

/* ---- all tokens ------------------------------------------------------------------- */

static enum tok_status check(const struct hyper_similar_job *job, enum hyper_similar method,
			     const struct hyper_similar_options *o, struct tok_error *err)
{
	const bool local = method == HYPER_SIMILAR_LOCAL || method == HYPER_SIMILAR_HYBRID;
	const bool divides = method == HYPER_SIMILAR_FOCUS || method == HYPER_SIMILAR_WECHSEL;
	const bool counts = method == HYPER_SIMILAR_GLOBAL || method == HYPER_SIMILAR_HYBRID ||
			    method == HYPER_SIMILAR_WECHSEL || method == HYPER_SIMILAR_KNN;
	if (!(o->temperature >= (divides ? 1e-6 : 0)) || !isfinite(o->temperature))
		return tok_fail(err, TOK_EARG, "a temperature of %g is not above 0",
				o->temperature);
	if (method == HYPER_SIMILAR_HYBRID && !(o->weight >= 0 && o->weight <= 1))
		return tok_fail(err, TOK_EARG, "the weight of global is between 0 and 1, not %g",
				o->weight);
	if (counts && o->k == 0)
		return tok_fail(err, TOK_EARG, "1 neighbour at least has to be looked for");
	if (method != HYPER_SIMILAR_KNN && job->donor)
		return tok_fail(err, TOK_EARG, "rows of a donor serve knn only");
	if (!job->donor && !job->features)
		return tok_fail(err, TOK_EARG, "there are no features to compare");
	if (local && (!job->pieces || job->pieces->count != job->count))
		return tok_fail(err, TOK_EARG, "there are pieces of other tokens");
	return TOK_OK;
}

/* Where neighbours are looked for, and how. */
static enum tok_status prepare(struct similar *s, struct tok_error *err)
{
	const bool scans = s->method == HYPER_SIMILAR_FOCUS ||
			   (s->method == HYPER_SIMILAR_CLP && s->options->k == 0);
	const bool shared =
	    scans || s->method == HYPER_SIMILAR_CLP || s->method == HYPER_SIMILAR_KNN;
	enum tok_status status = TOK_OK;
	s->width = hyper_similar_width(s->job);
	if (s->method == HYPER_SIMILAR_KNN)
		s->space = s->options->euclid ? HYPER_SPACE_EUCLID : HYPER_SPACE_PLAIN;
	if (s->method != HYPER_SIMILAR_LOCAL)
		status = hyper_candidates_make(s->job, shared, s->space, &s->candidates, err);
	if (status == TOK_OK && scans)
		status = hyper_scan_new(&s->candidates, s->job->kernel, &s->scan, err);
	if (status != TOK_OK)
		return status;
	s->k = s->options->k < s->candidates.count ? s->options->k : s->candidates.count;
	s->k = scans ? 0 : s->k;
	/* A scan's answers may be as long as there are candidates. */
	s->batch = (scans ? HYPER_SIMILAR_BATCH / 4 : HYPER_SIMILAR_BATCH) * s->job->threads;
	s->queries = malloc(s->batch * s->width * sizeof *s->queries);
	s->known = malloc(s->batch * sizeof *s->known);
	s->near = malloc((s->batch * s->k + 1) * sizeof *s->near);
	s->answers = calloc(s->batch, sizeof *s->answers);
	return s->queries && s->known && s->near && s->answers ? TOK_OK : tok_fail_memory(err);
}

static void release(struct similar *s)
{
	hyper_scan_free(s->scan);
	hyper_candidates_release(&s->candidates);
	for (size_t i = 0; s->answers && i < s->batch; i++)
		free(s->answers[i].shares);
	free(s->answers);
	free(s->queries);
	free(s->known);
	free(s->near);
}

enum tok_status hyper_similar(const struct hyper_similar_job *job, enum hyper_similar method,
			      const struct hyper_similar_options *options,
			      struct hyper_weights *out, struct tok_error *err)
{
	struct similar s = { .job = job, .options = options, .method = method };
	struct hyper_weights made = { 0 };
	enum tok_status status = check(job, method, options, err);
	if (status == TOK_OK)
		status = prepare(&s, err);
	for (s.first = 0; s.first < job->count && status == TOK_OK; s.first += s.batch) {
		s.count = job->count - s.first < s.batch ? job->count - s.first : s.batch;
		for (size_t i = 0; i < s.count; i++)
			s.answers[i].count = 0;
		status = answer_batch(&s, err);
		if (status == TOK_OK)
			status = put_answers(&s, &made, err);
	}
	release(&s);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_weights_release(&made);
	return status;
}
