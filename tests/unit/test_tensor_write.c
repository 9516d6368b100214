/*
 * test_tensor_write.c - layouts that our own reader takes (what others make of them is asked in
 * tests/conformance/tensors.py), and what no reader would take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hypernet/tensor/tensors_internal.h"
#include "hypernet/tensor/write.h"
#include "tests/unit/fixture.h"
#include "tests/unit/tensor_files.h"

/* The header, and data in which every tensor is full of its number; releases the layout. */
static struct tok_buffer fill(struct hyper_layout *layout)
{
	struct tok_buffer file = { 0 };
	tensor_put(&file, layout->header.bytes, layout->header.count);
	for (size_t i = 0; i < layout->count; i++) {
		while (file.count < layout->offsets[i])
			tensor_put_number(&file, 0xEE, 1);
		const uint64_t end = i + 1 < layout->count ? layout->offsets[i + 1] : layout->size;
		while (file.count < end)
			tensor_put_number(&file, i + 1, 1);
	}
	assert_int_equal(file.count, layout->size);
	hyper_layout_release(layout);
	return file;
}

/* Releases the file. */
static void check_file(struct tok_buffer *file, const struct hyper_write_tensor *list, size_t count,
		       size_t align)
{
	struct hyper_tensors *tensors;
	struct tok_error err = { 0 };
	if (tensors_open_bytes(tok_buffer_span(file), &tensors, &err) != TOK_OK)
		fail_msg("%s", err.message);
	assert_int_equal(hyper_tensors_count(tensors), count);
	for (size_t i = 0; i < count; i++) {
		const struct hyper_tensor *t = hyper_tensors_find(tensors, list[i].name);
		assert_true(t && t->dtype == list[i].dtype && t->rank == list[i].rank);
		assert_memory_equal(t->shape, list[i].shape, t->rank * sizeof *t->shape);
		for (size_t k = 0; k < t->data.count; k++)
			assert_int_equal(t->data.bytes[k], i + 1);
		assert_int_equal((size_t)(t->data.bytes - file->bytes) % align, 0);
	}
	hyper_tensors_close(tensors);
	tok_buffer_release(file);
}

static const struct hyper_write_tensor mixed[] = {
	{ "model.embed_tokens.weight", HYPER_F32, 2, { 5, 3 } },
	{ "quote\" and \xC3\xA9\n", HYPER_BF16, 3, { 2, 1, 3 } },
	{ "scalar", HYPER_F64, 0, { 0 } },
	{ "", HYPER_I8, 1, { 7 } },
	{ "nothing", HYPER_F16, 2, { 0, 9 } },
};

static void safetensors_are_read_back(void **state)
{
	static const struct hyper_text_pair texts[] = { { "format", "pt" },
							{ "a\"", "\xE2\x82\xAC" } };
	struct hyper_layout layout;
	struct tok_error err = { 0 };
	(void)state;
	for (size_t with = 0; with <= 2; with += 2) {
		for (size_t count = 0; count <= sizeof mixed / sizeof mixed[0]; count++) {
			assert_int_equal(
			    hyper_layout_safetensors(mixed, count, texts, with, &layout, &err),
			    TOK_OK);
			assert_int_equal(layout.header.count % 8, 0);
			struct tok_buffer file = fill(&layout);
			check_file(&file, mixed, count, 1);
		}
	}
	assert_int_equal(hyper_layout_safetensors(mixed, 1, texts, 2, &layout, &err), TOK_OK);
	struct tok_buffer file = fill(&layout);
	struct hyper_tensors *tensors;
	assert_int_equal(tensors_open_bytes(tok_buffer_span(&file), &tensors, &err), TOK_OK);
	assert_string_equal(hyper_tensors_metadata(tensors, "format"), "pt");
	assert_string_equal(hyper_tensors_metadata(tensors, "a\""), "\xE2\x82\xAC");
	size_t count;
	const struct hyper_text_pair *all = hyper_tensors_texts(tensors, &count);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(all[i].key, texts[i].key);
	hyper_tensors_close(tensors);
	tok_buffer_release(&file);
}

static const struct hyper_write_tensor blocks[] = {
	{ "token_embd.weight", HYPER_Q8_0, 2, { 3, 64 } },
	{ "output.weight", HYPER_Q6_K, 3, { 2, 1, 256 } },
	{ "scalar", HYPER_F32, 0, { 0 } },
	{ "odd", HYPER_BF16, 1, { 5 } },
	{ "copied", HYPER_IQ4_XS, 2, { 1, 256 } },
};

static void gguf_is_read_back(void **state)
{
	struct hyper_layout layout;
	struct tok_error err = { 0 };
	struct tok_buffer values = { 0 };
	(void)state;
	tensor_put_pair(&values, "general.alignment", 4, 128);
	tensor_put_pair(&values, "llama.vocab_size", 4, 3);
	for (size_t with = 0; with < 2; with++) {
		const struct tok_span pairs = with ? tok_buffer_span(&values) : tok_span_of("");
		for (size_t count = 0; count <= sizeof blocks / sizeof blocks[0]; count++) {
			if (hyper_layout_gguf(blocks, count, pairs, 2 * with, &layout, &err) !=
			    TOK_OK)
				fail_msg("%s", err.message);
			struct tok_buffer file = fill(&layout);
			check_file(&file, blocks, count, with ? 128 : 32);
		}
	}
	tok_buffer_release(&values);
}

/* The bytes of the package gguf: its own values and tensors give its own file. */
static void gguf_is_rewritten_to_the_byte(void **state)
{
	struct hyper_write_tensor list[32];
	struct hyper_tensors *tensors;
	struct hyper_layout layout;
	struct tok_span values;
	struct tok_error err = { 0 };
	uint64_t value_count;
	const struct tok_span file = fixture_read("hypernet", "blocks.gguf");
	(void)state;
	assert_int_equal(tensors_open_bytes(file, &tensors, &err), TOK_OK);
	const size_t count = hyper_tensors_count(tensors);
	for (size_t i = 0; i < count; i++) {
		const struct hyper_tensor *t = hyper_tensors_at(tensors, i);
		list[i] = (struct hyper_write_tensor){ t->name, t->dtype, t->rank, { 0 } };
		memcpy(list[i].shape, t->shape, sizeof t->shape);
	}
	assert_true(hyper_gguf_values(tensors, 0, &values, &value_count));
	assert_int_equal(hyper_layout_gguf(list, count, values, value_count, &layout, &err),
			 TOK_OK);
	assert_int_equal(layout.size, file.count);
	assert_memory_equal(layout.header.bytes, file.bytes, layout.header.count);
	for (size_t i = 0; i < count; i++)
		assert_ptr_equal(file.bytes + layout.offsets[i],
				 hyper_tensors_at(tensors, i)->data.bytes);
	hyper_layout_release(&layout);
	hyper_tensors_close(tensors);
	free((void *)(uintptr_t)file.bytes);
}

/* The bytes of numpy.lib.format, version 1.0. */
static void npy_headers_are_numpys(void **state)
{
	static const struct {
		struct hyper_write_tensor array;
		const char *text;
		uint64_t size;
	} rows[] = {
		{ { "", HYPER_F32, 2, { 3, 4 } },
		  "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }",
		  128 + 48 },
		{ { "", HYPER_F16, 1, { 5 } },
		  "{'descr': '<f2', 'fortran_order': False, 'shape': (5,), }",
		  128 + 10 },
		{ { "", HYPER_F64, 2, { 0, 4 } },
		  "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4), }",
		  128 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hyper_layout layout;
		struct tok_error err = { 0 };
		assert_int_equal(hyper_layout_npy(&rows[i].array, &layout, &err), TOK_OK);
		const uint8_t *at = layout.header.bytes;
		assert_true(layout.header.count == 128 && layout.offsets[0] == 128);
		assert_int_equal(layout.size, rows[i].size);
		assert_memory_equal(at, "\x93NUMPY\x01\x00\x76\x00", 10);
		assert_memory_equal(at + 10, rows[i].text, strlen(rows[i].text));
		for (size_t k = 10 + strlen(rows[i].text); k < 127; k++)
			assert_int_equal(at[k], ' ');
		assert_int_equal(at[127], '\n');
		hyper_layout_release(&layout);
	}
}

/* ---- what no reader takes ------------------------------------------------------------------- */

enum format { SAFETENSORS = 1, GGUF = 2, NPY = 4 };

static const char long_name[] = "a234567890123456789012345678901234567890123456789012345678901234";

static const struct {
	unsigned formats;
	struct hyper_write_tensor list[2];
	size_t count;
	const char *why;
} refused[] = {
	{ SAFETENSORS | GGUF,
	  { { "a", HYPER_F32, 1, { 1 } }, { "a", HYPER_F32, 1, { 1 } } },
	  2,
	  "two tensors 'a'" },
	{ SAFETENSORS | GGUF, { { "\xFF", HYPER_F32, 1, { 1 } } }, 1, "not UTF-8" },
	{ SAFETENSORS, { { "a", HYPER_F32, 9, { 1 } } }, 1, "tensor 'a': it has 9 dimensions" },
	{ GGUF,
	  { { "a", HYPER_F32, 5, { 1, 1, 1, 1, 1 } } },
	  1,
	  "tensor 'a': it has 5 dimensions" },
	{ NPY, { { "a", HYPER_F32, 3, { 1, 1, 1 } } }, 1, "one or two dimensions" },
	{ NPY, { { "a", HYPER_F32, 0, { 1 } } }, 1, "one or two dimensions" },
	{ NPY, { { "a", HYPER_BF16, 2, { 1, 1 } } }, 1, "of F32, F16 or F64" },
	{ SAFETENSORS, { { "a", HYPER_Q8_0, 1, { 32 } } }, 1, "no blocks of Q8_0" },
	{ GGUF, { { "a", HYPER_Q8_0, 2, { 32, 33 } } }, 1, "a row of 33 numbers" },
	{ GGUF, { { "a", HYPER_Q8_0, 0, { 32 } } }, 1, "a row of 1 numbers" },
	{ GGUF, { { "a", HYPER_U8, 1, { 32 } } }, 1, "no numbers of type U8" },
	{ GGUF, { { "a", HYPER_F32, 2, { 1, 0 } } }, 1, "no dimension of it may be 0" },
	{ GGUF, { { long_name, HYPER_F32, 1, { 1 } } }, 1, "shorter than 64 bytes" },
	{ SAFETENSORS, { { "__metadata__", HYPER_F32, 1, { 1 } } }, 1, "'__metadata__'" },
	{ SAFETENSORS | GGUF | NPY,
	  { { "a", HYPER_F32, 2, { SIZE_MAX / 2, 3 } } },
	  1,
	  "overflows" },
	{ SAFETENSORS | GGUF | NPY,
	  { { "a", HYPER_F64, 2, { SIZE_MAX / 4, 2 } } },
	  1,
	  "overflows" },
	{ SAFETENSORS | GGUF | NPY,
	  { { "a", HYPER_F32, 2, { SIZE_MAX / 8, 1 } } },
	  1,
	  "too large" },
	{ SAFETENSORS | GGUF,
	  { { "a", HYPER_F32, 1, { SIZE_MAX / 16 } }, { "b", HYPER_F32, 1, { SIZE_MAX / 12 } } },
	  2,
	  "tensor 'b': the file would be too large" },
};

static void bad_lists_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		for (unsigned format = SAFETENSORS; format <= NPY; format *= 2) {
			struct hyper_layout layout = { 0 };
			struct tok_error err = { 0 };
			enum tok_status status = TOK_EARG;
			if (!(refused[i].formats & format))
				continue;
			if (format == SAFETENSORS)
				status = hyper_layout_safetensors(refused[i].list, refused[i].count,
								  NULL, 0, &layout, &err);
			else if (format == GGUF)
				status = hyper_layout_gguf(refused[i].list, refused[i].count,
							   tok_span_of(""), 0, &layout, &err);
			else
				status = hyper_layout_npy(refused[i].list, &layout, &err);
			if (status != TOK_EARG || !strstr(err.message, refused[i].why))
				fail_msg("row %zu, format %u: wanted '%s', not '%s'", i, format,
					 refused[i].why, err.message);
			assert_true(!layout.header.bytes && !layout.offsets);
		}
	}
}

static void bad_values_are_refused(void **state)
{
	struct hyper_layout layout = { 0 };
	struct tok_error err = { 0 };
	struct tok_buffer values = { 0 };
	(void)state;
	tensor_put_pair(&values, "general.alignment", 4, 48);
	assert_int_equal(hyper_layout_gguf(blocks, 1, tok_buffer_span(&values), 1, &layout, &err),
			 TOK_EARG);
	assert_non_null(strstr(err.message, "a power of two"));
	tok_buffer_clear(&values);
	tensor_put_pair(&values, "x", 4, 1);
	assert_int_equal(hyper_layout_gguf(blocks, 1, tok_buffer_span(&values), 2, &layout, &err),
			 TOK_EFORMAT);
	assert_non_null(strstr(err.message, "values: "));
	assert_int_equal(hyper_layout_gguf(blocks, 1, tok_buffer_span(&values), 0, &layout, &err),
			 TOK_EARG);
	assert_non_null(strstr(err.message, "bytes behind the 0 values"));
	tok_buffer_release(&values);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(safetensors_are_read_back),
		cmocka_unit_test(gguf_is_read_back),
		cmocka_unit_test(gguf_is_rewritten_to_the_byte),
		cmocka_unit_test(npy_headers_are_numpys),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(bad_values_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
