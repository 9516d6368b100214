/* A mapped model as a struct tok_lm: rows from the parts that contexts have. */
#include "vocab/lm/ngram.h"

#include <math.h>
#include <stdlib.h>

#include "vocab/lm/ngram_internal.h"

struct ngram_lm {
	struct tok_lm lm;
	struct tok_lm_info info;
	struct ngram_file file;
	tok_id eos, *start;
	double *base, *log_base; /* of order 1 */
	/* For a row: what parts add to an id, what of it is below 0, and which ids they name.
	 * `row_of` tells the row that an id was last named in. */
	double *added, *taken;
	tok_id *named;
	uint64_t *row_of, row;
};

static bool has_id(const struct ngram_lm *m, tok_id id)
{
	return id < m->eos;
}

static double log_of(double p)
{
	return p > 0 ? log(p) : -INFINITY;
}

/* The last symbols of a request that a row depends on. */
static enum tok_status find_context(const struct ngram_lm *m, const struct tok_lm_request *request,
				    uint32_t *context, size_t *length, struct tok_error *err)
{
	const size_t most = m->file.header.order - 1;
	size_t count = request->count < most ? request->count : most;
	*length = 0;
	if (count < most)
		context[(*length)++] = m->file.tables.begin;
	for (size_t i = request->count - count; i < request->count; i++) {
		const tok_id id = request->ids[i];
		if (!has_id(m, id))
			return tok_fail(err, TOK_EARG, "a context has the id %u: ids end at %u", id,
					m->eos - 1);
		context[(*length)++] = id;
	}
	return TOK_OK;
}

/* Of one scale another one, beside its logarithm where it is small.  What was small may have lost
 * digits, which do not come back when it grows: its logarithm has them. */
static void scale_by(double gamma, double *scale, double *log_scale)
{
	const double was = *scale;
	if (was < TOK_LM_SMALL_SCALE) {
		*log_scale += log_of(gamma);
		*scale = exp(*log_scale);
		return;
	}
	*scale = was * gamma;
	if (*scale < TOK_LM_SMALL_SCALE)
		*log_scale = log(was) + log_of(gamma);
}

/* The longest context first: what it leaves is what the next one has. */
static enum tok_status find_parts(struct tok_lm *lm, const struct tok_lm_request *request,
				  struct tok_lm_parts *out, struct tok_error *err)
{
	struct ngram_lm *m = (struct ngram_lm *)lm;
	const struct ngram_tables *tables = &m->file.tables;
	const size_t most = m->file.header.order - 1;
	uint32_t context[VOCAB_NGRAM_ORDER_MAX];
	size_t length, seen = 0;
	const enum tok_status status = find_context(m, request, context, &length, err);
	if (status != TOK_OK)
		return status;
	out->base = m->base;
	out->scale = 1;
	out->log_scale = 0;
	out->count = 0;
	for (size_t n = length; n > 0; n--) {
		uint64_t node;
		if (!ngram_find(tables, context + length - n, n, &node))
			continue;
		const struct ngram_range range = ngram_successors(tables, (unsigned)n, node);
		const double gamma = tables->levels[n - 1].gamma[node];
		if (seen == 0 && (range.begin < range.end || gamma != 1))
			seen = n;
		if (range.begin < range.end)
			out->parts[out->count++] = (struct tok_lm_part){
				.ids = tables->levels[n].ids + range.begin,
				.add = tables->levels[n].add + range.begin,
				.count = (size_t)(range.end - range.begin),
				.scale = out->scale,
				.log_scale = out->log_scale,
			};
		scale_by(gamma, &out->scale, &out->log_scale);
	}
	/* Behind what nothing was seen, nothing longer was. */
	out->spare = most - seen;
	return TOK_OK;
}

/* Adds a part; returns how many ids are named now. */
static size_t add_part(struct ngram_lm *m, const struct tok_lm_part *part, size_t named)
{
	for (size_t i = 0; i < part->count; i++) {
		const tok_id id = part->ids[i];
		if (id > m->eos)
			continue;
		if (m->row_of[id] != m->row) {
			m->row_of[id] = m->row;
			m->added[id] = m->taken[id] = 0;
			m->named[named++] = id;
		}
		const double add = part->scale * part->add[i];
		m->added[id] += add;
		m->taken[id] -= add < 0 ? add : 0;
	}
	return named;
}

/* How far a number may be from what the model says. */
static double error_of(const struct tok_lm_log_p *p)
{
	return p->low < p->high ? exp(p->high) - exp(p->low) : 0;
}

/* Those that parts name.  What they have taken away may have left no digits. */
static double write_named(struct ngram_lm *m, const struct tok_lm_parts *parts, size_t named,
			  double *log_p)
{
	double error = 0;
	for (size_t i = 0; i < named; i++) {
		const tok_id id = m->named[i];
		const double p = parts->scale * m->base[id] + m->added[id];
		if (p >= TOK_LM_SMALL_SCALE && p >= 0.5 * m->taken[id]) {
			log_p[id] = log(p);
			continue;
		}
		const struct tok_lm_log_p exact = tok_lm_parts_log_p(parts, id);
		log_p[id] = exact.log_p;
		error += error_of(&exact);
	}
	return error;
}

static enum tok_status fill_row(struct ngram_lm *m, const struct tok_lm_request *request,
				struct tok_lm_row *out, struct tok_error *err)
{
	struct tok_lm_parts parts;
	size_t named = 0;
	const enum tok_status status = find_parts(&m->lm, request, &parts, err);
	if (status != TOK_OK)
		return status;
	m->row++;
	for (size_t i = 0; i < parts.count; i++)
		named = add_part(m, &parts.parts[i], named);
	const double log_scale =
	    parts.scale < TOK_LM_SMALL_SCALE ? parts.log_scale : log(parts.scale);
	for (size_t id = 0; id < m->info.size; id++)
		out->log_p[id] = m->log_base[id] + log_scale;
	out->error = write_named(m, &parts, named, out->log_p);
	return TOK_OK;
}

static enum tok_status fill_rows(struct tok_lm *lm, const struct tok_lm_request *requests,
				 size_t count, struct tok_lm_row *out, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count && status == TOK_OK; i++)
		status = fill_row((struct ngram_lm *)lm, &requests[i], &out[i], err);
	return status;
}

static void free_model(struct tok_lm *lm)
{
	struct ngram_lm *m = (struct ngram_lm *)lm;
	if (!m)
		return;
	ngram_file_close(&m->file);
	free(m->start);
	free(m->base);
	free(m->log_base);
	free(m->added);
	free(m->taken);
	free(m->named);
	free(m->row_of);
	free(m);
}

/* ---- opening ---------------------------------------------------------------------- */

static bool make_rows(struct ngram_lm *m)
{
	const size_t size = m->info.size;
	m->base = malloc(size * sizeof *m->base);
	m->log_base = malloc(size * sizeof *m->log_base);
	m->added = malloc(size * sizeof *m->added);
	m->taken = malloc(size * sizeof *m->taken);
	m->named = malloc(size * sizeof *m->named);
	m->row_of = calloc(size, sizeof *m->row_of);
	if (!m->base || !m->log_base || !m->added || !m->taken || !m->named || !m->row_of)
		return false;
	for (size_t id = 0; id < size; id++) {
		m->base[id] = m->file.tables.levels[0].add[id] + m->file.header.base;
		m->log_base[id] = log_of(m->base[id]);
	}
	return true;
}

static enum tok_status keep_start(struct ngram_lm *m, const tok_id *start, size_t count,
				  struct tok_error *err)
{
	if (count == 0)
		return TOK_OK;
	m->start = malloc(count * sizeof *m->start);
	if (!m->start)
		return tok_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (!has_id(m, start[i]))
			return tok_fail(err, TOK_EARG, "the model has no id %u: ids end at %u",
					start[i], m->eos - 1);
		m->start[i] = start[i];
	}
	m->info.start = m->start;
	m->info.start_count = count;
	return TOK_OK;
}

enum tok_status ngram_lm_new(struct ngram_file *file, const tok_id *start, size_t count,
			     struct tok_lm **out, struct tok_error *err)
{
	struct ngram_lm *m = calloc(1, sizeof *m);
	if (!m) {
		ngram_file_close(file);
		return tok_fail_memory(err);
	}
	m->file = *file;
	m->file.tables.header = &m->file.header;
	m->eos = m->file.tables.end;
	m->info = (struct tok_lm_info){
		.name = "n-gram",
		.size = (size_t)m->eos + 1,
		.eos = &m->eos,
		.eos_count = 1,
		.markov_order = m->file.header.order,
		.batch = 1,
		.deterministic = true,
	};
	m->lm = (struct tok_lm){ &m->info, fill_rows, free_model, find_parts };
	enum tok_status status = make_rows(m) ? TOK_OK : tok_fail_memory(err);
	if (status == TOK_OK)
		status = keep_start(m, start, count, err);
	if (status != TOK_OK) {
		free_model(&m->lm);
		return status;
	}
	*out = &m->lm;
	return TOK_OK;
}

enum tok_status vocab_ngram_open(const char *path, const struct tok_tokenizer *tokenizer,
				 struct tok_lm **out, struct tok_error *err)
{
	struct ngram_file file;
	const enum tok_status status = ngram_file_open(path, tokenizer, &file, err);
	return status == TOK_OK ? ngram_lm_new(&file, NULL, 0, out, err) : status;
}

enum tok_status vocab_ngram_info(const char *path, struct vocab_ngram_info *out,
				 struct tok_error *err)
{
	struct ngram_file file;
	const enum tok_status status = ngram_file_open(path, NULL, &file, err);
	if (status != TOK_OK)
		return status;
	const struct ngram_header *header = &file.header;
	*out = (struct vocab_ngram_info){
		.order = header->order,
		.size = (size_t)header->ids + 1,
		.has_counts = header->flags & NGRAM_HAS_COUNTS,
		.documents = header->documents,
		.tokens = header->tokens,
	};
	for (unsigned i = 0; i < header->order; i++) {
		out->ngrams[i] = i ? header->nodes[i] : header->seen;
		out->fallback[i] = header->flags & (uint32_t)NGRAM_FALLBACK << i;
		memcpy(out->discounts[i], header->discounts[i], sizeof out->discounts[i]);
	}
	ngram_file_close(&file);
	return TOK_OK;
}
