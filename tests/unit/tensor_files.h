/* tensor_files.h - files of tensors that tests make up, in memory and in a folder of their own. */
#ifndef TESTS_UNIT_TENSOR_FILES_H
#define TESTS_UNIT_TENSOR_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tok/base/buffer.h"

static inline void tensor_put(struct tok_buffer *to, const void *bytes, size_t count)
{
	if (!tok_buffer_add(to, bytes, count))
		abort();
}

static inline void tensor_put_number(struct tok_buffer *to, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (!tok_buffer_add_byte(to, (uint8_t)(number >> 8 * i)))
			abort();
}

/* A header as it is written there, and so many bytes of data: 0, 1, 2, ... */
static inline struct tok_buffer tensor_safetensors(const char *header, size_t data_bytes)
{
	struct tok_buffer file = { 0 };
	tensor_put_number(&file, strlen(header), 8);
	tensor_put(&file, header, strlen(header));
	for (size_t i = 0; i < data_bytes; i++)
		tensor_put_number(&file, i, 1);
	return file;
}

/* ---- GGUF ------------------------------------------------------------------------------ */

static inline void tensor_put_text(struct tok_buffer *to, const char *text)
{
	tensor_put_number(to, strlen(text), 8);
	tensor_put(to, text, strlen(text));
}

static inline struct tok_buffer tensor_gguf(uint64_t tensors, uint64_t pairs)
{
	struct tok_buffer file = { 0 };
	tensor_put(&file, "GGUF", 4);
	tensor_put_number(&file, 3, 4);
	tensor_put_number(&file, tensors, 8);
	tensor_put_number(&file, pairs, 8);
	return file;
}

static inline void tensor_put_pair(struct tok_buffer *to, const char *key, uint32_t type,
				   uint64_t value)
{
	tensor_put_text(to, key);
	tensor_put_number(to, type, 4);
	tensor_put_number(to, value, 4);
}

/* Dimensions as GGUF has them: the contiguous one first, ended by 0. */
static inline void tensor_put_record(struct tok_buffer *to, const char *name, const uint64_t *sizes,
				     uint32_t type, uint64_t place)
{
	uint32_t rank = 0;
	while (sizes[rank])
		rank++;
	tensor_put_text(to, name);
	tensor_put_number(to, rank, 4);
	for (size_t i = 0; i < rank; i++)
		tensor_put_number(to, sizes[i], 8);
	tensor_put_number(to, type, 4);
	tensor_put_number(to, place, 8);
}

static inline void tensor_pad(struct tok_buffer *to, size_t align)
{
	while (to->count % align)
		tensor_put_number(to, 0, 1);
}

/* ---- a folder ---------------------------------------------------------------------------- */

static inline void tensor_folder_make(char path[32])
{
	strcpy(path, "/tmp/tok_tensors_XXXXXX");
	if (!mkdtemp(path))
		abort();
}

static inline void tensor_folder_remove(const char *path)
{
	char command[64];
	snprintf(command, sizeof command, "rm -r '%s'", path);
	if (system(command) != 0)
		abort();
}

/* FOLDER/NAME; free it. */
static inline char *tensor_path(const char *folder, const char *name)
{
	char *path;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static inline void tensor_write(const char *folder, const char *name, struct tok_span bytes)
{
	char *path = tensor_path(folder, name);
	FILE *out = fopen(path, "wb");
	if (!out || fwrite(bytes.bytes, 1, bytes.count, out) != bytes.count || fclose(out) != 0)
		abort();
	free(path);
}

#endif
