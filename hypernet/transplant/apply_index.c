/* The index of several safetensors files: which holds what, and how much it is in all. */
#include "hypernet/transplant/apply_internal.h"

#include "tok/text/json_edit.h"
#include "tok/text/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct sizes {
	uint64_t bytes, numbers;
};

static struct sizes measure(const struct hyper_write_tensor *t)
{
	size_t numbers = 1, bytes = 0;
	for (size_t i = 0; i < t->rank; i++)
		numbers *= t->shape[i];
	/* The layout of its file was made: it is a size. */
	(void)!hyper_dtype_size(t->dtype, numbers, &bytes);
	return (struct sizes){ bytes, numbers };
}

/* What has come less what has gone; modulo 2^64. */
static struct sizes measure_change(const struct graft_plan *plan)
{
	struct sizes change = { 0 };
	for (size_t i = 0; i < plan->count; i++) {
		const struct graft_tensor *t = &plan->list[i];
		const struct hyper_write_tensor shape = graft_tensor_shape(t);
		const struct sizes new = measure(&shape);
		const bool is_new = t == plan->added;
		change.bytes += new.bytes - (is_new ? 0 : t->from->data.count);
		change.numbers += new.numbers - (is_new ? 0 : hyper_tensor_numbers(t->from));
	}
	if (plan->dropped) {
		change.bytes -= plan->dropped->data.count;
		change.numbers -= hyper_tensor_numbers(plan->dropped);
	}
	return change;
}

static bool change_number(struct tok_json_edit *e, const char *name, uint64_t change)
{
	const struct tok_json *metadata = tok_json_get(e->doc.values, "metadata");
	const struct tok_json *number = metadata ? tok_json_get(metadata, name) : NULL;
	char text[32];
	if (!number || number->kind != TOK_JSON_UNSIGNED || change == 0)
		return true;
	snprintf(text, sizeof text, "%" PRIu64, number->as.whole + change);
	return tok_json_edit_replace(e, number, tok_span_of(text));
}

static void remove_tensor(struct tok_json_edit *e, const struct tok_json *map, const char *name)
{
	const struct tok_json *key = map + 1;
	for (size_t i = 0; i < map->count; i++, key = tok_json_next(key + 1))
		if (tok_span_equal(tok_json_text(key), tok_span_of(name)))
			tok_json_edit_remove(e, key);
}

static bool add_tensor(struct tok_json_edit *e, const struct tok_json *map, const char *name,
		       const char *file)
{
	struct tok_buffer text = { 0 };
	const bool ok = tok_json_put_string(&text, tok_span_of(file)) &&
			tok_json_edit_add(e, map, name, tok_buffer_span(&text));
	tok_buffer_release(&text);
	return ok;
}

static enum tok_status edit(const struct hyper_graft *graft, const struct graft_plan *plan,
			    struct tok_span text, struct tok_buffer *out, struct tok_error *err)
{
	const struct sizes change = measure_change(plan);
	struct tok_json_edit e;
	const enum tok_status status = tok_json_edit_open(&e, text, err);
	if (status != TOK_OK)
		return status;
	const struct tok_json *map = tok_json_get(e.doc.values, "weight_map");
	bool ok = change_number(&e, "total_size", change.bytes) &&
		  change_number(&e, "total_parameters", change.numbers);
	if (plan->dropped)
		remove_tensor(&e, map, plan->dropped->name);
	if (plan->added && ok)
		ok = add_tensor(&e, map, plan->added->name,
				graft_base(hyper_tensors_file(hyper_folder_tensors(graft->model),
							      plan->added->file)));
	ok = ok && tok_json_edit_write(&e, out);
	tok_json_edit_release(&e);
	return ok ? TOK_OK : tok_fail_memory(err);
}

static enum tok_status read_all(const char *path, struct tok_buffer *out, struct tok_error *err)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat info;
	enum tok_status status = TOK_OK;
	ssize_t n = 1;
	if (fd < 0 || fstat(fd, &info) != 0)
		status = tok_fail(err, TOK_EIO, "cannot read '%s': %s", path, strerror(errno));
	while (status == TOK_OK && n > 0) {
		enum { ROOM = 1 << 16 };
		if (!tok_buffer_reserve(out, ROOM))
			status = tok_fail_memory(err);
		else if ((n = read(fd, out->bytes + out->count, ROOM)) < 0)
			status =
			    tok_fail(err, TOK_EIO, "cannot read '%s': %s", path, strerror(errno));
		else
			out->count += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return status;
}

enum tok_status graft_write_index(const struct hyper_graft *graft, const struct graft_plan *plan,
				  const struct graft_place *place, const char *path,
				  struct tok_error *err)
{
	struct tok_buffer old = { 0 }, new = { 0 };
	enum tok_status status = read_all(path, &old, err);
	if (status == TOK_OK) {
		status = edit(graft, plan, tok_buffer_span(&old), &new, err);
		if (status != TOK_OK && status != TOK_ENOMEM)
			tok_fail_in(err, status, "%s", path);
	}
	if (status == TOK_OK)
		status = graft_write_file(place, graft_base(path), tok_buffer_span(&new), err);
	tok_buffer_release(&old);
	tok_buffer_release(&new);
	return status;
}
