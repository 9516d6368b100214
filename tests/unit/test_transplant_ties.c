/* Models written anew: which tensors change, and which are there. */
#include "tests/unit/graft_laws.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ties_are_kept_made_and_broken), TEST(one_matrix_in_two_places_stays_one),
		TEST(an_output_may_go_alone),        TEST(larger_numbers_lie_first),
		TEST(biases_follow_the_output),      TEST(other_matrices_of_tokens_change_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
