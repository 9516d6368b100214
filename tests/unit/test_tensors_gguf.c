/*
 * test_tensors_gguf.c - tensors of GGUF files: those of the package gguf, and files that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hypernet/tensor/tensors_internal.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tensor_files.h"

enum { U32 = 4, F32 = 0, Q8_0 = 8, IQ2_XXS = 16, BF16 = 30 };

#define SIZES(...)                                                                                 \
	(const uint64_t[])                                                                         \
	{                                                                                          \
		__VA_ARGS__, 0                                                                     \
	}

static void a_file_of_gguf_is_listed(void **state)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	struct tok_span values;
	uint64_t count;
	char *path = fixture_path("hypernet", "blocks.gguf");
	(void)state;
	if (hyper_tensors_open(path, &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(hyper_tensors_count(tensors), 19);
	const struct hyper_tensor *t = hyper_tensors_find(tensors, "Q6_K");
	assert_non_null(t);
	/* numpy's order, and bytes of two rows of two blocks */
	assert_true(t->rank == 2 && t->shape[0] == 2 && t->shape[1] == 512);
	assert_int_equal(t->data.count, 2 * 2 * 210);
	const struct hyper_tensor *ids = hyper_tensors_find(tensors, "I32");
	assert_true(ids->dtype == HYPER_I32 && ids->rank == 1 && ids->shape[0] == 7);
	for (int32_t i = 0; i < 7; i++)
		assert_memory_equal(ids->data.bytes + 4 * i, &i, 4);
	assert_string_equal(hyper_tensors_metadata(tensors, "general.architecture"), "llama");
	assert_string_equal(hyper_tensors_metadata(tensors, "general.name"),
			    "blocks of every type");
	assert_null(hyper_tensors_metadata(tensors, "tokenizer.ggml.tokens"));
	assert_true(hyper_gguf_values(tensors, 0, &values, &count));
	assert_int_equal(count, 4);
	assert_true(tok_span_starts(tok_span_slice(values, 8, values.count),
				    tok_span_of("general.architecture")));
	hyper_tensors_close(tensors);
	free(path);
}

/* An exact-size copy, so that one byte too far is seen by the sanitizer. */
static enum tok_status open_copy(struct tok_span file, struct tok_error *err)
{
	struct hyper_tensors *tensors = NULL;
	uint8_t *copy = malloc(file.count ? file.count : 1);
	assert_non_null(copy);
	memcpy(copy, file.bytes, file.count);
	const enum tok_status status =
	    tensors_open_bytes((struct tok_span){ copy, file.count }, &tensors, err);
	for (size_t i = 0; status == TOK_OK && i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		assert_true(t->data.bytes >= copy &&
			    t->data.bytes + t->data.count <= copy + file.count);
		float *out = malloc((hyper_tensor_numbers(t) + 1) * sizeof *out);
		const enum tok_status read =
		    hyper_tensor_rows(t, 0, t->rank ? t->shape[0] : 1, out, err);
		assert_int_equal(read, hyper_dtype_is_readable(t->dtype) ? TOK_OK : TOK_EARG);
		free(out);
	}
	hyper_tensors_close(tensors);
	free(copy);
	return status;
}

/* Releases the file. */
static void check(struct tok_buffer *file, const char *why)
{
	struct tok_error err = { 0 };
	const enum tok_status status = open_copy(tok_buffer_span(file), &err);
	if (status != (why ? TOK_EFORMAT : TOK_OK) || (why && !strstr(err.message, why)))
		fail_msg("wanted '%s', not '%s'", why ? why : "all well", err.message);
	tok_buffer_release(file);
}

/* A matrix of 2 rows of 32 BF16 numbers and a scalar, alignment 64. */
static struct tok_buffer make_small(void)
{
	struct tok_buffer file = tensor_gguf(2, 1);
	tensor_put_pair(&file, "general.alignment", U32, 64);
	tensor_put_record(&file, "m", SIZES(32, 2), BF16, 0);
	tensor_put_record(&file, "s", SIZES(1), F32, 128);
	tensor_pad(&file, 64);
	for (size_t i = 0; i < 132; i++)
		tensor_put_number(&file, i, 1);
	tensor_pad(&file, 64);
	return file;
}

static void damage_is_survived(void **state)
{
	struct tok_buffer file = make_small();
	struct tok_error err = { 0 };
	const size_t data = file.count - 192;
	(void)state;
	assert_int_equal(open_copy(tok_buffer_span(&file), &err), TOK_OK);
	/* What comes behind the last number may be missing. */
	for (size_t cut = 0; cut < file.count; cut++) {
		const enum tok_status status =
		    open_copy(tok_span_slice(tok_buffer_span(&file), 0, cut), &err);
		if (status != (cut < data + 132 ? TOK_EFORMAT : TOK_OK))
			fail_msg("cut at %zu: %d %s", cut, status, err.message);
	}
	for (size_t at = 0; at < data; at++) {
		const uint8_t old = file.bytes[at];
		for (unsigned flip = 1; flip < 256; flip++) {
			file.bytes[at] = (uint8_t)(old ^ flip);
			(void)open_copy(tok_buffer_span(&file), &err);
		}
		file.bytes[at] = old;
	}
	tok_buffer_release(&file);
}

/* One tensor, and so many bytes of data. */
static void check_one(const uint64_t *sizes, uint32_t type, uint64_t place, size_t bytes,
		      const char *why)
{
	struct tok_buffer file = tensor_gguf(1, 0);
	tensor_put_record(&file, "a", sizes, type, place);
	tensor_pad(&file, 32);
	for (size_t i = 0; i < bytes; i++)
		tensor_put_number(&file, 0, 1);
	check(&file, why);
}

static void records_are_checked(void **state)
{
	(void)state;
	check_one(SIZES(8), F32, 0, 32, NULL);
	check_one(SIZES(0), F32, 0, 4, NULL);  /* no dimensions: one number */
	check_one(SIZES(9), F32, 0, 36, NULL); /* nothing behind it */
	check_one(SIZES(9), F32, 0, 64, NULL);
	check_one(SIZES(9), F32, 0, 65, "at the end of the data");
	check_one(SIZES(8), F32, 0, 33, "at the end of the data");
	check_one(SIZES(8), F32, 0, 31, "its 32 bytes would begin at byte 0 of 31");
	check_one(SIZES(8), F32, 32, 64, "before tensor 'a', belong to no tensor");
	check_one(SIZES(8), F32, 16, 64, "must be a multiple of 32");
	check_one(SIZES(8), F32, UINT64_MAX - 31, 64, "within the file");
	check_one(SIZES(64, 2), Q8_0, 0, 136, NULL);
	check_one(SIZES(48, 2), Q8_0, 0, 102, "48 numbers is no whole number of blocks of Q8_0");
	check_one(SIZES(0), Q8_0, 0, 34, "1 numbers is no whole number");
	check_one(SIZES(256), IQ2_XXS, 0, 66, NULL);
	check_one(SIZES(1, 1, 1, 1), F32, 0, 4, NULL);
	check_one(SIZES(1, 1, 1, 1, 1), F32, 0, 4, "5 dimensions");
	check_one(SIZES((uint64_t)1 << 32, (uint64_t)1 << 32), F32, 0, 4, "overflows");
	check_one(SIZES((uint64_t)1 << 62), F32, 0, 4, "too many");
	check_one(SIZES(32), 4, 0, 32, "type 4 is not known"); /* a gap in ggml's numbers */
	check_one(SIZES(32), 5, 0, 32, "type 5 is not known");
	check_one(SIZES(32), 40, 0, 32, "type 40 is not known");
	check_one(SIZES(32), UINT32_MAX, 0, 32, "is not known");
}

static void a_dimension_of_nothing_is_refused(void **state)
{
	struct tok_buffer file = tensor_gguf(1, 0);
	(void)state;
	tensor_put_text(&file, "a");
	tensor_put_number(&file, 1, 4);
	tensor_put_number(&file, 0, 8);
	tensor_put_number(&file, F32, 4);
	tensor_put_number(&file, 0, 8);
	check(&file, "a dimension of it is 0");
}

static void check_two(const char *first, const char *second, uint64_t place, const char *why)
{
	struct tok_buffer file = tensor_gguf(2, 0);
	tensor_put_record(&file, first, SIZES(9), F32, 0);
	tensor_put_record(&file, second, SIZES(8), F32, place);
	tensor_pad(&file, 32);
	for (size_t i = 0; i < (size_t)place + 32; i++)
		tensor_put_number(&file, 0, 1);
	check(&file, why);
}

static void places_are_checked(void **state)
{
	(void)state;
	check_two("a", "b", 64, NULL);
	check_two("a", "b", 32, "'b' begins at byte 32 of the data, the one before it ends");
	check_two("a", "b", 96, "bytes 64 to 96");
	check_two("a", "a", 64, "two tensors 'a'");
	/* records in another order than the data */
	struct tok_buffer file = tensor_gguf(2, 0);
	tensor_put_record(&file, "b", SIZES(8), F32, 64);
	tensor_put_record(&file, "a", SIZES(9), F32, 0);
	tensor_pad(&file, 32);
	for (size_t i = 0; i < 96; i++)
		tensor_put_number(&file, 0, 1);
	check(&file, NULL);
}

static void counts_are_not_trusted(void **state)
{
	static const uint64_t counts[] = { 2, 1000000, (uint64_t)1 << 61, UINT64_MAX };
	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct tok_buffer file = tensor_gguf(counts[i], 0);
		tensor_put_record(&file, "a", SIZES(1), F32, 0);
		check(&file, "too short for its");
		file = tensor_gguf(0, counts[i]);
		tensor_put_pair(&file, "a.b", U32, 1);
		check(&file, "the file");
	}
}

static void pairs_are_checked(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t value;
		const char *why;
	} rows[] = {
		{ U32, 32, NULL },
		{ U32, 1, NULL },
		{ U32, 1 << 16, NULL },
		{ U32, 1 << 17, "a power of two up to 65536" },
		{ U32, 0, "a power of two" },
		{ U32, 24, "a power of two" },
		{ 5, 32, "a power of two" },
		{ 6, 0x42000000, "a power of two" },
		{ 13, 32, "type 13 is none" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_buffer file = tensor_gguf(0, 1);
		tensor_put_pair(&file, "general.alignment", rows[i].type, rows[i].value);
		check(&file, rows[i].why);
	}
	struct tok_buffer file = tensor_gguf(0, 2);
	tensor_put_pair(&file, "x", U32, 1);
	tensor_put_pair(&file, "x", U32, 1);
	check(&file, "'x' is there twice");
}

static void versions_are_checked(void **state)
{
	static const struct {
		uint32_t version;
		const char *why;
	} rows[] = {
		{ 2, NULL },
		{ 1, "version 1 of GGUF is not read" },
		{ 4, "version 4 of GGUF" },
		{ 0x03000000, "big-endian" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tok_buffer file = make_small();
		memcpy(file.bytes + 4, &rows[i].version, 4);
		check(&file, rows[i].why);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_of_gguf_is_listed),
		cmocka_unit_test(damage_is_survived),
		cmocka_unit_test(records_are_checked),
		cmocka_unit_test(a_dimension_of_nothing_is_refused),
		cmocka_unit_test(places_are_checked),
		cmocka_unit_test(counts_are_not_trusted),
		cmocka_unit_test(pairs_are_checked),
		cmocka_unit_test(versions_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
