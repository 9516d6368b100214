#include "hypernet/tensor/tensors.h"

#include "hypernet/tensor/tensors_internal.h"

#include "tok/text/json.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- what readers append ----------------------------------------------------------- */

static const char *copy_text(struct tok_arena *arena, struct tok_span text)
{
	char *copy = tok_arena_array(arena, text.count + 1, 1); /* zeroed */
	if (copy && text.count)
		memcpy(copy, text.bytes, text.count);
	return copy;
}

static bool holds_nul(struct tok_span text)
{
	return text.count && memchr(text.bytes, 0, text.count);
}

enum tok_status tensors_append(struct hyper_tensors *tensors, struct tok_span name,
			       const struct hyper_tensor *tensor, struct tok_error *err)
{
	if (holds_nul(name))
		return tok_fail(err, TOK_EFORMAT, "a tensor's name may not hold the byte 0");
	if (!tok_grow(&tensors->list, &tensors->capacity, tensors->count + 1,
		      sizeof *tensors->list))
		return tok_fail_memory(err);
	struct hyper_tensor *to = &tensors->list[tensors->count];
	*to = *tensor;
	to->name = copy_text(&tensors->arena, name);
	to->file = tensors->file_count - 1;
	to->mapped = tensors->files[to->file].mapped;
	if (!to->name)
		return tok_fail_memory(err);
	tensors->count++;
	return TOK_OK;
}

enum tok_status tensors_append_text(struct hyper_tensors *tensors, struct tok_span key,
				    struct tok_span value, struct tok_error *err)
{
	if (holds_nul(key) || holds_nul(value))
		return TOK_OK;
	if (!tok_grow(&tensors->texts, &tensors->text_capacity, tensors->text_count + 1,
		      sizeof *tensors->texts))
		return tok_fail_memory(err);
	struct hyper_text_pair *to = &tensors->texts[tensors->text_count];
	to->key = copy_text(&tensors->arena, key);
	to->value = copy_text(&tensors->arena, value);
	if (!to->key || !to->value)
		return tok_fail_memory(err);
	tensors->text_count++;
	return TOK_OK;
}

/* ---- sizes and places -------------------------------------------------------------- */

enum tok_status tensors_size(const struct hyper_tensor *tensor, size_t *out, struct tok_error *err)
{
	size_t numbers = 1;
	for (size_t i = 0; i < tensor->rank; i++) {
		if (tensor->shape[i] != 0 && numbers > SIZE_MAX / tensor->shape[i])
			return tok_fail(err, TOK_EFORMAT, "the product of its shape overflows");
		numbers *= tensor->shape[i];
	}
	if (!hyper_dtype_size(tensor->dtype, numbers, out))
		return tok_fail(err, TOK_EFORMAT,
				"%zu numbers of %s are no whole number of bytes or too many",
				numbers, hyper_dtype_name(tensor->dtype));
	return TOK_OK;
}

static int compare_places(const void *left, const void *right)
{
	const struct tok_span a = ((const struct hyper_tensor *)left)->data;
	const struct tok_span b = ((const struct hyper_tensor *)right)->data;
	if (a.bytes != b.bytes)
		return a.bytes < b.bytes ? -1 : 1;
	return (a.count > b.count) - (a.count < b.count); /* what is empty first */
}

/* Up to the next multiple of `align`, a power of two. */
static size_t padding(size_t at, size_t align)
{
	return (align - (at & (align - 1))) & (align - 1);
}

enum tok_status tensors_place(struct hyper_tensors *tensors, size_t first, struct tok_span data,
			      size_t align, struct tok_error *err)
{
	struct hyper_tensor *list = tensors->list + first;
	const size_t count = tensors->count - first;
	size_t end = 0;
	if (count)
		qsort(list, count, sizeof *list, compare_places);
	for (size_t i = 0; i < count; i++) {
		const size_t begin = (size_t)(list[i].data.bytes - data.bytes);
		const size_t wanted = end + padding(end, align);
		const char *name = list[i].name;
		if (begin < wanted)
			return tok_fail(
			    err, TOK_EFORMAT,
			    "tensor '%s' begins at byte %zu of the data, the one before "
			    "it ends at byte %zu",
			    tok_show(tok_span_of(name)).text, begin, wanted);
		if (begin > wanted)
			return tok_fail(err, TOK_EFORMAT,
					"bytes %zu to %zu of the data, before tensor '%s', belong "
					"to no tensor",
					wanted, begin, tok_show(tok_span_of(name)).text);
		end = begin + list[i].data.count;
	}
	if (data.count - end > padding(end, align))
		return tok_fail(err, TOK_EFORMAT,
				"bytes %zu to %zu, at the end of the data, belong to no tensor",
				end, data.count);
	return TOK_OK;
}

/* ---- the set --------------------------------------------------------------------------- */

enum tok_status tensors_add(struct hyper_tensors *tensors, const struct tensors_file *file,
			    struct tok_error *err)
{
	if (!tok_grow(&tensors->files, &tensors->file_capacity, tensors->file_count + 1,
		      sizeof *tensors->files))
		return tok_fail_memory(err);
	struct tensors_file *to = &tensors->files[tensors->file_count];
	*to = *file;
	to->path = copy_text(&tensors->arena, tok_span_of(file->path));
	if (!to->path)
		return tok_fail_memory(err);
	tensors->file_count++; /* it is unmapped with the others from now on */
	return tok_span_starts(file->bytes, tok_span_of("GGUF"))
		   ? tensors_read_gguf(file->bytes, tensors, err)
		   : tensors_read_safetensors(file->bytes, tensors, err);
}

enum tok_status tensors_index(struct hyper_tensors *tensors, struct tok_error *err)
{
	if (tensors->count >= TOK_NO_ID)
		return tok_fail(err, TOK_ELIMIT, "there are %zu tensors", tensors->count);
	if (!tok_strings_init(&tensors->names, &tensors->arena, tensors->count))
		return tok_fail_memory(err);
	for (size_t i = 0; i < tensors->count; i++) {
		const struct tok_span name = tok_span_of(tensors->list[i].name);
		if (!tok_strings_add(&tensors->names, name, (uint32_t)i))
			return tok_fail(err, TOK_EFORMAT, "there are two tensors '%s'",
					tok_show(name).text);
	}
	return TOK_OK;
}

size_t hyper_tensors_count(const struct hyper_tensors *tensors)
{
	return tensors->count;
}

const struct hyper_tensor *hyper_tensors_at(const struct hyper_tensors *tensors, size_t index)
{
	return &tensors->list[index];
}

const struct hyper_tensor *hyper_tensors_find(const struct hyper_tensors *tensors, const char *name)
{
	const uint32_t at = tok_strings_find(&tensors->names, tok_span_of(name));
	return at == TOK_NO_ID ? NULL : &tensors->list[at];
}

size_t hyper_tensors_file_count(const struct hyper_tensors *tensors)
{
	return tensors->file_count;
}

const char *hyper_tensors_file(const struct hyper_tensors *tensors, size_t index)
{
	return tensors->files[index].path;
}

const char *hyper_tensors_metadata(const struct hyper_tensors *tensors, const char *key)
{
	for (size_t i = 0; i < tensors->text_count; i++)
		if (strcmp(tensors->texts[i].key, key) == 0)
			return tensors->texts[i].value;
	return NULL;
}

const struct hyper_text_pair *hyper_tensors_texts(const struct hyper_tensors *tensors,
						  size_t *count)
{
	*count = tensors->text_count;
	return tensors->texts;
}

/* ---- one tensor --------------------------------------------------------------------- */

size_t hyper_tensor_numbers(const struct hyper_tensor *tensor)
{
	size_t numbers = 1;
	for (size_t i = 0; i < tensor->rank; i++)
		numbers *= tensor->shape[i];
	return numbers;
}

size_t hyper_tensor_width(const struct hyper_tensor *tensor)
{
	size_t width = 1;
	for (size_t i = 1; i < tensor->rank; i++)
		width *= tensor->shape[i];
	return width;
}

static size_t row_count(const struct hyper_tensor *tensor)
{
	return tensor->rank ? tensor->shape[0] : 1;
}

/* Where rows begin that come before the last one's end. */
static const uint8_t *row_bytes(const struct hyper_tensor *tensor, size_t row)
{
	return tensor->data.bytes + row * hyper_tensor_width(tensor) /
					hyper_dtype_block(tensor->dtype) *
					hyper_dtype_bytes(tensor->dtype);
}

enum tok_status hyper_tensor_rows(const struct hyper_tensor *tensor, size_t first, size_t count,
				  float *out, struct tok_error *err)
{
	const size_t rows = row_count(tensor);
	const size_t width = hyper_tensor_width(tensor);
	const size_t block = hyper_dtype_block(tensor->dtype);
	if (!hyper_dtype_is_readable(tensor->dtype))
		return tok_fail(err, TOK_EARG, "tensor '%s' is of type %s, which is not read",
				tensor->name, hyper_dtype_name(tensor->dtype));
	if (first > rows || count > rows - first)
		return tok_fail(err, TOK_EARG, "tensor '%s' has %zu rows, not %zu from row %zu on",
				tensor->name, rows, count, first);
	if (first * width % block || count * width % block)
		return tok_fail(err, TOK_EARG,
				"tensor '%s' is of type %s, of which %zu numbers lie together",
				tensor->name, hyper_dtype_name(tensor->dtype), block);
	hyper_to_f32(tensor->dtype, row_bytes(tensor, first), count * width, out);
	return TOK_OK;
}

void hyper_tensor_forget(const struct hyper_tensor *tensor, size_t first, size_t count)
{
	const size_t rows = row_count(tensor), page = (size_t)sysconf(_SC_PAGESIZE);
	if (first >= rows)
		return;
	const size_t end = count < rows - first ? first + count : rows;
	/* Only pages that hold nothing else; memory that was not mapped would be lost. */
	const uintptr_t from = ((uintptr_t)row_bytes(tensor, first) + page - 1) & ~(page - 1);
	const uintptr_t to = (uintptr_t)row_bytes(tensor, end) & ~(page - 1);
	if (tensor->mapped && from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}
