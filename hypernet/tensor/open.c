/* Which files there are, and their way into memory. */
#include "hypernet/tensor/tensors.h"

#include "hypernet/tensor/tensors_internal.h"
#include "tok/text/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one file ------------------------------------------------------------------------ */

static enum tok_status map_whole(int fd, struct tensors_file *file, struct tok_error *err)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return tok_fail(err, TOK_EIO, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(info.st_mode))
		return tok_fail(err, TOK_EIO, "cannot be read: it is no regular file");
	if (info.st_size == 0)
		return tok_fail(err, TOK_EFORMAT, "the file is empty");
	void *map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return tok_fail(err, errno == ENOMEM ? TOK_ENOMEM : TOK_EIO, "cannot be mapped: %s",
				strerror(errno));
	file->bytes = (struct tok_span){ map, (size_t)info.st_size };
	file->mapped = true;
	return TOK_OK;
}

void tensors_unmap(const struct tensors_file *file)
{
	if (file->mapped)
		munmap((void *)(uintptr_t)file->bytes.bytes, file->bytes.count);
}

enum tok_status tensors_map(const char *path, struct tensors_file *file, struct tok_error *err)
{
	*file = (struct tensors_file){ .path = path };
	/* Without waiting for what a pipe would send. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return tok_fail(err, TOK_EIO, "cannot be opened: %s", strerror(errno));
	const enum tok_status status = map_whole(fd, file, err);
	close(fd);
	return status;
}

static enum tok_status name_file(const char *path, enum tok_status status, struct tok_error *err)
{
	return status == TOK_OK || status == TOK_ENOMEM ? status
							: tok_fail_in(err, status, "%s", path);
}

static enum tok_status add_file(struct hyper_tensors *tensors, const char *path,
				struct tok_error *err)
{
	struct tensors_file file;
	const size_t before = tensors->file_count;
	enum tok_status status = tensors_map(path, &file, err);
	if (status == TOK_OK)
		status = tensors_add(tensors, &file, err);
	if (tensors->file_count == before)
		tensors_unmap(&file);
	return name_file(path, status, err);
}

/* ---- shards -------------------------------------------------------------------------- */

struct shards {
	struct tok_json_document doc;
	const struct tok_json *map; /* tensor: file */
	char **paths;               /* each once, sorted */
	size_t count;
};

static void release_shards(struct shards *shards)
{
	for (size_t i = 0; i < shards->count; i++)
		free(shards->paths[i]);
	free(shards->paths);
	tok_json_release(&shards->doc);
}

char *tensors_beside(const char *path, struct tok_span name, bool is_folder)
{
	const char *slash = strrchr(path, '/');
	const size_t before = is_folder ? strlen(path) : slash ? (size_t)(slash - path) : 0;
	char *out = malloc(before + name.count + 2);
	if (!out)
		return NULL;
	memcpy(out, path, before);
	if (before || slash)
		out[before] = '/';
	const size_t at = before || slash ? before + 1 : 0;
	memcpy(out + at, name.bytes, name.count);
	out[at + name.count] = '\0';
	return out;
}

/* A file in the same folder: an index from elsewhere may not make us open any other. */
static bool is_plain_name(struct tok_span name)
{
	return name.count && !memchr(name.bytes, '/', name.count) &&
	       !memchr(name.bytes, '\0', name.count) && name.bytes[0] != '.';
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void keep_each_once(struct shards *shards)
{
	size_t kept = 0;
	qsort(shards->paths, shards->count, sizeof *shards->paths, compare_paths);
	for (size_t i = 0; i < shards->count; i++) {
		if (kept && strcmp(shards->paths[kept - 1], shards->paths[i]) == 0)
			free(shards->paths[i]);
		else
			shards->paths[kept++] = shards->paths[i];
	}
	shards->count = kept;
}

static enum tok_status read_map(struct shards *shards, const char *path, struct tok_error *err)
{
	const struct tok_json *map = tok_json_get(shards->doc.values, "weight_map");
	if (!map || map->kind != TOK_JSON_OBJECT || map->count == 0)
		return tok_fail(err, TOK_EFORMAT,
				"'weight_map' must be an object that names the file of every "
				"tensor");
	enum tok_status status = tok_json_unique(&shards->doc, map, err);
	if (status != TOK_OK)
		return status;
	shards->map = map;
	shards->paths = calloc(map->count, sizeof *shards->paths);
	if (!shards->paths)
		return tok_fail_memory(err);
	const struct tok_json *key = map + 1;
	for (size_t i = 0; i < map->count; i++) {
		const struct tok_json *file = tok_json_next(key);
		if (file->kind != TOK_JSON_STRING || !is_plain_name(tok_json_text(file)))
			return tok_json_expected(&shards->doc, file, "the file of a tensor",
						 "a name without '/'", err);
		shards->paths[i] = tensors_beside(path, tok_json_text(file), false);
		if (!shards->paths[i])
			return tok_fail_memory(err);
		shards->count++;
		key = tok_json_next(file);
	}
	keep_each_once(shards);
	return TOK_OK;
}

/* What the index promises: every tensor, in the file that it names. */
static enum tok_status check_promises(const struct hyper_tensors *tensors,
				      const struct shards *shards, struct tok_error *err)
{
	const struct tok_json *key = shards->map + 1;
	for (size_t i = 0; i < shards->map->count; i++) {
		const struct tok_json *file = tok_json_next(key);
		const struct tok_span name = tok_json_text(key), where = tok_json_text(file);
		const uint32_t at = tok_strings_find(&tensors->names, name);
		const char *path =
		    at == TOK_NO_ID ? "" : tensors->files[tensors->list[at].file].path;
		const char *slash = strrchr(path, '/');
		if (!tok_span_equal(tok_span_of(slash ? slash + 1 : path), where))
			return tok_fail(err, TOK_EFORMAT, "tensor '%s' is not in '%s'",
					tok_show(name).text, tok_show(where).text);
		key = tok_json_next(file);
	}
	return TOK_OK;
}

static enum tok_status read_index(const char *path, struct tensors_file *file,
				  struct shards *shards, struct tok_error *err)
{
	enum tok_status status = tensors_map(path, file, err);
	if (status == TOK_OK)
		status = tok_json_read(&shards->doc, file->bytes, err);
	if (status == TOK_OK)
		status = read_map(shards, path, err);
	return status;
}

static enum tok_status add_shards(struct hyper_tensors *tensors, const char *path,
				  struct tok_error *err)
{
	struct shards shards = { 0 };
	struct tensors_file file;
	enum tok_status status = name_file(path, read_index(path, &file, &shards, err), err);
	for (size_t i = 0; status == TOK_OK && i < shards.count; i++)
		status = add_file(tensors, shards.paths[i], err);
	if (status == TOK_OK)
		status = name_file(path, tensors_index(tensors, err), err);
	if (status == TOK_OK)
		status = name_file(path, check_promises(tensors, &shards, err), err);
	release_shards(&shards);
	tensors_unmap(&file);
	return status;
}

/* ---- folders -------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
	const size_t count = strlen(text), tail = strlen(end);
	return count >= tail && strcmp(text + count - tail, end) == 0;
}

/* What a transplant leaves beside the weights are no weights. */
static bool is_weights(const char *name)
{
	return name[0] != '.' && (ends_with(name, ".safetensors") || ends_with(name, ".gguf")) &&
	       strcmp(name, HYPER_MAPPING_NAME) != 0;
}

/* The only file of its kind, on failure perhaps the first of them; the caller frees it. */
static enum tok_status find_only(const char *folder, char **out, struct tok_error *err)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return tok_fail(err, TOK_EIO, "cannot be opened: %s", strerror(errno));
	enum tok_status status = TOK_OK;
	const struct dirent *entry;
	while (status == TOK_OK && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		if (!is_weights(name))
			continue;
		if (*out)
			status = tok_fail(err, TOK_EARG,
					  "the folder holds more than one file of tensors and no "
					  "model.safetensors: name the file");
		else if (!(*out = tensors_beside(folder, tok_span_of(name), true)))
			status = tok_fail_memory(err);
	}
	closedir(dir);
	if (status == TOK_OK && !*out)
		status = tok_fail(err, TOK_EFORMAT,
				  "the folder holds no tensors: no model.safetensors, no index of "
				  "several, no .gguf file");
	return status;
}

/* The file of weights in a folder; the caller frees it. */
static enum tok_status find_weights(const char *folder, char **out, struct tok_error *err)
{
	static const char *const usual[] = { "model.safetensors", "model.safetensors.index.json" };
	*out = NULL;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
		char *path = tensors_beside(folder, tok_span_of(usual[i]), true);
		if (!path)
			return tok_fail_memory(err);
		if (access(path, F_OK) == 0) {
			*out = path;
			return TOK_OK;
		}
		free(path);
	}
	const enum tok_status status = find_only(folder, out, err);
	if (status != TOK_OK) {
		free(*out);
		*out = NULL;
	}
	return status;
}

static enum tok_status add_path(struct hyper_tensors *tensors, const char *path,
				struct tok_error *err)
{
	if (ends_with(path, ".json"))
		return add_shards(tensors, path, err);
	const enum tok_status status = add_file(tensors, path, err);
	return status == TOK_OK ? name_file(path, tensors_index(tensors, err), err) : status;
}

static enum tok_status add_folder(struct hyper_tensors *tensors, const char *folder,
				  struct tok_error *err)
{
	char *path;
	enum tok_status status = name_file(folder, find_weights(folder, &path, err), err);
	if (status == TOK_OK)
		status = add_path(tensors, path, err);
	free(path);
	return status;
}

/* ---- the set ---------------------------------------------------------------------------- */

enum tok_status hyper_tensors_open(const char *path, struct hyper_tensors **out,
				   struct tok_error *err)
{
	struct stat info;
	struct hyper_tensors *tensors = calloc(1, sizeof *tensors);
	if (!tensors)
		return tok_fail_memory(err);
	const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	const enum tok_status status =
	    is_folder ? add_folder(tensors, path, err) : add_path(tensors, path, err);
	if (status == TOK_OK)
		*out = tensors;
	else
		hyper_tensors_close(tensors);
	return status;
}

enum tok_status tensors_open_bytes(struct tok_span bytes, struct hyper_tensors **out,
				   struct tok_error *err)
{
	const struct tensors_file file = { .path = "", .bytes = bytes };
	struct hyper_tensors *tensors = calloc(1, sizeof *tensors);
	if (!tensors)
		return tok_fail_memory(err);
	enum tok_status status = tensors_add(tensors, &file, err);
	if (status == TOK_OK)
		status = tensors_index(tensors, err);
	if (status == TOK_OK)
		*out = tensors;
	else
		hyper_tensors_close(tensors);
	return status;
}

void hyper_tensors_close(struct hyper_tensors *tensors)
{
	if (!tensors)
		return;
	for (size_t i = 0; i < tensors->file_count; i++)
		tensors_unmap(&tensors->files[i]);
	free(tensors->files);
	free(tensors->list);
	free(tensors->texts);
	tok_arena_release(&tensors->arena);
	free(tensors);
}

void hyper_tensors_forget(const struct hyper_tensors *tensors, const struct hyper_tensor *tensor)
{
	const struct tensors_file *file = &tensors->files[tensor->file];
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t begin = ((uintptr_t)tensor->data.bytes + page - 1) & ~(page - 1);
	const uintptr_t end = ((uintptr_t)tensor->data.bytes + tensor->data.count) & ~(page - 1);
	if (file->mapped && begin < end)
		madvise((void *)begin, end - begin, MADV_DONTNEED); /* a hint: failure is nothing */
}
