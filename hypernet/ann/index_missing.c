/* index_missing.c - where tok is built without hnswlib. */
#include "hypernet/ann/nearest.h"

static enum tok_status fail(struct tok_error *err)
{
	return tok_fail(err, TOK_EARG,
			"this tok was built without hnswlib: rows are only looked at one by one");
}

bool hyper_index_is_here(void)
{
	return false;
}

enum tok_status hyper_index_build(const struct hyper_rows_view *rows, enum hyper_measure measure,
				  const struct hyper_index_options *options,
				  const struct hyper_kernel *kernel, size_t threads,
				  struct hyper_index **out, struct tok_error *err)
{
	(void)rows, (void)measure, (void)options, (void)kernel, (void)threads, (void)out;
	return fail(err);
}

void hyper_index_free(struct hyper_index *index)
{
	(void)index;
}

size_t hyper_index_count(const struct hyper_index *index)
{
	(void)index;
	return 0;
}

size_t hyper_index_width(const struct hyper_index *index)
{
	(void)index;
	return 0;
}

enum hyper_measure hyper_index_measure(const struct hyper_index *index)
{
	(void)index;
	return HYPER_COSINE;
}

enum tok_status hyper_index_is_of(const struct hyper_index *index,
				  const struct hyper_rows_view *rows, enum hyper_measure measure,
				  bool *out, struct tok_error *err)
{
	(void)index, (void)rows, (void)measure, (void)out;
	return fail(err);
}

enum tok_status hyper_index_save(const struct hyper_index *index, struct hyper_file *file,
				 struct tok_error *err)
{
	(void)index, (void)file;
	return fail(err);
}

enum tok_status hyper_index_open(const char *path, const struct hyper_kernel *kernel,
				 struct hyper_index **out, struct tok_error *err)
{
	(void)path, (void)kernel, (void)out;
	return fail(err);
}

enum tok_status hyper_index_find(struct hyper_index *index, const float *queries, size_t count,
				 size_t k, size_t effort, size_t threads, struct hyper_found *found,
				 struct tok_error *err)
{
	(void)index, (void)queries, (void)count, (void)k, (void)effort, (void)threads, (void)found;
	return fail(err);
}
