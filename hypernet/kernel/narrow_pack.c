#include "hypernet/kernel/narrow_internal.h"

/* Inputs that are packed before the next output's turn: their place in the panel, 128 bytes for
 * each two or four of them, stays in the nearest cache. */
enum { CHUNK = 64 };

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t hyper_bf16_bytes(size_t out, size_t in)
{
	return hyper_round_up(out, HYPER_NARROW_PANEL) * hyper_round_up(in, HYPER_BF16_UNIT) *
	       sizeof(uint16_t);
}

size_t hyper_bf16x3_bytes(size_t out, size_t in)
{
	return 2 * hyper_bf16_bytes(out, in);
}

size_t hyper_int8_bytes(size_t out, size_t in)
{
	const size_t outputs = hyper_round_up(out, HYPER_NARROW_PANEL);
	return outputs * hyper_round_up(in, HYPER_INT8_UNIT) + outputs * sizeof(int32_t);
}

/* Inputs [from, to) of one output: its bf16 into `high`, and what they leave over into `low`,
 * unless that is NULL. */
static void pack_bf16(const float *weights, size_t from, size_t to, uint16_t *high, uint16_t *low)
{
	for (size_t i = from; i < to; i++) {
		const size_t at = i / 2 * 2 * HYPER_NARROW_PANEL + i % 2;
		high[at] = hyper_bf16_of(weights[i]);
		if (low)
			low[at] = hyper_bf16_of(weights[i] - hyper_bf16_value(high[at]));
	}
}

static void pack_bf16_rows(const struct hyper_matrix *m, size_t first, size_t count,
			   const float *rows, bool split)
{
	const size_t part = HYPER_NARROW_PANEL * hyper_round_up(m->in, HYPER_BF16_UNIT);
	for (size_t begin = 0; begin < count; begin += HYPER_NARROW_PANEL) {
		const size_t end = min_size(count, begin + HYPER_NARROW_PANEL);
		uint16_t *panel = (uint16_t *)m->data +
				  (first + begin) / HYPER_NARROW_PANEL * part * (split ? 2 : 1);
		for (size_t from = 0; from < m->in; from += CHUNK)
			for (size_t o = begin; o < end; o++) {
				uint16_t *high = panel + 2 * (o - begin);
				pack_bf16(rows + o * m->in, from, min_size(m->in, from + CHUNK),
					  high, split ? high + part : NULL);
			}
	}
}

void hyper_bf16_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	pack_bf16_rows(m, first, count, rows, false);
}

void hyper_bf16x3_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	pack_bf16_rows(m, first, count, rows, true);
}

/* Inputs [from, to) of one output; returns their sum. */
static int32_t pack_int8(const float *weights, size_t from, size_t to, float inverse,
			 int8_t *output)
{
	int32_t sum = 0;
	for (size_t i = from; i < to; i++) {
		const int8_t q = hyper_int8_of(weights[i], inverse);
		output[i / 4 * 4 * HYPER_NARROW_PANEL + i % 4] = q;
		sum += q;
	}
	return sum;
}

void hyper_int8_pack(const struct hyper_matrix *m, size_t first, size_t count, const float *rows)
{
	const size_t step = hyper_round_up(m->in, HYPER_INT8_UNIT);
	int32_t *sums = hyper_int8_sums(m) + first;
	for (size_t begin = 0; begin < count; begin += HYPER_NARROW_PANEL) {
		const size_t end = min_size(count, begin + HYPER_NARROW_PANEL);
		int8_t *panel = (int8_t *)m->data + (first + begin) * step;
		float inverses[HYPER_NARROW_PANEL];
		for (size_t o = begin; o < end; o++) {
			const struct hyper_int8_scale s =
			    hyper_int8_scale_of(hyper_magnitude(rows + o * m->in, m->in));
			m->scales[first + o] = s.scale;
			inverses[o - begin] = s.inverse;
		}
		for (size_t from = 0; from < m->in; from += CHUNK)
			for (size_t o = begin; o < end; o++)
				sums[o] +=
				    pack_int8(rows + o * m->in, from, min_size(m->in, from + CHUNK),
					      inverses[o - begin], panel + 4 * (o - begin));
	}
}
