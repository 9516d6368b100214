/* Recipes of rows: what they make, and their files, whole and damaged. */
#include "hypernet/transplant/recipe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "hypernet/tensor/tensors.h"
#include "tests/unit/checked.h"
#include "tests/unit/tensor_files.h"

enum { OLD = 6, WIDTH = 3, NEW = 7, ROWS = 9 };

static float old[OLD * WIDTH];
static const struct hyper_rows_view rows = { .floats = old, .count = OLD, .width = WIDTH };

/* Ids 0 and 4 are known, 3 is a hole, the others are new; 7 and 8 are padding. */
static tok_id source[NEW] = { 5, TOK_NO_ID, TOK_NO_ID, TOK_NO_ID, 2, TOK_NO_ID, TOK_NO_ID };
static uint8_t classes[NEW];
static const struct hyper_matches matches = { .source = source, .classes = classes, .count = NEW };

static char folder[32];

static void add(struct hyper_weights *to, size_t count, const tok_id *ids, const float *weights)
{
	assert_int_equal(hyper_weights_add(to, ids, weights, count, NULL), TOK_OK);
}

static float *copy_floats(const float *from, size_t count)
{
	float *to = malloc(count * sizeof *to);
	assert_non_null(to);
	return memcpy(to, from, count * sizeof *to);
}

/* Sums for 1, 2 and 6, of which 2 has none; then, if it is asked for, 5 and 6 given. */
static struct hyper_recipe make(bool given)
{
	static const tok_id wanted[] = { 1, 2, 6 }, more[] = { 5, 6 };
	static const float numbers[] = { 1, 2, 3, 4, 5, 6 };
	struct hyper_recipe r = { 0 };
	struct hyper_weights w = { 0 };
	size_t left = 99;
	assert_int_equal(hyper_recipe_new(&matches, ROWS, &r, NULL), TOK_OK);
	add(&w, 2, (tok_id[]){ 0, 5 }, (float[]){ .5F, -2 });
	add(&w, 0, NULL, NULL);
	add(&w, 1, (tok_id[]){ 1 }, (float[]){ 3 });
	assert_int_equal(hyper_recipe_sum(&r, wanted, 3, &w, &left, NULL), TOK_OK);
	assert_int_equal(left, 1);
	assert_int_equal(w.rows, 0);
	assert_null(w.ends);
	if (given) {
		float *floats = copy_floats(numbers, 6);
		assert_int_equal(hyper_recipe_give(&r, more, 2, &floats, WIDTH, NULL), TOK_OK);
		assert_null(floats);
	}
	return r;
}

static void rows_come_from_where_they_are_said_to(void **state)
{
	(void)state;
	struct hyper_recipe r = make(true);
	float out[ROWS * WIDTH], part[2 * WIDTH], wanted[ROWS * WIDTH] = { 0 };
	for (size_t i = 0; i < WIDTH; i++) {
		wanted[0 * WIDTH + i] = old[5 * WIDTH + i];
		wanted[1 * WIDTH + i] = .5F * old[i] - 2 * old[5 * WIDTH + i];
		wanted[4 * WIDTH + i] = old[2 * WIDTH + i];
		wanted[5 * WIDTH + i] = (float)(1 + i);
		wanted[6 * WIDTH + i] = (float)(4 + i); /* said last */
	}
	static const uint8_t origins[ROWS] = { HYPER_ROW_COPY, HYPER_ROW_SUM,  HYPER_ROW_ZERO,
					       HYPER_ROW_ZERO, HYPER_ROW_COPY, HYPER_ROW_GIVEN,
					       HYPER_ROW_GIVEN };
	for (size_t row = 0; row < ROWS; row++)
		assert_int_equal(r.origins[row], row < NEW ? origins[row] : HYPER_ROW_ZERO);
	assert_int_equal(hyper_recipe_rows(&r, &rows, 0, ROWS, out, 3, NULL), TOK_OK);
	assert_memory_equal(out, wanted, sizeof out);
	assert_int_equal(hyper_recipe_rows(&r, &rows, 5, 2, part, 1, NULL), TOK_OK);
	assert_memory_equal(part, wanted + 5 * (size_t)WIDTH, sizeof part);
	hyper_recipe_release(&r);
	assert_null(r.origins);
}

static void several_answers_lie_beside_each_other(void **state)
{
	(void)state;
	struct hyper_recipe r = make(true);
	struct hyper_weights w = { 0 };
	size_t left;
	static const float numbers[] = { 7, 8, 9 };
	float out[ROWS * WIDTH], *floats = copy_floats(numbers, 3);
	add(&w, 0, NULL, NULL);
	add(&w, 1, (tok_id[]){ 4 }, (float[]){ 1 });
	assert_int_equal(hyper_recipe_sum(&r, (tok_id[]){ 1, 2 }, 2, &w, &left, NULL), TOK_OK);
	assert_int_equal(left, 1);
	assert_int_equal(hyper_recipe_give(&r, (tok_id[]){ 8 }, 1, &floats, WIDTH, NULL), TOK_OK);
	assert_int_equal(hyper_recipe_rows(&r, &rows, 0, ROWS, out, 1, NULL), TOK_OK);
	assert_memory_equal(out + 2 * (size_t)WIDTH, old + 4 * (size_t)WIDTH, WIDTH * sizeof *out);
	assert_memory_equal(out + 8 * (size_t)WIDTH, numbers, sizeof numbers);
	assert_true(out[5 * WIDTH] == 1 && out[6 * WIDTH] == 4);
	assert_true(out[WIDTH] == .5F * old[0] - 2 * old[5 * WIDTH]);
	hyper_recipe_release(&r);
}

static void what_does_not_fit(void **state)
{
	(void)state;
	struct tok_error err = { 0 };
	struct hyper_recipe r = { 0 };
	struct hyper_weights w = { 0 };
	float out[ROWS * WIDTH], *floats = copy_floats(old, 4);
	size_t left;
	assert_int_equal(hyper_recipe_new(&matches, NEW - 1, &r, &err), TOK_EARG);
	assert_string_equal(err.message, "6 rows are too few for ids up to 6");
	r = make(true);
	add(&w, 1, (tok_id[]){ 4 }, (float[]){ 1 });
	assert_int_equal(hyper_recipe_sum(&r, (tok_id[]){ 1, 2 }, 2, &w, &left, &err), TOK_EARG);
	assert_string_equal(err.message, "1 sums are none for 2 tokens");
	assert_int_equal(hyper_recipe_sum(&r, (tok_id[]){ ROWS }, 1, &w, &left, &err), TOK_EARG);
	assert_string_equal(err.message, "id 9 is beyond the 9 rows that are made");
	assert_int_equal(hyper_recipe_give(&r, (tok_id[]){ 1 }, 1, &floats, 4, &err), TOK_EARG);
	assert_string_equal(err.message, "rows of 4 numbers are given beside rows of 3");
	assert_non_null(floats);
	const struct hyper_rows_view few = { .floats = old, .count = 5, .width = WIDTH };
	assert_int_equal(hyper_recipe_rows(&r, &few, 1, 1, out, 1, &err), TOK_EARG);
	assert_string_equal(err.message, "a sum takes row 5 of a matrix that has 5 rows");
	assert_int_equal(hyper_recipe_rows(&r, &few, 0, 1, out, 1, &err), TOK_EARG);
	assert_string_equal(err.message, "row 0 is copied from row 5 of a matrix that has 5 rows");
	const struct hyper_rows_view narrow = { .floats = old, .count = 9, .width = 2 };
	assert_int_equal(hyper_recipe_rows(&r, &narrow, 6, 1, out, 1, &err), TOK_EARG);
	assert_string_equal(err.message, "rows of 3 numbers are given to a matrix of width 2");
	assert_int_equal(hyper_recipe_write(&r, NULL, NULL, 0, "/tmp/none", &err), TOK_EARG);
	free(floats);
	hyper_weights_release(&w);
	hyper_recipe_release(&r);
}

/* ---- files --------------------------------------------------------------------------- */

static void check_same(const struct hyper_recipe *a, const struct hyper_recipe *b)
{
	assert_int_equal(a->rows, b->rows);
	assert_memory_equal(a->origins, b->origins, a->rows);
	assert_memory_equal(a->sources, b->sources, a->rows * sizeof *a->sources);
	assert_memory_equal(a->places, b->places, a->rows * sizeof *a->places);
	assert_int_equal(a->weights.rows, b->weights.rows);
	assert_memory_equal(a->weights.ends, b->weights.ends,
			    a->weights.rows * sizeof *a->weights.ends);
	const size_t entries = (size_t)hyper_weights_begin(&a->weights, a->weights.rows);
	assert_memory_equal(a->weights.sources, b->weights.sources, entries * sizeof(tok_id));
	assert_memory_equal(a->weights.weights, b->weights.weights, entries * sizeof(float));
	assert_int_equal(b->given_count, 0);
}

static void files_are_read_back(void **state)
{
	(void)state;
	static const struct hyper_text_pair texts[] = { { "source", "A \"b\"" }, { "seed", "1" } };
	char *path = tensor_path(folder, "map.safetensors");
	struct hyper_recipe in = make(false), out = { 0 }, read[2] = { 0 };
	struct hyper_tensors *tensors;
	assert_int_equal(hyper_recipe_new(&matches, NEW, &out, NULL), TOK_OK); /* without sums */
	assert_int_equal(hyper_recipe_write(&in, &out, texts, 2, path, NULL), TOK_OK);
	assert_int_equal(hyper_recipe_read(path, OLD, &read[0], &read[1], NULL), TOK_OK);
	check_same(&in, &read[0]);
	check_same(&out, &read[1]);
	assert_int_equal(hyper_tensors_open(path, &tensors, NULL), TOK_OK);
	assert_string_equal(hyper_tensors_metadata(tensors, "source"), "A \"b\"");
	hyper_tensors_close(tensors);
	hyper_recipe_release(&read[0]);
	hyper_recipe_release(&read[1]);
	for (size_t i = 0; i < 2; i++) { /* both say that the sides are alike */
		assert_int_equal(hyper_recipe_write(&in, i ? &in : NULL, NULL, 0, path, NULL),
				 TOK_OK);
		assert_int_equal(hyper_recipe_read(path, OLD, &read[0], &read[1], NULL), TOK_OK);
		check_same(&in, &read[0]);
		assert_int_equal(read[1].rows, 0);
		assert_null(read[1].origins);
		hyper_recipe_release(&read[0]);
	}
	hyper_recipe_release(&in);
	hyper_recipe_release(&out);
	free(path);
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	assert_true(file && fseek(file, 0, SEEK_END) == 0);
	const size_t count = (size_t)ftell(file);
	uint8_t *bytes = malloc(count);
	rewind(file);
	assert_true(bytes && fread(bytes, 1, count, file) == count);
	fclose(file);
	*size = count;
	return bytes;
}

static void must_fail(const char *path, const char *what, size_t at)
{
	struct hyper_recipe read[2];
	struct tok_error err = { 0 };
	const enum tok_status status = hyper_recipe_read(path, OLD, &read[0], &read[1], &err);
	if (status != TOK_EFORMAT && status != TOK_ELIMIT)
		fail_msg("%s %zu: %d %s", what, at, status, err.message);
	if (strncmp(err.message, path, strlen(path)) != 0)
		fail_msg("%s %zu: the file is not named: %s", what, at, err.message);
}

/* Every truncation, and every byte changed. */
static void damaged_files_are_refused(void **state)
{
	(void)state;
	static const struct hyper_text_pair text = { "source", "A" };
	char *path = tensor_path(folder, "whole.safetensors");
	char *damaged = tensor_path(folder, "damaged.safetensors");
	struct hyper_recipe in = make(false), out = { 0 };
	assert_int_equal(hyper_recipe_new(&matches, NEW, &out, NULL), TOK_OK);
	assert_int_equal(hyper_recipe_write(&in, &out, &text, 1, path, NULL), TOK_OK);
	size_t count;
	uint8_t *bytes = read_file(path, &count);
	for (size_t n = 0; n < count; n++) {
		tensor_write(folder, "damaged.safetensors", (struct tok_span){ bytes, n });
		must_fail(damaged, "cut at", n);
	}
	for (size_t n = 0; n < count; n++) {
		static const uint8_t flips[] = { 0xFF, 0x01, 0x20 };
		for (size_t i = 0; i < sizeof flips; i++) {
			bytes[n] ^= flips[i];
			tensor_write(folder, "damaged.safetensors",
				     (struct tok_span){ bytes, count });
			must_fail(damaged, "changed at", n);
			bytes[n] ^= flips[i];
		}
	}
	hyper_recipe_release(&in);
	hyper_recipe_release(&out);
	free(bytes);
	free(path);
	free(damaged);
}

/* Files whose checksum is right and whose recipe is not. */
static void spoil(struct hyper_recipe *r, size_t how)
{
	switch (how) {
	case 0:
		r->sources[4] = OLD;
		break;
	case 1:
		r->places[1] = 3;
		break;
	case 2:
		r->origins[2] = HYPER_ROW_GIVEN;
		break;
	case 3:
		r->origins[2] = 77;
		break;
	case 4:
		r->weights.sources[1] = OLD;
		break;
	case 5:
		r->weights.weights[0] = NAN;
		break;
	case 6:
		r->weights.ends[0] = 3;
		break;
	default:
		r->weights.ends[1] = UINT64_MAX;
		break;
	}
}

static void lying_files_are_refused(void **state)
{
	(void)state;
	static const char *const messages[] = {
		"row 4 is copied from row 6, and the model has 6 rows",
		"row 1 is sum 3 of 3",
		"row 2 is of unknown origin 2",
		"row 2 is of unknown origin 77",
		"a sum takes row 6, and the model has 6 rows",
		"a weight of row 0 is not finite",
		"sum 1 ends where none does",
		"sum 1 ends where none does",
	};
	char *path = tensor_path(folder, "lie.safetensors");
	for (size_t how = 0; how < sizeof messages / sizeof messages[0]; how++) {
		struct hyper_recipe r = make(false), read[2];
		struct tok_error err = { 0 };
		spoil(&r, how);
		assert_int_equal(hyper_recipe_write(&r, NULL, NULL, 0, path, NULL), TOK_OK);
		assert_int_equal(hyper_recipe_read(path, OLD, &read[0], &read[1], &err),
				 TOK_EFORMAT);
		assert_non_null(strstr(err.message, messages[how]));
		hyper_recipe_release(&r);
	}
	free(path);
}

static void files_of_other_kinds(void **state)
{
	(void)state;
	static const char header[] =
	    "{\"checksum\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
	char *path = tensor_path(folder, "other.safetensors");
	struct tok_buffer file = tensor_safetensors(header, 8);
	struct hyper_recipe read[2];
	tensor_write(folder, "other.safetensors", tok_buffer_span(&file));
	must_fail(path, "other", 0);
	assert_int_equal(
	    hyper_recipe_read("/tmp/no/such.safetensors", OLD, &read[0], &read[1], NULL), TOK_EIO);
	tok_buffer_release(&file);
	free(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_from_where_they_are_said_to),
		cmocka_unit_test(several_answers_lie_beside_each_other),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(files_are_read_back),
		cmocka_unit_test(damaged_files_are_refused),
		cmocka_unit_test(lying_files_are_refused),
		cmocka_unit_test(files_of_other_kinds),
	};
	for (size_t i = 0; i < OLD * WIDTH; i++)
		old[i] = (float)(i * i) / 8 - 3; /* sums are exact */
	tensor_folder_make(folder);
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tensor_folder_remove(folder);
	return failed;
}
