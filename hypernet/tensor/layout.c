#include "hypernet/tensor/write.h"

#include "hypernet/tensor/layout_internal.h"
#include "tok/base/hash.h"
#include "tok/text/json.h"
#include "tok/text/json_write.h"
#include "tok/text/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Far from where offsets of files end, header and padding included. */
#define DATA_LIMIT_BYTES ((uint64_t)INT64_MAX / 2)

/* ---- what all formats ask ------------------------------------------------------------ */

static enum tok_status measure(const struct hyper_write_tensor *tensor, uint64_t *out,
			       struct tok_error *err)
{
	size_t numbers = 1, bytes;
	const size_t block = hyper_dtype_block(tensor->dtype);
	if (tensor->rank > HYPER_RANK_MAX)
		return tok_fail(err, TOK_EARG, "it has %zu dimensions: at most %d are written",
				tensor->rank, HYPER_RANK_MAX);
	for (size_t i = 0; i < tensor->rank; i++) {
		if (tensor->shape[i] && numbers > SIZE_MAX / tensor->shape[i])
			return tok_fail(err, TOK_EARG, "the product of its shape overflows");
		numbers *= tensor->shape[i];
	}
	const size_t row = tensor->rank ? tensor->shape[tensor->rank - 1] : 1;
	if (row % block != 0)
		return tok_fail(err, TOK_EARG,
				"a row of %zu numbers is no whole number of blocks of %s, of %zu "
				"each",
				row, hyper_dtype_name(tensor->dtype), block);
	if (!hyper_dtype_size(tensor->dtype, numbers, &bytes))
		return tok_fail(err, TOK_EARG, "its size overflows");
	*out = bytes;
	return TOK_OK;
}

static enum tok_status check_names(const struct hyper_write_tensor *list, size_t count,
				   struct tok_error *err)
{
	struct tok_arena arena = { 0 };
	struct tok_strings names;
	enum tok_status status = TOK_OK;
	if (!tok_strings_init(&names, &arena, count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		const struct tok_span name = tok_span_of(list[i].name);
		if (!tok_utf8_valid(name))
			status = tok_fail(err, TOK_EARG, "the name of tensor '%s' is not UTF-8",
					  tok_show(name).text);
		else if (!tok_strings_add(&names, name, 0))
			status = tok_fail(err, TOK_EARG, "there would be two tensors '%s'",
					  tok_show(name).text);
	}
	tok_arena_release(&arena);
	return status;
}

enum tok_status layout_begin(const struct hyper_write_tensor *list, size_t count, uint64_t align,
			     struct hyper_layout *out, struct tok_error *err)
{
	enum tok_status status = check_names(list, count, err);
	*out = (struct hyper_layout){ .count = count };
	out->offsets = calloc(count ? count : 1, sizeof *out->offsets);
	if (status == TOK_OK && !out->offsets)
		status = tok_fail_memory(err);
	for (size_t i = 0; i < count && status == TOK_OK; i++) {
		uint64_t bytes = 0;
		status = measure(&list[i], &bytes, err);
		if (status == TOK_OK && bytes > DATA_LIMIT_BYTES - out->size)
			status = tok_fail(err, TOK_EARG, "the file would be too large");
		if (status != TOK_OK) {
			tok_fail_in(err, status, "tensor '%s'",
				    tok_show(tok_span_of(list[i].name)).text);
			break;
		}
		out->offsets[i] = layout_aligned(out->size, align);
		out->size = out->offsets[i] + bytes;
	}
	return status;
}

enum tok_status layout_end(struct hyper_layout *layout, bool ok, uint64_t align,
			   struct tok_error *err)
{
	const uint64_t begin = layout->header.count;
	if (!ok)
		return tok_fail_memory(err);
	for (size_t i = 0; i < layout->count; i++)
		layout->offsets[i] += begin;
	layout->size = layout_aligned(begin + layout->size, align);
	return TOK_OK;
}

void hyper_layout_release(struct hyper_layout *layout)
{
	tok_buffer_release(&layout->header);
	free(layout->offsets);
	*layout = (struct hyper_layout){ 0 };
}

static bool put(struct tok_buffer *to, const char *text)
{
	return tok_buffer_add(to, text, strlen(text));
}

bool layout_pad(struct tok_buffer *to, uint8_t byte, size_t align)
{
	while (to->count % align)
		if (!tok_buffer_add_byte(to, byte))
			return false;
	return true;
}

/* ---- safetensors ---------------------------------------------------------------------- */

enum { LENGTH_BYTES = 8, HEADER_LIMIT_BYTES = 100000000 };

static bool put_metadata(struct tok_buffer *to, const struct hyper_text_pair *pairs, size_t count)
{
	bool ok = put(to, "\"__metadata__\":{");
	for (size_t i = 0; i < count && ok; i++)
		ok = (i == 0 || put(to, ",")) &&
		     tok_json_put_string(to, tok_span_of(pairs[i].key)) && put(to, ":") &&
		     tok_json_put_string(to, tok_span_of(pairs[i].value));
	return ok && put(to, "}");
}

static bool put_number(struct tok_buffer *to, const char *before, uint64_t number)
{
	char text[64];
	snprintf(text, sizeof text, "%s%" PRIu64, before, number);
	return put(to, text);
}

static bool put_tensor(struct tok_buffer *to, const struct hyper_write_tensor *tensor,
		       uint64_t begin, uint64_t end)
{
	bool ok = tok_json_put_string(to, tok_span_of(tensor->name)) && put(to, ":{\"dtype\":\"") &&
		  put(to, hyper_dtype_name(tensor->dtype)) && put(to, "\",\"shape\":[");
	for (size_t i = 0; i < tensor->rank && ok; i++)
		ok = put_number(to, i ? "," : "", tensor->shape[i]);
	return ok && put(to, "],\"data_offsets\":[") && put_number(to, "", begin) &&
	       put_number(to, ",", end) && put(to, "]}");
}

static bool put_header(struct hyper_layout *layout, const struct hyper_write_tensor *list,
		       const struct hyper_text_pair *metadata, size_t metadata_count)
{
	struct tok_buffer *to = &layout->header;
	static const uint8_t length[LENGTH_BYTES];
	bool ok = tok_buffer_add(to, length, LENGTH_BYTES) && put(to, "{") &&
		  (metadata_count == 0 || put_metadata(to, metadata, metadata_count));
	for (size_t i = 0; i < layout->count && ok; i++) {
		const uint64_t end = i + 1 < layout->count ? layout->offsets[i + 1] : layout->size;
		ok = (i + metadata_count == 0 || put(to, ",")) &&
		     put_tensor(to, &list[i], layout->offsets[i], end);
	}
	if (!ok || !put(to, "}") || !layout_pad(to, ' ', LENGTH_BYTES))
		return false;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		to->bytes[i] = (uint8_t)((uint64_t)(to->count - LENGTH_BYTES) >> 8 * i);
	return true;
}

static enum tok_status check_safetensors(const struct hyper_write_tensor *list, size_t count,
					 struct tok_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].dtype >= HYPER_Q8_0)
			return tok_fail(err, TOK_EARG,
					"tensor '%s': a safetensors file holds no blocks of %s",
					tok_show(tok_span_of(list[i].name)).text,
					hyper_dtype_name(list[i].dtype));
		if (strcmp(list[i].name, "__metadata__") == 0)
			return tok_fail(err, TOK_EARG,
					"no tensor of a safetensors file may be called "
					"'__metadata__'");
	}
	return TOK_OK;
}

enum tok_status hyper_layout_safetensors(const struct hyper_write_tensor *list, size_t count,
					 const struct hyper_text_pair *metadata,
					 size_t metadata_count, struct hyper_layout *out,
					 struct tok_error *err)
{
	struct hyper_layout layout = { 0 };
	enum tok_status status = check_safetensors(list, count, err);
	if (status == TOK_OK)
		status = layout_begin(list, count, 1, &layout, err);
	if (status == TOK_OK)
		status = layout_end(&layout, put_header(&layout, list, metadata, metadata_count), 1,
				    err);
	if (status == TOK_OK && layout.header.count - LENGTH_BYTES > HEADER_LIMIT_BYTES)
		status = tok_fail(err, TOK_EARG,
				  "the header would have %zu bytes: no reader takes more than %d",
				  layout.header.count - LENGTH_BYTES, HEADER_LIMIT_BYTES);
	if (status == TOK_OK)
		*out = layout;
	else
		hyper_layout_release(&layout);
	return status;
}

/* ---- numpy ------------------------------------------------------------------------------ */

enum { NPY_ALIGNMENT = 64, NPY_BEGIN_BYTES = 10 };

static bool put_npy(struct tok_buffer *to, const char *type, const struct hyper_write_tensor *array)
{
	static const uint8_t begin[NPY_BEGIN_BYTES] = "\x93NUMPY\x01";
	char text[160];
	int used =
	    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%zu,",
		     type, array->shape[0]);
	if (array->rank == 2)
		used += snprintf(text + used, sizeof text - (size_t)used, " %zu", array->shape[1]);
	snprintf(text + used, sizeof text - (size_t)used, "), }");
	/* A line that ends where the data begin. */
	if (!tok_buffer_add(to, begin, NPY_BEGIN_BYTES) || !put(to, text) ||
	    !tok_buffer_add_byte(to, ' ') || !layout_pad(to, ' ', NPY_ALIGNMENT))
		return false;
	to->bytes[to->count - 1] = '\n';
	to->bytes[NPY_BEGIN_BYTES - 2] = (uint8_t)(to->count - NPY_BEGIN_BYTES);
	to->bytes[NPY_BEGIN_BYTES - 1] = (uint8_t)((to->count - NPY_BEGIN_BYTES) >> 8);
	return true;
}

enum tok_status hyper_layout_npy(const struct hyper_write_tensor *array, struct hyper_layout *out,
				 struct tok_error *err)
{
	static const char *const types[HYPER_DTYPE_COUNT] = {
		[HYPER_F32] = "<f4",
		[HYPER_F16] = "<f2",
		[HYPER_F64] = "<f8",
	};
	struct hyper_layout layout = { 0 };
	const char *type = types[array->dtype];
	if (!type || array->rank == 0 || array->rank > 2)
		return tok_fail(err, TOK_EARG,
				"a .npy file is written of one or two dimensions of F32, F16 or "
				"F64");
	enum tok_status status = layout_begin(array, 1, 1, &layout, err);
	if (status == TOK_OK)
		status = layout_end(&layout, put_npy(&layout.header, type, array), 1, err);
	if (status == TOK_OK)
		*out = layout;
	else
		hyper_layout_release(&layout);
	return status;
}
