/*
 * tensors_internal.h - what the readers of formats and the opener of files share.
 *
 * A reader gets the bytes of one file, appends its tensors in any order, each with a place within
 * the file's data, and lets tensors_place() prove that together they are those data.
 */
#ifndef HYPER_TENSOR_TENSORS_INTERNAL_H
#define HYPER_TENSOR_TENSORS_INTERNAL_H

#include "hypernet/tensor/tensors.h"
#include "tok/base/hash.h"

struct tensors_file {
	const char *path;
	struct tok_span bytes;
	bool mapped; /* else borrowed */
	bool is_gguf;
	struct tok_span values; /* of a GGUF file */
	uint64_t value_count;
};

struct hyper_tensors {
	struct tok_arena arena; /* names, texts, paths, the table of names */
	struct tensors_file *files;
	size_t file_count, file_capacity;
	struct hyper_tensor *list;
	size_t count, capacity;
	struct hyper_text_pair *texts;
	size_t text_count, text_capacity;
	struct tok_strings names;
};

/* ---- for the opener: messages do not name the file ------------------------------- */

/* Add a file: what its header says.  On failure the set is only fit to be closed. */
TOK_MUST_USE enum tok_status tensors_add(struct hyper_tensors *tensors,
					 const struct tensors_file *file, struct tok_error *err);

/* After the last file: find by name from now on.  A name may not come twice. */
TOK_MUST_USE enum tok_status tensors_index(struct hyper_tensors *tensors, struct tok_error *err);

/* One file that lies in memory, borrowed: what tests and fuzzers damage. */
TOK_MUST_USE enum tok_status tensors_open_bytes(struct tok_span bytes, struct hyper_tensors **out,
						struct tok_error *err);

/* A whole file; on failure too there is something to unmap. */
TOK_MUST_USE enum tok_status tensors_map(const char *path, struct tensors_file *file,
					 struct tok_error *err);
void tensors_unmap(const struct tensors_file *file);

/* `name` in the folder of the file `path`, or in `path` if that is one.  The caller frees it; NULL
 * if memory is out. */
char *tensors_beside(const char *path, struct tok_span name, bool is_folder);

/* ---- for the readers --------------------------------------------------------------- */

TOK_MUST_USE enum tok_status
tensors_read_safetensors(struct tok_span file, struct hyper_tensors *out, struct tok_error *err);

TOK_MUST_USE enum tok_status tensors_read_gguf(struct tok_span file, struct hyper_tensors *out,
					       struct tok_error *err);

/* Append a tensor of the last file; the name is copied. */
TOK_MUST_USE enum tok_status tensors_append(struct hyper_tensors *tensors, struct tok_span name,
					    const struct hyper_tensor *tensor,
					    struct tok_error *err);
/* One that holds NUL is no text: it is left out. */
TOK_MUST_USE enum tok_status tensors_append_text(struct hyper_tensors *tensors, struct tok_span key,
						 struct tok_span value, struct tok_error *err);

/* Bytes that dtype and shape make. */
TOK_MUST_USE enum tok_status tensors_size(const struct hyper_tensor *tensor, size_t *out,
					  struct tok_error *err);

/* Put the tensors from `first` on into the order of their places, which must follow each other and
 * fill `data`, but for what it takes to begin at a multiple of `align` bytes. */
TOK_MUST_USE enum tok_status tensors_place(struct hyper_tensors *tensors, size_t first,
					   struct tok_span data, size_t align,
					   struct tok_error *err);

#endif
