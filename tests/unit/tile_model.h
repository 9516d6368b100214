/*
 * tile_model.h - the tiles of AMX as Intel's manual describes them (Software Developer's Manual,
 * volume 2: LDTILECFG, TILELOADD, TILESTORED, TILEZERO, TDPBF16PS, TDPBSSD), in plain C, so that
 * loops written for them run on any machine.
 *
 * What would be an exception there (#UD, #GP) is counted in `faults` and otherwise left undone.
 * There is one set of tiles, of the test's one thread.
 */
#ifndef TESTS_UNIT_TILE_MODEL_H
#define TESTS_UNIT_TILE_MODEL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { TILES = 8, TILE_ROWS = 16, TILE_ROW_BYTES = 64 };

static struct tile_model {
	bool configured;
	uint8_t rows[TILES];
	uint16_t row_bytes[TILES];
	uint8_t data[TILES][TILE_ROWS][TILE_ROW_BYTES];
	size_t faults;
	size_t products; /* tile products that were computed */
} tile_model;

static inline bool tile_fault(const char *what)
{
	if (tile_model.faults++ == 0)
		fprintf(stderr, "tiles: %s\n", what);
	return false;
}

/* LDTILECFG: palette, start row, 14 zeros, 8 row lengths, 16 zeros, 8 counts of rows, 8 zeros. */
static inline void tile_model_config(const void *memory)
{
	uint8_t bytes[64];
	memcpy(bytes, memory, sizeof bytes);
	bool right = bytes[0] == 1 && bytes[1] == 0;
	for (size_t i = 2; i < sizeof bytes; i++)
		if ((i < 16 || (i >= 32 && i < 48) || i >= 56) && bytes[i] != 0)
			right = false;
	for (size_t t = 0; t < TILES; t++) {
		const unsigned width = bytes[16 + 2 * t] + 256u * bytes[17 + 2 * t];
		const unsigned rows = bytes[48 + t];
		if (width > TILE_ROW_BYTES || rows > TILE_ROWS || (width == 0) != (rows == 0))
			right = false;
		tile_model.row_bytes[t] = (uint16_t)width;
		tile_model.rows[t] = (uint8_t)rows;
	}
	memset(tile_model.data, 0, sizeof tile_model.data);
	tile_model.configured = right || tile_fault("a configuration that the processor refuses");
}

static inline bool tile_is(int t)
{
	return (tile_model.configured && tile_model.rows[t] > 0) ||
	       tile_fault("a tile that is not configured");
}

static inline void tile_model_zero(int t)
{
	if (tile_is(t))
		memset(tile_model.data[t], 0, sizeof tile_model.data[t]);
}

static inline void tile_model_load(int t, const void *base, size_t stride)
{
	if (!tile_is(t))
		return;
	memset(tile_model.data[t], 0, sizeof tile_model.data[t]);
	for (size_t r = 0; r < tile_model.rows[t]; r++)
		memcpy(tile_model.data[t][r], (const uint8_t *)base + r * stride,
		       tile_model.row_bytes[t]);
}

static inline void tile_model_store(int t, void *base, size_t stride)
{
	if (!tile_is(t))
		return;
	for (size_t r = 0; r < tile_model.rows[t]; r++)
		memcpy((uint8_t *)base + r * stride, tile_model.data[t][r],
		       tile_model.row_bytes[t]);
}

/* May c += a b be asked for?  (All of Intel's conditions for #UD.) */
static inline bool tile_product(int c, int a, int b)
{
	const struct tile_model *m = &tile_model;
	if (!tile_is(c) || !tile_is(a) || !tile_is(b))
		return false;
	if (c == a || c == b || a == b)
		return tile_fault("a product of a tile with itself");
	if (m->row_bytes[a] % 4 != 0 || m->row_bytes[b] % 4 != 0 || m->row_bytes[c] % 4 != 0)
		return tile_fault("rows that are not of whole words");
	if (m->rows[c] != m->rows[a] || m->row_bytes[c] != m->row_bytes[b] ||
	    m->row_bytes[a] / 4 != m->rows[b])
		return tile_fault("tiles whose shapes do not fit");
	tile_model.products++;
	return true;
}

/* Denormals are zero, going in and coming out. */
static inline float tile_flush(float x)
{
	return fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

static inline float tile_bf16(int t, size_t row, size_t index)
{
	uint32_t bits = 0;
	memcpy((uint8_t *)&bits + 2, &tile_model.data[t][row][2 * index], 2);
	float x;
	memcpy(&x, &bits, sizeof x);
	return tile_flush(x);
}

/* TDPBF16PS: even and odd numbers of the pairs are summed apart, by FMA; then the one sum and the
 * other, and only then what c held. */
static inline void tile_model_dpbf16ps(int c, int a, int b)
{
	if (!tile_product(c, a, b))
		return;
	for (size_t m = 0; m < tile_model.rows[c]; m++) {
		float even[TILE_ROW_BYTES / 4] = { 0 }, odd[TILE_ROW_BYTES / 4] = { 0 };
		const size_t width = tile_model.row_bytes[c] / 4u;
		for (size_t k = 0; k < tile_model.row_bytes[a] / 4u; k++)
			for (size_t n = 0; n < width; n++) {
				even[n] = tile_flush(
				    fmaf(tile_bf16(a, m, 2 * k), tile_bf16(b, k, 2 * n), even[n]));
				odd[n] = tile_flush(fmaf(tile_bf16(a, m, 2 * k + 1),
							 tile_bf16(b, k, 2 * n + 1), odd[n]));
			}
		for (size_t n = 0; n < width; n++) {
			float sum;
			memcpy(&sum, &tile_model.data[c][m][4 * n], sizeof sum);
			sum = tile_flush(tile_flush(sum) + tile_flush(even[n] + odd[n]));
			memcpy(&tile_model.data[c][m][4 * n], &sum, sizeof sum);
		}
	}
}

/* TDPBSSD: four products of signed bytes at a time, sums modulo 2^32. */
static inline void tile_model_dpbssd(int c, int a, int b)
{
	if (!tile_product(c, a, b))
		return;
	for (size_t m = 0; m < tile_model.rows[c]; m++)
		for (size_t k = 0; k < tile_model.row_bytes[a] / 4u; k++)
			for (size_t n = 0; n < tile_model.row_bytes[c] / 4u; n++) {
				uint32_t sum;
				memcpy(&sum, &tile_model.data[c][m][4 * n], sizeof sum);
				for (size_t i = 0; i < 4; i++) {
					const int8_t x = (int8_t)tile_model.data[a][m][4 * k + i];
					const int8_t y = (int8_t)tile_model.data[b][k][4 * n + i];
					sum += (uint32_t)(x * y);
				}
				memcpy(&tile_model.data[c][m][4 * n], &sum, sizeof sum);
			}
}

#endif
