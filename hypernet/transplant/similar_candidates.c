/* similar_candidates.c - which tokens may be neighbours, and their rows. */
#include <math.h>
#include <stdlib.h>

#include "hypernet/ann/rows.h"
#include "hypernet/transplant/dense_internal.h"
#include "hypernet/transplant/similar_internal.h"
#include "tok/base/hash.h"

size_t hyper_similar_width(const struct hyper_similar_job *job)
{
	if (!job->donor)
		return job->features->width;
	return job->donor->tensor ? job->donor->tensor->shape[1] : job->donor->width;
}

static size_t donor_count(const struct hyper_rows_view *donor)
{
	return donor->tensor ? donor->tensor->shape[0] : donor->count;
}

/* A new token's row; *known: it is there, finite and not zero. */
static enum tok_status read_target(const struct hyper_similar_job *job, tok_id id, size_t width,
				   float *out, bool *known, struct tok_error *err)
{
	const float *row = job->donor ? out : job->features->target + id * width;
	enum tok_status status = TOK_OK;
	*known = id < (job->donor ? donor_count(job->donor) : job->features->target_count);
	if (!*known) {
		memset(out, 0, width * sizeof *out);
		return TOK_OK;
	}
	if (job->donor)
		status = hyper_rows_read(job->donor, id, 1, out, &row, err);
	if (status != TOK_OK)
		return status;
	if (row != out)
		memcpy(out, row, width * sizeof *out);
	const double square = hyper_dot64(out, out, width);
	if (!isfinite(square))
		return tok_fail(err, TOK_EFORMAT, "the row of new token %u holds NaN or infinity",
				id);
	*known = square > 0;
	return TOK_OK;
}

enum tok_status hyper_similar_queries(const struct hyper_similar_job *job, size_t first,
				      size_t count, size_t width, float *out, bool *known,
				      struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = read_target(job, job->wanted[first + i], width, out + i * width, &known[i],
				     err);
	return status;
}

/* ---- who may be one --------------------------------------------------------------- */

static bool source_is_free(const struct hyper_similar_job *job, tok_id id)
{
	return id < job->source_rows && id < job->source->count &&
	       job->source->kinds[id] != HYPER_TOKEN_NONE;
}

static bool old_may(const struct hyper_similar_job *job, tok_id id)
{
	const struct hyper_features *f = job->features;
	return source_is_free(job, id) && id < f->source_count &&
	       hyper_dot64(f->source + id * f->width, f->source + id * f->width, f->width) > 0;
}

/* What a longer token begins with is no token that both have. */
static bool shared_may(const struct hyper_similar_job *job, tok_id id)
{
	return job->target->kinds[id] != HYPER_TOKEN_NONE &&
	       job->matches->classes[id] < HYPER_MATCH_PREFIX &&
	       source_is_free(job, job->matches->source[id]);
}

/* One of each spelling: of the same bytes a text rather than a byte's own token, which hardly ever
 * occurs where there is a text, then the lower id. */
static enum tok_status choose(const struct hyper_similar_job *job, bool shared, uint8_t *chosen,
			      struct tok_error *err)
{
	static const uint8_t order[] = { HYPER_TOKEN_TEXT, HYPER_TOKEN_BYTE, HYPER_TOKEN_SPECIAL };
	const struct hyper_vocab *vocab = shared ? job->target : job->source;
	struct tok_arena arena = { 0 };
	struct tok_strings seen;
	if (!tok_strings_init(&seen, &arena, vocab->count)) {
		tok_arena_release(&arena);
		return tok_fail_memory(err);
	}
	for (size_t o = 0; o < sizeof order; o++)
		for (tok_id id = 0; id < vocab->count; id++) {
			struct tok_span bytes = vocab->bytes[id];
			if (!bytes.bytes)
				bytes.bytes = (const uint8_t *)"";
			if (vocab->kinds[id] == order[o] &&
			    (shared ? shared_may(job, id) : old_may(job, id)))
				chosen[id] = tok_strings_add(&seen, bytes, id);
		}
	tok_arena_release(&arena);
	return TOK_OK;
}

/* ---- their rows ------------------------------------------------------------------- */

static void finish_row(enum hyper_space space, float *row, size_t width)
{
	const double square = hyper_dot64(row, row, width);
	if (space == HYPER_SPACE_EUCLID)
		row[width] = (float)(-square / 2);
	for (size_t i = 0; i < width && space == HYPER_SPACE_UNIT; i++)
		row[i] = (float)(row[i] / sqrt(square));
}

static enum tok_status gather(const struct hyper_similar_job *job, bool shared,
			      enum hyper_space space, const uint8_t *chosen, size_t vocab_count,
			      struct hyper_candidates *c, struct tok_error *err)
{
	const struct hyper_features *f = job->features;
	enum tok_status status = TOK_OK;
	for (tok_id id = 0; id < vocab_count && status == TOK_OK; id++) {
		float *row = c->rows + c->count * c->stride;
		bool known = true;
		if (!chosen[id])
			continue;
		if (shared)
			status = read_target(job, id, c->width, row, &known, err);
		else
			memcpy(row, f->source + id * f->width, f->width * sizeof *row);
		if (status != TOK_OK || !known)
			continue;
		finish_row(space, row, c->width);
		c->sources[c->count++] = shared ? job->matches->source[id] : id;
	}
	return status;
}

/* Is there a source twice?  `marks`: a byte for each old id. */
static bool is_repeated(const struct hyper_candidates *c, uint8_t *marks)
{
	for (size_t i = 0; i < c->count; i++)
		if (marks[c->sources[i]]++)
			return true;
	return false;
}

enum tok_status hyper_candidates_make(const struct hyper_similar_job *job, bool shared,
				      enum hyper_space space, struct hyper_candidates *out,
				      struct tok_error *err)
{
	const size_t vocab_count = shared ? job->target->count : job->source->count;
	struct hyper_candidates made = { .width = hyper_similar_width(job) };
	made.stride = made.width + (space == HYPER_SPACE_EUCLID);
	uint8_t *chosen = calloc(vocab_count + 1, 1);
	uint8_t *marks = calloc(job->source->count + 1, 1);
	enum tok_status status =
	    chosen && marks ? choose(job, shared, chosen, err) : tok_fail_memory(err);
	if (status != TOK_OK)
		goto done;
	size_t count = 0, numbers;
	for (size_t id = 0; id < vocab_count; id++)
		count += chosen[id];
	if (!__builtin_mul_overflow(count + 1, made.stride * sizeof *made.rows, &numbers))
		made.rows = malloc(numbers);
	made.sources = malloc((count + 1) * sizeof *made.sources);
	if (!made.rows || !made.sources) {
		status = tok_fail_memory(err);
		goto done;
	}
	status = gather(job, shared, space, chosen, vocab_count, &made, err);
	made.repeated = status == TOK_OK && is_repeated(&made, marks);
done:
	free(chosen);
	free(marks);
	if (status == TOK_OK)
		*out = made;
	else
		hyper_candidates_release(&made);
	return status;
}

void hyper_candidates_release(struct hyper_candidates *candidates)
{
	free(candidates->rows);
	free(candidates->sources);
	*candidates = (struct hyper_candidates){ 0 };
}
