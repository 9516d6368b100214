/*
 * tensors_driver.c - tensor files for tensors.py:
 *
 *	tensors_driver read FILE OUT                   list FILE; its numbers, as F32 where they can
 * be read, else as they stand, into OUT tensors_driver write FORMAT DTYPE FILE OUT     FILE again,
 * as safetensors, gguf or npy, its numbers as DTYPE or, with "keep", as they stand
 */
#include <stdio.h>
#include <stdlib.h>

#include "hypernet/tensor/write.h"

static int fail(const struct tok_error *err)
{
	fprintf(stderr, "%s\n", err->message);
	return 1;
}

static float *read_numbers(const struct hyper_tensor *t, struct tok_error *err)
{
	float *numbers = malloc((hyper_tensor_numbers(t) + 1) * sizeof *numbers);
	if (!numbers || hyper_tensor_rows(t, 0, t->rank ? t->shape[0] : 1, numbers, err) != TOK_OK)
		exit(fail(err));
	return numbers;
}

static int list(const struct hyper_tensors *tensors, const char *to)
{
	struct tok_error err = { 0 };
	FILE *out = fopen(to, "wb");
	if (!out)
		return 1;
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		printf("%s\t%s\t", t->name, hyper_dtype_name(t->dtype));
		for (size_t k = 0; k < t->rank; k++)
			printf("%s%zu", k ? "," : "", t->shape[k]);
		putchar('\n');
		if (hyper_dtype_is_readable(t->dtype)) {
			float *numbers = read_numbers(t, &err);
			fwrite(numbers, sizeof *numbers, hyper_tensor_numbers(t), out);
			free(numbers);
		} else {
			fwrite(t->data.bytes, 1, t->data.count, out);
		}
	}
	return fclose(out) != 0;
}

static enum tok_status lay_out(const struct hyper_tensors *from, const char *format,
			       const struct hyper_write_tensor *tensors, struct hyper_layout *out,
			       struct tok_error *err)
{
	static const struct hyper_text_pair text = { "format", "np" };
	const size_t count = hyper_tensors_count(from);
	struct tok_span values = { 0 };
	uint64_t value_count = 0;
	if (strcmp(format, "npy") == 0)
		return hyper_layout_npy(tensors, out, err);
	if (strcmp(format, "safetensors") == 0)
		return hyper_layout_safetensors(tensors, count, &text, 1, out, err);
	if (!hyper_gguf_values(from, 0, &values, &value_count))
		values.count = 0;
	return hyper_layout_gguf(tensors, count, values, value_count, out, err);
}

static enum tok_status put(struct hyper_file *file, uint64_t at, const struct hyper_tensor *t,
			   enum hyper_dtype dtype, bool keep, struct tok_error *err)
{
	size_t bytes;
	if (keep)
		return hyper_file_put(file, at, t->data.bytes, t->data.count, err);
	if (!hyper_dtype_size(dtype, hyper_tensor_numbers(t), &bytes))
		return tok_fail(err, TOK_EARG, "no whole number of blocks");
	float *numbers = read_numbers(t, err);
	uint8_t *made = malloc(bytes + 1);
	if (!made)
		return tok_fail_memory(err);
	hyper_from_f32(dtype, numbers, hyper_tensor_numbers(t), made);
	const enum tok_status status = hyper_file_put(file, at, made, bytes, err);
	free(numbers);
	free(made);
	return status;
}

static int rewrite(const struct hyper_tensors *from, const char *format, const char *type,
		   const char *to)
{
	const size_t count = hyper_tensors_count(from);
	struct hyper_write_tensor *tensors = calloc(count + 1, sizeof *tensors);
	struct hyper_layout layout = { 0 };
	struct hyper_file *file = NULL;
	struct tok_error err = { 0 };
	enum hyper_dtype dtype = HYPER_F32;
	const bool keep = !hyper_dtype_find(tok_span_of(type), &dtype);
	if (!tensors)
		return 1;
	for (size_t i = 0; i < count; i++) {
		const struct hyper_tensor *t = hyper_tensors_at(from, i);
		tensors[i].name = t->name;
		tensors[i].dtype = keep ? t->dtype : dtype;
		tensors[i].rank = t->rank;
		memcpy(tensors[i].shape, t->shape, sizeof t->shape);
	}
	enum tok_status status = lay_out(from, format, tensors, &layout, &err);
	if (status == TOK_OK)
		status = hyper_file_create(to, &file, &err);
	if (status == TOK_OK)
		status = hyper_file_resize(file, layout.size, &err);
	if (status == TOK_OK)
		status = hyper_file_put(file, 0, layout.header.bytes, layout.header.count, &err);
	for (size_t i = 0; i < layout.count && status == TOK_OK; i++)
		status = put(file, layout.offsets[i], hyper_tensors_at(from, i), tensors[i].dtype,
			     keep, &err);
	if (status == TOK_OK)
		status = hyper_file_commit(&file, &err);
	hyper_file_abandon(&file);
	hyper_layout_release(&layout);
	free(tensors);
	return status == TOK_OK ? 0 : fail(&err);
}

int main(int argc, char **argv)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	const bool is_write = argc == 6 && strcmp(argv[1], "write") == 0;
	if (!is_write && (argc != 4 || strcmp(argv[1], "read") != 0))
		return 2;
	if (hyper_tensors_open(argv[argc - 2], &tensors, &err) != TOK_OK)
		return fail(&err);
	const int result =
	    is_write ? rewrite(tensors, argv[2], argv[3], argv[5]) : list(tensors, argv[3]);
	hyper_tensors_close(tensors);
	return result;
}
