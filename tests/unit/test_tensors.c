/*
 * test_tensors.c - safetensors files: what is read from good ones, and that no others are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "hypernet/tensor/tensors_internal.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tensor_files.h"

/* Whatever was accepted lies within the file, without overlap, and can be read. */
static void check_accepted(const struct hyper_tensors *tensors, struct tok_span file)
{
	size_t end = 0;
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		const size_t rows = t->rank ? t->shape[0] : 1;
		const size_t begin = (size_t)(t->data.bytes - file.bytes);
		struct tok_error err = { 0 };
		size_t size;
		assert_ptr_equal(hyper_tensors_find(tensors, t->name), t);
		assert_true(begin >= end && t->data.count <= file.count - begin);
		end = begin + t->data.count;
		assert_true(hyper_dtype_size(t->dtype, hyper_tensor_numbers(t), &size));
		assert_int_equal(size, t->data.count);
		float *out = malloc((hyper_tensor_numbers(t) + 1) * sizeof *out);
		assert_non_null(out);
		const enum tok_status status = hyper_tensor_rows(t, 0, rows, out, &err);
		assert_int_equal(status, hyper_dtype_is_readable(t->dtype) ? TOK_OK : TOK_EARG);
		free(out);
	}
}

/* Releases the file. */
static void refuse(struct tok_buffer *file, const char *why)
{
	struct hyper_tensors *tensors = NULL;
	struct tok_error err = { 0 };
	const enum tok_status status = tensors_open_bytes(tok_buffer_span(file), &tensors, &err);
	if (status == TOK_OK || tensors || !strstr(err.message, why))
		fail_msg("wanted '%s', not '%s'", why, err.message);
	assert_int_not_equal(status, TOK_ENOMEM);
	tok_buffer_release(file);
}

/* ---- good files -------------------------------------------------------------------------- */

static struct hyper_tensors *open_fixture(const char *name)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	char *path = fixture_path("hypernet", name);
	if (hyper_tensors_open(path, &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(hyper_tensors_file_count(tensors), 1);
	assert_string_equal(hyper_tensors_file(tensors, 0), path);
	free(path);
	return tensors;
}

static float number_at(const struct hyper_tensors *tensors, const char *name, size_t row)
{
	const struct hyper_tensor *t = hyper_tensors_find(tensors, name);
	struct tok_error err = { 0 };
	float numbers[4096];
	assert_non_null(t);
	assert_int_equal(hyper_tensor_rows(t, row, 1, numbers, &err), TOK_OK);
	return numbers[0];
}

/* As the program that wrote them printed them. */
static void numbers_are_those_that_were_written(void **state)
{
	(void)state;
	struct hyper_tensors *tied = open_fixture("tiny_tied_lang.expected.safetensors");
	struct hyper_tensors *untied = open_fixture("tiny_untied.expected.safetensors");
	assert_true(fabsf(number_at(tied, "expect_in", 2) - -1.23818028F) < 1e-7F);
	assert_true(fabsf(number_at(tied, "expect_bias", 2) - 0.500638214F) < 1e-7F);
	assert_true(fabsf(number_at(untied, "expect_in", 2) - 1.09587598F) < 2e-7F);
	assert_true(fabsf(number_at(untied, "expect_bias", 2) - -1.75619011F) < 2e-7F);
	hyper_tensors_close(tied);
	hyper_tensors_close(untied);
}

static void a_checkpoint_is_listed(void **state)
{
	(void)state;
	struct hyper_tensors *tensors = open_fixture("tiny_tied_lang.safetensors");
	const struct hyper_tensor *t =
	    hyper_tensors_find(tensors, "input_projection.1.dense1.weight");
	struct tok_span values;
	uint64_t count;
	size_t numbers = 0;
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++)
		numbers += hyper_tensor_numbers(hyper_tensors_at(tensors, i));
	assert_int_equal(numbers, 36753);
	assert_non_null(t);
	assert_int_equal(t->dtype, HYPER_F32);
	assert_true(t->rank == 2 && t->shape[0] == 64 && t->shape[1] == 32);
	assert_int_equal(hyper_tensor_width(t), 32);
	assert_string_equal(hyper_tensors_metadata(tensors, "format"), "pt");
	assert_null(hyper_tensors_metadata(tensors, "forma"));
	assert_null(hyper_tensors_find(tensors, "input_projection.1.dense1.weigh"));
	assert_false(hyper_gguf_values(tensors, 0, &values, &count));
	hyper_tensors_close(tensors);
}

static void rows_are_bounded(void **state)
{
	static const struct {
		size_t first, count;
		enum tok_status status;
	} rows[] = {
		{ 0, 40, TOK_OK },   { 39, 1, TOK_OK },         { 40, 0, TOK_OK },
		{ 40, 1, TOK_EARG }, { 0, 41, TOK_EARG },       { 1, SIZE_MAX, TOK_EARG },
		{ 41, 0, TOK_EARG }, { SIZE_MAX, 1, TOK_EARG },
	};
	(void)state;
	struct hyper_tensors *tensors = open_fixture("tiny_untied.expected.safetensors");
	const struct hyper_tensor *matrix = hyper_tensors_find(tensors, "expect_in");
	const struct hyper_tensor *vector = hyper_tensors_find(tensors, "expect_bias");
	const struct hyper_tensor *ids = hyper_tensors_find(tensors, "surface_forms");
	float out[40 * 20];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_error err = { 0 };
		assert_int_equal(hyper_tensor_rows(matrix, rows[i].first, rows[i].count, out, &err),
				 rows[i].status);
		assert_int_equal(hyper_tensor_rows(vector, rows[i].first, rows[i].count, out, &err),
				 rows[i].status);
		assert_true(rows[i].status == TOK_OK || strstr(err.message, "has 40 rows"));
		assert_int_equal(hyper_tensor_rows(ids, rows[i].first, rows[i].count, out, &err),
				 TOK_EARG);
		assert_non_null(strstr(err.message, "'surface_forms' is of type I32"));
	}
	hyper_tensors_close(tensors);
}

static void what_is_forgotten_is_read_again(void **state)
{
	(void)state;
	struct hyper_tensors *tensors = open_fixture("tiny_untied.safetensors");
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		const float before = number_at(tensors, t->name, 0);
		hyper_tensor_forget(t, 0, SIZE_MAX);
		hyper_tensor_forget(t, SIZE_MAX, SIZE_MAX);
		assert_true(number_at(tensors, t->name, 0) == before);
	}
	hyper_tensors_close(tensors);
}

static const struct {
	const char *header;
	size_t data_bytes, count;
} accepted[] = {
	{ "{}", 0, 0 },
	{ "{}     ", 0, 0 },
	{ "{\"__metadata__\":{}}", 0, 0 },
	{ "{\"\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, 1 },
	{ "{\"a\":{\"shape\":[2,1,3],\"data_offsets\":[0,12],\"dtype\":\"BF16\"}}", 12, 1 },
	/* not in the order of the data, one of them empty */
	{ "{\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[4,7]},"
	  "\"z\":{\"dtype\":\"F64\",\"shape\":[0,4],\"data_offsets\":[4,4]},"
	  "\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}",
	  7, 3 },
	{ "{\"a\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[0,2]}}", 2, 1 },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, 1 },
};

static void good_headers_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		struct tok_buffer file =
		    tensor_safetensors(accepted[i].header, accepted[i].data_bytes);
		struct hyper_tensors *tensors;
		struct tok_error err = { 0 };
		if (tensors_open_bytes(tok_buffer_span(&file), &tensors, &err) != TOK_OK)
			fail_msg("%s: %s", accepted[i].header, err.message);
		assert_int_equal(hyper_tensors_count(tensors), accepted[i].count);
		check_accepted(tensors, tok_buffer_span(&file));
		hyper_tensors_close(tensors);
		tok_buffer_release(&file);
	}
}

/* ---- files that lie ------------------------------------------------------------------------ */

#define TENSOR(name, dtype, shape, places)                                                         \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" places "]}"
#define A TENSOR("a", "F32", "2", "0,8")

static const struct {
	const char *header;
	size_t data_bytes;
	const char *why;
} refused[] = {
	{ "[]", 0, "must begin with '{'" },
	{ " {}", 0, "must begin with '{'" },
	{ "{} x", 0, "header: " },
	{ "{" A "," A "}", 8, "'a'" },
	{ "{" A ",}", 8, "header: " },
	{ "{" A "}", 9, "bytes 8 to 9, at the end" },
	{ "{" A "}", 7, "at bytes 0 to 8 of 7" },
	{ "{}", 1, "at the end" },
	{ "{" A "," TENSOR("b", "U8", "1", "7,8") "}", 8, "'b' begins at byte 7" },
	{ "{" A "," TENSOR("b", "U8", "1", "9,10") "}", 10, "bytes 8 to 9 of the data, before" },
	{ "{" TENSOR("a", "U8", "1", "1,2") "}", 2, "bytes 0 to 1" },
	{ "{" A "," TENSOR("b", "F32", "2", "0,8") "}", 8, "begins at byte 0" },
	{ "{" TENSOR("a", "F32", "2", "8,0") "}", 8, "at bytes 8 to 0" },
	{ "{" TENSOR("a", "F32", "3", "0,8") "}", 8, "has 8 bytes, its type and shape make 12" },
	{ "{" TENSOR("a", "F32", "4294967296,4294967296", "0,8") "}", 8, "overflows" },
	{ "{" TENSOR("a", "F32", "4611686018427387905", "0,4") "}", 4, "no whole number" },
	{ "{" TENSOR("a", "F32", "4294967296,4294967296,0", "0,0") "}", 0, "overflows" },
	{ "{" TENSOR("a", "F32", "18446744073709551616", "0,8") "}", 8, "a whole number" },
	{ "{" TENSOR("a", "F32", "-2", "0,8") "}", 8, "a whole number" },
	{ "{" TENSOR("a", "F32", "2.0", "0,8") "}", 8, "a whole number" },
	{ "{" TENSOR("a", "F32", "\"2\"", "0,8") "}", 8, "a whole number" },
	{ "{" TENSOR("a", "F32", "2", "0,8,8") "}", 8, "two whole numbers" },
	{ "{" TENSOR("a", "F32", "2", "0") "}", 8, "two whole numbers" },
	{ "{" TENSOR("a", "F32", "2", "-0.0,8") "}", 8, "two whole numbers" },
	{ "{" TENSOR("a", "F32", "2", "0,18446744073709551615") "}", 8, "would lie" },
	{ "{" TENSOR("a", "F32", "1,1,1,1,1,1,1,1,2", "0,8") "}", 8, "9 dimensions" },
	{ "{" TENSOR("a", "Q8_0", "32", "0,34") "}", 34, "'Q8_0' is not known" },
	{ "{" TENSOR("a", "f32", "2", "0,8") "}", 8, "'f32' is not known" },
	{ "{" TENSOR("a", "F4", "3", "0,2") "}", 2, "no whole number of bytes" },
	{ "{" TENSOR("a\\u0000b", "F32", "2", "0,8") "}", 8, "the byte 0" },
	{ "{\"a\":1}", 0, "must be an object" },
	{ "{\"a\":{}}", 0, "'dtype' must be a string" },
	{ "{\"a\":{\"dtype\":\"F32\"}}", 0, "'shape' must be an array" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 4, "'data_offsets'" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}", 4, "only" },
	{ "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
	  "dtype" },
	{ "{\"__metadata__\":1}", 0, "must be an object" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, "'a' must be a string" },
	{ "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "a" },
};

static void bad_headers_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct tok_buffer file =
		    tensor_safetensors(refused[i].header, refused[i].data_bytes);
		refuse(&file, refused[i].why);
	}
}

static void lengths_are_checked(void **state)
{
	static const struct {
		uint64_t length;
		const char *why;
	} rows[] = {
		{ 0, "must begin with '{'" },
		{ 3, "but only 2 follow" },
		{ 100000001, "at most 100000000 are allowed" },
		{ UINT64_MAX, "at most" },
		{ UINT64_MAX - 7, "at most" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_buffer file = { 0 };
		tensor_put_number(&file, rows[i].length, 8);
		tensor_put(&file, "{}", 2);
		refuse(&file, rows[i].why);
	}
	struct tok_buffer tiny = { 0 };
	tensor_put_number(&tiny, 2, 7);
	refuse(&tiny, "7 bytes are no safetensors file");
}

/* An exact-size copy, so that one byte too far is seen by the sanitizer. */
static enum tok_status open_copy(struct tok_span file)
{
	struct hyper_tensors *tensors = NULL;
	struct tok_error err = { 0 };
	uint8_t *copy = malloc(file.count ? file.count : 1);
	assert_non_null(copy);
	memcpy(copy, file.bytes, file.count);
	const struct tok_span exact = { copy, file.count };
	const enum tok_status status = tensors_open_bytes(exact, &tensors, &err);
	if (status == TOK_OK)
		check_accepted(tensors, exact);
	else
		assert_true(err.message[0] != '\0' && !tensors);
	hyper_tensors_close(tensors);
	free(copy);
	return status;
}

static void damage_is_survived(void **state)
{
	static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"}," TENSOR(
	    "b", "F16", "3,2", "8,20") "," A "," TENSOR("c\\u00e9", "I64", "1", "20,28") "}   ";
	struct tok_buffer file = tensor_safetensors(header, 28);
	(void)state;
	assert_int_equal(open_copy(tok_buffer_span(&file)), TOK_OK);
	for (size_t cut = 0; cut < file.count; cut++)
		assert_int_equal(open_copy(tok_span_slice(tok_buffer_span(&file), 0, cut)),
				 TOK_EFORMAT);
	for (size_t at = 0; at < file.count - 28; at++) {
		const uint8_t old = file.bytes[at];
		for (unsigned flip = 1; flip < 256; flip++) {
			file.bytes[at] = (uint8_t)(old ^ flip);
			(void)open_copy(tok_buffer_span(&file));
		}
		file.bytes[at] = old;
	}
	tok_buffer_release(&file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_that_were_written),
		cmocka_unit_test(a_checkpoint_is_listed),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(what_is_forgotten_is_read_again),
		cmocka_unit_test(good_headers_are_accepted),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(lengths_are_checked),
		cmocka_unit_test(damage_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
