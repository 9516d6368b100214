/*
 * tensors.h - named tensors in files: safetensors, one or in shards, and GGUF; mapped into
 * memory and read where they lie.
 *
 *	struct hyper_tensors *model;
 *	status = hyper_tensors_open("model-folder", &model, &err);
 *	const struct hyper_tensor *t = hyper_tensors_find(model, "model.embed_tokens.weight");
 *	status = hyper_tensor_rows(t, first, count, floats, &err);   // as F32
 *	hyper_tensors_close(model);
 *
 * Nothing is read until it is asked for: a tensor that nobody asks for costs no memory.
 * Immutable once open, shared by threads; what is borrowed lives until it is closed.
 *
 * Strict: a header that is not what the format says is refused (TOK_EFORMAT) before any tensor
 * is touched: lengths beyond the file, ranges that overlap, leave holes or do not fit dtype and
 * shape, names that come twice, shapes whose product overflows, JSON with duplicate keys, headers
 * above 100 MB, shards that lack what the index promises or lie in another folder.  A file that
 * shrinks while it is mapped kills the process (SIGBUS), as with every mapped file.
 *
 * Sources: safetensors' README (format, 0.4) and its Rust validation; gguf.md of ggml.
 */
#ifndef HYPER_TENSOR_TENSORS_H
#define HYPER_TENSOR_TENSORS_H

#include "hypernet/tensor/dtype.h"

enum { HYPER_RANK_MAX = 8 };

struct hyper_tensor {
	const char *name; /* ends with NUL; a name that holds one is refused */
	enum hyper_dtype dtype;
	size_t rank;
	/* In numpy's order: the last one is contiguous.  (GGUF writes them the other way round.) */
	size_t shape[HYPER_RANK_MAX];
	struct tok_span data; /* all its bytes */
	size_t file;          /* which of the files it lies in */
	bool mapped;          /* private */
};

struct hyper_text_pair {
	const char *key, *value;
};

struct hyper_tensors;

/* How rows of a transplanted model came to be (hypernet/transplant/recipe.h), in a file beside it.
 */
#define HYPER_MAPPING_NAME "mapping.safetensors"

/* A .safetensors or .gguf file, a *.safetensors.index.json, or a folder that holds
 * model.safetensors, model.safetensors.index.json or else exactly one .safetensors or .gguf file,
 * HYPER_MAPPING_NAME not counted.
 * A GGUF model that was split into several files is not put together.  TOK_EIO, TOK_EFORMAT,
 * TOK_ELIMIT, TOK_ENOMEM, and TOK_EARG of a folder with several candidates; messages name the file.
 */
TOK_API TOK_MUST_USE enum tok_status
hyper_tensors_open(const char *path, struct hyper_tensors **out, struct tok_error *err);
TOK_API void hyper_tensors_close(struct hyper_tensors *tensors); /* NULL is fine */

/* In the order of the files, within one in the order of the data. */
TOK_API size_t hyper_tensors_count(const struct hyper_tensors *tensors);
TOK_API const struct hyper_tensor *hyper_tensors_at(const struct hyper_tensors *tensors,
						    size_t index);
/* By name; NULL if there is none. */
TOK_API const struct hyper_tensor *hyper_tensors_find(const struct hyper_tensors *tensors,
						      const char *name);

/* The files, in order: paths as they were opened. */
TOK_API size_t hyper_tensors_file_count(const struct hyper_tensors *tensors);
TOK_API const char *hyper_tensors_file(const struct hyper_tensors *tensors, size_t index);

/* What the files say of themselves: safetensors' __metadata__, GGUF's values of text; but none that
 * hold the byte 0.  By key the first one, NULL if there is none; or all of them. */
TOK_API const char *hyper_tensors_metadata(const struct hyper_tensors *tensors, const char *key);
TOK_API const struct hyper_text_pair *hyper_tensors_texts(const struct hyper_tensors *tensors,
							  size_t *count);

/* The key-value pairs of a GGUF file as they stand in it, one behind the other; false of another
 * kind of file.  tok/text/gguf.h walks through them. */
TOK_API TOK_MUST_USE bool hyper_gguf_values(const struct hyper_tensors *tensors, size_t file,
					    struct tok_span *values, uint64_t *count);

/* Its bytes are not wanted for a while: the system may have their memory back.  They stay
 * readable, from the file. */
TOK_API void hyper_tensors_forget(const struct hyper_tensors *tensors,
				  const struct hyper_tensor *tensor);

/* Numbers in all, and in a row: the product of all dimensions but the first (1 of a vector, so
 * that it has as many rows as numbers). */
TOK_API size_t hyper_tensor_numbers(const struct hyper_tensor *tensor);
TOK_API size_t hyper_tensor_width(const struct hyper_tensor *tensor);

/* Rows [first, first + count) as F32.  TOK_EARG where the dtype cannot be read, naming it. */
TOK_API TOK_MUST_USE enum tok_status hyper_tensor_rows(const struct hyper_tensor *tensor,
						       size_t first, size_t count, float *out,
						       struct tok_error *err);

/* Those rows will not be asked for soon: the memory that they were mapped into is given back, so
 * that going through a large tensor takes little.  They can be read again. */
TOK_API void hyper_tensor_forget(const struct hyper_tensor *tensor, size_t first, size_t count);

#endif
