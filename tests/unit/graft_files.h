/* graft_files.h - small models in folders of their own, and files compared byte for byte. */
#ifndef TESTS_UNIT_GRAFT_FILES_H
#define TESTS_UNIT_GRAFT_FILES_H

#include "hypernet/tensor/folder.h"
#include "hypernet/tensor/write.h"
#include "tests/unit/tensor_files.h"

static inline uint32_t graft_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

/* Numbers between -1 and 1, or bytes where the type cannot be written. */
static inline struct tok_buffer graft_numbers(const struct hyper_write_tensor *t, uint32_t seed)
{
	size_t count = 1, bytes;
	for (size_t i = 0; i < t->rank; i++)
		count *= t->shape[i];
	if (!hyper_dtype_size(t->dtype, count, &bytes))
		abort();
	struct tok_buffer out = { 0 };
	if (!tok_buffer_reserve(&out, bytes + 1))
		abort();
	out.count = bytes;
	if (hyper_dtype_is_writable(t->dtype)) {
		float *floats = malloc(count * sizeof *floats + 1);
		for (size_t i = 0; i < count; i++)
			floats[i] = (float)graft_random(&seed) / (float)(1 << 23) - 1;
		hyper_from_f32(t->dtype, floats, count, out.bytes);
		free(floats);
	} else {
		for (size_t i = 0; i < bytes; i++)
			out.bytes[i] = graft_random(&seed) & 0x3B; /* small as F16 too */
	}
	return out;
}

/* A file of these tensors; `values` of a GGUF file, which one with that ending is.  Tensors of
 * equal `seeds` hold the same. */
static inline void graft_write_model(const char *folder, const char *name,
				     const struct hyper_write_tensor *list, const uint32_t *seeds,
				     size_t count, struct tok_span values, uint64_t value_count)
{
	static const struct hyper_text_pair metadata = { "format", "pt" };
	struct hyper_layout layout = { 0 };
	struct tok_error err = { 0 };
	const bool gguf = strstr(name, ".gguf") != NULL;
	if ((gguf ? hyper_layout_gguf(list, count, values, value_count, &layout, &err)
		  : hyper_layout_safetensors(list, count, &metadata, 1, &layout, &err)) != TOK_OK) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	uint8_t *bytes = calloc(1, layout.size);
	memcpy(bytes, layout.header.bytes, layout.header.count);
	for (size_t i = 0; i < count; i++) {
		struct tok_buffer data = graft_numbers(&list[i], seeds[i]);
		memcpy(bytes + layout.offsets[i], data.bytes, data.count);
		tok_buffer_release(&data);
	}
	tensor_write(folder, name, (struct tok_span){ bytes, layout.size });
	free(bytes);
	hyper_layout_release(&layout);
}

/* All of a file; no bytes where there is none. */
static inline struct tok_buffer graft_read(const char *folder, const char *name)
{
	char *path = tensor_path(folder, name);
	struct tok_buffer out = { 0 };
	FILE *in = fopen(path, "rb");
	free(path);
	if (!in)
		return out;
	for (int c; (c = getc(in)) != EOF;)
		if (!tok_buffer_add_byte(&out, (uint8_t)c))
			abort();
	fclose(in);
	return out;
}

/* `diff -r` says nothing. */
static inline bool graft_same_folders(const char *a, const char *b)
{
	char command[256];
	snprintf(command, sizeof command, "diff -r '%s' '%s'", a, b);
	return system(command) == 0;
}

/* How many names a folder has. */
static inline int graft_count_names(const char *folder)
{
	char command[256];
	int count = -1;
	snprintf(command, sizeof command, "ls -A '%s' | wc -l", folder);
	FILE *in = popen(command, "r");
	if (!in || fscanf(in, "%d", &count) != 1)
		abort();
	pclose(in);
	return count;
}

#endif
