/* Models written anew: what is copied is the same bit for bit, what is new is what was asked for.
 */
#include "tests/unit/graft_laws.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_tokens_are_the_same_files),
		TEST(order_and_back_is_the_same_file),
		TEST(new_rows_are_what_was_asked_for),
		TEST(sides_have_recipes_of_their_own),
		TEST(numbers_that_do_not_fit_are_refused),
		TEST(types_that_are_not_written_become_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
