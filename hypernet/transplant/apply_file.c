/* Files of weights: linked, or written with the tensors that change. */
#include "hypernet/transplant/apply_internal.h"

#include "tok/base/arena.h"
#include "tok/base/bytes_reader.h"
#include "tok/text/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8, COUNTS_BYTES = 24 };

struct file_writer {
	const struct hyper_graft *graft;
	const struct graft_place *place;
	const char *path, *name; /* of the old file; of the new one in the folder */
	int in, fd;
	uint64_t in_bytes;
	struct tok_span header;           /* of a safetensors file: the JSON */
	const uint8_t *base;              /* where the old file begins in memory */
	const struct graft_tensor **list; /* its tensors, in their order */
	struct hyper_write_tensor *shapes;
	size_t count;
	bool is_gguf, keeps_header;
	struct tok_span values;
	uint64_t value_count;
	struct hyper_layout layout;
	struct tok_error *err;
};

/* ---- the old file -------------------------------------------------------------------------- */

/* The first tensor of a file has the lowest place; what comes before it is the header. */
static const struct hyper_tensor *find_first(const struct hyper_tensors *tensors, size_t file)
{
	for (size_t i = 0; i < hyper_tensors_count(tensors); i++)
		if (hyper_tensors_at(tensors, i)->file == file)
			return hyper_tensors_at(tensors, i);
	return NULL;
}

static enum tok_status open_source(struct file_writer *w)
{
	struct stat info;
	w->in = open(w->path, O_RDONLY | O_CLOEXEC);
	if (w->in < 0 || fstat(w->in, &info) != 0)
		return tok_fail(w->err, TOK_EIO, "cannot read '%s': %s", w->path, strerror(errno));
	w->in_bytes = (uint64_t)info.st_size;
	return TOK_OK;
}

/* Of safetensors the length of the header is told by its first bytes, of which nothing is known but
 * where the data behind it begin. */
static enum tok_status find_base(struct file_writer *w, const struct hyper_tensor *first)
{
	uint8_t length[LENGTH_BYTES];
	if (w->is_gguf) {
		w->base = w->values.bytes - COUNTS_BYTES;
		return TOK_OK;
	}
	if (pread(w->in, length, sizeof length, 0) != sizeof length)
		return tok_fail(w->err, TOK_EIO, "cannot read '%s'", w->path);
	const uint64_t count = tok_bytes_number((struct tok_span){ length, sizeof length });
	w->base = first->data.bytes - LENGTH_BYTES - count;
	w->header = (struct tok_span){ w->base + LENGTH_BYTES, (size_t)count };
	return TOK_OK;
}

static uint64_t place_of(const struct file_writer *w, const struct hyper_tensor *tensor)
{
	return (uint64_t)(tensor->data.bytes - w->base);
}

/* ---- what it will hold ------------------------------------------------------------------------
 */

static size_t number_bytes(const struct graft_tensor *t)
{
	return hyper_dtype_bytes(t->dtype) / hyper_dtype_block(t->dtype);
}

/* Largest numbers first, so that all of them are aligned, else in their old order: insertion, for
 * it is sorted already but for what is new. */
static void sort_by_size(struct file_writer *w)
{
	for (size_t i = 1; i < w->count; i++) {
		const struct graft_tensor *t = w->list[i];
		size_t at = i;
		for (; at > 0 && number_bytes(w->list[at - 1]) < number_bytes(t); at--)
			w->list[at] = w->list[at - 1];
		w->list[at] = t;
	}
}

static bool has_old_shape(const struct graft_tensor *t)
{
	return t->name == t->from->name && t->dtype == t->from->dtype &&
	       (!t->recipe || t->recipe->rows == t->from->shape[t->along]);
}

static enum tok_status collect(struct file_writer *w, const struct graft_plan *plan, size_t file)
{
	w->list = calloc(plan->count, sizeof *w->list);
	w->shapes = calloc(plan->count, sizeof *w->shapes);
	if (!w->list || !w->shapes)
		return tok_fail_memory(w->err);
	w->keeps_header = !plan->dropped || plan->dropped->file != file;
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->list[i].file != file)
			continue;
		w->list[w->count++] = &plan->list[i];
		w->keeps_header &= has_old_shape(&plan->list[i]);
	}
	if (w->is_gguf && w->graft->values.bytes) {
		w->keeps_header &= tok_span_equal(w->values, w->graft->values);
		w->values = w->graft->values;
		w->value_count = w->graft->value_count;
	}
	if (!w->keeps_header && !w->is_gguf)
		sort_by_size(w);
	for (size_t i = 0; i < w->count; i++)
		w->shapes[i] = graft_tensor_shape(w->list[i]);
	return TOK_OK;
}

/* ---- another header ----------------------------------------------------------------------------
 */

static const char *copy_text(struct tok_arena *arena, struct tok_span text)
{
	char *copy = tok_arena_array(arena, text.count + 1, 1); /* zeroed */
	if (copy && text.count)
		memcpy(copy, text.bytes, text.count);
	return copy;
}

/* The file's own metadata; what holds NUL is no text. */
static enum tok_status read_metadata(const struct file_writer *w, struct tok_arena *arena,
				     struct hyper_text_pair **out, size_t *count)
{
	struct tok_json_document doc = { 0 };
	enum tok_status status = tok_json_read(&doc, w->header, w->err);
	const struct tok_json *texts =
	    status == TOK_OK ? tok_json_get(doc.values, "__metadata__") : NULL;
	const struct tok_json *key = texts ? texts + 1 : NULL;
	const size_t all = texts ? texts->count : 0;
	struct hyper_text_pair *pairs = tok_arena_array(arena, all, sizeof *pairs);
	*count = 0;
	for (size_t i = 0; i < all && pairs && status == TOK_OK;
	     i++, key = tok_json_next(key + 1)) {
		struct hyper_text_pair *pair = &pairs[*count];
		pair->key = copy_text(arena, tok_json_text(key));
		pair->value = copy_text(arena, tok_json_text(key + 1));
		if (!pair->key || !pair->value)
			status = tok_fail_memory(w->err);
		else
			*count +=
			    strlen(pair->key) == key->count && strlen(pair->value) == key[1].count;
	}
	tok_json_release(&doc);
	*out = pairs;
	return status == TOK_OK && !pairs ? tok_fail_memory(w->err) : status;
}

static enum tok_status lay_out(struct file_writer *w)
{
	struct tok_arena arena = { 0 };
	struct hyper_text_pair *pairs;
	size_t pair_count;
	if (w->is_gguf)
		return hyper_layout_gguf(w->shapes, w->count, w->values, w->value_count, &w->layout,
					 w->err);
	enum tok_status status = read_metadata(w, &arena, &pairs, &pair_count);
	if (status == TOK_OK)
		status = hyper_layout_safetensors(w->shapes, w->count, pairs, pair_count,
						  &w->layout, w->err);
	tok_arena_release(&arena);
	return status;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static enum tok_status put_tensor(struct file_writer *w, const struct graft_tensor *t, uint64_t at)
{
	if (t->recipe)
		return graft_put_rows(w->graft, w->place, w->name, w->fd, at, t, w->err);
	return graft_copy(w->place, w->name, w->fd, at, w->path, w->in, place_of(w, t->from),
			  t->from->data.count, w->err);
}

static enum tok_status put_anew(struct file_writer *w)
{
	enum tok_status status = lay_out(w);
	if (status == TOK_OK)
		status = graft_put(w->place, w->name, w->fd, 0, w->layout.header.bytes,
				   w->layout.header.count, w->err);
	for (size_t i = 0; i < w->count && status == TOK_OK; i++)
		status = put_tensor(w, w->list[i], w->layout.offsets[i]);
	if (status == TOK_OK && ftruncate(w->fd, (off_t)w->layout.size) != 0)
		status = tok_fail(w->err, TOK_EIO, "cannot write '%s/%s': %s", w->place->path,
				  w->name, strerror(errno));
	return status;
}

/* Every byte where it was, but for the rows that change. */
static enum tok_status put_in_place(struct file_writer *w)
{
	uint64_t done = 0;
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < w->count && status == TOK_OK; i++) {
		const uint64_t at = place_of(w, w->list[i]->from);
		if (!w->list[i]->recipe)
			continue;
		status = graft_copy(w->place, w->name, w->fd, done, w->path, w->in, done, at - done,
				    w->err);
		if (status == TOK_OK)
			status = put_tensor(w, w->list[i], at);
		done = at + w->list[i]->from->data.count;
	}
	return status == TOK_OK ? graft_copy(w->place, w->name, w->fd, done, w->path, w->in, done,
					     w->in_bytes - done, w->err)
				: status;
}

static enum tok_status write_open(struct file_writer *w)
{
	enum tok_status status = graft_file_open(w->place, w->name, 0666, &w->fd, w->err);
	if (status != TOK_OK)
		return status;
	status = w->keeps_header ? put_in_place(w) : put_anew(w);
	w->place->report->files_written++;
	return graft_file_close(w->place, w->name, w->fd, status, w->err);
}

static enum tok_status write_file(const struct hyper_graft *graft, const struct graft_plan *plan,
				  const struct graft_place *place, size_t file,
				  struct tok_error *err)
{
	const struct hyper_tensors *tensors = hyper_folder_tensors(graft->model);
	const char *path = hyper_tensors_file(tensors, file);
	struct file_writer w = { .graft = graft,
				 .place = place,
				 .path = path,
				 .name = graft_base(path),
				 .in = -1,
				 .fd = -1,
				 .err = err };
	w.is_gguf = hyper_gguf_values(tensors, file, &w.values, &w.value_count);
	enum tok_status status = open_source(&w);
	if (status == TOK_OK)
		status = find_base(&w, find_first(tensors, file));
	if (status == TOK_OK)
		status = collect(&w, plan, file);
	if (status == TOK_OK)
		status = write_open(&w);
	if (w.in >= 0)
		close(w.in);
	free(w.list);
	free(w.shapes);
	hyper_layout_release(&w.layout);
	return status;
}

/* ---- all of them --------------------------------------------------------------------------------
 */

static bool is_changed(const struct hyper_graft *graft, const struct graft_plan *plan, size_t file)
{
	struct tok_span values;
	uint64_t count;
	if (plan->dropped && plan->dropped->file == file)
		return true;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->list[i].file == file && plan->list[i].recipe)
			return true;
	return graft->values.bytes &&
	       hyper_gguf_values(hyper_folder_tensors(graft->model), file, &values, &count) &&
	       !tok_span_equal(values, graft->values);
}

enum tok_status graft_write_weights(const struct hyper_graft *graft, const struct graft_plan *plan,
				    const struct graft_place *place, struct tok_error *err)
{
	const struct hyper_tensors *tensors = hyper_folder_tensors(graft->model);
	enum tok_status status = TOK_OK;
	for (size_t i = 0; i < hyper_tensors_file_count(tensors) && status == TOK_OK; i++) {
		const char *path = hyper_tensors_file(tensors, i);
		status = is_changed(graft, plan, i)
			     ? write_file(graft, plan, place, i, err)
			     : graft_take_file(place, path, graft_base(path), true, err);
	}
	return status;
}
