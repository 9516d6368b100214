#include "cmd/cli_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tok/base/buffer.h"

enum { DEPTH_MAX = 256 };

static bool push(struct cli_files *files, const char *path, const struct stat *st)
{
	if (!tok_grow(&files->items, &files->capacity, files->count + 1, sizeof *files->items))
		return false;
	const bool regular = st && S_ISREG(st->st_mode);
	files->all_regular = regular && (files->all_regular || files->count == 0);
	struct cli_file file = { .path = path, .regular = regular };
	if (regular) {
		file.size = (uint64_t)st->st_size;
		file.changed = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	}
	files->items[files->count++] = file;
	files->size += file.size;
	return true;
}

/* ---- folders -------------------------------------------------------------- */

struct names {
	char **items;
	size_t count, capacity;
};

static void release_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum tok_status refuse(const char *path, struct tok_error *err)
{
	return tok_fail(err, TOK_EIO, "cannot read '%s': %s", path, strerror(errno));
}

static enum tok_status list_folder(const char *path, struct names *names, struct tok_error *err)
{
	enum tok_status status = TOK_OK;
	DIR *folder = opendir(path);
	if (!folder)
		return refuse(path, err);
	while (status == TOK_OK) {
		errno = 0;
		const struct dirent *entry = readdir(folder);
		if (!entry && errno)
			status = refuse(path, err);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *name = strdup(entry->d_name);
		if (name && tok_grow(&names->items, &names->capacity, names->count + 1,
				     sizeof *names->items)) {
			names->items[names->count++] = name;
		} else {
			free(name);
			status = tok_fail_memory(err);
		}
	}
	closedir(folder);
	if (names->count)
		qsort(names->items, names->count, sizeof *names->items, compare_names);
	return status;
}

static const char *join(struct cli_files *files, const char *folder, const char *name)
{
	const size_t length = strlen(folder), more = strlen(name);
	const bool slash = length > 0 && folder[length - 1] != '/';
	char *path = tok_arena_array(&files->names, length + slash + more + 1, 1);
	if (!path)
		return NULL;
	memcpy(path, folder, length);
	path[length] = '/';
	memcpy(path + length + slash, name, more);
	return path;
}

static enum tok_status add_folder(struct cli_files *files, const char *path, size_t depth,
				  struct tok_error *err);

/* What is neither a folder nor a regular file, in the end, is passed over. */
static enum tok_status add_entry(struct cli_files *files, const char *path, size_t depth,
				 struct tok_error *err)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? TOK_OK : refuse(path, err); /* gone meanwhile */
	if (S_ISDIR(st.st_mode))
		return add_folder(files, path, depth + 1, err);
	/* A link that leads nowhere is a text that is missed: opening it says so. */
	if (S_ISLNK(st.st_mode) && stat(path, &st) != 0)
		return push(files, path, NULL) ? TOK_OK : tok_fail_memory(err);
	if (!S_ISREG(st.st_mode))
		return TOK_OK;
	return push(files, path, &st) ? TOK_OK : tok_fail_memory(err);
}

/* A subfolder that cannot be read does not stop the rest. */
static enum tok_status add_folder(struct cli_files *files, const char *path, size_t depth,
				  struct tok_error *err)
{
	struct names names = { 0 };
	if (depth > DEPTH_MAX)
		return tok_fail(err, TOK_ELIMIT, "'%s': folders are nested more than %d deep", path,
				DEPTH_MAX);
	enum tok_status status = list_folder(path, &names, err);
	for (size_t i = 0; i < names.count && status != TOK_ENOMEM; i++) {
		const char *entry = join(files, path, names.items[i]);
		const enum tok_status one =
		    entry ? add_entry(files, entry, depth, err) : tok_fail_memory(err);
		if (one != TOK_OK)
			status = one;
	}
	release_names(&names);
	return status;
}

static bool look_at(const char *operand, struct stat *st)
{
	const bool is_input = strcmp(operand, "-") == 0;
	return (is_input ? fstat(STDIN_FILENO, st) : stat(operand, st)) == 0;
}

enum tok_status cli_files_add(struct cli_files *files, const char *operand, struct tok_error *err)
{
	struct stat st;
	const bool known = look_at(operand, &st);
	if (known && strcmp(operand, "-") != 0 && S_ISDIR(st.st_mode))
		return add_folder(files, operand, 0, err);
	return push(files, operand, known ? &st : NULL) ? TOK_OK : tok_fail_memory(err);
}

enum cli_exit cli_files_add_all(struct cli_files *files, int count, char **operands)
{
	enum cli_exit result = CLI_OK;
	for (int i = 0; i < count; i++) {
		struct tok_error err = { 0 };
		if (cli_files_add(files, operands[i], &err) != TOK_OK)
			result = cli_error("%s", err.message);
	}
	return result;
}

uint64_t cli_files_measure(int count, char **operands)
{
	uint64_t total = 0;
	for (int i = 0; i < count; i++) {
		struct stat st;
		if (!look_at(operands[i], &st) || !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

void cli_files_release(struct cli_files *files)
{
	free(files->items);
	tok_arena_release(&files->names);
	*files = (struct cli_files){ 0 };
}
