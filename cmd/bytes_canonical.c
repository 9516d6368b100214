/* bytes_canonical.c - what a model says of the ids that a text is encoded as. */
#include <math.h>
#include <stdlib.h>

#include "cmd/bytes_internal.h"
#include "tok/bytes/window.h"

static size_t batch_of(const struct tok_lm *lm)
{
	return lm->info->batch ? lm->info->batch : 1;
}

enum tok_status bytes_canonical_init(struct bytes_canonical *out, struct tok_lm *lm,
				     struct tok_error *err)
{
	const struct tok_lm_info *info = lm->info;
	const size_t batch = batch_of(lm);
	struct bytes_canonical c = { .lm = lm,
				     .out = calloc(batch, sizeof *c.out),
				     .requests = calloc(batch, sizeof *c.requests) };
	if (info->top)
		c.best = calloc(batch, info->top * sizeof *c.best);
	else if (!lm->parts)
		c.rows = calloc(batch, info->size * sizeof *c.rows);
	*out = c;
	const bool has_room = info->top ? c.best != NULL : lm->parts || c.rows;
	if (c.out && c.requests && has_room)
		return bytes_canonical_begin(out, err);
	bytes_canonical_release(out);
	return tok_fail_memory(err);
}

void bytes_canonical_release(struct bytes_canonical *c)
{
	tok_buffer_release(&c->context);
	free(c->rows);
	free(c->best);
	free(c->out);
	free(c->requests);
	*c = (struct bytes_canonical){ 0 };
}

enum tok_status bytes_canonical_begin(struct bytes_canonical *c, struct tok_error *err)
{
	const struct tok_lm_info *info = c->lm->info;
	c->log_p = c->low = c->high = 0;
	c->ids = 0;
	c->exact = c->known = true;
	tok_buffer_clear(&c->context);
	if (!tok_buffer_add(&c->context, info->start, info->start_count * sizeof *info->start))
		return tok_fail_memory(err);
	return TOK_OK;
}

/* ---- one id ---------------------------------------------------------------------- */

static void add(struct bytes_canonical *c, double log_p, double low, double high)
{
	c->log_p += log_p;
	c->low += low;
	c->high += high;
	c->exact &= low == high;
}

/* A number of a row of which all together are off by `error` at most. */
static void add_around(struct bytes_canonical *c, double log_p, double error)
{
	if (error > 0)
		add(c, log_p, log(fmax(0, exp(log_p) - error)), log(exp(log_p) + error));
	else
		add(c, log_p, log_p, log_p);
}

static void add_best(struct bytes_canonical *c, const struct tok_lm_row *row, tok_id id)
{
	for (size_t i = 0; i < row->best_count; i++)
		if (row->best[i].id == id) {
			add_around(c, row->best[i].log_p, 0);
			return;
		}
	c->known = false;
}

/* The ids in front of number `at` of the context that its row depends on. */
static struct tok_lm_request request_at(const struct bytes_canonical *c, size_t at)
{
	const tok_id *ids = (const tok_id *)(const void *)c->context.bytes;
	const size_t order = c->lm->info->markov_order;
	const size_t count = order && at > order - 1 ? order - 1 : at;
	return (struct tok_lm_request){ ids + (at - count), count };
}

/* A row in parts is as good for one id as a whole one, and costs no more than that. */
static enum tok_status add_parts(struct bytes_canonical *c, size_t at, tok_id id,
				 struct tok_error *err)
{
	struct tok_lm_parts parts;
	const struct tok_lm_request request = request_at(c, at);
	const enum tok_status status = c->lm->parts(c->lm, &request, &parts, err);
	if (status != TOK_OK)
		return status;
	const struct tok_lm_log_p p = tok_lm_parts_log_p(&parts, id);
	add(c, p.log_p, p.low, p.high);
	return TOK_OK;
}

/* Numbers at .. at + count - 1 of the context, which are `ids`. */
static enum tok_status add_rows(struct bytes_canonical *c, size_t at, const tok_id *ids,
				size_t count, struct tok_error *err)
{
	const struct tok_lm_info *info = c->lm->info;
	for (size_t i = 0; i < count; i++) {
		c->requests[i] = request_at(c, at + i);
		c->out[i] = (struct tok_lm_row){ 0 };
		if (info->top)
			c->out[i].best = c->best + i * info->top;
		else
			c->out[i].log_p = c->rows + i * info->size;
	}
	const enum tok_status status = c->lm->rows(c->lm, c->requests, count, c->out, err);
	for (size_t i = 0; status == TOK_OK && i < count; i++) {
		if (info->top)
			add_best(c, &c->out[i], ids[i]);
		else
			add_around(c, c->out[i].log_p[ids[i]], c->out[i].error);
	}
	return status;
}

/* ---- many ------------------------------------------------------------------------ */

/* What no row depends on any more: all but the last ids, or what a window leaves out. */
static void forget(struct bytes_canonical *c)
{
	const struct tok_lm_info *info = c->lm->info;
	const size_t count = c->context.count / sizeof(tok_id), order = info->markov_order,
		     cut =
			 order && count > order - 1 ? count - (order - 1) : tok_lm_cut(info, count),
		     front = info->window ? info->start_count : 0;
	tok_id *ids = (tok_id *)(void *)c->context.bytes;
	if (cut == 0)
		return;
	memmove(ids + front, ids + front + cut, (count - front - cut) * sizeof *ids);
	c->context.count -= cut * sizeof *ids;
}

enum tok_status bytes_canonical_add(struct bytes_canonical *c, const tok_id *ids, size_t count,
				    struct tok_error *err)
{
	const size_t before = c->context.count / sizeof *ids, size = c->lm->info->size;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= size)
			return tok_fail(err, TOK_EARG, "the model has no id %u: it has %zu", ids[i],
					size);
	if (!tok_buffer_add(&c->context, ids, count * sizeof *ids))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK;) {
		const size_t left = count - i, batch = batch_of(c->lm),
			     n = c->lm->parts   ? 1
				 : left < batch ? left
						: batch;
		status = c->lm->parts ? add_parts(c, before + i, ids[i], err)
				      : add_rows(c, before + i, ids + i, n, err);
		i += n;
	}
	c->ids += count;
	forget(c);
	return status;
}
