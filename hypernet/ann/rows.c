#include "hypernet/ann/rows_internal.h"

#include <math.h>

enum tok_status hyper_rows_check(const struct hyper_rows_view *rows, struct hyper_rows_view *out,
				 struct tok_error *err)
{
	*out = *rows;
	if (rows->tensor) {
		if (rows->tensor->rank != 2)
			return tok_fail(err, TOK_EARG, "tensor '%s' is no matrix: it has rank %zu",
					rows->tensor->name, rows->tensor->rank);
		if (!hyper_dtype_is_readable(rows->tensor->dtype))
			return tok_fail(err, TOK_EARG, "tensor '%s' is of %s, which is not read",
					rows->tensor->name, hyper_dtype_name(rows->tensor->dtype));
		out->count = rows->tensor->shape[0];
		out->width = rows->tensor->shape[1];
	}
	if (out->count == 0 || out->width == 0 || out->count > UINT32_MAX)
		return tok_fail(
		    err, TOK_ELIMIT,
		    "between 1 and %u rows of 1 number or more can be looked among, not %zu of %zu",
		    UINT32_MAX, out->count, out->width);
	return TOK_OK;
}

/* Where rows lie; NULL: they are not there, not of F32, or not as the machine has numbers. */
static const float *find_floats(const struct hyper_rows_view *rows, size_t first, size_t count)
{
	const struct hyper_tensor *tensor = rows->tensor;
	const bool is_native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
	if (!is_native || tensor->dtype != HYPER_F32 || first > rows->count ||
	    count > rows->count - first)
		return NULL;
	const void *at = tensor->data.bytes + first * rows->width * sizeof(float);
	return (uintptr_t)at % _Alignof(float) == 0 ? at : NULL;
}

enum tok_status hyper_rows_read(const struct hyper_rows_view *rows, size_t first, size_t count,
				float *room, const float **out, struct tok_error *err)
{
	if (!rows->tensor) {
		*out = rows->floats + first * rows->width;
		return TOK_OK;
	}
	*out = find_floats(rows, first, count);
	if (*out)
		return TOK_OK;
	*out = room;
	return hyper_tensor_rows(rows->tensor, first, count, room, err);
}

enum tok_status hyper_rows_factors(const float *rows, size_t count, size_t width, bool cosine,
				   hyper_dot *dot, size_t first, float *factors,
				   struct tok_error *err)
{
	for (size_t r = 0; r < count; r++) {
		const float square = dot(rows + r * width, rows + r * width, width);
		if (!isfinite(square))
			return tok_fail(
			    err, TOK_EFORMAT,
			    "row %zu holds NaN, infinity or numbers too large to be squared",
			    first + r);
		if (!cosine)
			factors[r] = 1;
		else
			factors[r] = square > 0 ? 1 / sqrtf(square) : 0;
	}
	return TOK_OK;
}
