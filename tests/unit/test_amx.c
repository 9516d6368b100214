/*
 * The loops of AMX on a model of its tiles (tile_model.h), so that they are tested where there are
 * none; that the model is one; and where there are tiles, that they answer as the model does, to
 * the last bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/narrow_laws.h"
#include "tests/unit/tile_model.h"

#define TILE_FENCE()
#define TILE_CONFIG(address)               tile_model_config(address)
#define TILE_ZERO(tile)                    tile_model_zero(tile)
#define TILE_LOAD(tile, address, stride)   tile_model_load(tile, address, stride)
#define TILE_STORE(tile, address, stride)  tile_model_store(tile, address, stride)
#define TILE_ADD_BF16(sums, rows, outputs) tile_model_dpbf16ps(sums, rows, outputs)
#define TILE_ADD_INT8(sums, rows, outputs) tile_model_dpbssd(sums, rows, outputs)
#define ROWS_TO_BF16                       hyper_bf16_rows_scalar
#define ROWS_TO_BF16X3                     hyper_bf16x3_rows_scalar
#define ROWS_TO_INT8                       hyper_int8_rows_scalar
#define SCALE_INT8                         hyper_int8_scale_scalar
#include "hypernet/kernel/amx_loops_internal.h"

static const struct hyper_product bf16_model = TILE_PRODUCT(bf16, 0);
static const struct hyper_product bf16x3_model = TILE_PRODUCT(bf16x3, 0);
static const struct hyper_product int8_model = TILE_PRODUCT(int8, HYPER_INT8_LONGEST);
static const struct hyper_kernel modelled = {
	.name = "a model of amx",
	.products = { [HYPER_MODE_BF16X3] = &bf16x3_model,
		      [HYPER_MODE_BF16] = &bf16_model,
		      [HYPER_MODE_INT8] = &int8_model },
	.finish = hyper_finish_scalar,
};

static void put_bf16(uint8_t *tile, size_t row, size_t index, float x)
{
	const uint16_t bits = hyper_bf16_of(x);
	memcpy(tile + row * TILE_ROW_BYTES + 2 * index, &bits, sizeof bits);
}

static float get_float(const uint8_t *tile, size_t row, size_t index)
{
	float x;
	memcpy(&x, tile + row * TILE_ROW_BYTES + 4 * index, sizeof x);
	return x;
}

enum { TILE_BYTES = TILE_ROWS * TILE_ROW_BYTES };

/* c + a b, of whole tiles. */
static void add_tiles(uint8_t *c, const uint8_t *a, const uint8_t *b, bool bytes)
{
	configure_tiles();
	tile_model_load(0, c, TILE_ROW_BYTES);
	tile_model_load(4, a, TILE_ROW_BYTES);
	tile_model_load(6, b, TILE_ROW_BYTES);
	if (bytes)
		tile_model_dpbssd(0, 4, 6);
	else
		tile_model_dpbf16ps(0, 4, 6);
	tile_model_store(0, c, TILE_ROW_BYTES);
}

/* Numbers chosen so that another order, or sums before they are flushed, would show. */
static void test_model_bf16(void **state)
{
	uint8_t a[TILE_BYTES] = { 0 }, b[TILE_BYTES] = { 0 }, c[TILE_BYTES] = { 0 };
	(void)state;
	/* Row 0, column 0: 2^24 and 1 meet only after 1 and 1 have: odd and even are apart. */
	put_bf16(a, 0, 0, 0x1p24f);
	put_bf16(b, 0, 0, 1);
	put_bf16(a, 0, 1, 1);
	put_bf16(b, 0, 1, 1);
	put_bf16(a, 0, 3, 1);
	put_bf16(b, 1, 1, 1);
	/* Row 1, column 2: 3 by 5, from pair 15, beside 1 that is there. */
	put_bf16(a, 1, 30, 3);
	put_bf16(b, 15, 4, 5);
	const float one = 1;
	memcpy(c + TILE_ROW_BYTES + 8, &one, sizeof one);
	/* Row 2, column 3: 2^-130 is nothing, though 2^-130 and 2^-126 would be more. */
	put_bf16(a, 2, 8, 0x1p-65f);
	put_bf16(b, 4, 6, 0x1p-65f);
	const float least = 0x1p-126f;
	memcpy(c + 2 * TILE_ROW_BYTES + 12, &least, sizeof least);
	add_tiles(c, a, b, false);
	assert_true(get_float(c, 0, 0) == 0x1p24f + 2);
	assert_true(get_float(c, 1, 2) == 16);
	assert_true(get_float(c, 2, 3) == 0x1p-126f);
	assert_true(get_float(c, 3, 3) == 0);
	assert_int_equal(tile_model.faults, 0);
}

static void test_model_int8(void **state)
{
	uint8_t a[TILE_BYTES] = { 0 }, b[TILE_BYTES] = { 0 }, c[TILE_BYTES] = { 0 };
	(void)state;
	/* Row 15, column 15: -128 by -128, 127 by -1, and 5 in another four, to 7. */
	a[15 * TILE_ROW_BYTES] = 0x80;
	b[4 * 15] = 0x80;
	a[15 * TILE_ROW_BYTES + 3] = 127;
	b[4 * 15 + 3] = 0xFF;
	a[15 * TILE_ROW_BYTES + 60] = 5;
	b[15 * TILE_ROW_BYTES + 60] = 1;
	c[15 * TILE_ROW_BYTES + 60] = 7;
	add_tiles(c, a, b, true);
	int32_t sum;
	memcpy(&sum, c + 15 * TILE_ROW_BYTES + 60, sizeof sum);
	assert_int_equal(sum, 16384 - 127 + 5 + 7);
	assert_int_equal(tile_model.faults, 0);
}

/* What the processor refuses, the model counts. */
static void test_model_faults(void **state)
{
	uint8_t config[64] = { [0] = 1, [16] = 64, [48] = 16 };
	(void)state;
	tile_model.configured = false;
	tile_model_zero(0);
	assert_int_equal(tile_model.faults, 1);
	tile_model_config(config);
	assert_int_equal(tile_model.faults, 1);
	tile_model_zero(0);
	assert_int_equal(tile_model.faults, 1);
	tile_model_zero(1);
	assert_int_equal(tile_model.faults, 2);
	config[18] = 32, config[49] = 16; /* rows of 32 bytes */
	config[20] = 64, config[50] = 16;
	tile_model_config(config);
	tile_model_dpbssd(0, 1, 2);
	assert_int_equal(tile_model.faults, 3);
	config[50] = 8;
	tile_model_config(config);
	tile_model_dpbssd(0, 1, 2);
	assert_int_equal(tile_model.faults, 3);
	tile_model_dpbssd(0, 0, 2);
	assert_int_equal(tile_model.faults, 4);
	config[50] = 17;
	tile_model_config(config);
	assert_int_equal(tile_model.faults, 5);
	config[50] = 16, config[1] = 1;
	tile_model_config(config);
	assert_int_equal(tile_model.faults, 6);
	tile_model.faults = 0;
}

/* Whoever else had the tiles has let them go. */
static void test_loops(void **state)
{
	(void)state;
	tile_model.configured = false;
	tile_model.products = 0;
	assert_int_equal(narrow_law_modes(&modelled), 0);
	assert_int_equal(tile_model.faults, 0);
	assert_true(tile_model.products > 1000);
}

/* The same rows and weights, by both. */
static size_t compare_with_tiles(const struct hyper_kernel *amx, enum hyper_mode mode, size_t rows,
				 size_t out, size_t in)
{
	struct narrow_case a, b;
	const bool ours = narrow_begin(&a, amx, mode, rows, out, in);
	const bool there = narrow_begin(&b, &modelled, mode, rows, out, in) && ours;
	size_t wrong = !there;
	for (size_t i = 0; there && i < rows * out; i++)
		if (memcmp(&a.y[i], &b.y[i], sizeof *a.y) != 0)
			wrong +=
			    narrow_fault(amx, mode, "the model", i / out, i % out, a.y[i], b.y[i]);
	narrow_end(&a);
	narrow_end(&b);
	return wrong;
}

static void test_tiles(void **state)
{
	const struct hyper_kernel *amx;
	struct tok_error err = { 0 };
	(void)state;
	if (hyper_kernel_choose("amx", &amx, &err) != TOK_OK) {
		print_message("SKIPPED: no tiles of AMX here: their loops ran on a model only\n");
		skip();
	}
	assert_int_equal(hyper_kernel_enter(amx, &err), TOK_OK);
	for (int mode = HYPER_MODE_BF16X3; mode < HYPER_MODE_COUNT; mode++) {
		assert_int_equal(compare_with_tiles(amx, (enum hyper_mode)mode, 70, 70, 1100), 0);
		assert_int_equal(compare_with_tiles(amx, (enum hyper_mode)mode, 5, 3, 31), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_bf16),   cmocka_unit_test(test_model_int8),
		cmocka_unit_test(test_model_faults), cmocka_unit_test(test_loops),
		cmocka_unit_test(test_tiles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
