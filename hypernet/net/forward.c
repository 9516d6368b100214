#include "hypernet/net/net_internal.h"

#include <stdlib.h>

/* ---- room ----------------------------------------------------------------------- */

static size_t wide_of(const struct hyper_net *net)
{
	const size_t source = hyper_config_source_width(&net->config);
	return source > 3 * net->config.hidden ? source : 3 * net->config.hidden;
}

static float *new_rows(size_t width)
{
	return hyper_scratch_new(HYPER_ROWS * width * sizeof(float));
}

bool hyper_work_init(struct hyper_work *work, const struct hyper_net *net)
{
	*work = (struct hyper_work){
		.x = new_rows(net->config.hidden),
		.wide = new_rows(wide_of(net)),
		.mixed = new_rows(net->config.hidden),
		.mid = new_rows(net->config.intermediate),
		.first = new_rows(net->config.hidden),
		.query = new_rows(net->config.hidden),
		.scratch = hyper_scratch_new(net->scratch_bytes),
	};
	return work->x && work->wide && work->mixed && work->mid && work->first && work->query &&
	       work->scratch;
}

void hyper_work_release(struct hyper_work *work)
{
	free(work->x);
	free(work->wide);
	free(work->mixed);
	free(work->mid);
	free(work->first);
	free(work->query);
	free(work->scratch);
	*work = (struct hyper_work){ 0 };
}

/* ---- steps ---------------------------------------------------------------------- */

/* to = f(from W' + b), rows one behind the other. */
static void apply(const struct hyper_dense *dense, enum hyper_activation activation,
		  const float *from, size_t rows, float *to, void *scratch)
{
	const struct hyper_epilogue epilogue = { .bias = dense->bias, .activation = activation };
	hyper_gemm(&dense->weight, from, dense->weight.in, rows, to, dense->weight.out, &epilogue,
		   scratch);
}

/* to = norm(f(from W' + b) + residual) */
static void apply_normed(const struct hyper_dense *dense, enum hyper_activation activation,
			 const float *from, const float *residual, const struct hyper_norm *norm,
			 float epsilon, size_t rows, float *to, void *scratch)
{
	const size_t width = dense->weight.out;
	const struct hyper_epilogue epilogue = {
		.bias = dense->bias,
		.activation = activation,
		.residual = residual,
		.residual_stride = width,
		.norm_weight = norm->weight,
		.norm_bias = norm->bias,
		.norm_epsilon = epsilon,
	};
	hyper_gemm(&dense->weight, from, dense->weight.in, rows, to, width, &epilogue, scratch);
}

/* Both GELUs of a projector are the one by tanh, those of the layers are exact. */
static void apply_projector(const struct hyper_projector *p, struct hyper_work *w,
			    const float *from, size_t rows, float *to)
{
	apply(&p->up, HYPER_GELU_TANH, from, rows, w->mid, w->scratch);
	apply_normed(&p->down, HYPER_GELU_TANH, w->mid, from, &p->norm, HYPER_PROJECTOR_EPSILON,
		     rows, to, w->scratch);
}

/* ---- pieces --------------------------------------------------------------------- */

static void copy_row(float *to, const float *from, size_t width)
{
	memcpy(to, from, width * sizeof *to);
}

/* The source's row of an id, or its own embedding, which is not scaled. */
static enum tok_status read_piece(const struct hyper_net *net, const struct hyper_source *source,
				  size_t id, float *row, struct tok_error *err)
{
	const size_t each = net->config.embedding, width = hyper_config_source_width(&net->config);
	if (id >= net->config.vocabulary) {
		copy_row(row, net->fallback + (id - net->config.vocabulary) * width, width);
		return TOK_OK;
	}
	enum tok_status status = hyper_tensor_rows(source->in, id, 1, row, err);
	if (status == TOK_OK && net->config.untied)
		status = hyper_tensor_rows(source->out, id, 1, row + each, err);
	for (size_t i = 0; status == TOK_OK && net->in_scale && i < width; i++)
		row[i] = row[i] * net->in_scale[i] + net->in_shift[i];
	return status;
}

enum tok_status hyper_project(const struct hyper_net *net, const struct hyper_source *source,
			      struct hyper_work *work, const size_t *ids, size_t count, float *rows,
			      struct tok_error *err)
{
	const size_t width = hyper_config_source_width(&net->config);
	for (size_t i = 0; i < count; i++) {
		const enum tok_status status =
		    read_piece(net, source, ids[i], work->wide + i * width, err);
		if (status != TOK_OK)
			return status;
	}
	apply(&net->input, HYPER_LINEAR, work->wide, count, rows, work->scratch);
	apply_projector(&net->input_projector, work, rows, count, rows);
	return TOK_OK;
}

/* The rows of `x` that these keys of hyper_row_keys stand for, before the norm: a piece where it
 * stands, the language without a place.  Where there is a memo, `x` is filled from it; otherwise
 * the pieces are there. */
static void place_pieces(const struct hyper_pass *pass, const size_t *keys, size_t count, float *x)
{
	const struct hyper_net *net = pass->net;
	const size_t hidden = net->config.hidden;
	const size_t language = hyper_row_keys_end(net, pass->length) - 1;
	for (size_t r = 0; r < count; r++, x += hidden) {
		if (keys[r] == language) {
			copy_row(x, net->languages + pass->language * hidden, hidden);
			continue;
		}
		const float *place = net->places + keys[r] % pass->length * hidden;
		const float *piece = x;
		if (pass->pieces)
			piece = hyper_memo_row(pass->pieces, keys[r] / pass->length);
		for (size_t i = 0; i < hidden; i++)
			x[i] = piece[i] + place[i];
	}
}

static void norm_embedded(const struct hyper_net *net, size_t rows, float *x)
{
	const struct hyper_epilogue norm = {
		.norm_weight = net->embedding_norm.weight,
		.norm_bias = net->embedding_norm.bias,
		.norm_epsilon = HYPER_NORM_EPSILON,
	};
	hyper_rows_finish(net->options.kernel, x, net->config.hidden, rows, net->config.hidden,
			  &norm);
}

void hyper_begin_layers(const struct hyper_pass *pass, struct hyper_work *work, const size_t *keys,
			size_t count, float *rows)
{
	place_pieces(pass, keys, count, work->x);
	norm_embedded(pass->net, count, work->x);
	apply(&pass->net->layers[0].attention, HYPER_LINEAR, work->x, count, rows, work->scratch);
}

/* Without a memo: every piece of every form by itself, what stands for the language being
 * overwritten. */
static enum tok_status project_all(const struct hyper_pass *pass, struct hyper_work *work,
				   const struct hyper_form *forms, size_t count,
				   struct tok_error *err)
{
	size_t ids[HYPER_ROWS] = { 0 }, rows = 0;
	for (size_t f = 0; f < count; f++) {
		uint8_t places[HYPER_SURFACE_MAX + 1];
		hyper_form_places(pass->net, &forms[f], pass->length, places);
		for (size_t r = 0; r < forms[f].shape.rows; r++)
			ids[rows++] =
			    forms[f].ids[places[r] == HYPER_LANGUAGE_PLACE ? 0 : places[r]];
	}
	return hyper_project(pass->net, pass->source, work, ids, rows, work->x, err);
}

/* x of all forms; `rows` in all. */
static enum tok_status embed(const struct hyper_pass *pass, struct hyper_work *work,
			     const struct hyper_form *forms, size_t count, size_t rows,
			     struct tok_error *err)
{
	const struct hyper_net *net = pass->net;
	enum tok_status status = TOK_OK;
	if (!pass->pieces)
		status = project_all(pass, work, forms, count, err);
	float *x = work->x;
	for (size_t f = 0; status == TOK_OK && f < count; f++) {
		size_t keys[HYPER_KEYS_MAX];
		const size_t n = hyper_row_keys(net, &forms[f], pass->length, keys);
		place_pieces(pass, keys, n, x);
		x += n * net->config.hidden;
	}
	if (status == TOK_OK)
		norm_embedded(net, rows, work->x);
	return status;
}

/* ---- attention ------------------------------------------------------------------ */

/* Where queries, keys and values of some rows lie, and how far apart. */
struct attention {
	float *q;
	const float *k, *v;
	size_t q_stride, kv_stride;
	size_t heads;    /* that share H */
	bool first_only; /* one query a form, otherwise one a row */
	float *out;      /* H a query */
};

/* `count` forms of one shape. */
static void attend_alike(const struct hyper_net *net, const struct attention *a,
			 struct hyper_shape shape, size_t count)
{
	const size_t hidden = net->config.hidden, heads = a->heads, head = hidden / heads;
	const size_t queries = a->first_only ? 1 : shape.rows;
	if (shape.alike) /* queries that like all keys alike */
		for (size_t i = 0; i < count * queries; i++)
			memset(a->q + i * a->q_stride, 0, hidden * sizeof *a->q);
	if (shape.keys == shape.rows) {
		hyper_attend(net->options.kernel, a->q, a->q_stride, queries, a->k, a->v,
			     a->kv_stride, count, shape.rows, heads, head, a->out, hidden);
		return;
	}
	for (size_t i = 0; i < count * queries; i++) {
		const size_t key = (i / queries * shape.rows + shape.first_key) * a->kv_stride;
		hyper_attend(net->options.kernel, a->q + i * a->q_stride, a->q_stride, 1,
			     a->k + key, a->v + key, a->kv_stride, 1, shape.keys, heads, head,
			     a->out + i * hidden, hidden);
	}
}

static void attend(const struct hyper_net *net, struct attention a, const struct hyper_form *forms,
		   size_t count)
{
	for (size_t f = 0; f < count;) {
		const struct hyper_shape shape = forms[f].shape;
		size_t n = 1;
		while (f + n < count && memcmp(&forms[f + n].shape, &shape, sizeof shape) == 0)
			n++;
		attend_alike(net, &a, shape, n);
		const size_t rows = n * shape.rows, queries = a.first_only ? n : rows;
		a.q += queries * a.q_stride;
		a.k += rows * a.kv_stride;
		a.v += rows * a.kv_stride;
		a.out += queries * net->config.hidden;
		f += n;
	}
}

/* ---- layers --------------------------------------------------------------------- */

static void gather_first(const struct hyper_form *forms, size_t count, const float *x, size_t width,
			 float *first)
{
	for (size_t f = 0; f < count; f++, first += width) {
		copy_row(first, x, width);
		x += forms[f].shape.rows * width;
	}
}

/* What a layer does behind attention: `mixed` into x, which is the residual too. */
static void finish_layer(const struct hyper_layer *layer, struct hyper_work *w, size_t rows,
			 float *x)
{
	apply_normed(&layer->attended, HYPER_LINEAR, w->mixed, x, &layer->attended_norm,
		     HYPER_NORM_EPSILON, rows, x, w->scratch);
	apply(&layer->up, HYPER_GELU_ERF, x, rows, w->mid, w->scratch);
	apply_normed(&layer->down, HYPER_LINEAR, w->mid, x, &layer->norm, HYPER_NORM_EPSILON, rows,
		     x, w->scratch);
}

/* What a layer's attention makes of each row of w->x, to w->wide; the first layer's is known. */
static void begin_layer(const struct hyper_pass *pass, const struct hyper_layer *layer,
			struct hyper_work *w, const struct hyper_form *forms, size_t count,
			size_t rows)
{
	const struct hyper_memo *memo = layer == pass->net->layers ? pass->first_layer : NULL;
	float *to = w->wide;
	if (!memo)
		apply(&layer->attention, HYPER_LINEAR, w->x, rows, to, w->scratch);
	for (size_t f = 0; memo && f < count; f++) {
		size_t keys[HYPER_KEYS_MAX];
		const size_t n = hyper_row_keys(pass->net, &forms[f], pass->length, keys);
		for (size_t r = 0; r < n; r++, to += memo->width)
			copy_row(to, hyper_memo_row(memo, keys[r]), memo->width);
	}
}

static void run_layer(const struct hyper_pass *pass, const struct hyper_layer *layer,
		      struct hyper_work *w, const struct hyper_form *forms, size_t count,
		      size_t rows)
{
	const size_t hidden = pass->net->config.hidden;
	const struct attention a = { .q = w->wide,
				     .k = w->wide + hidden,
				     .v = w->wide + 2 * hidden,
				     .q_stride = 3 * hidden,
				     .kv_stride = 3 * hidden,
				     .heads = pass->net->config.heads,
				     .out = w->mixed };
	begin_layer(pass, layer, w, forms, count, rows);
	attend(pass->net, a, forms, count);
	finish_layer(layer, w, rows, w->x);
}

/* One head of the last layer, for first positions: of w->query into w->mixed. */
static void attend_pruned(const struct hyper_net *net, const struct hyper_layer *layer, size_t head,
			  struct hyper_work *w, const struct hyper_form *forms, size_t count)
{
	const size_t hidden = net->config.hidden, width = hidden / net->config.heads;
	const struct hyper_dense *values = &layer->values[head];
	const struct hyper_epilogue epilogue = { .bias = values->bias };
	const struct attention a = { .q = w->wide,
				     .k = w->x,
				     .v = w->x,
				     .q_stride = hidden,
				     .kv_stride = hidden,
				     .heads = 1,
				     .first_only = true,
				     .out = w->wide + count * hidden };
	hyper_gemm(&layer->keys[head], w->query + head * width, hidden, count, a.q, hidden, NULL,
		   w->scratch);
	attend(net, a, forms, count);
	hyper_gemm(&values->weight, a.out, hidden, count, w->mixed + head * width, hidden,
		   &epilogue, w->scratch);
}

/* The last layer, for first positions, which are in w->first before and after. */
static void run_pruned(const struct hyper_net *net, const struct hyper_layer *layer,
		       struct hyper_work *w, const struct hyper_form *forms, size_t count)
{
	apply(&layer->query, HYPER_LINEAR, w->first, count, w->query, w->scratch);
	for (size_t h = 0; h < net->config.heads; h++)
		attend_pruned(net, layer, h, w, forms, count);
	finish_layer(layer, w, count, w->first);
}

/* ---- heads ---------------------------------------------------------------------- */

/* Columns [from, from + width) of rows of `made`, each to all tokens of its form. */
static void scatter(const struct hyper_pass *pass, const struct hyper_form *forms, size_t count,
		    const float *made, size_t stride, size_t from, size_t width, float *to)
{
	for (size_t f = 0; f < count; f++)
		for (uint32_t t = forms[f].token; t != UINT32_MAX; t = pass->rows.next[t])
			copy_row(to + t * width, made + f * stride + from, width);
}

static void apply_head(const struct hyper_head *head, struct hyper_work *w, size_t count)
{
	const struct hyper_dense *last = &head->last;
	const struct hyper_epilogue epilogue = {
		.bias = last->bias,
		.scale = head->scale,
		.shift = head->shift,
	};
	apply_projector(&head->projector, w, w->first, count, w->mixed);
	hyper_gemm(&last->weight, w->mixed, last->weight.in, count, w->wide, last->weight.out,
		   &epilogue, w->scratch);
}

static void predict_rows(const struct hyper_pass *pass, struct hyper_work *w,
			 const struct hyper_form *forms, size_t count)
{
	const struct hyper_net *net = pass->net;
	const struct hyper_rows *rows = &pass->rows;
	const size_t width = net->config.embedding, stride = net->in.last.weight.out;
	if (rows->bias) {
		apply(&net->bias, HYPER_LINEAR, w->first, count, w->query, w->scratch);
		scatter(pass, forms, count, w->query, 1, 0, 1, rows->bias);
	}
	apply_head(&net->in, w, count);
	scatter(pass, forms, count, w->wide, stride, 0, width, rows->in);
	if (net->out.last.weight.data) {
		apply_head(&net->out, w, count);
		scatter(pass, forms, count, w->wide, width, 0, width, rows->out);
	} else if (rows->out) { /* the second half of one matrix */
		scatter(pass, forms, count, w->wide, stride, width, width, rows->out);
	}
}

enum tok_status hyper_forward(const struct hyper_pass *pass, struct hyper_work *work,
			      const struct hyper_form *forms, size_t count, struct tok_error *err)
{
	const struct hyper_net *net = pass->net;
	const size_t hidden = net->config.hidden, last = net->config.layers - 1;
	size_t rows = 0;
	for (size_t f = 0; f < count; f++)
		rows += forms[f].shape.rows;
	const enum tok_status status = embed(pass, work, forms, count, rows, err);
	if (status != TOK_OK)
		return status;
	for (size_t l = 0; l < last + !net->layers[last].pruned; l++)
		run_layer(pass, &net->layers[l], work, forms, count, rows);
	gather_first(forms, count, work->x, hidden, work->first);
	if (net->layers[last].pruned)
		run_pruned(net, &net->layers[last], work, forms, count);
	predict_rows(pass, work, forms, count);
	return TOK_OK;
}
