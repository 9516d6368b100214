/* transplant_lab_models.c - small models: learning, being written, getting another tokenizer. */
#include <stdlib.h>
#include <string.h>

#include "cmd/transplant_lab.h"
#include "hypernet/tensor/write.h"

/* ---- files ----------------------------------------------------------------------- */

static enum tok_status put_matrices(struct hyper_file *file, struct hyper_lab *model, size_t width,
				    struct tok_error *err)
{
	const size_t rows = hyper_lab_vocabulary(model);
	const struct hyper_write_tensor list[] = {
		{ "model.embed_tokens.weight", HYPER_F32, 2, { rows, width } },
		{ "lm_head.weight", HYPER_F32, 2, { rows, width } },
	};
	const float *const numbers[] = { hyper_lab_input(model), hyper_lab_output(model) };
	struct hyper_layout layout = { 0 };
	enum tok_status status = hyper_layout_safetensors(list, 2, NULL, 0, &layout, err);
	if (status == TOK_OK)
		status = hyper_file_put(file, 0, layout.header.bytes, layout.header.count, err);
	for (size_t i = 0; i < 2 && status == TOK_OK; i++)
		status = hyper_file_put(file, layout.offsets[i], numbers[i],
					rows * width * sizeof(float), err);
	hyper_layout_release(&layout);
	return status;
}

static enum tok_status put_config(struct hyper_file *file, struct hyper_lab *model,
				  struct tok_error *err)
{
	char text[128];
	const int count =
	    snprintf(text, sizeof text, "{\"vocab_size\":%zu,\"tie_word_embeddings\":false}\n",
		     hyper_lab_vocabulary(model));
	return hyper_file_put(file, 0, text, (size_t)count, err);
}

/* One file of a model's folder. */
static enum tok_status write_file(const char *folder, const char *name, bool config,
				  struct hyper_lab *model, size_t width, struct tok_error *err)
{
	struct hyper_file *file = NULL;
	char *path;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return tok_fail_memory(err);
	enum tok_status status = hyper_file_create(path, &file, err);
	if (status == TOK_OK)
		status =
		    config ? put_config(file, model, err) : put_matrices(file, model, width, err);
	if (status == TOK_OK)
		status = hyper_file_commit(&file, err);
	else if (file)
		hyper_file_abandon(&file);
	free(path);
	return status;
}

/* ---- learning -------------------------------------------------------------------- */

enum tok_status transplant_lab_learn(const struct lab_bench *bench, enum lab_tokenizer_name name,
				     uint64_t seed, hyper_lab_watch *watch, void *context,
				     struct hyper_lab **out, struct tok_error *err)
{
	const struct lab_tokenizer *t = &bench->tokenizers[name];
	const size_t samples = (size_t)bench->options->samples;
	struct hyper_lab_options o = HYPER_LAB_DEFAULTS;
	struct hyper_lab *model = NULL;
	o.kind = (enum hyper_lab_kind)bench->options->lab_model;
	o.seed = seed;
	o.threads = bench->threads;
	o.kernel = bench->kernel;
	enum tok_status status = hyper_lab_new(t->tokens, &o, &model, err);
	if (status == TOK_OK)
		status = hyper_lab_train(model, t->train.items, t->train.count, samples, false,
					 watch, context, err);
	if (status == TOK_OK)
		status = write_file(t->folder, "model.safetensors", false, model, o.width, err);
	if (status == TOK_OK)
		status = write_file(t->folder, "config.json", true, model, o.width, err);
	if (status == TOK_OK)
		*out = model;
	else
		hyper_lab_free(model);
	return status;
}

/* ---- another tokenizer ------------------------------------------------------------- */

static enum tok_status fill(const struct transplant_case *c,
			    const struct transplant_recipes *recipes, enum transplant_side side,
			    float *rows, struct tok_error *err)
{
	const struct hyper_rows_view old = { .tensor = transplant_matrix(c, side) };
	return hyper_recipe_rows(transplant_recipe(recipes, side), &old, 0, recipes->rows, rows,
				 c->threads, err);
}

enum tok_status transplant_lab_graft(struct transplant_case *c,
				     const struct transplant_choice *choice,
				     const struct hyper_lab *source, struct hyper_lab **out,
				     struct tok_error *err)
{
	struct transplant_recipes recipes = { 0 };
	struct hyper_lab *model = NULL;
	enum tok_status status = transplant_recipes_make(c, choice, &recipes, err);
	if (status == TOK_OK)
		status = hyper_lab_graft(source, recipes.rows, &model, err);
	if (status == TOK_OK)
		status = fill(c, &recipes, TRANSPLANT_IN, hyper_lab_input(model), err);
	if (status == TOK_OK)
		status = fill(c, &recipes, TRANSPLANT_OUT, hyper_lab_output(model), err);
	transplant_recipes_release(&recipes);
	if (status == TOK_OK)
		*out = model;
	else
		hyper_lab_free(model);
	return status;
}

enum tok_status transplant_lab_bits(const struct lab_bench *bench, enum lab_tokenizer_name name,
				    const struct hyper_lab *model, const uint8_t *marked,
				    double *bits, double *shares, struct tok_error *err)
{
	const struct lab_tokenizer *t = &bench->tokenizers[name];
	for (size_t i = 0; i < bench->text_count; i++) {
		const enum tok_status status = hyper_lab_bits(
		    model, t->held[i].items, t->held[i].count, marked, &bits[i], &shares[i], err);
		if (status != TOK_OK)
			return status;
		bits[i] /= (double)bench->texts[i].held.count;
	}
	return TOK_OK;
}
