#include "hypernet/net/net_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tok/base/threads.h"

enum { NAME_ROOM = 128 };

/* Weights on their way from tensors: the first failure is the one that counts. */
struct loader {
	const struct hyper_tensors *tensors;
	bool *known; /* of each tensor */
	struct hyper_net *net;
	enum tok_status status;
	struct tok_error *err;
};

static void fail(struct loader *l, enum tok_status status)
{
	if (l->status == TOK_OK)
		l->status = status;
}

/* ---- tensors by name ------------------------------------------------------------ */

static void mark_known(struct loader *l, const struct hyper_tensor *tensor)
{
	for (size_t i = 0; i < hyper_tensors_count(l->tensors); i++)
		if (hyper_tensors_at(l->tensors, i) == tensor)
			l->known[i] = true;
}

/* "[3, 4]", as much of it as fits. */
static const char *show_shape(const struct hyper_tensor *tensor, char *text, size_t room)
{
	size_t used = (size_t)snprintf(text, room, "[");
	for (size_t i = 0; i < tensor->rank && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%zu", i ? ", " : "",
					 tensor->shape[i]);
	if (used < room)
		snprintf(text + used, room - used, "]");
	return text;
}

/* The tensor `prefix`.`leaf`, which must be [rows, width], or [width] where `rows` is 0; NULL
 * after a failure. */
static const struct hyper_tensor *find(struct loader *l, const char *prefix, const char *leaf,
				       size_t rows, size_t width)
{
	struct hyper_tensor wanted = { .rank = rows ? 2 : 1, .shape = { rows, width } };
	char name[NAME_ROOM], has[96], wants[96];
	if (l->status != TOK_OK)
		return NULL;
	if (!rows)
		wanted.shape[0] = width;
	snprintf(name, sizeof name, "%s.%s", prefix, leaf);
	const struct hyper_tensor *tensor = hyper_tensors_find(l->tensors, name);
	if (!tensor) {
		fail(l, tok_fail(l->err, TOK_EFORMAT, "there is no tensor '%s', which must be %s",
				 name, show_shape(&wanted, wants, sizeof wants)));
		return NULL;
	}
	if (tensor->rank != wanted.rank || tensor->shape[0] != wanted.shape[0] ||
	    (rows && tensor->shape[1] != wanted.shape[1])) {
		fail(l, tok_fail(l->err, TOK_EFORMAT, "tensor '%s' is %s and must be %s", name,
				 show_shape(tensor, has, sizeof has),
				 show_shape(&wanted, wants, sizeof wants)));
		return NULL;
	}
	mark_known(l, tensor);
	return tensor;
}

/* All its numbers, or its first `rows`, in the arena; NULL after a failure. */
static float *read_rows(struct loader *l, const struct hyper_tensor *tensor, size_t rows)
{
	if (l->status != TOK_OK)
		return NULL;
	const size_t width = hyper_tensor_width(tensor);
	float *numbers = tok_arena_array(&l->net->arena, rows, width * sizeof *numbers);
	if (!numbers) {
		fail(l, tok_fail_memory(l->err));
		return NULL;
	}
	const enum tok_status status = hyper_tensor_rows(tensor, 0, rows, numbers, l->err);
	if (status != TOK_OK)
		fail(l, tok_fail_in(l->err, status, "%s", tensor->name));
	hyper_tensors_forget(l->tensors, tensor);
	l->net->bytes += rows * width * sizeof *numbers;
	return numbers;
}

static const float *load(struct loader *l, const char *prefix, const char *leaf, size_t rows,
			 size_t width)
{
	const struct hyper_tensor *tensor = find(l, prefix, leaf, rows, width);
	return read_rows(l, tensor, rows ? rows : width);
}

/* ---- layers of weights ---------------------------------------------------------- */

/* Matrices of `rows` rows each, one below the other. */
struct stack {
	const struct hyper_tensor *parts[3];
	size_t rows;
};

static enum tok_status read_stack(void *context, size_t first, size_t count, float *rows,
				  struct tok_error *err)
{
	const struct stack *stack = context;
	enum tok_status status = TOK_OK;
	while (count > 0 && status == TOK_OK) {
		const struct hyper_tensor *part = stack->parts[first / stack->rows];
		const size_t within = first % stack->rows;
		const size_t n = count < stack->rows - within ? count : stack->rows - within;
		status = hyper_tensor_rows(part, within, n, rows, err);
		if (status != TOK_OK)
			return tok_fail_in(err, status, "%s", part->name);
		rows += n * hyper_tensor_width(part);
		first += n;
		count -= n;
	}
	return status;
}

static void note_matrix(struct loader *l, const struct hyper_matrix *matrix)
{
	const size_t scratch = hyper_gemm_scratch(matrix, HYPER_ROWS);
	if (scratch > l->net->scratch_bytes)
		l->net->scratch_bytes = scratch;
	l->net->bytes += matrix->bytes;
}

/* `parts` layers with the same inputs, of `out` outputs each, as one. */
static void load_stack(struct loader *l, const char *const *prefixes, size_t parts, size_t out,
		       size_t in, enum hyper_mode mode, struct hyper_dense *dense)
{
	struct hyper_net *net = l->net;
	struct stack stack = { .rows = out };
	float *bias = tok_arena_array(&net->arena, parts, out * sizeof *bias);
	if (!bias)
		fail(l, tok_fail_memory(l->err));
	for (size_t i = 0; i < parts; i++) {
		stack.parts[i] = find(l, prefixes[i], "weight", out, in);
		const struct hyper_tensor *tensor = find(l, prefixes[i], "bias", 0, out);
		if (l->status == TOK_OK)
			fail(l, hyper_tensor_rows(tensor, 0, out, bias + i * out, l->err));
	}
	if (l->status != TOK_OK)
		return;
	dense->bias = bias;
	fail(l, hyper_matrix_pack_from(net->options.kernel, mode, read_stack, &stack, parts * out,
				       in, &dense->weight, l->err));
	if (l->status != TOK_OK)
		return;
	for (size_t i = 0; i < parts; i++)
		hyper_tensors_forget(l->tensors, stack.parts[i]);
	note_matrix(l, &dense->weight);
	net->bytes += parts * out * sizeof *bias;
}

static void load_dense(struct loader *l, const char *prefix, size_t out, size_t in,
		       struct hyper_dense *dense)
{
	load_stack(l, &prefix, 1, out, in, l->net->options.mode, dense);
}

static void load_norm(struct loader *l, const char *prefix, struct hyper_norm *norm)
{
	norm->weight = load(l, prefix, "weight", 0, l->net->config.hidden);
	norm->bias = load(l, prefix, "bias", 0, l->net->config.hidden);
}

/* Names of one module's parts: module.leaf. */
static const char *join(char *name, const char *module, const char *leaf)
{
	snprintf(name, NAME_ROOM, "%s.%s", module, leaf);
	return name;
}

static void load_projector(struct loader *l, const char *module, struct hyper_projector *p)
{
	const struct hyper_config *c = &l->net->config;
	char name[NAME_ROOM];
	load_dense(l, join(name, module, "dense1"), c->intermediate, c->hidden, &p->up);
	load_dense(l, join(name, module, "dense2"), c->hidden, c->intermediate, &p->down);
	load_norm(l, join(name, module, "ln"), &p->norm);
}

static void load_head(struct loader *l, const char *module, size_t out, struct hyper_head *head)
{
	char name[NAME_ROOM];
	load_projector(l, join(name, module, "0"), &head->projector);
	load_dense(l, join(name, module, "1"), out, l->net->config.hidden, &head->last);
}

/* Rows from `first` on of `tensor` for one head, through `rows`; turned round and scaled for a
 * query to be multiplied with, or as they are. */
static void load_head_part(struct loader *l, const struct hyper_tensor *tensor, size_t head,
			   bool turned, float *rows, struct hyper_matrix *matrix)
{
	const struct hyper_config *c = &l->net->config;
	const size_t hidden = c->hidden, width = hidden / c->heads;
	const float scale = sqrtf((float)c->heads);
	float *other = rows + hidden * width;
	if (l->status == TOK_OK)
		fail(l, hyper_tensor_rows(tensor, head * width, width, rows, l->err));
	if (l->status != TOK_OK)
		return;
	for (size_t i = 0; turned && i < width; i++)
		for (size_t o = 0; o < hidden; o++)
			other[o * width + i] = rows[i * hidden + o] * scale;
	fail(l,
	     hyper_matrix_pack(l->net->options.kernel, l->net->options.mode, turned ? other : rows,
			       turned ? hidden : width, turned ? width : hidden, matrix, l->err));
	if (l->status == TOK_OK)
		note_matrix(l, matrix);
}

/* Keys and values of a layer that is pruned. */
static void load_pruned(struct loader *l, const char *key, const char *value,
			struct hyper_layer *layer)
{
	const struct hyper_config *c = &l->net->config;
	const size_t hidden = c->hidden, width = hidden / c->heads;
	const struct hyper_tensor *keys = find(l, key, "weight", hidden, hidden);
	const struct hyper_tensor *values = find(l, value, "weight", hidden, hidden);
	find(l, key, "bias", 0, hidden);
	const float *bias = load(l, value, "bias", 0, hidden);
	float *rows = hyper_scratch_new(2 * hidden * width * sizeof *rows);
	layer->keys = calloc(c->heads, sizeof *layer->keys);
	layer->values = calloc(c->heads, sizeof *layer->values);
	if (!rows || !layer->keys || !layer->values)
		fail(l, tok_fail_memory(l->err));
	for (size_t h = 0; l->status == TOK_OK && h < c->heads; h++) {
		load_head_part(l, keys, h, true, rows, &layer->keys[h]);
		load_head_part(l, values, h, false, rows, &layer->values[h].weight);
		layer->values[h].bias = bias + h * width;
	}
	free(rows);
	if (l->status != TOK_OK)
		return;
	hyper_tensors_forget(l->tensors, keys);
	hyper_tensors_forget(l->tensors, values);
}

static void load_layer(struct loader *l, size_t index, struct hyper_layer *layer)
{
	const struct hyper_config *c = &l->net->config;
	const size_t hidden = c->hidden;
	char module[64], query[NAME_ROOM], key[NAME_ROOM], value[NAME_ROOM], name[NAME_ROOM];
	snprintf(module, sizeof module, "model.encoder.layer.%zu", index);
	const char *const parts[] = { join(query, module, "attention.self.query"),
				      join(key, module, "attention.self.key"),
				      join(value, module, "attention.self.value") };
	layer->pruned = index + 1 == c->layers && !l->net->options.plain;
	if (layer->pruned) {
		load_dense(l, query, hidden, hidden, &layer->query);
		load_pruned(l, key, value, layer);
	} else {
		load_stack(l, parts, 3, hidden, hidden, l->net->options.mode, &layer->attention);
	}
	load_dense(l, join(name, module, "attention.output.dense"), hidden, hidden,
		   &layer->attended);
	load_norm(l, join(name, module, "attention.output.LayerNorm"), &layer->attended_norm);
	load_dense(l, join(name, module, "intermediate.dense"), c->intermediate, hidden,
		   &layer->up);
	load_dense(l, join(name, module, "output.dense"), hidden, c->intermediate, &layer->down);
	load_norm(l, join(name, module, "output.LayerNorm"), &layer->norm);
}

/* ---- what surrounds them -------------------------------------------------------- */

/* A position and the only type are added together: once, here.  The table may be longer than
 * what any token needs; roberta-base's is. */
static void load_places(struct loader *l)
{
	static const char name[] = "model.embeddings.position_embeddings.weight";
	struct hyper_net *net = l->net;
	const size_t hidden = net->config.hidden;
	const struct hyper_tensor *tensor = hyper_tensors_find(l->tensors, name);
	size_t rows = tensor && tensor->rank == 2 ? tensor->shape[0] : 0;
	if (rows < net->config.surface)
		rows = net->config.surface;
	tensor = find(l, "model.embeddings.position_embeddings", "weight", rows, hidden);
	net->place_count = rows < HYPER_SURFACE_MAX ? rows : HYPER_SURFACE_MAX;
	float *places = read_rows(l, tensor, net->place_count);
	const float *type = load(l, "model.embeddings.token_type_embeddings", "weight", 1, hidden);
	for (size_t p = 0; l->status == TOK_OK && p < net->place_count; p++)
		for (size_t i = 0; i < hidden; i++)
			places[p * hidden + i] += type[i];
	net->places = places;
}

/* Untied, one matrix may make both outputs; then it has both scales side by side. */
static void load_scales(struct loader *l)
{
	struct hyper_net *net = l->net;
	const size_t width = net->config.embedding,
		     source = hyper_config_source_width(&net->config);
	const bool joined = net->config.single_head && net->config.untied;
	if (!net->config.rescales)
		return;
	net->in_scale = load(l, "in_scaler", "w", 1, source);
	net->in_shift = load(l, "in_scaler", "b", 1, source);
	net->in.scale = load(l, "scaler", "w", 1, width);
	net->in.shift = load(l, "scaler", "b", 1, width);
	if (!net->config.untied)
		return;
	net->out.scale = load(l, "out_scaler", "w", 1, width);
	net->out.shift = load(l, "out_scaler", "b", 1, width);
	if (!joined || l->status != TOK_OK)
		return;
	float *both = tok_arena_array(&net->arena, 4 * width, sizeof *both);
	if (!both) {
		fail(l, tok_fail_memory(l->err));
		return;
	}
	const float *const parts[] = { net->in.scale, net->out.scale, net->in.shift,
				       net->out.shift };
	for (size_t i = 0; i < 4; i++)
		memcpy(both + i * width, parts[i], width * sizeof *both);
	net->in.scale = both;
	net->in.shift = both + 2 * width;
}

static void load_all(struct loader *l)
{
	struct hyper_net *net = l->net;
	const struct hyper_config *c = &net->config;
	const size_t source = hyper_config_source_width(c), hidden = c->hidden;
	static const char *const bias = "bias_projection";
	load_scales(l);
	net->fallback = load(l, "fallback_embeddings", "weight", c->extra ? c->extra : 1, source);
	load_dense(l, "input_projection.0", hidden, source, &net->input);
	load_projector(l, "input_projection.1", &net->input_projector);
	load_places(l);
	if (c->takes_language)
		net->languages = load(l, "lang_embeddings", "weight", c->language_count, hidden);
	load_norm(l, "model.embeddings.LayerNorm", &net->embedding_norm);
	for (size_t i = 0; i < c->layers && l->status == TOK_OK; i++)
		load_layer(l, i, &net->layers[i]);
	load_head(l, "output_projection", c->single_head ? source : c->embedding, &net->in);
	if (c->untied && !c->single_head)
		load_head(l, "output_projection_out", c->embedding, &net->out);
	if (c->predicts_bias)
		load_stack(l, &bias, 1, 1, hidden, HYPER_MODE_F32, &net->bias);
}

/* Tensors that checkpoints have and nothing reads. */
static bool is_idle(const char *name)
{
	static const char *const idle[] = { "model.embeddings.word_embeddings.weight",
					    "model.embeddings.position_ids",
					    "model.embeddings.token_type_ids" };
	for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
		if (strcmp(name, idle[i]) == 0)
			return true;
	return false;
}

static void note_unused(struct loader *l)
{
	for (size_t i = 0; i < hyper_tensors_count(l->tensors); i++) {
		const char *name = hyper_tensors_at(l->tensors, i)->name;
		if (l->known[i] || is_idle(name))
			continue;
		char *copy = tok_arena_array(&l->net->arena, strlen(name) + 1, 1);
		if (copy)
			l->net->unused = strcpy(copy, name);
		else
			fail(l, tok_fail_memory(l->err));
		return;
	}
}

/* ---- the whole ------------------------------------------------------------------ */

enum tok_status hyper_net_open(const struct hyper_tensors *tensors,
			       const struct hyper_config *config,
			       const struct hyper_net_options *options, struct hyper_net **out,
			       struct tok_error *err)
{
	struct hyper_net *net = calloc(1, sizeof *net);
	const size_t count = hyper_tensors_count(tensors);
	struct loader l = { .tensors = tensors, .net = net, .err = err };
	if (!net)
		return tok_fail_memory(err);
	net->config = *config;
	net->config.arena = (struct tok_arena){ 0 };
	net->config.languages = NULL;
	net->config.language_names = 0;
	net->options = *options;
	if (net->options.threads > TOK_THREADS_MAX)
		net->options.threads = TOK_THREADS_MAX;
	l.known = calloc(count ? count : 1, sizeof *l.known);
	net->layers = calloc(config->layers, sizeof *net->layers);
	if (!l.known || !net->layers)
		fail(&l, tok_fail_memory(err));
	if (l.status == TOK_OK)
		load_all(&l);
	if (l.status == TOK_OK)
		note_unused(&l);
	free(l.known);
	if (l.status != TOK_OK) {
		hyper_net_free(net);
		return l.status;
	}
	*out = net;
	return TOK_OK;
}

static void release_projector(struct hyper_projector *p)
{
	hyper_matrix_release(&p->up.weight);
	hyper_matrix_release(&p->down.weight);
}

void hyper_net_free(struct hyper_net *net)
{
	if (!net)
		return;
	for (size_t i = 0; net->layers && i < net->config.layers; i++) {
		struct hyper_layer *layer = &net->layers[i];
		hyper_matrix_release(&layer->attention.weight);
		hyper_matrix_release(&layer->query.weight);
		for (size_t h = 0; layer->keys && h < net->config.heads; h++)
			hyper_matrix_release(&layer->keys[h]);
		for (size_t h = 0; layer->values && h < net->config.heads; h++)
			hyper_matrix_release(&layer->values[h].weight);
		free(layer->keys);
		free(layer->values);
		hyper_matrix_release(&layer->attended.weight);
		hyper_matrix_release(&layer->up.weight);
		hyper_matrix_release(&layer->down.weight);
	}
	hyper_matrix_release(&net->input.weight);
	release_projector(&net->input_projector);
	release_projector(&net->in.projector);
	hyper_matrix_release(&net->in.last.weight);
	release_projector(&net->out.projector);
	hyper_matrix_release(&net->out.last.weight);
	hyper_matrix_release(&net->bias.weight);
	tok_arena_release(&net->arena);
	free(net->layers);
	free(net);
}

size_t hyper_net_bytes(const struct hyper_net *net)
{
	return net->bytes;
}

const char *hyper_net_unused(const struct hyper_net *net)
{
	return net->unused;
}

const struct hyper_config *hyper_net_config(const struct hyper_net *net)
{
	return &net->config;
}
