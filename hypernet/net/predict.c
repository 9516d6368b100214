#include "hypernet/net/net_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "tok/base/threads.h"

/* One prediction. */
struct prediction {
	struct hyper_pass pass;
	struct hyper_forms forms;
	struct hyper_memo pieces, first_layer;
	struct hyper_work *works; /* one a thread */
	struct tok_error *errors;
	size_t threads;

	/* What the threads share out: pieces of `count` things, at most, ... */
	enum tok_status (*share)(struct prediction *p, struct hyper_work *work, size_t first,
				 size_t count, struct tok_error *err);
	size_t *starts; /* ... which begin here; the last one ends at starts[shares] */
	size_t shares;
	atomic_size_t next;
};

/* ---- what is asked for ---------------------------------------------------------- */

static enum tok_status check_source(const struct hyper_config *c, const struct hyper_tensor *tensor,
				    const char *name, struct tok_error *err)
{
	if (!tensor)
		return tok_fail(err, TOK_EARG, "the network wants %s embeddings too", name);
	if (tensor->rank != 2 || tensor->shape[1] != c->embedding)
		return tok_fail(err, TOK_EARG, "%s must have rows of %zu numbers, as the network's",
				tensor->name, c->embedding);
	if (!hyper_dtype_is_readable(tensor->dtype))
		return tok_fail(err, TOK_EARG, "%s is of type %s, which cannot be read",
				tensor->name, hyper_dtype_name(tensor->dtype));
	if (tensor->shape[0] < c->vocabulary)
		return tok_fail(err, TOK_EARG,
				"%s has %zu rows: the network was made for a model of %zu or more",
				tensor->name, tensor->shape[0], c->vocabulary);
	return TOK_OK;
}

static enum tok_status check_ids(const struct hyper_config *c, const struct hyper_surfaces *s,
				 const struct hyper_predict_job *job, struct tok_error *err)
{
	for (size_t i = job->begin * s->length; i < job->end * s->length; i++)
		if (s->ids[i] >= c->vocabulary + c->extra)
			return tok_fail(
			    err, TOK_EARG,
			    "token %zu has piece %u: the network knows pieces below %zu",
			    i / s->length, s->ids[i], c->vocabulary + c->extra);
	return TOK_OK;
}

static enum tok_status check(const struct hyper_net *net, const struct hyper_source *source,
			     const struct hyper_surfaces *s, const struct hyper_predict_job *job,
			     struct tok_error *err)
{
	const struct hyper_config *c = &net->config;
	enum tok_status status = check_source(c, source->in, "input", err);
	if (status == TOK_OK && c->untied)
		status = check_source(c, source->out, "output", err);
	if (status != TOK_OK)
		return status;
	if (s->length == 0 || s->length > net->place_count)
		return tok_fail(err, TOK_EARG, "%zu pieces a token: the network has %zu positions",
				s->length, net->place_count);
	if (job->begin > job->end || job->end > s->count)
		return tok_fail(err, TOK_EARG, "there are no tokens %zu to %zu of %zu", job->begin,
				job->end, s->count);
	if (c->takes_language && job->language >= c->language_count)
		return tok_fail(err, TOK_EARG, "there is no language %zu of %zu", job->language,
				c->language_count);
	return check_ids(c, s, job, err);
}

/* ---- threads -------------------------------------------------------------------- */

static void work_on_shares(void *shared, size_t index)
{
	struct prediction *p = shared;
	struct tok_error *err = &p->errors[index];
	err->status = hyper_kernel_enter(p->pass.net->options.kernel, err);
	while (err->status == TOK_OK) {
		const size_t share = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
		if (share >= p->shares)
			return;
		const size_t first = p->starts[share];
		err->status =
		    p->share(p, &p->works[index], first, p->starts[share + 1] - first, err);
	}
	atomic_store_explicit(&p->next, SIZE_MAX / 2, memory_order_relaxed); /* nobody goes on */
}

static enum tok_status run_shares(struct prediction *p, struct tok_error *err)
{
	const size_t threads = p->threads < p->shares ? p->threads : p->shares;
	atomic_store(&p->next, 0);
	for (size_t i = 0; i < threads; i++)
		p->errors[i] = (struct tok_error){ 0 };
	tok_threads_run(threads, work_on_shares, p);
	for (size_t i = 0; i < threads; i++)
		if (p->errors[i].status != TOK_OK)
			return tok_fail(err, p->errors[i].status, "%s", p->errors[i].message);
	return TOK_OK;
}

/* Rows a share may have, so that each thread gets some; more than one token ever has. */
static size_t share_rows(const struct prediction *p, size_t rows)
{
	const size_t each = (rows + p->threads - 1) / p->threads;
	return each > HYPER_ROWS ? HYPER_ROWS : each > 64 ? each : 64;
}

static void end_share(struct prediction *p, size_t at)
{
	p->starts[++p->shares] = at;
}

/* ---- memos ----------------------------------------------------------------------- */

static enum tok_status project_share(struct prediction *p, struct hyper_work *work, size_t first,
				     size_t count, struct tok_error *err)
{
	const struct hyper_net *net = p->pass.net;
	return hyper_project(net, p->pass.source, work, p->pieces.keys + first, count,
			     p->pieces.rows + first * p->pieces.width, err);
}

static enum tok_status begin_share(struct prediction *p, struct hyper_work *work, size_t first,
				   size_t count, struct tok_error *err)
{
	(void)err;
	hyper_begin_layers(&p->pass, work, p->first_layer.keys + first, count,
			   p->first_layer.rows + first * p->first_layer.width);
	return TOK_OK;
}

/* As many of `count` forms as the memo has room for, their rows filled.  None: it was full, and has
 * been cleared. */
static enum tok_status learn(struct prediction *p, struct hyper_memo *memo,
			     const struct hyper_form *forms, size_t *count, struct tok_error *err)
{
	const size_t known = memo->count;
	*count = hyper_memo_take(memo, p->pass.net, forms, *count, p->pass.length);
	if (*count == 0) {
		hyper_memo_clear(memo);
		return TOK_OK;
	}
	const size_t rows = share_rows(p, memo->count - known);
	p->share = memo == &p->pieces ? project_share : begin_share;
	p->shares = 0;
	p->starts[0] = known;
	for (size_t at = known; at < memo->count;) {
		at = at + rows < memo->count ? at + rows : memo->count;
		end_share(p, at);
	}
	return run_shares(p, err);
}

/* ---- forms ------------------------------------------------------------------------ */

static enum tok_status forward_share(struct prediction *p, struct hyper_work *work, size_t first,
				     size_t count, struct tok_error *err)
{
	return hyper_forward(&p->pass, work, p->forms.items + first, count, err);
}

static enum tok_status forward_forms(struct prediction *p, size_t first, size_t count,
				     struct tok_error *err)
{
	const struct hyper_form *forms = p->forms.items;
	size_t all = 0, rows = 0;
	for (size_t f = first; f < first + count; f++)
		all += forms[f].shape.rows;
	const size_t most = share_rows(p, all);
	p->share = forward_share;
	p->shares = 0;
	p->starts[0] = first;
	for (size_t f = first; f < first + count; f++) {
		if (rows + forms[f].shape.rows > most) {
			end_share(p, f);
			rows = 0;
		}
		rows += forms[f].shape.rows;
	}
	end_share(p, first + count);
	return run_shares(p, err);
}

/* All forms of a block: as many at a time as the memos have room for. */
static enum tok_status predict_forms(struct prediction *p, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	for (size_t done = 0; done < p->forms.count && status == TOK_OK;) {
		const struct hyper_form *forms = p->forms.items + done;
		size_t count = p->forms.count - done;
		if (p->pass.pieces)
			status = learn(p, &p->pieces, forms, &count, err);
		if (p->pass.first_layer && count > 0 && status == TOK_OK)
			status = learn(p, &p->first_layer, forms, &count, err);
		if (count > 0 && status == TOK_OK)
			status = forward_forms(p, done, count, err);
		done += count;
	}
	return status;
}

/* ---- blocks ----------------------------------------------------------------------- */

static enum tok_status predict_blocks(struct prediction *p, const struct hyper_surfaces *surfaces,
				      const struct hyper_predict_job *job, struct tok_error *err)
{
	struct hyper_rows *rows = &p->pass.rows;
	enum tok_status status = TOK_OK;
	for (size_t at = job->begin; at < job->end && status == TOK_OK;) {
		const size_t left = job->end - at;
		const size_t count = left < p->forms.capacity ? left : p->forms.capacity;
		if (!hyper_forms_take(&p->forms, p->pass.net, surfaces, at, count))
			return tok_fail_memory(err);
		rows->next = p->forms.next;
		status = predict_forms(p, err);
		const struct hyper_predicted block = { .first = at,
						       .count = count,
						       .in = rows->in,
						       .out = rows->out,
						       .bias = rows->bias };
		if (status == TOK_OK)
			status = job->sink(job->context, &block, err);
		at += count;
	}
	return status;
}

static bool make_memos(struct prediction *p, size_t tokens, size_t length)
{
	const struct hyper_net *net = p->pass.net;
	const size_t rows = length + net->config.takes_language;
	p->pass.pieces = &p->pieces;
	p->pass.first_layer = net->layers[0].pruned ? NULL : &p->first_layer;
	return hyper_memo_init(&p->pieces, net, hyper_piece_keys, hyper_piece_keys_end(net),
			       net->config.hidden, tokens * length) &&
	       (!p->pass.first_layer ||
		hyper_memo_init(&p->first_layer, net, hyper_row_keys,
				hyper_row_keys_end(net, length),
				net->layers[0].attention.weight.out, tokens * rows));
}

static bool make_room(struct prediction *p, const struct hyper_surfaces *surfaces, size_t tokens,
		      size_t block)
{
	const struct hyper_net *net = p->pass.net;
	const struct hyper_config *c = &net->config;
	struct hyper_rows *rows = &p->pass.rows;
	const size_t bytes = block * c->embedding * sizeof(float);
	bool ok = hyper_forms_init(&p->forms, block);
	if (!net->options.plain)
		ok = make_memos(p, tokens, surfaces->length) && ok;
	/* As many shares as forms, or rows of a memo, each of 64 rows: these are more. */
	const size_t memo = p->pieces.capacity > p->first_layer.capacity ? p->pieces.capacity
									 : p->first_layer.capacity;
	const size_t shares = block > memo ? block : memo;
	p->starts = malloc((shares + 1) * sizeof *p->starts);
	p->works = calloc(p->threads, sizeof *p->works);
	p->errors = calloc(p->threads, sizeof *p->errors);
	rows->in = hyper_scratch_new(bytes);
	rows->out = c->untied ? hyper_scratch_new(bytes) : NULL;
	rows->bias = c->predicts_bias ? hyper_scratch_new(block * sizeof(float)) : NULL;
	ok = ok && p->starts && p->works && p->errors && rows->in && (rows->out || !c->untied) &&
	     (rows->bias || !c->predicts_bias);
	for (size_t i = 0; ok && i < p->threads; i++)
		ok = hyper_work_init(&p->works[i], net);
	return ok;
}

static void release_room(struct prediction *p)
{
	for (size_t i = 0; p->works && i < p->threads; i++)
		hyper_work_release(&p->works[i]);
	hyper_forms_release(&p->forms);
	hyper_memo_release(&p->pieces);
	hyper_memo_release(&p->first_layer);
	free(p->starts);
	free(p->works);
	free(p->errors);
	free(p->pass.rows.in);
	free(p->pass.rows.out);
	free(p->pass.rows.bias);
}

enum tok_status hyper_predict(const struct hyper_net *net, const struct hyper_source *source,
			      const struct hyper_surfaces *surfaces,
			      const struct hyper_predict_job *job, struct tok_error *err)
{
	struct prediction p = { .threads = net->options.threads };
	enum tok_status status = check(net, source, surfaces, job, err);
	const size_t tokens = job->end - job->begin;
	if (status != TOK_OK || tokens == 0)
		return status;
	size_t block = job->block ? job->block : HYPER_BLOCK;
	if (block > tokens)
		block = tokens;
	p.pass = (struct hyper_pass){
		.net = net, .source = source, .length = surfaces->length, .language = job->language
	};
	status = make_room(&p, surfaces, tokens, block) ? predict_blocks(&p, surfaces, job, err)
							: tok_fail_memory(err);
	release_room(&p);
	return status;
}
