/*
 * fuzz_tensors.c - headers of tensor files, of both formats, as the first bytes say.  What is
 * accepted lies within the file, can be read, and is laid out again so that it is accepted again.
 */
#include <assert.h>
#include <stdlib.h>

#include "hypernet/tensor/tensors_internal.h"
#include "hypernet/tensor/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The header alone, with nothing but zeros for data. */
static void open_again(const struct hyper_layout *layout)
{
	struct hyper_tensors *again;
	struct tok_error err = { 0 };
	uint8_t *bytes = calloc(1, (size_t)layout->size);
	assert(bytes);
	memcpy(bytes, layout->header.bytes, layout->header.count);
	if (tensors_open_bytes((struct tok_span){ bytes, (size_t)layout->size }, &again, &err) !=
	    TOK_OK)
		abort();
	assert(hyper_tensors_count(again) == layout->count);
	hyper_tensors_close(again);
	free(bytes);
}

static void write_again(const struct hyper_tensors *tensors)
{
	const size_t count = hyper_tensors_count(tensors);
	struct hyper_write_tensor *list = calloc(count + 1, sizeof *list);
	struct hyper_layout layout;
	struct tok_span values;
	uint64_t value_count;
	struct tok_error err = { 0 };
	assert(list);
	for (size_t i = 0; i < count; i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		list[i].name = t->name;
		list[i].dtype = t->dtype;
		list[i].rank = t->rank;
		memcpy(list[i].shape, t->shape, sizeof t->shape);
	}
	const enum tok_status status =
	    hyper_gguf_values(tensors, 0, &values, &value_count)
		? hyper_layout_gguf(list, count, values, value_count, &layout, &err)
		: hyper_layout_safetensors(list, count, NULL, 0, &layout, &err);
	/* Names that only a reader takes: in GGUF not UTF-8, or too long. */
	assert(status == TOK_OK || (status == TOK_EARG && err.message[0]));
	if (status == TOK_OK) {
		open_again(&layout);
		hyper_layout_release(&layout);
	}
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	if (tensors_open_bytes((struct tok_span){ data, size }, &tensors, &err) != TOK_OK) {
		assert(err.message[0]);
		return 0;
	}
	const uint8_t *end = data;
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		assert(t->data.bytes >= end &&
		       t->data.count <= (size_t)(data + size - t->data.bytes));
		end = t->data.bytes + t->data.count;
		float *out = malloc((hyper_tensor_numbers(t) + 1) * sizeof *out);
		assert(out);
		if (hyper_tensor_rows(t, 0, t->rank ? t->shape[0] : 1, out, &err) != TOK_OK)
			assert(!hyper_dtype_is_readable(t->dtype));
		free(out);
	}
	write_again(tensors);
	hyper_tensors_close(tensors);
	return 0;
}
