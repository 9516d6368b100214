/* graft_laws.h - models that are written anew, and what must come of it: for the tests of
 * hypernet/transplant/apply.h. */
#ifndef TESTS_UNIT_GRAFT_LAWS_H
#define TESTS_UNIT_GRAFT_LAWS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "hypernet/transplant/apply.h"
#include "tests/unit/graft_files.h"

enum { V = 6, W = 32, NEW = 8 };

static char folder[32];
static char *source, *target, *back;

static inline int begin(void **state)
{
	(void)state;
	tensor_folder_make(folder);
	source = tensor_path(folder, "source");
	target = tensor_path(folder, "target");
	back = tensor_path(folder, "back");
	return mkdir(source, 0777);
}

static inline int end(void **state)
{
	(void)state;
	tensor_folder_remove(folder);
	free(source);
	free(target);
	free(back);
	return 0;
}

static inline void write_text(const char *name, const char *text)
{
	tensor_write(source, name, tok_span_of(text));
}

/* ---- recipes ------------------------------------------------------------------------------ */

struct room {
	struct hyper_recipe recipe;
	uint8_t origins[16];
	tok_id sources[16];
	uint32_t places[16];
	float given[2 * W];
};

static inline void copy_rows(struct room *room, const tok_id *sources, size_t count)
{
	memset(room, 0, sizeof *room);
	room->recipe = (struct hyper_recipe){ .origins = room->origins,
					      .sources = room->sources,
					      .places = room->places,
					      .rows = count };
	if (count)
		memcpy(room->sources, sources, count * sizeof *sources);
}

/* Rows 5, 3, a sum of 1 and 2, one that is given, 0, zero, 4, given. */
static inline void mix_rows(struct room *room)
{
	static const tok_id sources[NEW] = { 5, 3, TOK_NO_ID, TOK_NO_ID, 0, TOK_NO_ID, 4, 0 };
	copy_rows(room, sources, NEW);
	room->origins[2] = HYPER_ROW_SUM;
	room->origins[3] = room->origins[7] = HYPER_ROW_GIVEN;
	room->origins[5] = HYPER_ROW_ZERO;
	room->places[7] = 1;
	for (size_t i = 0; i < 2 * W; i++)
		room->given[i] = (float)i / 64;
	room->recipe.given = room->given;
	room->recipe.given_count = 2;
	room->recipe.width = W;
	assert_int_equal(hyper_weights_add(&room->recipe.weights, (tok_id[]){ 1, 2 },
					   (float[]){ .25F, .75F }, 2, NULL),
			 TOK_OK);
}

/* ---- runs ------------------------------------------------------------------------------------ */

struct run {
	const struct hyper_recipe *in, *out;
	enum hyper_tie tie;
	int dtype; /* one more: 0 is none */
	const struct hyper_side_file *files;
	size_t file_count;
	struct tok_span values;
	uint64_t value_count;
	const atomic_bool *stop;
	enum tok_status (*finish)(void *context, const char *folder, struct tok_error *err);
	const char *why; /* it fails, saying so */
	enum tok_status status;
};

static inline struct hyper_graft_report run(const char *from, const char *to, const struct run *r)
{
	struct hyper_folder *model;
	struct hyper_graft_report report = { 0 };
	struct tok_error err = { 0 };
	if (hyper_folder_open(from, &model, &err) != TOK_OK)
		fail_msg("%s", err.message);
	struct hyper_graft g = { .model = model,
				 .in = r->in,
				 .out = r->out,
				 .tie = r->tie,
				 .dtype = r->dtype - 1,
				 .files = r->files,
				 .file_count = r->file_count,
				 .values = r->values,
				 .value_count = r->value_count,
				 .threads = 2,
				 .stop = r->stop,
				 .finish = r->finish,
				 .context = (void *)(uintptr_t)r };
	if (hyper_folder_embeddings(model, NULL, NULL, &g.embeddings, &err) != TOK_OK)
		fail_msg("%s", err.message);
	const enum tok_status status = hyper_graft_write(&g, to, &report, &err);
	if (status != r->status || (r->why && !strstr(err.message, r->why)))
		fail_msg("wanted %d '%s', not %d '%s'", r->status, r->why ? r->why : "", status,
			 err.message);
	hyper_folder_close(model);
	return report;
}

static inline struct hyper_folder *open_model(const char *path)
{
	struct hyper_folder *model;
	struct tok_error err = { 0 };
	if (hyper_folder_open(path, &model, &err) != TOK_OK)
		fail_msg("%s", err.message);
	return model;
}

static const struct hyper_tensor *find(const struct hyper_folder *model, const char *name)
{
	const struct hyper_tensor *t = hyper_tensors_find(hyper_folder_tensors(model), name);
	if (!t)
		fail_msg("there is no tensor '%s'", name);
	return t;
}

static inline bool has(const struct hyper_folder *model, const char *name)
{
	return hyper_tensors_find(hyper_folder_tensors(model), name) != NULL;
}

/* ---- models ------------------------------------------------------------------------------------
 */

#define IN  "model.embed_tokens.weight"
#define OUT "lm_head.weight"

static inline void write_llama(enum hyper_dtype dtype, bool untied)
{
	const struct hyper_write_tensor list[] = {
		{ IN, dtype, 2, { V, W } },
		{ "model.norm.weight", dtype, 1, { W } },
		{ OUT, dtype, 2, { V, W } },
	};
	graft_write_model(source, "model.safetensors", list, (uint32_t[]){ 1, 2, 3 },
			  untied ? 3 : 2, (struct tok_span){ 0 }, 0);
	write_text("config.json", untied ? "{\"tie_word_embeddings\": false}" : "{}");
}

static inline void write_gguf(enum hyper_dtype dtype, size_t width, struct tok_span values,
			      uint64_t value_count)
{
	const struct hyper_write_tensor list[] = {
		{ "token_embd.weight", dtype, 2, { V, width } },
		{ "blk.0.attn_norm.weight", HYPER_F32, 1, { 5 } },
		{ "output.weight", dtype, 2, { V, width } },
	};
	graft_write_model(source, "model.gguf", list, (uint32_t[]){ 1, 2, 3 }, 3, values,
			  value_count);
}

static inline size_t row_bytes(const struct hyper_tensor *t)
{
	return t->data.count / t->shape[0];
}

/* What the recipe of mix_rows makes of a matrix, by its definition. */
static inline void check_mixed(const struct hyper_folder *old_model,
			       const struct hyper_folder *new_model, const char *old_name,
			       const char *new_name, const float *given)
{
	static const int sources[NEW] = { 5, 3, -1, -1, 0, -1, 4, -1 };
	const struct hyper_tensor *old = find(old_model, old_name),
				  *new = find(new_model, new_name);
	float rows[2 * W], wanted[W];
	uint8_t bytes[4 * W];
	const size_t size = row_bytes(old);
	assert_int_equal(new->shape[0], NEW);
	assert_int_equal(new->dtype, old->dtype);
	assert_int_equal(hyper_tensor_rows(old, 1, 2, rows, NULL), TOK_OK);
	for (size_t i = 0; i < NEW; i++) {
		const uint8_t *row = new->data.bytes + i *size;
		if (sources[i] >= 0) {
			assert_memory_equal(row, old->data.bytes + (size_t)sources[i] * size, size);
			continue;
		}
		for (size_t d = 0; d < W; d++)
			wanted[d] = i == 2
					? (float)(.25 * (double)rows[d] + .75 * (double)rows[W + d])
				    : i == 5 ? 0
					     : given[(i == 7 ? W : 0) + d];
		hyper_from_f32(old->dtype, wanted, W, bytes);
		assert_memory_equal(row, bytes, size);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
