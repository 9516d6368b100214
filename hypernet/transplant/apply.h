/*
 * apply.h - a model written anew with other embeddings: everything else byte for byte.
 *
 *	struct hyper_graft g = { .model = folder, .embeddings = e, .in = &recipe_in, ... };
 *	status = hyper_graft_write(&g, "OUT", &report, &err);
 *
 * Only the matrices that are changed are decoded, in blocks of rows; copied rows are copied as
 * bytes, in every dtype whose blocks lie along a row.  All other tensors are copied from file to
 * file (copy_file_range); files without a changed tensor are hard-linked where the file system
 * allows, else copied.  New rows are written in the dtype of the tensor where it can be written,
 * else the whole tensor is in F16 (safetensors) or Q8_0 (GGUF), and the report says so.  A new row
 * that does not fit its dtype (F16: above 65504) is an error that names the token's id.  A file
 * whose tensors keep their shapes keeps its header, byte for byte.
 *
 * Besides the two matrices these change: biases of the output, by the output's recipe, and other
 * matrices that have a row for every token (the same embeddings once more, those of every layer),
 * by the input's.  What is given as rows of the matrix is there the mean of all old ones.
 *
 * Of a model that was opened as a folder all other files are taken over too, with the folders in
 * it: linked from 1 MiB on, else copied; what links to files lead to is copied, links to folders
 * and what is no file are refused, hidden folders (.git, .cache) left out.  Left out are also other
 * files of weights at its top, which would be those of the old model (.bin of PyTorch, .pth,
 * .onnx, .gguf, ...), unless nothing changes.
 *
 * The folder is there whole or not at all: it is made beside OUT under another name,
 * ".OUT.PID.N.tmp", synced and renamed; OUT must not exist.  A run that is killed leaves that name.
 */
#ifndef HYPER_TRANSPLANT_APPLY_H
#define HYPER_TRANSPLANT_APPLY_H

#include <stdatomic.h>

#include "hypernet/tensor/folder.h"
#include "hypernet/transplant/recipe.h"
#include "hypernet/transplant/vocab.h"

enum hyper_tie {
	HYPER_TIE_KEEP,
	HYPER_TIE_FORCE, /* one matrix for both: the output is dropped */
	HYPER_TIE_BREAK  /* an output of its own is written */
};
#define HYPER_TIE_WORDS "keep|force|break"

/* A file that lies in the new folder beside the weights, or replaces one. */
struct hyper_side_file {
	const char *name;      /* no slash */
	struct tok_span bytes; /* NULL bytes: the file is not taken over */
};

struct hyper_graft {
	const struct hyper_folder *model;
	struct hyper_embeddings embeddings;
	const struct hyper_recipe *in, *out; /* the same one where sides are alike */
	enum hyper_tie tie;
	/* Of the embeddings; -1: as they are. */
	int dtype;
	const struct hyper_side_file *files;
	size_t file_count;
	/* GGUF: the key-value pairs of the new file as they stand in one (the tokenizer's keys are
	 * the caller's business); empty: those of the model. */
	struct tok_span values;
	uint64_t value_count;
	/* Called when all is in the new folder and before it takes its name, so that more can be
	 * put into it; NULL: nothing.  Anything but TOK_OK ends the run. */
	enum tok_status (*finish)(void *context, const char *folder, struct tok_error *err);
	void *context;
	size_t threads;
	const atomic_bool
	    *stop; /* set by anybody: it ends with TOK_EIO, nothing left; NULL: none */
};

struct hyper_graft_report {
	size_t tensors_changed, tensors_copied, files_linked, files_copied, files_written;
	uint64_t bytes_written;
	enum hyper_dtype in_dtype, out_dtype;
	size_t flushed; /* numbers of new rows that became 0 in their dtype; not of blocks */
	size_t files_left;
};

/* TOK_EARG: `path` exists, or the recipes do not fit the model; TOK_EFORMAT: a tensor whose dtype
 * cannot be read; TOK_EIO, with nothing left behind. */
TOK_API TOK_MUST_USE enum tok_status hyper_graft_write(const struct hyper_graft *graft,
						       const char *path,
						       struct hyper_graft_report *report,
						       struct tok_error *err);

#endif
