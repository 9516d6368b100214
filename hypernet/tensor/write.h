/*
 * write.h - tensors to files whose layout is known before their numbers are.
 *
 *	struct hyper_write_tensor list[] = { { "embeddings", HYPER_F32, 2, { rows, width } } };
 *	struct hyper_layout layout = { 0 };
 *	status = hyper_layout_safetensors(list, 1, NULL, 0, &layout, &err);
 *	status = hyper_file_create(path, &file, &err);
 *	status = hyper_file_put(file, 0, layout.header.bytes, layout.header.count, &err);
 *	// rows in any order, from any thread:
 *	status = hyper_file_put(file, layout.offsets[0] + row * row_bytes, bytes, n, &err);
 *	status = hyper_file_commit(&file, &err);	// or hyper_file_abandon(&file)
 *	hyper_layout_release(&layout);
 *
 * So rows are written as they come, by any thread, and a run that was interrupted can go on:
 * the layout is the same for the same list.
 */
#ifndef HYPER_TENSOR_WRITE_H
#define HYPER_TENSOR_WRITE_H

#include "hypernet/tensor/tensors.h"
#include "tok/base/buffer.h"

struct hyper_write_tensor {
	const char *name; /* UTF-8 */
	enum hyper_dtype dtype;
	size_t rank;
	size_t shape[HYPER_RANK_MAX];
};

struct hyper_layout {
	struct tok_buffer header; /* the first bytes of the file */
	uint64_t *offsets;        /* where each tensor begins, from the start of the file */
	size_t count;
	uint64_t size; /* of the whole file */
};

/* Tensors lie in the order of the list.  TOK_EARG for what no reader takes: a name that comes
 * twice or is not UTF-8, a rank above HYPER_RANK_MAX, a row that is no whole number of blocks. */

/* The data begin at a multiple of 8 bytes and have no gaps: the largest types first keeps all of
 * them aligned.  `metadata` becomes
 * __metadata__: of a file that is rewritten that of its source (hyper_tensors_texts).  There are no
 * ggml blocks. */
TOK_API TOK_MUST_USE enum tok_status
hyper_layout_safetensors(const struct hyper_write_tensor *list, size_t count,
			 const struct hyper_text_pair *metadata, size_t metadata_count,
			 struct hyper_layout *out, struct tok_error *err);

/* `values` are the key-value pairs of a GGUF file as they stand in one, copied: of a file that
 * is rewritten those of its source (hyper_gguf_values).  Every tensor begins at a multiple of
 * their general.alignment, or of 32 bytes, and what lies between is zero (`layout->size` counts it
 * at the end of the file too: hyper_file_resize writes it).  At most 4 dimensions, none of them 0,
 * and names below 64 bytes.  TOK_EFORMAT if the values end within one. */
TOK_API TOK_MUST_USE enum tok_status
hyper_layout_gguf(const struct hyper_write_tensor *list, size_t count, struct tok_span values,
		  uint64_t value_count, struct hyper_layout *out, struct tok_error *err);
TOK_API void hyper_layout_release(struct hyper_layout *layout);

/* One array of numpy (version 1.0 of the format): rank 1 or 2, F32, F16 or F64. */
TOK_API TOK_MUST_USE enum tok_status hyper_layout_npy(const struct hyper_write_tensor *array,
						      struct hyper_layout *out,
						      struct tok_error *err);

/* ---- a file that is there whole or not at all --------------------------------- */

struct hyper_file;

/* Writes beside `path` under a name of its own until it is committed: what was there stays until
 * then.  TOK_EIO, TOK_ENOMEM. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_create(const char *path, struct hyper_file **out,
						       struct tok_error *err);

/* The same under the fixed name "PATH.part", locked against another writer (TOK_EIO, saying so):
 * a run that was interrupted finds there what it wrote; *existing_bytes says how much, 0 if the
 * file is new.  Abandoned, such a file stays. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_resume(const char *path, struct hyper_file **out,
						       uint64_t *existing_bytes,
						       struct tok_error *err);

/* What the file is called until it is committed, for who removes it when a signal ends the program;
 * borrowed.  NULL: it has no name, or one that shall stay. */
TOK_API const char *hyper_file_temporary(const struct hyper_file *file);

/* Any thread, any order; places that do not overlap. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_put(struct hyper_file *file, uint64_t at,
						    const void *bytes, size_t count,
						    struct tok_error *err);
TOK_API TOK_MUST_USE enum tok_status hyper_file_get(struct hyper_file *file, uint64_t at,
						    void *bytes, size_t count,
						    struct tok_error *err);

/* Make the file that long: what is new is zero.  So a run that can be resumed may keep behind the
 * layout's size what it has done, and cut that off before it commits. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_resize(struct hyper_file *file, uint64_t bytes,
						       struct tok_error *err);

/* What was put so far is on the disk when this returns. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_sync(struct hyper_file *file,
						     struct tok_error *err);
/* On the disk and in its place, readable as the umask says; frees the file either way. */
TOK_API TOK_MUST_USE enum tok_status hyper_file_commit(struct hyper_file **file,
						       struct tok_error *err);
TOK_API void hyper_file_abandon(struct hyper_file **file);

#endif
