/*
 * Weights of a network as files have them: in other types, with more than is wanted, with less,
 * in other shapes, cut short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/hyper_made.h"
#include "tests/unit/hyper_run.h"

static const char *const names[] = { "tiny_tied_lang", "tiny_untied" };

static struct hyper_write_tensor *find_item(struct hyper_list *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].name, name) == 0)
			return &l->items[i];
	fail_msg("there is no %s", name);
	return NULL;
}

static enum tok_status open_made(const struct hyper_list *l, const struct hyper_config *config,
				 struct hyper_net **net, struct tok_error *err)
{
	const struct hyper_net_options o = { .kernel = hyper_kernel_at(hyper_kernel_count() - 1),
					     .threads = 1 };
	struct hyper_tensors *tensors = make_list(l);
	const enum tok_status status = hyper_net_open(tensors, config, &o, net, err);
	hyper_tensors_close(tensors);
	return status;
}

/* ---- types ------------------------------------------------------------------------ */

/* The made weights are the fixture's, and a network lives without its file. */
static void the_file_may_be_closed(void **state)
{
	static struct hyper_list list;
	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct hyper_case c;
		struct hyper_net *net;
		struct tok_error err = { 0 };
		case_open(&c, names[n]);
		list_net(&list, &c.config, 16);
		assert_int_equal(open_made(&list, &c.config, &net, &err), TOK_OK);
		struct hyper_rows_made made = run_net(net, &c, (struct hyper_predict_job){ 0 });
		assert_true(far_off(made.in, c.want_in, made.count * made.width) < 1e-5);
		assert_null(hyper_net_unused(net));
		assert_int_equal(hyper_net_config(net)->hidden, c.config.hidden);
		assert_null(hyper_net_config(net)->languages);
		made_free(&made);
		hyper_net_free(net);
		case_close(&c);
	}
}

/* Weights in 16 bits: how far off the rows then are, the reference says too. */
static void types_of_16_bits(void **state)
{
	static const struct {
		enum hyper_dtype dtype;
		double in, out;
	} types[] = { { HYPER_F16, 0.00139354, 0.00332024 }, { HYPER_BF16, 0.0114038, 0.0190876 } };
	static struct hyper_list list;
	(void)state;
	for (size_t t = 0; t < 2; t++) {
		struct hyper_case c;
		struct hyper_net *net;
		struct tok_error err = { 0 };
		case_open(&c, names[1]);
		list_net(&list, &c.config, 16);
		for (size_t i = 0; i < list.count; i++)
			list.items[i].dtype = types[t].dtype;
		assert_int_equal(open_made(&list, &c.config, &net, &err), TOK_OK);
		struct hyper_rows_made made = run_net(net, &c, (struct hyper_predict_job){ 0 });
		const double in = far_off(made.in, c.want_in, made.count * made.width);
		const double out = far_off(made.out, c.want_out, made.count * made.width);
		if (!(fabs(in - types[t].in) < 2e-5) || !(fabs(out - types[t].out) < 2e-5))
			fail_msg("%s: off by %g, %g", hyper_dtype_name(types[t].dtype), in, out);
		made_free(&made);
		hyper_net_free(net);
		case_close(&c);
	}
}

/* ---- more than is wanted ------------------------------------------------------------ */

static void word_embeddings_are_never_read(void **state)
{
	static struct hyper_list list;
	static const char idle[][64] = { "model.embeddings.word_embeddings.weight",
					 "model.embeddings.position_ids",
					 "model.embeddings.token_type_ids" };
	struct hyper_config config;
	struct tok_error err = { 0 };
	struct hyper_net *net;
	(void)state;
	read_config(names[0], &config);
	list_net(&list, &config, 16);
	for (size_t i = 0; i < 3; i++) /* of a type that cannot be read */
		list.items[list.count++] =
		    (struct hyper_write_tensor){ idle[i], HYPER_I64, 1, { 5 } };
	assert_int_equal(open_made(&list, &config, &net, &err), TOK_OK);
	assert_null(hyper_net_unused(net));
	hyper_net_free(net);

	list.items[list.count++] =
	    (struct hyper_write_tensor){ "adapter.weight", HYPER_I64, 1, { 5 } };
	list.items[list.count++] =
	    (struct hyper_write_tensor){ "adapter.zeal", HYPER_F32, 1, { 5 } };
	assert_int_equal(open_made(&list, &config, &net, &err), TOK_OK);
	assert_string_equal(hyper_net_unused(net), "adapter.weight");
	hyper_net_free(net);
	hyper_config_release(&config);
}

/* Tables of positions may be longer than tokens are, and no shorter. */
static void positions_are_enough(void **state)
{
	static struct hyper_list list;
	static const struct {
		size_t positions;
		enum tok_status status;
	} rows[] = { { 514, TOK_OK }, { 7, TOK_OK }, { 6, TOK_EFORMAT } };
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct hyper_case c;
		struct tok_error err = { 0 };
		struct hyper_net *net;
		case_open(&c, names[0]);
		list_net(&list, &c.config, rows[i].positions);
		assert_int_equal(open_made(&list, &c.config, &net, &err), rows[i].status);
		if (rows[i].status == TOK_OK) {
			struct hyper_rows_made made =
			    run_net(net, &c, (struct hyper_predict_job){ 0 });
			assert_true(far_off(made.in, c.want_in, made.count * made.width) < 1e-5);
			made_free(&made);
			hyper_net_free(net);
		} else {
			assert_string_equal(err.message,
					    "tensor 'model.embeddings.position_embeddings.weight' "
					    "is [6, 32] and must be [7, 32]");
		}
		case_close(&c);
	}
}

/* ---- less, and otherwise ------------------------------------------------------------- */

static void every_tensor_is_needed(void **state)
{
	static struct hyper_list all, some;
	(void)state;
	for (size_t n = 0; n < 2; n++) {
		struct hyper_config config;
		read_config(names[n], &config);
		list_net(&all, &config, 16);
		for (size_t i = 0; i < all.count; i++) {
			struct tok_error err = { 0 };
			struct hyper_net *net = NULL;
			char says[160];
			some.count = 0;
			for (size_t k = 0; k < all.count; k++)
				if (k != i)
					some.items[some.count++] = all.items[k];
			assert_int_equal(open_made(&some, &config, &net, &err), TOK_EFORMAT);
			snprintf(says, sizeof says, "there is no tensor '%s', which must be [",
				 all.items[i].name);
			if (!strstr(err.message, says))
				fail_msg("without %s: %s", all.items[i].name, err.message);
			assert_null(net);
		}
		hyper_config_release(&config);
	}
}

static void every_shape_is_checked(void **state)
{
	static struct hyper_list list;
	struct hyper_config config;
	(void)state;
	read_config(names[1], &config);
	list_net(&list, &config, 16);
	for (size_t i = 0; i < list.count; i++) {
		struct hyper_write_tensor *t = &list.items[i];
		const struct hyper_write_tensor was = *t;
		const bool positions = strstr(t->name, "position_embeddings") != NULL;
		for (size_t way = 0; way < 3; way++) {
			struct tok_error err = { 0 };
			struct hyper_net *net = NULL;
			*t = was;
			if (way == 0) /* of a rank too many */
				t->shape[t->rank++] = 1;
			else
				t->shape[way == 1 ? 0 : t->rank - 1] += 1;
			if (way == 1 && positions) /* longer may it be */
				continue;
			assert_int_equal(open_made(&list, &config, &net, &err), TOK_EFORMAT);
			if (!strstr(err.message, was.name) || !strstr(err.message, " must be ["))
				fail_msg("%s, %zu: %s", was.name, way, err.message);
			assert_null(net);
		}
		*t = was;
	}
	hyper_config_release(&config);
}

static void types_that_are_no_numbers(void **state)
{
	static struct hyper_list list;
	static const char *const which[] = { "model.encoder.layer.1.attention.self.key.weight",
					     "model.encoder.layer.1.attention.self.key.bias",
					     "output_projection.0.ln.weight", "in_scaler.w",
					     "model.embeddings.position_embeddings.weight" };
	struct hyper_config config;
	(void)state;
	read_config(names[1], &config);
	for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
		struct tok_error err = { 0 };
		struct hyper_net *net = NULL;
		list_net(&list, &config, 16);
		find_item(&list, which[i])->dtype = HYPER_I64;
		assert_int_equal(open_made(&list, &config, &net, &err), TOK_EARG);
		assert_non_null(strstr(err.message, which[i]));
		assert_null(net);
	}
	hyper_config_release(&config);
}

/* ---- files that end too early -------------------------------------------------------- */

static void short_files_are_refused(void **state)
{
	const struct tok_span file = fixture_read("hypernet", "tiny_tied_lang.safetensors");
	char path[] = "/tmp/hyper_short_XXXXXX.safetensors";
	const int fd = mkstemps(path, 12);
	(void)state;
	assert_true(fd >= 0 && pwrite(fd, file.bytes, file.count, 0) == (ssize_t)file.count);
	for (size_t count = file.count; count > 0; count = count * 9 / 10) {
		struct tok_error err = { 0 };
		struct hyper_tensors *tensors = NULL;
		assert_int_equal(ftruncate(fd, (off_t)count), 0);
		assert_int_equal(hyper_tensors_open(path, &tensors, &err),
				 count == file.count ? TOK_OK : TOK_EFORMAT);
		hyper_tensors_close(tensors);
	}
	close(fd);
	unlink(path);
	free((void *)(uintptr_t)file.bytes);
}

/* ---- one matrix for both outputs ------------------------------------------------------ */

/* A network of one head whose halves are those of the two: the same rows. */
static void halves_of_one_matrix(void **state)
{
	static struct hyper_list list;
	struct hyper_case c;
	struct hyper_net *net;
	struct tok_error err = { 0 };
	float *numbers[256], *own[2];
	(void)state;
	case_open(&c, names[1]);
	list_net(&list, &c.config, 16);
	for (size_t i = 0; i < list.count; i++)
		numbers[i] = make_numbers(&list.items[i]);
	/* twice the outputs, the second half as the first, reversed */
	const char *const twice[] = { "output_projection.1.weight", "output_projection.1.bias" };
	for (size_t i = 0; i < 2; i++) {
		struct hyper_write_tensor *t = find_item(&list, twice[i]);
		const size_t at = (size_t)(t - list.items), rows = t->shape[0];
		const size_t width = t->rank == 2 ? t->shape[1] : 1;
		float *both = malloc(2 * rows * width * sizeof *both);
		assert_non_null(both);
		for (size_t r = 0; r < rows; r++) {
			const float *row = numbers[at] + r * width;
			memcpy(both + r * width, row, width * sizeof *both);
			memcpy(both + (2 * rows - 1 - r) * width, row, width * sizeof *both);
		}
		own[i] = numbers[at];
		numbers[at] = both;
		t->shape[0] = 2 * rows;
	}
	/* scaled as the first half is, reversed too */
	const size_t scale = (size_t)(find_item(&list, "scaler.w") - list.items),
		     shift = (size_t)(find_item(&list, "scaler.b") - list.items),
		     out_scale = (size_t)(find_item(&list, "out_scaler.w") - list.items),
		     out_shift = (size_t)(find_item(&list, "out_scaler.b") - list.items);
	const size_t width = c.config.embedding;
	for (size_t i = 0; i < width; i++) {
		numbers[out_scale][i] = 2 * numbers[scale][width - 1 - i];
		numbers[out_shift][i] = 2 * numbers[shift][width - 1 - i];
	}
	struct hyper_tensors *tensors = through_file(list.items, numbers, list.count);
	c.config.single_head = true;
	const struct hyper_net_options o = { .kernel = hyper_kernel_at(hyper_kernel_count() - 1),
					     .threads = 1 };
	if (hyper_net_open(tensors, &c.config, &o, &net, &err) != TOK_OK)
		fail_msg("%s", err.message);
	struct hyper_rows_made made = run_net(net, &c, (struct hyper_predict_job){ 0 });
	assert_true(far_off(made.in, c.want_in, made.count * width) < 1e-5);
	for (size_t r = 0; r < made.count; r++)
		for (size_t i = 0; i < width; i++)
			assert_true(fabsf(made.out[r * width + i] -
					  2 * made.in[r * width + width - 1 - i]) < 1e-4F);
	/* the other head's own are told */
	assert_non_null(strstr(hyper_net_unused(net), "output_projection_out."));
	made_free(&made);
	hyper_net_free(net);
	hyper_tensors_close(tensors);
	for (size_t i = 0; i < list.count; i++)
		free(numbers[i]);
	free(own[0]);
	free(own[1]);
	case_close(&c);
}

/* ---- more pieces and rows than a thread takes at once --------------------------------- */

static void many_pieces_and_rows(void **state)
{
	static struct hyper_list list;
	enum { TOKENS = 300 };
	struct hyper_case c = { .config = { .embedding = 8,
					    .hidden = 16,
					    .intermediate = 32,
					    .layers = 2,
					    .heads = 2,
					    .surface = 7,
					    .extra = 9,
					    .vocabulary = 2000,
					    .pad = 3,
					    .predicts_bias = true,
					    .rescales = true } };
	(void)state;
	c.surfaces = (struct hyper_surfaces){ .ids = make_forms(&c.config, TOKENS),
					      .count = TOKENS,
					      .length = 7 };
	c.in = make_source(&c.config, 0, c.surfaces.ids, TOKENS * 7);
	list_net(&list, &c.config, 16);
	c.weights = make_list(&list);
	struct hyper_net *slow = open_net(&c, (struct hyper_net_options){ .plain = true });
	struct hyper_rows_made want = run_net(slow, &c, (struct hyper_predict_job){ .block = 32 });
	for (size_t threads = 1; threads < 4; threads++) {
		struct hyper_net *fast =
		    open_net(&c, (struct hyper_net_options){ .threads = threads });
		struct hyper_rows_made made = run_net(fast, &c, (struct hyper_predict_job){ 0 });
		assert_true(far_off(made.in, want.in, TOKENS * 8) < 2e-6);
		assert_true(far_off(made.bias, want.bias, TOKENS) < 2e-6);
		made_free(&made);
		hyper_net_free(fast);
	}
	made_free(&want);
	hyper_net_free(slow);
	unmake_source(&c.in);
	hyper_tensors_close(c.weights);
	hyper_surfaces_release(&c.surfaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_may_be_closed),
		cmocka_unit_test(types_of_16_bits),
		cmocka_unit_test(word_embeddings_are_never_read),
		cmocka_unit_test(positions_are_enough),
		cmocka_unit_test(every_tensor_is_needed),
		cmocka_unit_test(every_shape_is_checked),
		cmocka_unit_test(types_that_are_no_numbers),
		cmocka_unit_test(short_files_are_refused),
		cmocka_unit_test(halves_of_one_matrix),
		cmocka_unit_test(many_pieces_and_rows),
	};
	return cmocka_run_group_tests_name("hyper_open", tests, NULL, NULL);
}
