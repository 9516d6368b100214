/*
 * test_tensors_memory.c - the n-th allocation fails, for every n, while tensors are opened, their
 * layouts are made and files are written: TOK_ENOMEM comes back and nothing is left.
 *
 * Linked with --wrap for malloc, calloc, realloc and free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hypernet/tensor/folder.h"
#include "hypernet/tensor/write.h"
#include "tests/unit/fixture.h"
#include "tests/unit/heap.h"
#include "tests/unit/tensor_files.h"

static char *checkpoint, *blocks, *shards, *out_path;

static enum tok_status open_checkpoint(struct tok_error *err)
{
	struct hyper_tensors *tensors = NULL;
	const enum tok_status status = hyper_tensors_open(checkpoint, &tensors, err);
	hyper_tensors_close(tensors);
	return status;
}

static enum tok_status open_gguf(struct tok_error *err)
{
	struct hyper_tensors *tensors = NULL;
	const enum tok_status status = hyper_tensors_open(blocks, &tensors, err);
	hyper_tensors_close(tensors);
	return status;
}

static enum tok_status open_folder(struct tok_error *err)
{
	struct hyper_folder *model = NULL;
	struct hyper_embeddings e;
	enum tok_status status = hyper_folder_open(shards, &model, err);
	if (status == TOK_OK)
		status = hyper_folder_embeddings(model, NULL, NULL, &e, err);
	hyper_folder_close(model);
	return status;
}

static const struct hyper_write_tensor list[] = {
	{ "a", HYPER_F32, 2, { 3, 32 } },
	{ "b", HYPER_F16, 1, { 7 } },
};

static enum tok_status lay_out(struct tok_error *err)
{
	static const struct hyper_text_pair text = { "format", "pt" };
	struct hyper_layout layouts[3] = { 0 };
	enum tok_status status = hyper_layout_safetensors(list, 2, &text, 1, &layouts[0], err);
	if (status == TOK_OK)
		status = hyper_layout_gguf(list, 2, tok_span_of(""), 0, &layouts[1], err);
	if (status == TOK_OK)
		status = hyper_layout_npy(list, &layouts[2], err);
	for (size_t i = 0; i < 3; i++)
		hyper_layout_release(&layouts[i]);
	return status;
}

static enum tok_status write_files(struct tok_error *err)
{
	struct hyper_file *files[2] = { NULL };
	uint64_t bytes;
	enum tok_status status = hyper_file_create(out_path, &files[0], err);
	if (status == TOK_OK)
		status = hyper_file_resume(out_path, &files[1], &bytes, err);
	for (size_t i = 0; i < 2; i++) {
		if (status == TOK_OK)
			status = hyper_file_put(files[i], 0, "x", 1, err);
		if (status == TOK_OK)
			status = hyper_file_commit(&files[i], err);
		hyper_file_abandon(&files[i]);
	}
	return status;
}

static void try(enum tok_status (*run)(struct tok_error *), size_t n)
{
	struct tok_error err = { 0 };
	heap.live = 0;
	heap.asked = 0;
	heap.fails_at = n;
	const enum tok_status status = run(&err);
	heap.fails_at = 0;
	if (status != (n ? TOK_ENOMEM : TOK_OK))
		fail_msg("allocation %zu: %d %s", n, status, err.message);
	if (heap.live > 0)
		fail_msg("allocation %zu: %ld blocks are left", n, heap.live);
}

static void every_allocation_may_fail(void **state)
{
	static enum tok_status (*const runs[])(struct tok_error *) = {
		open_checkpoint, open_gguf, open_folder, lay_out, write_files,
	};
	(void)state;
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
		try(runs[i], 0);
		const size_t total = heap.asked;
		assert_true(total > 0);
		for (size_t n = 1; n <= total; n++)
			try(runs[i], n);
	}
}

static void write_shards(const char *folder)
{
	static const char index[] = "{\"weight_map\":{\"model.embed_tokens.weight\":"
				    "\"a.safetensors\",\"x\":\"b.safetensors\"}}";
	static const char *const headers[] = {
		"{\"model.embed_tokens.weight\":{\"dtype\":\"F32\",\"shape\":[1,1],"
		"\"data_offsets\":[0,4]}}",
		"{\"x\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
	};
	for (size_t i = 0; i < 2; i++) {
		struct tok_buffer file = tensor_safetensors(headers[i], 4);
		tensor_write(folder, i ? "b.safetensors" : "a.safetensors", tok_buffer_span(&file));
		tok_buffer_release(&file);
	}
	tensor_write(folder, "model.safetensors.index.json", tok_span_of(index));
	tensor_write(folder, "config.json", tok_span_of("{\"vocab_size\":1}"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};
	static char folder[32];
	tensor_folder_make(folder);
	write_shards(folder);
	shards = folder;
	out_path = tensor_path(folder, "out");
	checkpoint = fixture_path("hypernet", "tiny_untied.expected.safetensors");
	blocks = fixture_path("hypernet", "blocks.gguf");
	const int failed = cmocka_run_group_tests(tests, NULL, NULL);
	tensor_folder_remove(folder);
	free(out_path);
	free(checkpoint);
	free(blocks);
	return failed;
}
