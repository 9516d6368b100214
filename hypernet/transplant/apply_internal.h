/*
 * apply_internal.h - the parts of hyper_graft_write: the folder that is made, the tensors that
 * change, the files that hold them.
 */
#ifndef HYPER_TRANSPLANT_APPLY_INTERNAL_H
#define HYPER_TRANSPLANT_APPLY_INTERNAL_H

#include <sys/types.h>

#include "hypernet/tensor/write.h"
#include "hypernet/transplant/apply.h"

/* ---- apply_place.c: the new folder -------------------------------------------------- */

struct graft_place {
	const char *path; /* that it will have; borrowed */
	char *name;       /* that it has until then, beside it */
	const atomic_bool *stop;
	struct hyper_graft_report *report;
};

/* TOK_EARG where `path` exists; TOK_EIO. */
TOK_MUST_USE enum tok_status graft_place_open(struct graft_place *place, const char *path,
					      struct tok_error *err);
/* All of it on the disk and under its name; on failure it is dropped.  Released either way. */
TOK_MUST_USE enum tok_status graft_place_keep(struct graft_place *place, struct tok_error *err);
void graft_place_drop(struct graft_place *place);

/* TOK_EIO once somebody wants it to end. */
TOK_MUST_USE enum tok_status graft_stopped(const struct graft_place *place, struct tok_error *err);

/* A file of the new folder, open for writing; graft_file_close waits for the disk, and passes on
 * what went wrong before. */
TOK_MUST_USE enum tok_status graft_file_open(const struct graft_place *place, const char *name,
					     mode_t mode, int *out, struct tok_error *err);
TOK_MUST_USE enum tok_status graft_file_close(const struct graft_place *place, const char *name,
					      int fd, enum tok_status status,
					      struct tok_error *err);
TOK_MUST_USE enum tok_status graft_put(const struct graft_place *place, const char *name, int fd,
				       uint64_t at, const void *bytes, size_t count,
				       struct tok_error *err);
/* Bytes [from, from + count) of the file `path`, open as `in`, at `to`. */
TOK_MUST_USE enum tok_status graft_copy(const struct graft_place *place, const char *name, int fd,
					uint64_t to, const char *path, int in, uint64_t from,
					uint64_t count, struct tok_error *err);

/* A file of these bytes. */
TOK_MUST_USE enum tok_status graft_write_file(const struct graft_place *place, const char *name,
					      struct tok_span bytes, struct tok_error *err);
/* The file at `path`: linked where that is allowed and it is large or `always`, else copied. */
TOK_MUST_USE enum tok_status graft_take_file(const struct graft_place *place, const char *path,
					     const char *name, bool always, struct tok_error *err);
/* All that lies in `folder` and is wanted, with the folders in it. */
TOK_MUST_USE enum tok_status graft_take_folder(const struct graft_place *place, const char *folder,
					       bool (*is_wanted)(const void *context,
								 const char *name),
					       const void *context, struct tok_error *err);

/* ---- apply_tensors.c: what changes ----------------------------------------------------- */

/* A tensor of the new files. */
struct graft_tensor {
	const struct hyper_tensor *from;   /* its rows, or those that it is made of */
	const char *name;                  /* from->name, but of an output that was none */
	size_t file;                       /* that it goes into */
	const struct hyper_recipe *recipe; /* NULL: it is as it was */
	size_t along; /* the dimension that tokens lie along; those before are 1 */
	bool is_own;  /* given rows are its rows; else what is given is the mean of the old ones */
	enum hyper_dtype dtype;
};

struct graft_plan {
	struct graft_tensor *list; /* in the order of the old files */
	size_t count, changed;
	const struct hyper_tensor *dropped; /* an output that is left out; NULL: none */
	const struct graft_tensor *added;   /* one that was none; NULL: none */
};

/* TOK_EARG where the recipes do not fit the model; TOK_EFORMAT for a dtype that cannot be read. */
TOK_MUST_USE enum tok_status graft_plan_make(const struct hyper_graft *graft,
					     struct graft_plan *plan, struct tok_error *err);
void graft_plan_release(struct graft_plan *plan);

/* Shape and dtype as they will be written. */
struct hyper_write_tensor graft_tensor_shape(const struct graft_tensor *tensor);

/* ---- apply_rows.c: rows of a tensor that changes --------------------------------------- */

/* To byte `at` of the file. */
TOK_MUST_USE enum tok_status graft_put_rows(const struct hyper_graft *graft,
					    const struct graft_place *place, const char *name,
					    int fd, uint64_t at, const struct graft_tensor *tensor,
					    struct tok_error *err);

/* ---- apply_file.c, apply_index.c: files of weights ----------------------------------- */

TOK_MUST_USE enum tok_status graft_write_weights(const struct hyper_graft *graft,
						 const struct graft_plan *plan,
						 const struct graft_place *place,
						 struct tok_error *err);
/* The index of several files at `path`, under its name. */
TOK_MUST_USE enum tok_status graft_write_index(const struct hyper_graft *graft,
					       const struct graft_plan *plan,
					       const struct graft_place *place, const char *path,
					       struct tok_error *err);

/* FOLDER/NAME; the caller frees it.  NULL if memory is out. */
char *graft_join(const char *folder, const char *name);

static inline const char *graft_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

#endif
