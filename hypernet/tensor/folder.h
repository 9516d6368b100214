/*
 * folder.h - a model as its users have it, and which of its tensors are embeddings.
 *
 *	struct hyper_folder *model;
 *	struct hyper_embeddings e;
 *	status = hyper_folder_open("gemma-2-2b", &model, &err);
 *	status = hyper_folder_embeddings(model, NULL, NULL, &e, &err);
 *	status = hyper_tensor_rows(e.input, id, 1, row, &err);
 *	hyper_folder_close(model);
 *
 * A folder holds weights and config.json; a file of weights alone will do too, and a GGUF file
 * says all of it itself.  Immutable once open, shared by threads; what is borrowed lives until it
 * is closed.
 *
 * Sources: the names of the tensors in transformers' models and in llama.cpp's gguf-py.
 */
#ifndef HYPER_TENSOR_FOLDER_H
#define HYPER_TENSOR_FOLDER_H

#include "hypernet/tensor/tensors.h"

struct hyper_folder;

/* What hyper_tensors_open takes; config.json is looked for in the folder, or beside the file.  It
 * may be missing, but must be a JSON object.  TOK_EIO, TOK_EFORMAT, TOK_ENOMEM; messages name the
 * file. */
TOK_API TOK_MUST_USE enum tok_status hyper_folder_open(const char *path, struct hyper_folder **out,
						       struct tok_error *err);
TOK_API void hyper_folder_close(struct hyper_folder *folder); /* NULL is fine */

TOK_API const struct hyper_tensors *hyper_folder_tensors(const struct hyper_folder *folder);

/* config.json as it stands; empty if there is none. */
TOK_API struct tok_span hyper_folder_config(const struct hyper_folder *folder);

/* The folder, as it was opened; NULL of a model that was opened by its file. */
TOK_API const char *hyper_folder_path(const struct hyper_folder *folder);

/* What files of predicted rows call them; hyper_folder_embeddings finds these too. */
#define HYPER_PREDICTED_INPUT  "input_embeddings"
#define HYPER_PREDICTED_OUTPUT "output_embeddings"
#define HYPER_PREDICTED_BIAS   "output_bias"

struct hyper_embeddings {
	const struct hyper_tensor *input;  /* a row for every id */
	const struct hyper_tensor *output; /* NULL if none lies in the files */
	const struct hyper_tensor *bias;   /* of the output, one number a row; NULL if none */
	/* Tokens are predicted by the input's rows, whether or not they lie there a second time
	 * as `output`: where config.json says so, or, if it says nothing, where there is no output
	 * or an equal one. */
	bool tied;
	/* As the model says: ids from here on are padding.  The rows, if it says nothing or more.
	 */
	size_t vocab_size;
};

/* By the names that the families of models use, or by the caller's where they are not NULL.
 * TOK_EFORMAT if no input is found, saying what was looked for, or if shapes do not fit: input and
 * output are matrices of the same shape.  TOK_EARG if there is no tensor of the caller's name. */
TOK_API TOK_MUST_USE enum tok_status hyper_folder_embeddings(const struct hyper_folder *folder,
							     const char *input, const char *output,
							     struct hyper_embeddings *out,
							     struct tok_error *err);

/* What a family of models calls its output, by what it calls the input; NULL of another name. */
TOK_API const char *hyper_output_name(const char *input);

#endif
