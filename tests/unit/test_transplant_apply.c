/* Models written anew: what is copied is the same bit for bit, what is new is what was asked for,
 * and a run that fails leaves nothing. */
#include "hypernet/transplant/apply.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/unit/graft_files.h"

enum { V = 6, W = 32, NEW = 8 };

static char folder[32];
static char *source, *target, *back;

static int begin(void **state)
{
	(void)state;
	tensor_folder_make(folder);
	source = tensor_path(folder, "source");
	target = tensor_path(folder, "target");
	back = tensor_path(folder, "back");
	return mkdir(source, 0777);
}

static int end(void **state)
{
	(void)state;
	tensor_folder_remove(folder);
	free(source);
	free(target);
	free(back);
	return 0;
}

static void write_text(const char *name, const char *text)
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

static void copy_rows(struct room *room, const tok_id *sources, size_t count)
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
static void mix_rows(struct room *room)
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

static struct hyper_graft_report run(const char *from, const char *to, const struct run *r)
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

static struct hyper_folder *open_model(const char *path)
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

static bool has(const struct hyper_folder *model, const char *name)
{
	return hyper_tensors_find(hyper_folder_tensors(model), name) != NULL;
}

/* ---- models ------------------------------------------------------------------------------------
 */

#define IN  "model.embed_tokens.weight"
#define OUT "lm_head.weight"

static void write_llama(enum hyper_dtype dtype, bool untied)
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

static void write_gguf(enum hyper_dtype dtype, size_t width, struct tok_span values,
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

static size_t row_bytes(const struct hyper_tensor *t)
{
	return t->data.count / t->shape[0];
}

/* What the recipe of mix_rows makes of a matrix, by its definition. */
static void check_mixed(const struct hyper_folder *old_model, const struct hyper_folder *new_model,
			const char *old_name, const char *new_name, const float *given)
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

/* ---- what stays -------------------------------------------------------------------------------
 */

static void the_same_tokens_are_the_same_files(void **state)
{
	(void)state;
	struct room same;
	copy_rows(&same, (tok_id[]){ 0, 1, 2, 3, 4, 5 }, V);
	write_llama(HYPER_BF16, true);
	write_text("pytorch_model.bin", "other weights");
	write_text("README.md", "text");
	const struct hyper_graft_report report =
	    run(source, target, &(struct run){ .in = &same.recipe, .out = &same.recipe });
	assert_true(graft_same_folders(source, target));
	assert_int_equal(report.tensors_changed, 0);
	assert_int_equal(report.files_linked, 1);
	assert_int_equal(report.files_copied, 3);
	assert_int_equal(report.in_dtype, HYPER_BF16);
}

static void order_and_back_is_the_same_file(void **state)
{
	(void)state;
	struct room there, again;
	copy_rows(&there, (tok_id[]){ 3, 0, 5, 1, 4, 2 }, V);
	copy_rows(&again, (tok_id[]){ 1, 3, 5, 0, 4, 2 }, V);
	static const enum hyper_dtype dtypes[] = { HYPER_F32,   HYPER_F16,    HYPER_BF16,
						   HYPER_F64,   HYPER_Q8_0,   HYPER_Q4_K,
						   HYPER_IQ2_S, HYPER_F8_E4M3 };
	for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
		const bool gguf = dtypes[i] >= HYPER_Q8_0;
		if (gguf)
			write_gguf(dtypes[i], 256, (struct tok_span){ 0 }, 0);
		else
			write_llama(dtypes[i], i % 2);
		run(source, target, &(struct run){ .in = &there.recipe, .out = &there.recipe });
		run(target, back, &(struct run){ .in = &again.recipe, .out = &again.recipe });
		assert_true(graft_same_folders(source, back));
		struct hyper_folder *old = open_model(source), *new = open_model(target);
		const char *name = gguf ? "token_embd.weight" : IN;
		const struct hyper_tensor *a = find(old, name), *b = find(new, name);
		assert_memory_equal(b->data.bytes, a->data.bytes + 3 * row_bytes(a), row_bytes(a));
		hyper_folder_close(old);
		hyper_folder_close(new);
		char command[128];
		snprintf(command, sizeof command, "rm -r '%s' '%s' '%s'/*", target, back, source);
		assert_int_equal(system(command), 0);
	}
}

/* ---- what is new --------------------------------------------------------------------------------
 */

static void new_rows_are_what_was_asked_for(void **state)
{
	(void)state;
	struct room mixed;
	static const enum hyper_dtype dtypes[] = { HYPER_F32, HYPER_F16, HYPER_BF16, HYPER_Q8_0 };
	mix_rows(&mixed);
	for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
		const bool gguf = dtypes[i] == HYPER_Q8_0;
		if (gguf)
			write_gguf(dtypes[i], W, (struct tok_span){ 0 }, 0);
		else
			write_llama(dtypes[i], true);
		const struct hyper_graft_report report =
		    run(source, target, &(struct run){ .in = &mixed.recipe, .out = &mixed.recipe });
		assert_int_equal(report.tensors_changed, 2);
		assert_int_equal(report.tensors_copied, 1);
		assert_int_equal(report.flushed, 0);
		struct hyper_folder *old = open_model(source), *new = open_model(target);
		check_mixed(old, new, gguf ? "token_embd.weight" : IN,
			    gguf ? "token_embd.weight" : IN, mixed.given);
		check_mixed(old, new, gguf ? "output.weight" : OUT, gguf ? "output.weight" : OUT,
			    mixed.given);
		const char *norm = gguf ? "blk.0.attn_norm.weight" : "model.norm.weight";
		assert_true(tok_span_equal(find(old, norm)->data, find(new, norm)->data));
		if (!gguf)
			assert_string_equal(
			    hyper_tensors_metadata(hyper_folder_tensors(new), "format"), "pt");
		hyper_folder_close(old);
		hyper_folder_close(new);
		char command[128];
		snprintf(command, sizeof command, "rm -r '%s' '%s'/*", target, source);
		assert_int_equal(system(command), 0);
	}
	hyper_weights_release(&mixed.recipe.weights);
}

static void sides_have_recipes_of_their_own(void **state)
{
	(void)state;
	struct room in, out;
	copy_rows(&in, (tok_id[]){ 0, 1, 2 }, 3);
	copy_rows(&out, (tok_id[]){ 5, 4, 3 }, 3);
	write_llama(HYPER_F32, true);
	run(source, target, &(struct run){ .in = &in.recipe, .out = &out.recipe });
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	assert_memory_equal(find(new, IN)->data.bytes, find(old, IN)->data.bytes, 3 * W * 4);
	assert_memory_equal(find(new, OUT)->data.bytes, find(old, OUT)->data.bytes + 5 * W * 4,
			    W * 4);
	hyper_folder_close(old);
	hyper_folder_close(new);
}

/* A number that its type cannot hold is told by the token that it belongs to. */
static void numbers_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const struct {
		float number;
		enum tok_status status;
		const char *why;
	} rows[] = {
		{ 65504, TOK_OK, NULL },
		{ 65519, TOK_OK, NULL },
		{ 65520, TOK_ELIMIT, "token 3: 65520, in its row of '" IN "', does not fit F16" },
		{ -1e9F, TOK_ELIMIT, "token 3" },
		{ INFINITY, TOK_EFORMAT, "token 3: its new row of '" IN "' holds a number" },
		{ NAN, TOK_EFORMAT, "is not finite" },
		{ 1e-9F, TOK_OK, NULL },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct room mixed;
		mix_rows(&mixed);
		mixed.given[4] = rows[i].number;
		write_llama(HYPER_F16, false);
		const struct hyper_graft_report report =
		    run(source, target,
			&(struct run){
			    .in = &mixed.recipe, .status = rows[i].status, .why = rows[i].why });
		if (rows[i].status == TOK_OK) {
			assert_int_equal(report.flushed, rows[i].number < 1);
			tensor_folder_remove(target);
		}
		assert_int_equal(graft_count_names(folder), 1);
		hyper_weights_release(&mixed.recipe.weights);
	}
}

static void types_that_are_not_written_become_another(void **state)
{
	(void)state;
	struct room mixed, copies;
	mix_rows(&mixed);
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	write_gguf(HYPER_Q4_K, 256, (struct tok_span){ 0 }, 0);
	struct hyper_graft_report report =
	    run(source, target, &(struct run){ .in = &copies.recipe, .out = &copies.recipe });
	assert_int_equal(report.in_dtype, HYPER_Q4_K);
	tensor_folder_remove(target);
	mixed.recipe.given_count = 0;
	mixed.origins[3] = mixed.origins[7] = HYPER_ROW_ZERO;
	report = run(source, target,
		     &(struct run){ .in = &mixed.recipe,
				    .out = &copies.recipe,
				    .status = TOK_EARG,
				    .why = "the input would have 8 rows, the output 2" });
	report = run(source, target, &(struct run){ .in = &mixed.recipe });
	assert_int_equal(report.in_dtype, HYPER_Q8_0);
	assert_int_equal(report.out_dtype, HYPER_Q8_0);
	tensor_folder_remove(target);
	/* What is asked for, also of rows that are copied. */
	write_llama(HYPER_BF16, false);
	char *name = tensor_path(source, "model.gguf");
	unlink(name);
	free(name);
	report = run(source, target, &(struct run){ .in = &copies.recipe, .dtype = HYPER_F32 + 1 });
	assert_int_equal(report.in_dtype, HYPER_F32);
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	float a[W], b[W];
	assert_int_equal(hyper_tensor_rows(find(old, IN), 2, 1, a, NULL), TOK_OK);
	assert_int_equal(hyper_tensor_rows(find(new, IN), 0, 1, b, NULL), TOK_OK);
	assert_memory_equal(a, b, sizeof a);
	/* The larger numbers lie first, so that all are aligned. */
	assert_string_equal(hyper_tensors_at(hyper_folder_tensors(new), 0)->name, IN);
	hyper_folder_close(old);
	hyper_folder_close(new);
	tensor_folder_remove(target);
	write_llama(HYPER_F8_E4M3, false);
	run(source, target,
	    &(struct run){ .in = &mixed.recipe,
			   .status = TOK_EFORMAT,
			   .why = "is of type F8_E4M3, which cannot be read" });
	write_llama(HYPER_BF16, false);
	run(source, target,
	    &(struct run){ .in = &copies.recipe,
			   .dtype = HYPER_Q8_0 + 1,
			   .status = TOK_EARG,
			   .why = "holds no blocks of Q8_0" });
	hyper_weights_release(&mixed.recipe.weights);
}

/* ---- tied and untied
 * ------------------------------------------------------------------------------ */

static void ties_are_kept_made_and_broken(void **state)
{
	(void)state;
	struct room in, out;
	copy_rows(&in, (tok_id[]){ 0, 1, 2 }, 3);
	copy_rows(&out, (tok_id[]){ 5, 4, 3 }, 3);
	static const struct {
		bool untied;
		enum hyper_tie tie;
		bool has_output;
		int from; /* of the output's first row; of the input it is 0 */
		const char *matrix;
	} rows[] = {
		{ true, HYPER_TIE_KEEP, true, 5, OUT },
		{ true, HYPER_TIE_FORCE, false, 0, NULL },
		{ true, HYPER_TIE_BREAK, true, 5, OUT },
		{ false, HYPER_TIE_KEEP, false, 0, NULL },
		{ false, HYPER_TIE_FORCE, false, 0, NULL },
		{ false, HYPER_TIE_BREAK, true, 5, IN },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		write_llama(HYPER_F16, rows[i].untied);
		run(source, target,
		    &(struct run){ .in = &in.recipe, .out = &out.recipe, .tie = rows[i].tie });
		struct hyper_folder *old = open_model(source), *new = open_model(target);
		assert_memory_equal(find(new, IN)->data.bytes, find(old, IN)->data.bytes, 2 * W);
		assert_int_equal(has(new, OUT), rows[i].has_output);
		if (rows[i].has_output)
			assert_memory_equal(
			    find(new, OUT)->data.bytes,
			    find(old, rows[i].matrix)->data.bytes + rows[i].from * 2 * W, 2 * W);
		hyper_folder_close(old);
		hyper_folder_close(new);
		tensor_folder_remove(target);
	}
}

static void one_matrix_in_two_places_stays_one(void **state)
{
	(void)state;
	const struct hyper_write_tensor list[] = { { IN, HYPER_F16, 2, { V, W } },
						   { OUT, HYPER_F16, 2, { V, W } } };
	struct room in, out;
	copy_rows(&in, (tok_id[]){ 0, 1, 2 }, 3);
	copy_rows(&out, (tok_id[]){ 5, 4, 3 }, 3);
	graft_write_model(source, "model.safetensors", list, (uint32_t[]){ 1, 1 }, 2,
			  (struct tok_span){ 0 }, 0);
	run(source, target, &(struct run){ .in = &in.recipe, .out = &out.recipe });
	struct hyper_folder *new = open_model(target);
	assert_true(tok_span_equal(find(new, IN)->data, find(new, OUT)->data));
	hyper_folder_close(new);
}

/* Nothing moves, and still the file is another. */
static void an_output_may_go_alone(void **state)
{
	(void)state;
	struct room same;
	copy_rows(&same, (tok_id[]){ 0, 1, 2, 3, 4, 5 }, V);
	write_llama(HYPER_F16, true);
	run(source, target, &(struct run){ .in = &same.recipe, .tie = HYPER_TIE_FORCE });
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	assert_int_equal(hyper_tensors_count(hyper_folder_tensors(new)), 2);
	assert_true(tok_span_equal(find(old, IN)->data, find(new, IN)->data));
	hyper_folder_close(old);
	hyper_folder_close(new);
}

/* So that every number is aligned. */
static void larger_numbers_lie_first(void **state)
{
	(void)state;
	const struct hyper_write_tensor list[] = { { "a.bias", HYPER_F16, 1, { 3 } },
						   { IN, HYPER_F16, 2, { V, W } },
						   { "z.bias", HYPER_F16, 1, { 3 } } };
	static const char *const names[] = { IN, "a.bias", "z.bias" };
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 5, 1 }, 2);
	graft_write_model(source, "model.safetensors", list, (uint32_t[]){ 1, 2, 3 }, 3,
			  (struct tok_span){ 0 }, 0);
	run(source, target, &(struct run){ .in = &copies.recipe, .dtype = HYPER_F32 + 1 });
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(hyper_tensors_at(hyper_folder_tensors(new), i)->name, names[i]);
	assert_true(tok_span_equal(find(old, "z.bias")->data, find(new, "z.bias")->data));
	hyper_folder_close(old);
	hyper_folder_close(new);
}

/* BERT: two biases, and an output that lies there a second time. */
static void biases_follow_the_output(void **state)
{
	(void)state;
	const struct hyper_write_tensor list[] = {
		{ "bert.embeddings.word_embeddings.weight", HYPER_F32, 2, { V, W } },
		{ "bert.embeddings.position_embeddings.weight", HYPER_F32, 2, { V, W } },
		{ "cls.predictions.decoder.weight", HYPER_F32, 2, { V, W } },
		{ "cls.predictions.bias", HYPER_F32, 1, { V } },
		{ "cls.predictions.decoder.bias", HYPER_F32, 1, { V } },
		{ "bert.encoder.layer.0.output.dense.bias", HYPER_F32, 1, { V } },
		{ "final_logits_bias", HYPER_F32, 2, { 1, V } },
	};
	const uint32_t seeds[] = { 1, 2, 1, 3, 3, 4, 5 };
	struct room mixed;
	mix_rows(&mixed);
	graft_write_model(source, "model.safetensors", list, seeds, 7, (struct tok_span){ 0 }, 0);
	run(source, target, &(struct run){ .in = &mixed.recipe, .out = &mixed.recipe });
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	check_mixed(old, new, list[0].name, list[0].name, mixed.given);
	check_mixed(old, new, list[2].name, list[2].name, mixed.given);
	for (size_t i = 1; i < 7; i += 4)
		assert_true(
		    tok_span_equal(find(old, list[i].name)->data, find(new, list[i].name)->data));
	for (size_t i = 3; i < 7; i += i == 4 ? 2 : 1) {
		const struct hyper_tensor *t = find(new, list[i].name);
		float b[V], got[NEW], mean = 0;
		assert_int_equal(t->shape[t->rank - 1], NEW);
		assert_int_equal(t->rank, list[i].rank);
		memcpy(b, find(old, list[i].name)->data.bytes, sizeof b);
		memcpy(got, t->data.bytes, sizeof got);
		for (size_t v = 0; v < V; v++)
			mean += b[v] / V;
		const float wanted[NEW] = { b[5], b[3], .25F * b[1] + .75F * b[2], mean, b[0], 0,
					    b[4], mean };
		for (size_t v = 0; v < NEW; v++)
			assert_true(fabsf(got[v] - wanted[v]) < 1e-6F);
	}
	hyper_folder_close(old);
	hyper_folder_close(new);
	hyper_weights_release(&mixed.recipe.weights);
}

/* T5 has its embeddings three times; Gemma 3n others for every layer. */
static void other_matrices_of_tokens_change_too(void **state)
{
	(void)state;
	const struct hyper_write_tensor list[] = {
		{ "shared.weight", HYPER_F32, 2, { V, W } },
		{ "encoder.embed_tokens.weight", HYPER_F32, 2, { V, W } },
		{ "model.embed_tokens_per_layer.weight", HYPER_F32, 2, { V, 3 } },
		{ "encoder.embed_positions.weight", HYPER_F32, 2, { V, W } },
	};
	struct room mixed;
	mix_rows(&mixed);
	graft_write_model(source, "model.safetensors", list, (uint32_t[]){ 1, 1, 2, 3 }, 4,
			  (struct tok_span){ 0 }, 0);
	run(source, target, &(struct run){ .in = &mixed.recipe });
	struct hyper_folder *old = open_model(source), *new = open_model(target);
	check_mixed(old, new, list[0].name, list[0].name, mixed.given);
	check_mixed(old, new, list[0].name, list[1].name, mixed.given);
	assert_true(tok_span_equal(find(old, list[3].name)->data, find(new, list[3].name)->data));
	float a[V * 3], b[NEW * 3];
	assert_int_equal(find(new, list[2].name)->shape[0], NEW);
	memcpy(a, find(old, list[2].name)->data.bytes, sizeof a);
	memcpy(b, find(new, list[2].name)->data.bytes, sizeof b);
	for (size_t d = 0; d < 3; d++) {
		float mean = 0;
		for (size_t v = 0; v < V; v++)
			mean += a[v * 3 + d] / V;
		assert_true(b[d] == a[15 + d]);
		assert_true(fabsf(b[6 + d] - (.25F * a[3 + d] + .75F * a[6 + d])) < 1e-6F);
		assert_true(fabsf(b[9 + d] - mean) < 1e-6F && fabsf(b[21 + d] - mean) < 1e-6F);
	}
	hyper_folder_close(old);
	hyper_folder_close(new);
	hyper_weights_release(&mixed.recipe.weights);
}

/* ---- shards
 * ----------------------------------------------------------------------------------------- */

#define INDEX "model.safetensors.index.json"

static void write_shards(void)
{
	const struct hyper_write_tensor a[] = { { IN, HYPER_BF16, 2, { V, W } } };
	const struct hyper_write_tensor b[] = { { "model.norm.weight", HYPER_BF16, 1, { W } } };
	const struct hyper_write_tensor c[] = { { OUT, HYPER_BF16, 2, { V, W } },
						{ "x", HYPER_BF16, 1, { 3 } } };
	const struct tok_span none = { 0 };
	graft_write_model(source, "model-00001-of-00003.safetensors", a, (uint32_t[]){ 1 }, 1, none,
			  0);
	graft_write_model(source, "model-00002-of-00003.safetensors", b, (uint32_t[]){ 2 }, 1, none,
			  0);
	graft_write_model(source, "model-00003-of-00003.safetensors", c, (uint32_t[]){ 3, 4 }, 2,
			  none, 0);
	write_text("config.json", "{\"tie_word_embeddings\":false}");
	/* In the order and with the white space of nobody. */
	write_text(INDEX,
		   "{\n  \"weight_map\": {\n"
		   "    \"x\": \"model-00003-of-00003.safetensors\",\n"
		   "    \"lm_head.weight\": \"model-00003-of-00003.safetensors\",\n"
		   "    \"model.norm.weight\": \"model-00002-of-00003.safetensors\",\n"
		   "    \"model.embed_tokens.weight\": \"model-00001-of-00003.safetensors\"\n"
		   "  },\n  \"metadata\": {\"total_size\": 838, \"a\": 1.50}\n}\n");
}

static ino_t inode(const char *path, const char *name)
{
	struct stat info;
	char *file = tensor_path(path, name);
	assert_int_equal(stat(file, &info), 0);
	free(file);
	return info.st_ino;
}

static void only_files_that_change_are_written(void **state)
{
	(void)state;
	static const char *const names[] = { "model-00001-of-00003.safetensors",
					     "model-00002-of-00003.safetensors",
					     "model-00003-of-00003.safetensors" };
	static const struct {
		enum hyper_tie tie;
		const char *index; /* in the place of lm_head's line and of 838 */
		const char *size;
	} rows[] = {
		{ HYPER_TIE_KEEP, "    \"lm_head.weight\": \"model-00003-of-00003.safetensors\",\n",
		  "1094" },
		{ HYPER_TIE_FORCE, "", "582" },
	};
	struct room mixed;
	mix_rows(&mixed);
	for (size_t i = 0; i < 2; i++) {
		char wanted[512];
		write_shards();
		const struct hyper_graft_report report =
		    run(source, target, &(struct run){ .in = &mixed.recipe, .tie = rows[i].tie });
		assert_int_equal(report.files_linked, 1);
		for (size_t f = 0; f < 3; f++)
			assert_int_equal(inode(source, names[f]) == inode(target, names[f]),
					 f == 1);
		struct tok_buffer index = graft_read(target, INDEX);
		snprintf(
		    wanted, sizeof wanted,
		    "{\n  \"weight_map\": {\n    \"x\": \"model-00003-of-00003.safetensors\",\n%s"
		    "    \"model.norm.weight\": \"model-00002-of-00003.safetensors\",\n"
		    "    \"model.embed_tokens.weight\": \"model-00001-of-00003.safetensors\"\n"
		    "  },\n  \"metadata\": {\"total_size\": %s, \"a\": 1.50}\n}\n",
		    rows[i].index, rows[i].size);
		assert_int_equal(index.count, strlen(wanted));
		assert_memory_equal(index.bytes, wanted, index.count);
		tok_buffer_release(&index);
		struct hyper_folder *old = open_model(source), *new = open_model(target);
		check_mixed(old, new, IN, IN, mixed.given);
		if (i == 0)
			check_mixed(old, new, OUT, OUT, mixed.given);
		hyper_folder_close(old);
		hyper_folder_close(new);
		tensor_folder_remove(target);
	}
	hyper_weights_release(&mixed.recipe.weights);
}

/* ---- GGUF
 * --------------------------------------------------------------------------------------------- */

static void values_of_gguf_may_change_alone(void **state)
{
	(void)state;
	struct tok_buffer old = { 0 }, new = { 0 };
	struct room same;
	copy_rows(&same, (tok_id[]){ 0, 1, 2, 3, 4, 5 }, V);
	tensor_put_pair(&old, "general.alignment", 4, 64);
	tensor_put(&new, old.bytes, old.count);
	tensor_put_pair(&new, "llama.vocab_size", 4, 6);
	write_gguf(HYPER_Q8_0, W, tok_buffer_span(&old), 1);
	run(source, target,
	    &(struct run){ .in = &same.recipe, .values = tok_buffer_span(&old), .value_count = 1 });
	assert_true(graft_same_folders(source, target));
	assert_int_equal(inode(source, "model.gguf"), inode(target, "model.gguf"));
	tensor_folder_remove(target);
	run(source, target,
	    &(struct run){ .in = &same.recipe, .values = tok_buffer_span(&new), .value_count = 2 });
	struct hyper_folder *a = open_model(source), *b = open_model(target);
	struct tok_span values;
	uint64_t count;
	assert_true(hyper_gguf_values(hyper_folder_tensors(b), 0, &values, &count));
	assert_true(tok_span_equal(values, tok_buffer_span(&new)) && count == 2);
	for (size_t i = 0; i < 3; i++)
		assert_true(tok_span_equal(hyper_tensors_at(hyper_folder_tensors(a), i)->data,
					   hyper_tensors_at(hyper_folder_tensors(b), i)->data));
	hyper_folder_close(a);
	hyper_folder_close(b);
	tok_buffer_release(&old);
	tok_buffer_release(&new);
}

/* ---- what lies beside
 * ------------------------------------------------------------------------------------ */

static void shell(const char *text)
{
	char command[512];
	snprintf(command, sizeof command, "cd '%s' && %s", source, text);
	assert_int_equal(system(command), 0);
}

static bool exists(const char *name)
{
	struct stat info;
	char *path = tensor_path(target, name);
	const bool there = lstat(path, &info) == 0;
	free(path);
	return there;
}

static void what_lies_beside_is_taken_over(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	const struct hyper_side_file files[] = {
		{ "config.json", tok_span_of("{\"new\":1}") },
		{ "added.json", tok_span_of("[]") },
		{ "vocab.txt", { 0 } },
	};
	write_llama(HYPER_F32, false);
	shell("mkdir -p .git 1_Pooling/deep && echo a > .git/x && echo b > .hidden && echo c > "
	      "1_Pooling/deep/c"
	      " && echo d > vocab.txt && echo e > ../elsewhere && ln -s ../elsewhere link"
	      " && echo f > pytorch_model.bin && echo g > other.gguf && echo h > training_args.bin"
	      " && head -c 1048576 /dev/zero > large && chmod 755 1_Pooling/deep/c");
	char *file = tensor_path(folder, "source/model.safetensors");
	const struct hyper_graft_report report = run(
	    source, target, &(struct run){ .in = &copies.recipe, .files = files, .file_count = 3 });
	struct tok_buffer config = graft_read(target, "config.json"),
			  link = graft_read(target, "link");
	assert_true(tok_span_equal(tok_buffer_span(&config), files[0].bytes));
	assert_true(tok_span_equal(tok_buffer_span(&link), tok_span_of("e\n")));
	assert_true(exists("1_Pooling/deep/c") && exists(".hidden") && exists("added.json") &&
		    exists("training_args.bin"));
	assert_false(exists(".git") || exists("vocab.txt") || exists("pytorch_model.bin") ||
		     exists("other.gguf"));
	assert_int_equal(inode(source, "large"), inode(target, "large"));
	assert_int_not_equal(inode(source, ".hidden"), inode(target, ".hidden"));
	assert_int_equal(report.files_left, 2);
	assert_int_equal(graft_count_names(target), 8);
	tok_buffer_release(&config);
	tok_buffer_release(&link);
	tensor_folder_remove(target);
	/* Of a file alone nothing is taken over. */
	run(file, target, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(target), 1);
	free(file);
	/* A folder within the model is no part of itself. */
	char *inner = tensor_path(source, "new");
	run(source, inner, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(inner), 8);
	free(inner);
}

static void what_cannot_be_taken_over_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *make, *why;
	} rows[] = {
		{ "ln -s . loop", "loop': it is a link to a folder" },
		{ "ln -s nowhere dangling", "dangling': No such file" },
		{ "mkfifo pipe", "pipe': it is no file" },
		{ "mkdir in && mkfifo in/pipe", "in/pipe': it is no file" },
		{ "d=$(printf 'a/%.0s' $(seq 40)) && mkdir -p $d", "lies in more than 32 folders" },
		{ "echo x > closed && chmod 0 closed", "closed': Permission denied" },
	};
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (i == 5 && geteuid() == 0) /* who may read everything */
			continue;
		write_llama(HYPER_F32, false);
		shell(rows[i].make);
		run(source, target,
		    &(struct run){ .in = &copies.recipe,
				   .why = rows[i].why,
				   .status = i == 4 ? TOK_ELIMIT : TOK_EIO });
		assert_int_equal(graft_count_names(folder), 1);
		shell("rm -rf ./*");
	}
}

/* ---- nothing or all
 * ---------------------------------------------------------------------------------------- */

static void what_is_there_stays(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	write_llama(HYPER_F32, false);
	static const char *const commands[] = { "mkdir ../target", "touch ../target",
						"ln -s nowhere ../target" };
	for (size_t i = 0; i < 3; i++) {
		shell(commands[i]);
		run(source, target,
		    &(struct run){
			.in = &copies.recipe, .why = "target' exists", .status = TOK_EARG });
		assert_int_equal(graft_count_names(folder), 2);
		shell("rm -r ../target");
	}
	char *path = tensor_path(folder, "no/such/place");
	run(source, path,
	    &(struct run){ .in = &copies.recipe, .why = "No such file", .status = TOK_EIO });
	free(path);
	path = tensor_path(folder, "slashes///");
	run(source, path, &(struct run){ .in = &copies.recipe });
	assert_int_equal(graft_count_names(folder), 2);
	free(path);
}

static void a_full_disk_leaves_nothing(void **state)
{
	(void)state;
	struct room copies;
	struct rlimit old, limit;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	shell("head -c 3000 /dev/zero > large.txt");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	/* The weights do not fit, then a file beside them. */
	for (rlim_t size = 200; size < 2999; size += 300) {
		limit = (struct rlimit){ size, old.rlim_max };
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		run(source, target,
		    &(struct run){
			.in = &copies.recipe, .why = "cannot write", .status = TOK_EIO });
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(graft_count_names(folder), 1);
	}
	signal(SIGXFSZ, SIG_DFL);
}

static void it_ends_when_somebody_says_so(void **state)
{
	(void)state;
	struct room copies;
	const atomic_bool stop = true;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	run(source, target,
	    &(struct run){
		.in = &copies.recipe, .stop = &stop, .why = "interrupted: '", .status = TOK_EIO });
	assert_int_equal(graft_count_names(folder), 1);
}

/* More can be put into the folder before it takes its name, and that can fail. */
static enum tok_status put_more(void *context, const char *path, struct tok_error *err)
{
	const struct run *r = context;
	assert_int_equal(graft_count_names(path), 2);
	assert_string_not_equal(path, target);
	tensor_write(path, "more", tok_span_of("x"));
	return r->status == TOK_OK ? TOK_OK : tok_fail(err, r->status, "no more");
}

static void the_last_word_is_the_callers(void **state)
{
	(void)state;
	struct room copies;
	copy_rows(&copies, (tok_id[]){ 2, 1, 0 }, 3);
	write_llama(HYPER_F32, true);
	run(source, target,
	    &(struct run){ .in = &copies.recipe,
			   .finish = put_more,
			   .status = TOK_EFORMAT,
			   .why = "no more" });
	assert_int_equal(graft_count_names(folder), 1);
	run(source, target, &(struct run){ .in = &copies.recipe, .finish = put_more });
	assert_int_equal(graft_count_names(target), 3);
}

static void recipes_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		int origin;
		tok_id source;
		uint32_t place;
		size_t width;
	} rows[] = {
		{ "row 1 names a row of the model", HYPER_ROW_COPY, V, 0, W },
		{ "row 1 names a sum", HYPER_ROW_SUM, 0, 1, W },
		{ "row 1 names a given row", HYPER_ROW_GIVEN, 0, 2, W },
		{ "rows of 31 numbers are given to a model whose rows have 32", HYPER_ROW_ZERO, 0,
		  0, W - 1 },
		{ "a sum takes row 6 of a model that has 6 rows", HYPER_ROW_ZERO, 0, 0, W },
	};
	write_llama(HYPER_F32, false);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct room mixed;
		mix_rows(&mixed);
		mixed.origins[1] = (uint8_t)rows[i].origin;
		mixed.sources[1] = rows[i].source;
		mixed.places[1] = rows[i].place;
		mixed.recipe.width = rows[i].width;
		if (i == 4)
			mixed.recipe.weights.sources[1] = V;
		run(source, target,
		    &(struct run){ .in = &mixed.recipe, .why = rows[i].why, .status = TOK_EARG });
		hyper_weights_release(&mixed.recipe.weights);
	}
	struct room none, copies;
	copy_rows(&none, NULL, 0);
	copy_rows(&copies, (tok_id[]){ 2, 1 }, 2);
	run(source, target,
	    &(struct run){
		.in = &none.recipe, .why = "there would be no rows", .status = TOK_EARG });
	static const char *const names[] = { "a/b", "", ".", "..", "model.safetensors" };
	for (size_t i = 0; i < 5; i++) {
		const struct hyper_side_file file = { names[i], tok_span_of("x") };
		run(source, target,
		    &(struct run){ .in = &copies.recipe,
				   .files = &file,
				   .file_count = 1,
				   .why =
				       i < 4 ? "is no name of a file" : "is the model's own file",
				   .status = TOK_EARG });
	}
	assert_int_equal(graft_count_names(folder), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_tokens_are_the_same_files),
		TEST(order_and_back_is_the_same_file),
		TEST(new_rows_are_what_was_asked_for),
		TEST(sides_have_recipes_of_their_own),
		TEST(numbers_that_do_not_fit_are_refused),
		TEST(types_that_are_not_written_become_another),
		TEST(ties_are_kept_made_and_broken),
		TEST(one_matrix_in_two_places_stays_one),
		TEST(an_output_may_go_alone),
		TEST(larger_numbers_lie_first),
		TEST(biases_follow_the_output),
		TEST(other_matrices_of_tokens_change_too),
		TEST(only_files_that_change_are_written),
		TEST(values_of_gguf_may_change_alone),
		TEST(what_lies_beside_is_taken_over),
		TEST(what_cannot_be_taken_over_is_named),
		TEST(what_is_there_stays),
		TEST(a_full_disk_leaves_nothing),
		TEST(it_ends_when_somebody_says_so),
		TEST(the_last_word_is_the_callers),
		TEST(recipes_that_do_not_fit_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
