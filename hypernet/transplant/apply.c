#include "hypernet/transplant/apply.h"

#include "hypernet/transplant/apply_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define INDEX "model.safetensors.index.json"

struct graft {
	const struct hyper_graft *graft;
	struct graft_plan plan;
	struct graft_place place;
	char *index; /* the path of that which was opened; NULL: none */
	struct tok_error *err;
};

/* ---- names ---------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	const size_t count = strlen(text), tail = strlen(end);
	return count >= tail && strcmp(text + count - tail, end) == 0;
}

/* One of the files that hold the model's tensors. */
static bool is_model_file(const struct graft *g, const char *name)
{
	const struct hyper_tensors *tensors = hyper_folder_tensors(g->graft->model);
	for (size_t i = 0; i < hyper_tensors_file_count(tensors); i++)
		if (strcmp(graft_base(hyper_tensors_file(tensors, i)), name) == 0)
			return true;
	return g->index && strcmp(graft_base(g->index), name) == 0;
}

/* Of another form of the same weights. */
static bool is_weights(const char *name)
{
	static const char *const ends[] = { ".safetensors",
					    ".safetensors.index.json",
					    ".bin.index.json",
					    ".gguf",
					    ".pt",
					    ".pth",
					    ".ckpt",
					    ".h5",
					    ".msgpack",
					    ".onnx",
					    ".onnx_data" };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (ends_with(name, ends[i]))
			return true;
	return strncmp(name, "pytorch_model", 13) == 0 && ends_with(name, ".bin");
}

static bool is_replaced(const struct graft *g, const char *name)
{
	for (size_t i = 0; i < g->graft->file_count; i++)
		if (strcmp(g->graft->files[i].name, name) == 0)
			return true;
	return false;
}

/* Files besides: the model's own and those of the caller are there already. */
static bool is_wanted(const void *context, const char *name)
{
	const struct graft *g = context;
	if (is_model_file(g, name) || is_replaced(g, name))
		return false;
	if (g->plan.changed && is_weights(name)) {
		g->place.report->files_left++;
		return false;
	}
	return true;
}

/* NAME in the folder of a file. */
static char *join_beside(const char *file, const char *name)
{
	const size_t folder = (size_t)(graft_base(file) - file), room = folder + strlen(name) + 1;
	char *path = malloc(room);
	if (path)
		snprintf(path, room, "%.*s%s", (int)folder, file, name);
	return path;
}

/* Where the opener looked for it: behind the one file of the usual name. */
static enum tok_status find_index(struct graft *g)
{
	const char *folder = hyper_folder_path(g->graft->model);
	const struct hyper_tensors *tensors = hyper_folder_tensors(g->graft->model);
	const char *first = hyper_tensors_file(tensors, 0);
	/* Of a model that was opened by its index the files lie beside it. */
	g->index = folder ? graft_join(folder, INDEX) : join_beside(first, INDEX);
	if (!g->index)
		return tok_fail_memory(g->err);
	const bool is_one = !folder && hyper_tensors_file_count(tensors) == 1;
	if (is_one || access(g->index, F_OK) != 0 ||
	    strcmp(graft_base(first), "model.safetensors") == 0) {
		free(g->index);
		g->index = NULL;
	}
	return g->index || hyper_tensors_file_count(tensors) == 1
		   ? TOK_OK
		   : tok_fail(g->err, TOK_EARG,
			      "the index of the model's files is not called '" INDEX "'");
}

/* ---- what is asked for ---------------------------------------------------------------------- */

static enum tok_status check_files(const struct graft *g)
{
	for (size_t i = 0; i < g->graft->file_count; i++) {
		const char *name = g->graft->files[i].name;
		if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
		    strcmp(name, "..") == 0)
			return tok_fail(g->err, TOK_EARG, "'%s' is no name of a file", name);
		if (is_model_file(g, name))
			return tok_fail(g->err, TOK_EARG, "'%s' is the model's own file", name);
	}
	return TOK_OK;
}

static void fill_report(const struct graft *g, struct hyper_graft_report *report)
{
	const struct hyper_embeddings *e = &g->graft->embeddings;
	report->tensors_changed = g->plan.changed;
	report->in_dtype = e->input->dtype;
	report->out_dtype = e->output ? e->output->dtype : e->input->dtype;
	for (size_t i = 0; i < g->plan.count; i++) {
		const struct graft_tensor *t = &g->plan.list[i];
		report->tensors_copied += t->recipe == NULL;
		if (t->from == e->input && t != g->plan.added)
			report->in_dtype = t->dtype;
		if (t == g->plan.added || t->from == e->output)
			report->out_dtype = t->dtype;
	}
	if (!e->output && !g->plan.added)
		report->out_dtype = report->in_dtype;
}

/* ---- making it ------------------------------------------------------------------------------- */

static enum tok_status write_side_files(const struct graft *g)
{
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < g->graft->file_count && status == TOK_OK; i++)
		if (g->graft->files[i].bytes.bytes)
			status = graft_write_file(&g->place, g->graft->files[i].name,
						  g->graft->files[i].bytes, g->err);
	return status;
}

static enum tok_status fill_place(const struct graft *g)
{
	const char *folder = hyper_folder_path(g->graft->model);
	enum tok_status status = graft_write_weights(g->graft, &g->plan, &g->place, g->err);
	if (status == TOK_OK && g->index)
		status =
		    g->plan.changed
			? graft_write_index(g->graft, &g->plan, &g->place, g->index, g->err)
			: graft_take_file(&g->place, g->index, graft_base(g->index), false, g->err);
	if (status == TOK_OK)
		status = write_side_files(g);
	if (status == TOK_OK && folder)
		status = graft_take_folder(&g->place, folder, is_wanted, g, g->err);
	return status;
}

static enum tok_status make_folder(struct graft *g, const char *path)
{
	enum tok_status status = graft_place_open(&g->place, path, g->err);
	if (status != TOK_OK)
		return status;
	status = fill_place(g);
	if (status == TOK_OK && g->graft->finish)
		status = g->graft->finish(g->graft->context, g->place.name, g->err);
	if (status == TOK_OK)
		return graft_place_keep(&g->place, g->err);
	graft_place_drop(&g->place);
	return status;
}

enum tok_status hyper_graft_write(const struct hyper_graft *graft, const char *path,
				  struct hyper_graft_report *report, struct tok_error *err)
{
	struct hyper_graft_report mine = { 0 };
	struct graft g = { .graft = graft, .err = err };
	enum tok_status status = graft_plan_make(graft, &g.plan, err);
	if (status == TOK_OK)
		status = find_index(&g);
	if (status == TOK_OK)
		status = check_files(&g);
	g.place.stop = graft->stop;
	g.place.report = &mine;
	if (status == TOK_OK)
		status = make_folder(&g, path);
	if (status == TOK_OK) {
		fill_report(&g, &mine);
		*report = mine;
	}
	graft_plan_release(&g.plan);
	free(g.index);
	return status;
}
