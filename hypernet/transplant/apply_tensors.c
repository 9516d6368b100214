/* Which tensors change: the matrices of both sides, biases of the output, and others that have a
 * row for every token. */
#include "hypernet/transplant/apply_internal.h"

#include <stdlib.h>

/* ---- recipes ---------------------------------------------------------------------------- */

static enum tok_status refuse_row(size_t row, const char *what, struct tok_error *err)
{
	return tok_fail(err, TOK_EARG, "the recipe of row %zu names a %s that there is not", row,
			what);
}

static enum tok_status check_recipe(const struct hyper_recipe *r, size_t old_rows, size_t width,
				    struct tok_error *err)
{
	if (r->rows == 0)
		return tok_fail(err, TOK_EARG, "there would be no rows");
	if (r->given_count && r->width != width)
		return tok_fail(err, TOK_EARG,
				"rows of %zu numbers are given to a model whose rows have %zu",
				r->width, width);
	for (size_t i = 0; i < r->rows; i++) {
		switch ((enum hyper_row_origin)r->origins[i]) {
		case HYPER_ROW_COPY:
			if (r->sources[i] >= old_rows)
				return refuse_row(i, "row of the model", err);
			break;
		case HYPER_ROW_SUM:
			if (r->places[i] >= r->weights.rows)
				return refuse_row(i, "sum", err);
			break;
		case HYPER_ROW_GIVEN:
			if (r->places[i] >= r->given_count)
				return refuse_row(i, "given row", err);
			break;
		case HYPER_ROW_ZERO:
			break;
		}
	}
	const uint64_t entries = r->weights.rows ? r->weights.ends[r->weights.rows - 1] : 0;
	for (uint64_t i = 0; i < entries; i++)
		if (r->weights.sources[i] >= old_rows)
			return tok_fail(err, TOK_EARG,
					"a sum takes row %u of a model that has %zu rows",
					r->weights.sources[i], old_rows);
	return TOK_OK;
}

/* Every row where it was. */
static bool is_identity(const struct hyper_recipe *r, size_t old_rows)
{
	bool same = r->rows == old_rows;
	for (size_t i = 0; i < r->rows && same; i++)
		same = r->origins[i] == HYPER_ROW_COPY && r->sources[i] == i;
	return same;
}

static bool has_new_rows(const struct hyper_recipe *r)
{
	for (size_t i = 0; i < r->rows; i++)
		if (r->origins[i] == HYPER_ROW_SUM || r->origins[i] == HYPER_ROW_GIVEN)
			return true;
	return false;
}

/* ---- which tensors ----------------------------------------------------------------------------
 */

/* Is it a number for each token?  They lie along the last dimension: BART's is a matrix of one row.
 */
static bool is_vector(const struct hyper_tensor *t, size_t tokens, size_t *along)
{
	*along = t->rank == 2 && t->shape[0] == 1;
	return t->rank == *along + 1 && t->shape[*along] == tokens;
}

/* Of the output, whatever else the family calls so. */
static bool is_bias(const struct hyper_tensor *t)
{
	static const char *const names[] = { "lm_head.bias",         "lm_head.decoder.bias",
					     "cls.predictions.bias", "cls.predictions.decoder.bias",
					     "vocab_projector.bias", "final_logits_bias" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(t->name, names[i]) == 0)
			return true;
	return false;
}

/* Embeddings that lie there once more (T5), or that every layer adds (Gemma 3n). */
static bool is_for_tokens(const struct hyper_tensor *t, size_t tokens)
{
	static const char *const parts[] = { "embed_tokens", "word_embeddings", "tok_embeddings",
					     "token_embd", "wte.weight" };
	if (t->rank != 2 || t->shape[0] != tokens)
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (strstr(t->name, parts[i]))
			return true;
	return false;
}

static bool is_same(const struct hyper_tensor *a, const struct hyper_tensor *b)
{
	return b->rank == a->rank && a->shape[0] == b->shape[0] && a->shape[1] == b->shape[1] &&
	       a->dtype == b->dtype && tok_span_equal(a->data, b->data);
}

struct planner {
	const struct hyper_graft *graft;
	const struct hyper_recipe *in, *out; /* of each side's matrix */
	bool in_moves, out_moves;            /* are they more than the identity? */
	bool is_gguf;
	struct graft_plan *plan;
	struct tok_error *err;
};

/* What it is made by; false where it stays. */
static bool choose_recipe(const struct planner *p, struct graft_tensor *t)
{
	const struct hyper_embeddings *e = &p->graft->embeddings;
	const size_t tokens = e->input->shape[0];
	size_t along = 0;
	if (t->from == e->input) {
		t->recipe = p->in;
	} else if (t->from == e->output) {
		t->recipe = p->out;
	} else if ((t->from == e->bias || is_bias(t->from)) && is_vector(t->from, tokens, &along)) {
		t->recipe = p->graft->out ? p->graft->out : p->in;
		t->along = along;
		t->is_own = false;
	} else if (is_for_tokens(t->from, tokens)) {
		t->recipe = p->in;
		t->is_own = is_same(t->from, e->input);
	}
	return t->recipe != NULL;
}

static bool is_embedding(const struct planner *p, const struct graft_tensor *t)
{
	const struct hyper_embeddings *e = &p->graft->embeddings;
	return t->from == e->input || t->from == e->output;
}

/* ---- dtypes -------------------------------------------------------------------------------------
 */

static enum tok_status choose_dtype(const struct planner *p, struct graft_tensor *t)
{
	const enum hyper_dtype old = t->from->dtype;
	const bool has_new = has_new_rows(t->recipe);
	t->dtype = old;
	if (p->graft->dtype >= 0 && is_embedding(p, t))
		t->dtype = (enum hyper_dtype)p->graft->dtype;
	else if (has_new && !hyper_dtype_is_writable(old))
		t->dtype = p->is_gguf ? HYPER_Q8_0 : HYPER_F16;
	if (t->dtype != old && !hyper_dtype_is_writable(t->dtype))
		return tok_fail(p->err, TOK_EARG, "numbers of type %s are not written",
				hyper_dtype_name(t->dtype));
	if ((has_new || t->dtype != old) && !hyper_dtype_is_readable(old))
		return tok_fail(p->err, TOK_EFORMAT,
				"tensor '%s' is of type %s, which cannot be read: rows of it are "
				"only copied",
				t->from->name, hyper_dtype_name(old));
	if (hyper_tensor_numbers(t->from) / t->from->shape[t->along] % hyper_dtype_block(old))
		return tok_fail(p->err, TOK_EFORMAT,
				"tensor '%s' is of type %s, whose blocks do not lie along its rows",
				t->from->name, hyper_dtype_name(old));
	return TOK_OK;
}

static bool is_changed(const struct planner *p, const struct graft_tensor *t)
{
	return t->dtype != t->from->dtype || (t->recipe == p->in ? p->in_moves : p->out_moves);
}

/* ---- the plan -----------------------------------------------------------------------------------
 */

static enum tok_status plan_one(struct planner *p, const struct hyper_tensor *from)
{
	struct graft_plan *plan = p->plan;
	struct graft_tensor *t = &plan->list[plan->count];
	*t = (struct graft_tensor){
		.from = from, .name = from->name, .file = from->file, .dtype = from->dtype
	};
	t->is_own = true;
	if (p->graft->tie == HYPER_TIE_FORCE && from == p->graft->embeddings.output) {
		plan->dropped = from;
		plan->changed++;
		return TOK_OK;
	}
	plan->count++;
	if (!choose_recipe(p, t))
		return TOK_OK;
	const enum tok_status status = choose_dtype(p, t);
	if (status == TOK_OK && !is_changed(p, t))
		t->recipe = NULL;
	plan->changed += t->recipe != NULL;
	return status;
}

/* An output of its own, made of the input's rows. */
static enum tok_status plan_output(struct planner *p)
{
	struct graft_plan *plan = p->plan;
	const struct hyper_embeddings *e = &p->graft->embeddings;
	const char *name = hyper_output_name(e->input->name);
	if (!name)
		return tok_fail(p->err, TOK_EARG,
				"it is not known what a model whose input is '%s' calls an output "
				"of its own",
				e->input->name);
	struct graft_tensor *t = &plan->list[plan->count++];
	*t = (struct graft_tensor){ .from = e->input,
				    .name = name,
				    .file = e->input->file,
				    .recipe = p->out,
				    .is_own = true };
	plan->added = t;
	plan->changed++;
	return choose_dtype(p, t);
}

static enum tok_status check_recipes(const struct planner *p)
{
	const struct hyper_tensor *input = p->graft->embeddings.input;
	enum tok_status status = check_recipe(p->in, input->shape[0], input->shape[1], p->err);
	if (status == TOK_OK && p->graft->out && p->graft->out != p->in)
		status = check_recipe(p->graft->out, input->shape[0], input->shape[1], p->err);
	if (status == TOK_OK && p->graft->out && p->graft->out->rows != p->in->rows)
		status = tok_fail(p->err, TOK_EARG, "the input would have %zu rows, the output %zu",
				  p->in->rows, p->graft->out->rows);
	return status;
}

enum tok_status graft_plan_make(const struct hyper_graft *graft, struct graft_plan *plan,
				struct tok_error *err)
{
	const struct hyper_tensors *tensors = hyper_folder_tensors(graft->model);
	const struct hyper_embeddings *e = &graft->embeddings;
	const bool breaks = graft->tie == HYPER_TIE_BREAK;
	struct planner p = { .graft = graft, .in = graft->in, .plan = plan, .err = err };
	struct tok_span values;
	uint64_t value_count;
	*plan = (struct graft_plan){ 0 };
	p.out = graft->out && (breaks || !e->tied) ? graft->out : graft->in;
	p.is_gguf = hyper_gguf_values(tensors, e->input->file, &values, &value_count);
	enum tok_status status = check_recipes(&p);
	if (status != TOK_OK)
		return status;
	p.in_moves = !is_identity(p.in, e->input->shape[0]);
	p.out_moves = graft->out ? !is_identity(graft->out, e->input->shape[0]) : p.in_moves;
	plan->list = calloc(hyper_tensors_count(tensors) + 1, sizeof *plan->list);
	if (!plan->list)
		return tok_fail_memory(err);
	for (size_t i = 0; i < hyper_tensors_count(tensors) && status == TOK_OK; i++)
		status = plan_one(&p, hyper_tensors_at(tensors, i));
	if (status == TOK_OK && breaks && !e->output)
		status = plan_output(&p);
	return status;
}

void graft_plan_release(struct graft_plan *plan)
{
	free(plan->list);
	*plan = (struct graft_plan){ 0 };
}

struct hyper_write_tensor graft_tensor_shape(const struct graft_tensor *tensor)
{
	struct hyper_write_tensor shape = { .name = tensor->name,
					    .dtype = tensor->dtype,
					    .rank = tensor->from->rank };
	memcpy(shape.shape, tensor->from->shape, sizeof shape.shape);
	if (tensor->recipe)
		shape.shape[tensor->along] = tensor->recipe->rows;
	return shape;
}
