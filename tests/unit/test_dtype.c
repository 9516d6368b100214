/*
 * test_dtype.c - numbers of all types: every F16 and BF16, and what lies between two of them,
 * beside values that are computed from the definition; blocks beside what the package gguf makes of
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "hypernet/tensor/dtype.h"
#include "hypernet/tensor/tensors.h"
#include "tests/unit/fixture.h"

static uint32_t bits_of(float number)
{
	uint32_t bits;
	memcpy(&bits, &number, sizeof bits);
	return bits;
}

/* The value of a 16-bit float with so many bits of exponent, from the definition of IEEE 754. */
static double value_of(uint32_t bits, int exponent_bits)
{
	const int digits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
	const int exponent = (int)(bits >> digits & ((1U << exponent_bits) - 1));
	const double fraction = (double)(bits & ((1U << digits) - 1));
	const double sign = bits & 0x8000 ? -1 : 1, one = (double)(1 << digits);
	if (exponent == (1 << exponent_bits) - 1)
		return fraction == 0 ? sign * (double)INFINITY : (double)NAN;
	if (exponent == 0)
		return sign * ldexp(fraction, 1 - bias - digits);
	return sign * ldexp(one + fraction, exponent - bias - digits);
}

static float read_one(enum hyper_dtype dtype, uint32_t bits)
{
	const uint16_t narrow = (uint16_t)bits;
	float number;
	hyper_to_f32(dtype, &narrow, 1, &number);
	return number;
}

static uint32_t write_one(enum hyper_dtype dtype, float number)
{
	uint16_t bits;
	hyper_from_f32(dtype, &number, 1, &bits);
	return bits;
}

static const struct {
	enum hyper_dtype dtype;
	int exponent_bits;
	uint32_t infinite;
} narrow[] = {
	{ HYPER_F16, 5, 0x7C00 },
	{ HYPER_BF16, 8, 0x7F80 },
};

static void check_value(size_t i, uint32_t bits)
{
	const float number = read_one(narrow[i].dtype, bits);
	const double wanted = value_of(bits, narrow[i].exponent_bits);
	const uint32_t back = write_one(narrow[i].dtype, number);
	const char *name = hyper_dtype_name(narrow[i].dtype);
	if (isnan(wanted)) {
		if (!isnan(number) || !isnan(value_of(back, narrow[i].exponent_bits)))
			fail_msg("%s %04x is no number, but read %g and written %04x", name, bits,
				 (double)number, back);
		if ((bits_of(number) >> 31) != bits >> 15 || back >> 15 != bits >> 15)
			fail_msg("%s %04x has lost its sign", name, bits);
	} else if ((double)number != wanted || bits_of(number) >> 31 != bits >> 15) {
		fail_msg("%s %04x is %g, not %g", name, bits, wanted, (double)number);
	} else if (back != bits) {
		fail_msg("%s %04x is written %04x", name, bits, back);
	}
}

static void every_value_is_read_and_written_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++)
		for (uint32_t bits = 0; bits < 0x10000; bits++)
			check_value(i, bits);
}

static void check_rounding(size_t i, float number, uint32_t wanted)
{
	const uint32_t plus = write_one(narrow[i].dtype, number);
	const uint32_t minus = write_one(narrow[i].dtype, -number);
	if (plus != wanted || minus != (wanted | 0x8000))
		fail_msg("%s of %.9g is %04x, not %04x (and of its negative %04x)",
			 hyper_dtype_name(narrow[i].dtype), (double)number, wanted, plus, minus);
}

/* Between each value and the next one: halfway goes to the even one, a trifle beside it to the
 * nearer one.  What would come behind the last is infinite. */
static void rounding_is_to_the_nearest_and_then_to_even(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++) {
		const uint32_t infinite = narrow[i].infinite;
		for (uint32_t bits = 0; bits < infinite; bits++) {
			const double low = value_of(bits, narrow[i].exponent_bits);
			double high = value_of(bits + 1, narrow[i].exponent_bits);
			if (bits + 1 == infinite)
				high = low + (low - value_of(bits - 1, narrow[i].exponent_bits));
			const float middle = (float)((low + high) / 2);
			if ((double)middle != (low + high) / 2)
				continue; /* the least BF16: F32 has nothing between */
			check_rounding(i, middle, bits % 2 ? bits + 1 : bits);
			check_rounding(i, nextafterf(middle, 0), bits);
			check_rounding(i, nextafterf(middle, INFINITY), bits + 1);
		}
		check_rounding(i, FLT_MAX, infinite);
		check_rounding(i, INFINITY, infinite);
		check_rounding(i, 0x1p-149F, 0);
	}
}

/* A NaN whose few digits would be rounded away, or rounded up into the sign. */
static void what_is_no_number_stays_none(void **state)
{
	static const uint32_t rows[] = { 0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFFFFFFF,
					 0x7FC00000, 0x7F801FFF, 0xFF80FFFF };
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		float number;
		memcpy(&number, &rows[r], sizeof number);
		for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++) {
			const uint32_t bits = write_one(narrow[i].dtype, number);
			assert_true(isnan(value_of(bits, narrow[i].exponent_bits)));
			assert_int_equal(bits >> 15, rows[r] >> 31);
		}
	}
}

static void wide_numbers_pass(void **state)
{
	static const float rows[] = { 0.0F,    -0.0F,    1.0F,     -1.5F,    0x1p-149F,
				      FLT_MAX, -FLT_MAX, INFINITY, -INFINITY };
	enum { COUNT = sizeof rows / sizeof rows[0] };
	static const enum hyper_dtype dtypes[] = { HYPER_F32, HYPER_F64 };
	uint8_t bytes[1 + 8 * COUNT]; /* not aligned */
	float back[COUNT];
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		hyper_from_f32(dtypes[i], rows, COUNT, bytes + 1);
		hyper_to_f32(dtypes[i], bytes + 1, COUNT, back);
		assert_memory_equal(rows, back, sizeof rows);
	}
	const double third = 1.0 / 3, beyond = 1e300;
	hyper_to_f32(HYPER_F64, &third, 1, back);
	hyper_to_f32(HYPER_F64, &beyond, 1, back + 1);
	assert_true(back[0] == 1.0F / 3 && isinf(back[1]));
}

/* ---- names and sizes ------------------------------------------------------------------ */

static void names_are_found(void **state)
{
	enum hyper_dtype found;
	size_t size;
	(void)state;
	for (int i = 0; i < HYPER_DTYPE_COUNT; i++) {
		const enum hyper_dtype dtype = (enum hyper_dtype)i;
		assert_true(hyper_dtype_find(tok_span_of(hyper_dtype_name(dtype)), &found));
		assert_int_equal(found, dtype);
		assert_true(hyper_dtype_block(dtype) > 0 && hyper_dtype_bytes(dtype) > 0);
		assert_true(hyper_dtype_is_readable(dtype) || !hyper_dtype_is_writable(dtype));
	}
	assert_false(hyper_dtype_find(tok_span_of("F128"), &found));
	assert_false(hyper_dtype_find(tok_span_of(""), &found));
	assert_true(hyper_dtype_size(HYPER_Q8_0, 64, &size) && size == 68);
	assert_false(hyper_dtype_size(HYPER_Q8_0, 63, &size));
	assert_false(hyper_dtype_size(HYPER_F32, SIZE_MAX / 2, &size));
}

/* ---- blocks --------------------------------------------------------------------------- */

static struct hyper_tensors *open_fixture(const char *name)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	char *path = fixture_path("hypernet", name);
	if (hyper_tensors_open(path, &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	free(path);
	return tensors;
}

static void check_floats(const char *name, const float *wanted, const float *got, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!(fabsf(wanted[i] - got[i]) <= 1e-6F * fabsf(wanted[i])))
			fail_msg("%s: number %zu is %g, not %g", name, i, (double)wanted[i],
				 (double)got[i]);
}

static void blocks_are_read_as_gguf_reads_them(void **state)
{
	struct hyper_tensors *blocks = open_fixture("blocks.gguf");
	struct hyper_tensors *expected = open_fixture("blocks.expected.safetensors");
	struct tok_error err = { 0 };
	size_t read = 0;
	(void)state;
	for (size_t i = 0; i < hyper_tensors_count(blocks); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(blocks, i);
		const size_t rows = t->shape[0], width = hyper_tensor_width(t);
		float *got = malloc(rows * width * sizeof *got);
		assert_non_null(got);
		assert_string_equal(t->name, hyper_dtype_name(t->dtype));
		if (hyper_dtype_is_readable(t->dtype)) {
			const struct hyper_tensor *e = hyper_tensors_find(expected, t->name);
			assert_non_null(e);
			/* row by row, last one first */
			for (size_t row = rows; row > 0; row--)
				assert_int_equal(
				    hyper_tensor_rows(t, row - 1, 1, got + (row - 1) * width, &err),
				    TOK_OK);
			float *wanted = malloc(rows * width * sizeof *wanted);
			assert_int_equal(hyper_tensor_rows(e, 0, rows, wanted, &err), TOK_OK);
			check_floats(t->name, wanted, got, rows * width);
			free(wanted);
			read++;
		} else {
			assert_int_equal(hyper_tensor_rows(t, 0, 1, got, &err), TOK_EARG);
			assert_non_null(strstr(err.message, t->name));
		}
		free(got);
	}
	assert_int_equal(read, 14);
	hyper_tensors_close(blocks);
	hyper_tensors_close(expected);
}

/* Bytes, too, are those of the package's own writer. */
static void q8_0_is_written_as_gguf_writes_it(void **state)
{
	struct hyper_tensors *expected = open_fixture("blocks.expected.safetensors");
	const struct hyper_tensor *from = hyper_tensors_find(expected, "to_q8_0");
	const struct hyper_tensor *to = hyper_tensors_find(expected, "to_q8_0.bytes");
	(void)state;
	assert_true(from && to);
	const size_t count = hyper_tensor_numbers(from);
	float *numbers = malloc(count * sizeof *numbers);
	uint8_t *bytes = malloc(to->data.count);
	assert_true(numbers && bytes && to->data.count == count / 32 * 34);
	hyper_to_f32(HYPER_F32, from->data.bytes, count, numbers);
	hyper_from_f32(HYPER_Q8_0, numbers, count, bytes);
	for (size_t i = 0; i < to->data.count; i++)
		if (bytes[i] != to->data.bytes[i])
			fail_msg("block %zu, byte %zu: %02x, not %02x", i / 34, i % 34,
				 to->data.bytes[i], bytes[i]);
	free(numbers);
	free(bytes);
	hyper_tensors_close(expected);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_is_read_and_written_back),
		cmocka_unit_test(rounding_is_to_the_nearest_and_then_to_even),
		cmocka_unit_test(what_is_no_number_stays_none),
		cmocka_unit_test(wide_numbers_pass),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(blocks_are_read_as_gguf_reads_them),
		cmocka_unit_test(q8_0_is_written_as_gguf_writes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
