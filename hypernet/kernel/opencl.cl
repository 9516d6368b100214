/*
 * opencl.cl - products of matrices with their epilogues, in OpenCL C 1.2.
 *
 * Rows lie one behind the other, x `in` and y `out` numbers apart.  Weights lie as
 * kernel_internal.h has them, in panels of TILE outputs: [panel][in][TILE].  Vectors lie behind
 * one another, `out` numbers each: bias, weight and bias of the norm, scale, shift; `steps` says
 * which of them there are.  The numbers here are those of opencl_internal.h.
 */

#define TILE   64 /* rows, and outputs, of a group */
#define ACROSS 16 /* work items of a group: each has four outputs, a float4, ... */
#define DOWN   8  /* ... of eight rows, twice four */
#define DEPTH  16 /* inputs that are in local memory at once */
#define LINE   64 /* work items of a row that is normed */

#define ITEMS   (ACROSS * DOWN)
#define EACH    (TILE / DOWN)                  /* rows of a work item */
#define INPUTS  (TILE * DEPTH / ITEMS)         /* that one brings to local memory */
#define WEIGHTS (ACROSS * DEPTH / ITEMS)       /* fours of weights, likewise */
#define FOURS   (TILE / 4 + 1)                 /* of rows, and one: a column is in different banks */

#define BIAS      1
#define NORM      2
#define NORM_BIAS 4
#define SCALE     8
#define SHIFT     16
#define RESIDUAL  32 /* which is what y holds */

#ifdef BF16
typedef ushort4 weights_t;

static float4 read_weights(ushort4 bits)
{
	return as_float4(convert_uint4(bits) << 16);
}

/* To nearest, ties to even; denormals are zero. */
static float read_input(float x)
{
	const uint bits = as_uint(x), magnitude = bits & 0x7FFFFFFF;
	if (magnitude > 0x7F800000)
		return x;
	if (magnitude < 0x00800000)
		return as_float(bits & 0x80000000);
	return as_float((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
}
#else
typedef float4 weights_t;

static float4 read_weights(float4 weights)
{
	return weights;
}

static float read_input(float x)
{
	return x;
}
#endif

/* By number: enum hyper_activation. */
static float activate(int activation, float x)
{
	if (activation == 0)
		return x;
	if (x == -INFINITY)
		return 0;
	if (activation == 2)
		return 0.5f * x * erfc(-x * M_SQRT1_2_F);
	return x / (1 + exp(-1.5957691216f * (x + 0.044715f * x * x * x))); /* 2 sqrt(2 / pi) */
}

static float scale_and_shift(float y, __global const float *vectors, uint out, uint o, int steps)
{
	if (steps & SCALE)
		y *= vectors[3 * out + o];
	if (steps & SHIFT)
		y += vectors[4 * out + o];
	return y;
}

/* What a work item brings: numbers ITEMS apart of a TILE of rows, and of a panel's weights. */
struct brought {
	float x[INPUTS];
	weights_t w[WEIGHTS];
};

static struct brought bring(__global const weights_t *panel, __global const float *x, uint first_row,
			    uint rows, uint in, uint from)
{
	const uint item = get_local_id(1) * ACROSS + get_local_id(0);
	struct brought b;
	for (uint k = 0; k < INPUTS; k++) {
		const uint n = item + k * ITEMS, row = first_row + n / DEPTH, i = from + n % DEPTH;
		b.x[k] = row < rows && i < in ? x[(size_t)row * in + i] : 0;
	}
	for (uint k = 0; k < WEIGHTS; k++) {
		const uint n = item + k * ITEMS, i = from + n / ACROSS;
		b.w[k] = i < in ? panel[(size_t)from * ACROSS + n] : (weights_t)(0);
	}
	return b;
}

/* While numbers are multiplied the next ones are on their way from memory. */
__kernel __attribute__((reqd_work_group_size(ACROSS, DOWN, 1))) void
multiply(__global const weights_t *weights, __global const float *x, __global float *y,
	 __global const float *vectors, uint rows, uint out, uint in, int steps, int activation)
{
	__local float4 left[DEPTH][FOURS]; /* of four rows each */
	__local float4 right[DEPTH][ACROSS];
	const uint across = get_local_id(0), down = get_local_id(1), item = down * ACROSS + across;
	const uint first_row = get_group_id(1) * TILE;
	const uint first_out = (get_group_id(0) * ACROSS + across) * 4;
	__global const weights_t *panel = weights + (size_t)get_group_id(0) * ACROSS * in;
	struct brought next = bring(panel, x, first_row, rows, in, 0);
	float4 total[EACH];

	for (int r = 0; r < EACH; r++)
		total[r] = 0;
	for (uint i = 0; i < in; i += DEPTH) {
		float4 sum[EACH]; /* of DEPTH products: the error of long sums is smaller so */
		for (uint k = 0; k < INPUTS; k++) {
			const uint n = item + k * ITEMS;
			((__local float *)left[n % DEPTH])[n / DEPTH] = read_input(next.x[k]);
		}
		for (uint k = 0; k < WEIGHTS; k++)
			right[item / ACROSS + k * DOWN][across] = read_weights(next.w[k]);
		barrier(CLK_LOCAL_MEM_FENCE);
		if (i + DEPTH < in)
			next = bring(panel, x, first_row, rows, in, i + DEPTH);
		for (int r = 0; r < EACH; r++)
			sum[r] = 0;
#pragma unroll
		for (int d = 0; d < DEPTH; d++) {
			const float4 w = right[d][across];
			for (int r = 0; r < EACH / 4; r++) {
				const float4 four = left[d][r * DOWN + down];
				sum[4 * r] += four.x * w;
				sum[4 * r + 1] += four.y * w;
				sum[4 * r + 2] += four.z * w;
				sum[4 * r + 3] += four.w * w;
			}
		}
		for (int r = 0; r < EACH; r++)
			total[r] += sum[r];
		barrier(CLK_LOCAL_MEM_FENCE);
	}

	for (uint r = 0; r < EACH; r++) {
		const uint row = first_row + (r / 4 * DOWN + down) * 4 + r % 4;
		__global float *to = y + (size_t)row * out;
		float values[4];
		vstore4(total[r], 0, values);
		for (uint n = 0; n < 4 && row < rows && first_out + n < out; n++) {
			const uint o = first_out + n;
			float value = values[n];
			if (steps & BIAS)
				value += vectors[o];
			value = activate(activation, value);
			if (steps & RESIDUAL)
				value += to[o];
			if (!(steps & NORM))
				value = scale_and_shift(value, vectors, out, o, steps);
			to[o] = value;
		}
	}
}

/* The sum of all work items' numbers, for each of them. */
static float sum_of_group(__local float *sums, float mine)
{
	const uint item = get_local_id(0);
	sums[item] = mine;
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint half_way = LINE / 2; half_way > 0; half_way /= 2) {
		if (item < half_way)
			sums[item] += sums[item + half_way];
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	const float sum = sums[0];
	barrier(CLK_LOCAL_MEM_FENCE);
	return sum;
}

/* A group a row.  Numbers are taken relative to the first: rows that are all the same have no
 * variance then. */
__kernel __attribute__((reqd_work_group_size(LINE, 1, 1))) void
normalize_rows(__global float *y, __global const float *vectors, uint out, int steps, float epsilon)
{
	__local float sums[LINE];
	__global float *row = y + (size_t)get_group_id(0) * out;
	const float first = row[0];
	float sum = 0, squares = 0;
	for (uint o = get_local_id(0); o < out; o += LINE)
		sum += row[o] - first;
	const float mean = sum_of_group(sums, sum) / out;
	for (uint o = get_local_id(0); o < out; o += LINE) {
		const float off = row[o] - first - mean;
		squares += off * off;
	}
	const float scale = 1 / sqrt(sum_of_group(sums, squares) / out + epsilon);
	for (uint o = get_local_id(0); o < out; o += LINE) {
		float value = (row[o] - first - mean) * scale * vectors[out + o];
		if (steps & NORM_BIAS)
			value += vectors[2 * out + o];
		row[o] = scale_and_shift(value, vectors, out, o, steps);
	}
}
